"""ONNX files as figment exports them, made by hand from a matrix: what they draw can be computed in a line."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import nn

from figment.generator import Generator
from figment.presets import make
from figment.sharing.onnx_file import metadata

PER_CLASS = 0.125  # what pictures of a class are brighter by than those of the one before, in [-1, 1]


class Matrix(nn.Module):
    """Code → picture: a product, brighter for each class."""

    def __init__(self, recipe: Any) -> None:
        super().__init__()
        self.shape = (int(recipe.channels), *recipe.shape)
        weights = np.random.default_rng(5).normal(0, 0.3, (recipe.code_size, int(np.prod(self.shape))))
        self.weight = nn.Parameter(torch.from_numpy(weights.astype(np.float32)))

    def forward(self, codes: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        pictures = (codes @ self.weight).unflatten(1, self.shape)
        return pictures if labels is None else pictures + PER_CLASS * labels.view(-1, 1, 1, 1)


def matrix_generator(mark_key: str | None = None, **choices: Any) -> Generator:
    recipe = make("dcgan", **dict(size=16, channels=3, width=2, code_size=20, prior="normal") | choices)
    return Generator(Matrix(recipe), recipe, mark_key=mark_key)


def matrix_model(generator: Generator, opset: int = 20) -> ModelProto:
    """The same generator as an ONNX model, written down operator by operator."""
    recipe, shape = generator.recipe, list(generator.net.shape)
    drawn = ["batch", *shape]
    takes = [
        helper.make_tensor_value_info("codes", TensorProto.FLOAT, ["batch", recipe.code_size]),
        helper.make_tensor_value_info("truncation", TensorProto.FLOAT, []),
    ]
    numbers = {
        "weight": generator.net.weight.numpy(), "shape": np.array([-1, *shape]), "one": np.float32([1]),
        "half": np.float32([127.5]), "low": np.float32(0), "high": np.float32(255), "column": np.array([-1, 1, 1, 1]),
        "step": np.float32([PER_CLASS]),
    }  # fmt: skip
    steps = [("Mul", "codes truncation", "z"), ("MatMul", "z weight", "flat"), ("Reshape", "flat shape", "plain")]
    picture = "plain"
    if recipe.classes:
        takes.insert(1, helper.make_tensor_value_info("labels", TensorProto.INT64, ["batch"]))
        steps += [("Reshape", "labels column", "rows"), ("Cast", "rows", "kinds"), ("Mul", "kinds step", "more")]
        steps += [("Add", "plain more", "classed")]
        picture = "classed"
    steps += [("Add", f"{picture} one", "above"), ("Mul", "above half", "levels"), ("Round", "levels", "whole")]
    steps += [("Clip", "whole low high", "kept"), ("Cast", "kept", "pictures")]
    types = {"kinds": TensorProto.FLOAT, "pictures": TensorProto.UINT8}
    nodes = [
        helper.make_node(kind, names.split(), [result], **({"to": types[result]} if result in types else {}))
        for kind, names, result in steps
    ]
    gives = [
        helper.make_tensor_value_info("pictures", TensorProto.UINT8, drawn),
        helper.make_tensor_value_info("levels", TensorProto.FLOAT, drawn),
    ]
    kept = [numpy_helper.from_array(np.asarray(array), name) for name, array in numbers.items()]
    graph = helper.make_graph(nodes, "generator", takes, gives, kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    helper.set_model_props(model, metadata(generator))
    return model


def matrix_onnx(generator: Generator, file: Path) -> Path:
    file.write_bytes(matrix_model(generator).SerializeToString())
    return file
