"""Starting nets in one file: averaged generator, training generator where it differs, and discriminator, in half precision.

They are read back as float32. Norm statistics stay float32: a variance may be too small for a half.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from figment import nets
from figment.common import tensorfiles
from figment.common.tensorfiles import DAMAGED, Unsound, sound
from figment.errors import InputError
from figment.recipe import Recipe, from_json, to_json, without_paths

KIND = "start"
Weights = dict[str, dict[str, Tensor]]  # state dicts of "average", "generator", "discriminator"
STATISTICS = ("running_mean", "running_var")


def packed_start(weights: Mapping[str, Mapping[str, Tensor]], recipe: Recipe, facts: Mapping[str, Any]) -> bytes:
    """Nets as one safetensors file. weights: the state dicts of average, generator and discriminator.

    facts: what else the header tells, such as images seen. The same nets give the same bytes.
    """
    parts = {name: {k: _halved(k, v) for k, v in part.items()} for name, part in weights.items()}
    if _are_equal(parts["average"], parts["generator"]):
        del parts["generator"]
    tensors = {f"{name}.{k}": v for name, part in parts.items() for k, v in part.items()}
    header = {"kind": KIND, "recipe": json.loads(to_json(without_paths(recipe)))}
    return tensorfiles.packed(tensors, header | dict(facts))


def unpacked_start(file: Path) -> tuple[Weights, Recipe, dict[str, Any]]:
    """The nets of a file, float32 on the CPU, their recipe, and what else the header tells.

    Raises InputError if the file is damaged, holds no starting nets, or its shapes don't fit its recipe.
    """
    try:
        with tensorfiles.opened(file) as content:
            header = content.header
            if header["kind"] != KIND:
                raise KeyError(KIND)
            recipe = from_json(json.dumps(header["recipe"]), str(file))
            made = {"average": nets.generator(recipe), "discriminator": nets.discriminator(recipe)}
            if any(name.startswith("generator.") for name in content.shapes):
                made["generator"] = nets.generator(recipe)
            expected = {f"{part}.{k}": v for part, net in made.items() for k, v in net.state_dict().items()}
            if {k: tuple(v.shape) for k, v in expected.items()} != content.shapes:
                raise InputError(f"{file} doesn't fit the recipe in its header: it is damaged or was changed by hand.")
            read = {k: sound(k, content.tensor(k), v.dtype) for k, v in expected.items()}
    except (KeyError, TypeError, ValueError, *DAMAGED) as error:
        reason = str(error) if isinstance(error, Unsound) else "it is no whole file of them"
        raise InputError(f"{file} holds no starting nets ({reason}): copy it again.") from None
    weights: Weights = {part: {} for part in made}
    for name, tensor in read.items():
        part, _, key = name.partition(".")
        weights[part][key] = tensor
    return weights, recipe, {k: v for k, v in header.items() if k not in {"kind", "recipe"}}


def _halved(name: str, tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    return tensor.detach().to(torch.float32 if name.endswith(STATISTICS) else torch.float16)


def _are_equal(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)
