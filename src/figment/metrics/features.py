"""What a network sees in a picture: vectors in which pictures that look alike lie close together.

Which network that is decides what a distance means, so every number that is made from features names it. `random` is a
network that has learnt nothing: Naeem et al. 2020 (arXiv 2002.09797, section 4.3) find that its features serve where a
network trained on photographs misleads, which knows little of drawings or digits. It is fast and needs no download.
Networks that have learnt something come as ONNX files.
"""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from figment.errors import InputError

KINDS = "random, onnx:FILE"
Network = Callable[[Tensor], Tensor]  # uint8 (N, 3, H, W) → float32 (N, dimension)

SEED = 2002
RANDOM_SIDE = 64
# The first layer has as many filters as numbers that each sees, so that nothing is lost whatever the seed: with 8 filters
# the AUC of drawn faces among photographs varied from 0.56 to 0.71 by the seed, with 32 from 0.88 to 0.90.
WIDTHS = (48, 32, 64)
RANDOM_BATCH = 64  # what fits into a core's cache; 256 at once took 1.7 times as long a picture
ONNX_BATCH = 32


class Extractor:
    """A network that turns pictures into vectors.

    name: as it goes into tables, without folders. dimension: length of a vector. Called with uint8 (N, 3, H, W) it
    returns float32 (N, dimension). Pictures go through it in batches, so memory grows with N by the result alone.
    """

    def __init__(self, name: str, dimension: int, batch: int, network: Network) -> None:
        self.name = name
        self.dimension = dimension
        self.batch = batch
        self.network = network

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        if pictures.ndim != 4 or pictures.shape[1] != 3 or pictures.dtype != np.uint8:
            raise ValueError(f"wanted uint8 (N, 3, H, W), got {pictures.dtype} {pictures.shape}")
        found = np.empty((len(pictures), self.dimension), np.float32)
        with torch.inference_mode():
            for start in range(0, len(pictures), self.batch):
                part = slice(start, start + self.batch)
                found[part] = self.network(torch.from_numpy(np.ascontiguousarray(pictures[part]))).numpy()
        return found


def extractor(name: str) -> Extractor:
    """The network that NAME[:PATH] means: `random`, or `onnx:FILE`.

    Raises InputError for a name that isn't one of these, a missing file or package, or a file that holds no network
    from pictures to vectors.
    """
    kind, _, path = name.partition(":")
    if kind == "random" and not path:
        return Extractor("random", 2 * sum(WIDTHS), RANDOM_BATCH, random_network(SEED))
    if kind == "onnx" and path:
        return _from_onnx(Path(path).expanduser())
    raise InputError(f"--features {name} isn't a network that figment has: give one of {KINDS}")


def random_network(seed: int) -> Network:
    """Convolutions that were never trained: after each, mean and deviation of every channel over the picture.

    Pictures are brought to 64×64; the first layer sees squares of 4×4 pixels side by side, the others 3×3. The filters of
    a layer are orthogonal where there are few enough of them (Saxe et al. 2014, arXiv 1312.6120), so that they see
    different things.
    """
    random = torch.Generator().manual_seed(seed)
    layers: list[tuple[Tensor, Tensor]] = []
    channels = 3
    for width in WIDTHS:
        side = 3 if layers else 4
        seen = side**2 * channels
        filters = torch.linalg.qr(torch.randn(max(width, seen), min(width, seen), generator=random))[0]
        filters = (filters if width >= seen else filters.T) * math.sqrt(2 * max(width, seen) / width / 1.04)
        biases = 0.1 * torch.randn(width, generator=random)
        weights = filters.reshape(width, channels, side, side).contiguous(memory_format=torch.channels_last)
        layers.append((weights, biases))
        channels = width

    def network(pictures: Tensor) -> Tensor:
        x = _resized(pictures.float(), (RANDOM_SIDE, RANDOM_SIDE)) / 127.5 - 1
        x = x.contiguous(memory_format=torch.channels_last)
        found = []
        for depth, (weights, biases) in enumerate(layers):
            x = F.avg_pool2d(x, 2) if depth else x
            x = F.leaky_relu_(F.conv2d(x, weights, biases, 1 if depth else 4, 1 if depth else 0), 0.2)
            variance, mean = torch.var_mean(x, (2, 3), correction=0)
            found += [mean, variance.sqrt()]
        return torch.cat(found, 1)

    return network


def _from_onnx(file: Path) -> Extractor:
    session = _session(file)
    source, *others = session.get_inputs()
    shape, wide = source.shape, source.type in ("tensor(float)", "tensor(uint8)")
    channels_last = len(shape) == 4 and shape[3] == 3 and shape[1] != 3
    sides = tuple(shape[1:3] if channels_last else shape[2:4])
    takes_pictures = len(shape) == 4 and (channels_last or shape[1] == 3) and all(isinstance(s, int) for s in sides)
    if others or not wide or not takes_pictures:
        wanted = "one input N×3×H×W or N×H×W×3 of float32 or uint8, with H and W fixed"
        raise InputError(f"--features onnx:{file} takes {source.type} {shape}: give a network with {wanted}")
    low, high = _range(session)
    fixed = shape[0] if isinstance(shape[0], int) else None
    kind = torch.uint8 if source.type == "tensor(uint8)" else torch.float32

    def network(pictures: Tensor) -> Tensor:
        x = _resized(pictures.float(), sides)
        if (low, high) != (0, 255):
            x = x * ((high - low) / 255) + low
        count = len(x)
        if fixed is not None:
            x = F.pad(x, (0, 0, 0, 0, 0, 0, 0, fixed - count))
        x = (x.permute(0, 2, 3, 1) if channels_last else x).contiguous().to(kind)
        answer = torch.from_numpy(session.run([session.get_outputs()[0].name], {source.name: x.numpy()})[0])
        return answer[:count].flatten(1).float()

    try:
        dimension = network(torch.zeros(1, 3, *sides, dtype=torch.uint8)).shape[1]
    except Exception as error:  # what it can't compute, onnxruntime says with classes of its own that can't be named
        raise InputError(f"--features onnx:{file} can't be run: {_first_line(error)}") from None
    return Extractor(f"onnx:{file.name}", dimension, fixed or ONNX_BATCH, network)


def _session(file: Path) -> Any:
    try:
        import onnxruntime
    except ImportError:
        mend = 'install it with pip install "figment-gan[onnx]"'
        raise InputError(f"--features onnx:{file} needs the package onnxruntime: {mend}") from None
    if not file.is_file():
        raise InputError(f"--features onnx:{file}: there is no such file: check the path")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise InputError(f"--features onnx:{file} isn't a readable ONNX network: {_first_line(error)}") from None


def _resized(pictures: Tensor, sides: tuple[int, int]) -> Tensor:
    """Pictures of 0…255, (N, 3, H, W), at another size: bicubic, antialiased, in whole numbers, as an image file has."""
    if pictures.shape[2:] == sides:
        return pictures
    return F.interpolate(pictures, sides, mode="bicubic", antialias=True, align_corners=False).round_().clamp_(0, 255)


def _range(session: Any) -> tuple[float, float]:
    """The range of pixels that a network wants, where its file notes one as "0..255" or "-1 to 1"; else 0…255."""
    number = r"(-?\d+(?:\.\d+)?)"
    for note in session.get_modelmeta().custom_metadata_map.values():
        if found := re.search(rf"{number}\s*(?:\.\.\.?|…|to)\s*{number}", note):
            return float(found[1]), float(found[2])
    return 0.0, 255.0


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
