"""Networks of the user's as ONNX files: N×3×H×W or N×H×W×3 in, vectors out; run by onnxruntime on the CPU."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from figment.common import sizes
from figment.common.extras import require
from figment.common.places import expanded
from figment.common.pointers import refuse_pointer
from figment.errors import InputError
from figment.features.base import Extractor
from figment.features.resize import resize_text, resized

BATCH_PICTURES = 32
NUMBER_PATTERN = r"(-?\d+(?:\.\d+)?)"


class Options(NamedTuple):
    """What is said of an ONNX network beside its file; None where nothing is."""

    size: tuple[int, int] | None = None
    range: tuple[float, float] | None = None
    layout: str | None = None


def _options(name: str) -> tuple[str, Options]:
    """FILE[,size=…][,range=…][,layout=…] taken apart. Raises InputError for an option that isn't one of these."""
    file, *given = re.split(r",(?=\w+=)", name)
    options = Options()
    for part in given:
        key, _, value = part.partition("=")
        if key == "size" and (size := sizes.sides(value)) and 1 <= min(size) <= max(size) < 10_000:
            options = options._replace(size=size)
        elif key == "range" and (ends := re.fullmatch(rf"{NUMBER_PATTERN}\.\.{NUMBER_PATTERN}", value)):
            options = options._replace(range=(float(ends[1]), float(ends[2])))
        elif key == "layout" and value in ("nchw", "nhwc"):
            options = options._replace(layout=value)
        else:
            wanted = "size=224 or size=HEIGHTxWIDTH, range=-1..1, and layout=nchw or layout=nhwc"
            raise InputError(f"--features onnx:{name}: {part} isn't understood: give {wanted}")
    return file, options


def onnx_extractor(name: str) -> Extractor:
    """The network of FILE[,size=…][,range=…][,layout=…].

    Raises InputError without the package onnxruntime, and for a file that holds no network from pictures to vectors.
    """
    import torch
    from torch.nn import functional as F

    from figment.features.weights import sha256_of

    given, options = _options(name)
    file = expanded(given)
    session = open_session(file)
    source, *others = session.get_inputs()
    if others or source.type not in ("tensor(float)", "tensor(uint8)") or len(source.shape) != 4:
        raise _unfit(file, source, "")
    channels_last = _is_channels_last(file, source, options)
    sides = _sides(file, source, options, channels_last)
    low, high = options.range or pixel_range(session)
    fixed = source.shape[0] if isinstance(source.shape[0], int) else None
    kind = torch.uint8 if source.type == "tensor(uint8)" else torch.float32

    def network(pictures: np.ndarray) -> np.ndarray:
        x = resized(torch.from_numpy(pictures).float(), sides)
        if (low, high) != (0, 255):
            x = x * ((high - low) / 255) + low
        count = len(x)
        if fixed is not None:
            x = F.pad(x, (0, 0, 0, 0, 0, 0, 0, fixed - count))
        x = (x.permute(0, 2, 3, 1) if channels_last else x).contiguous().to(kind)
        answer = session.run([session.get_outputs()[0].name], {source.name: x.numpy()})[0]
        return answer[:count].reshape(count, -1).astype(np.float32, copy=False)

    try:
        dimension = network(np.zeros((1, 3, *sides), np.uint8)).shape[1]
    except Exception as error:  # what it can't compute, onnxruntime says with classes of its own that can't be named
        raise InputError(f"--features onnx:{file} can't be run: {described(error)}") from None
    return Extractor(
        f"onnx:{file.name}{name.removeprefix(given)}",
        dimension,
        fixed or BATCH_PICTURES,
        network,
        label=f"FD-{file.stem.removesuffix('_features')}",
        resize=resize_text(*sides),
        digest=sha256_of(file)[:16],
    )


def _is_channels_last(file: Path, source: Any, options: Options) -> bool:
    """Whether the colours are the last axis of what a network takes. Raises InputError where none can be them."""
    places = {layout: axis for layout, axis in {"nchw": 1, "nhwc": 3}.items() if source.shape[axis] == 3}
    if options.layout:
        axis = {"nchw": 1, "nhwc": 3}[options.layout]
        if isinstance(source.shape[axis], int) and source.shape[axis] != 3:
            raise _unfit(file, source, f"layout={options.layout} doesn't fit that, and can be left out")
        return axis == 3
    if not places:
        asked = any(not isinstance(source.shape[axis], int) for axis in (1, 3))
        raise _unfit(file, source, "say where the colours are with ,layout=nchw or ,layout=nhwc" if asked else "")
    return "nchw" not in places


def _sides(file: Path, source: Any, options: Options, channels_last: bool) -> tuple[int, int]:
    """Height and width of what a network takes, from its file or else from the options."""
    sides = tuple(source.shape[1:3] if channels_last else source.shape[2:4])
    given = options.size or sides
    if not all(isinstance(side, int) for side in given):
        raise _unfit(file, source, "say which height and width it wants, such as ,size=224")
    if any(isinstance(side, int) and side != wanted for side, wanted in zip(sides, given, strict=True)):
        raise _unfit(file, source, f"size={sizes.as_text(given)} doesn't fit that, and can be left out")
    return given[0], given[1]


def _unfit(file: Path, source: Any, mend: str) -> InputError:
    mend = mend or "give a network with one input N×3×H×W or N×H×W×3 of float32 or uint8"
    return InputError(f"--features onnx:{file} takes {source.type} {source.shape}: {mend}")


def check_onnx(name: str) -> None:
    """Raise InputError where FILE[,size=…] can't be opened at all: without onnxruntime, or where there is no such file."""
    _check_file(expanded(_options(name)[0]), "--features")


def _check_file(file: Path, option: str) -> None:
    require("onnx", f"{option} onnx:{file}", "onnxruntime")
    if not file.is_file():
        raise InputError(f"{option} onnx:{file}: there is no such file: check the path")
    refuse_pointer(file)


def open_session(file: Path, option: str = "--features") -> Any:
    """onnxruntime's session of a file that an option names. Raises InputError where there is none, or it is no network."""
    _check_file(file, option)
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise InputError(f"{option} onnx:{file} isn't a readable ONNX network: {described(error)}") from None


def pixel_range(session: Any) -> tuple[float, float]:
    """The range of pixels that a network wants, where its file notes one as "0..255" or "-1 to 1"; else 0…255."""
    for note in session.get_modelmeta().custom_metadata_map.values():
        if found := re.search(rf"{NUMBER_PATTERN}\s*(?:\.\.\.?|…|to)\s*{NUMBER_PATTERN}", note):
            return float(found[1]), float(found[2])
    return 0.0, 255.0


def described(error: Exception) -> str:
    """An error of onnxruntime's in a line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
