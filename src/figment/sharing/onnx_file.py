"""A generator as one ONNX file, for onnxruntime and whatever else reads ONNX: written by torch's exporter, compared with torch.

Inputs: codes, float32 (batch, code_size), as drawn from the prior; truncation, a float32 that codes are multiplied by; labels,
int64 (batch,), where the generator has classes. Outputs: pictures, uint8 (batch, C, H, W), the very rounding of Generator's;
levels, float32 of the same shape, before they are rounded and kept within 0 … 255.
"""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from figment.common.files import write_output
from figment.common.marks import VOCABULARY
from figment.common.pixels import to_levels
from figment.common.progress import Progress
from figment.errors import InputError, SystemFault
from figment.generator import Generator
from figment.recipe import to_json, without_paths
from figment.sharing.onnx_generator import (
    DIGEST_KEY,
    FORMAT,
    FORMAT_KEY,
    MARK_KEY,
    MAX_BYTES,
    OPSET,
    RECIPE_KEY,
    session_of,
)
from figment.version import __version__

if TYPE_CHECKING:
    from onnx import ModelProto

EXAMPLES = 2  # codes that the exporter sees: of one it would take the batch for a constant
COMPARED = (1, 33, 30)  # codes that are drawn by torch and by onnxruntime, in batches of these sizes: 64
MOST_LEVELS = 0.1  # of 255: what levels may differ by before they are rounded
NOTE = (
    f"A generator of synthetic pictures, made by figment: mark what it draws as {VOCABULARY}trainedAlgorithmicMedia "
    "(IPTC DigitalSourceType), and say that it is synthetic."
)
STAGES = 3  # of an export, for its progress: exported, compared, written


class Agreement(NamedTuple):
    """How far onnxruntime is from torch. levels: largest difference before rounding, in levels of 255; changed: share of the
    rounded numbers that differ, each by one level."""

    levels: float
    changed: float


class _Drawing(nn.Module):
    """Codes, truncation, and labels where there are classes → pictures as Generator rounds them, and their levels."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, codes: Tensor, truncation: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z = codes * truncation
        levels = to_levels((self.net(z) if labels is None else self.net(z, labels)).float())
        return levels.round().clamp(0, 255).to(torch.uint8), levels


def write_onnx(generator: Generator, path: Path, progress: Progress | None = None) -> Agreement:
    """Write a generator that lies on the CPU as a .onnx file, whole or not at all, once onnxruntime draws by it what torch draws.

    The same generator gives the same bytes with the same packages. Raises InputError where it can't be written, or is too large
    for one file; SystemFault where the two don't agree.
    """
    tell = progress or (lambda done, total: None)
    tell(0, STAGES)
    content = onnx_bytes(generator)
    tell(1, STAGES)
    found = compared(generator, content, path)
    tell(2, STAGES)
    write_output(path, content)
    tell(3, STAGES)
    return found


def onnx_bytes(generator: Generator) -> bytes:
    """A generator as the bytes of a .onnx file."""
    if 4 * sum(numbers.numel() for numbers in generator.net.state_dict().values()) > MAX_BYTES:
        raise InputError("this generator is larger than the 2 GB that an ONNX file can have: train a smaller one.")
    model = _exported(generator)
    _strip(model)
    for key, text in metadata(generator).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text
    return model.SerializeToString(deterministic=True)


def metadata(generator: Generator) -> dict[str, str]:
    """What the file says of itself, by name; the same in words of JSON where it isn't a word or number."""
    recipe = generator.recipe
    said = {
        FORMAT_KEY: str(FORMAT),
        "figment.version": __version__,
        "figment.note": NOTE,
        RECIPE_KEY: json.dumps(json.loads(to_json(without_paths(recipe)))),
        DIGEST_KEY: generator.digest,
        "figment.code_size": str(recipe.code_size),
        "figment.prior": recipe.prior,
        "figment.classes": json.dumps(recipe.classes, ensure_ascii=False),
    }
    return said | ({MARK_KEY: generator.mark_key} if generator.mark_key else {})


def compared(generator: Generator, content: bytes, path: Path) -> Agreement:
    """How what onnxruntime draws by a file's bytes differs from what torch draws, for 64 codes. Raises SystemFault where by more
    than MOST_LEVELS before rounding, or more than one level after it: then another machine's numbers aren't this generator's."""
    session = session_of(path, content)
    worst, changed, start = 0.0, list[float](), 0
    for count, truncation in zip(COMPARED, (1.0, 1.0, 0.7), strict=True):
        given = [generator.codes(count, 0, start), torch.tensor(truncation), *_labels(generator, count, start)]
        with torch.inference_mode():
            pictures, levels = _Drawing(generator.net)(*given)
        named = dict(zip(_inputs(generator), (tensor.numpy() for tensor in given), strict=True))
        theirs, their_levels = session.run(["pictures", "levels"], named)
        apart = np.abs(theirs.astype(np.int16) - pictures.numpy())
        worst = max(worst, float(np.abs(their_levels - levels.numpy()).max()), float(apart.max(initial=0) > 1) * 255)
        changed.append(float((apart > 0).mean()) * count)
        start += count
    if not worst <= MOST_LEVELS:  # NaN isn't
        raise SystemFault(
            f"{path} isn't written: onnxruntime draws up to {worst:.3g} of 255 levels away from torch, and no more than "
            f"{MOST_LEVELS:g} passes: try another version of onnxruntime or torch."
        )
    return Agreement(worst, sum(changed) / sum(COMPARED))


def _inputs(generator: Generator) -> list[str]:
    return ["codes", "truncation", *(["labels"] if generator.classes else [])]


def _labels(generator: Generator, count: int, start: int) -> list[Tensor]:
    labels = generator.labels(count, 0, start)
    return [] if labels is None else [labels]


def _exported(generator: Generator) -> "ModelProto":
    """What torch's exporter makes of it, with any number of codes at once."""
    batch = torch.export.Dim("batch")
    example = (torch.zeros(EXAMPLES, generator.recipe.code_size), torch.ones(()), *_labels(generator, EXAMPLES, 0))
    shapes: tuple[Any, ...] = ({0: batch}, None, {0: batch})
    with _quiet():
        program = torch.onnx.export(
            _Drawing(generator.net).eval(), example, dynamo=True, opset_version=OPSET, external_data=False, verbose=False,
            dynamic_shapes=shapes[: len(example)], input_names=_inputs(generator), output_names=["pictures", "levels"],
        )  # fmt: skip
    assert program is not None  # it gives one, where it isn't given a file
    return program.model_proto


def _strip(model: "ModelProto") -> None:
    """Take out what the exporter notes of its own: places in source files, which are paths of this machine, among it."""
    graph = model.graph
    for part in (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer, graph):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.ClearField("value_info")
    graph.name = "generator"
    model.producer_name, model.producer_version, model.doc_string = "figment", __version__, NOTE
    model.ClearField("metadata_props")


@contextmanager
def _quiet() -> Iterator[None]:
    """Within, the exporter's notices are dropped: deprecations inside torch, and that torchvision, unused, isn't there."""
    before = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)
