"""What a network sees in a picture: vectors in which pictures that look alike lie close together.

Which network that is decides what a distance means, so every number that is made from features names it. Two need no
download: `gradients` is no network but counts how much neighbouring pixels differ, and where; it is fast and doesn't load
torch. `random` is a network that has learnt nothing: Naeem et al. 2020 (arXiv 2002.09797, section 4.3) find that its
features serve where a network trained on photographs misleads, which knows little of drawings or digits. Networks that
have learnt something come as ONNX files.
"""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from figment.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

KINDS = "gradients, random, onnx:FILE"
Network = Callable[[np.ndarray], np.ndarray]  # uint8 (N, 3, H, W) → float32 (N, dimension)

SIDE = 64  # of the pictures that gradients and the random network see
# Between the bins of differences, in levels of 255: none is a value that occurs, so that rounding decides nothing.
EDGES = (0.51, 1.51, 4.51, 13.51, 27.01)
CELLS = 8  # a side, in which gradients are summed
SCALES = 3
GRADIENTS_BATCH = 64

SEED = 2002
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
        for start in range(0, len(pictures), self.batch):
            part = slice(start, start + self.batch)
            found[part] = self.network(np.ascontiguousarray(pictures[part]))
        return found


def extractor(name: str) -> Extractor:
    """The network that NAME[:PATH] means: `gradients`, `random`, or `onnx:FILE`.

    Raises InputError for a name that isn't one of these, a missing file or package, or a file that holds no network
    from pictures to vectors.
    """
    kind, _, path = name.partition(":")
    if kind == "gradients" and not path:
        bins = SCALES * 2 * 3 * (len(EDGES) + 1)
        return Extractor("gradients", bins + 2 * CELLS**2, GRADIENTS_BATCH, gradients)
    if kind == "random" and not path:
        return Extractor("random", 2 * sum(WIDTHS), RANDOM_BATCH, random_network(SEED))
    if kind == "onnx" and path:
        return _from_onnx(Path(path).expanduser())
    raise InputError(f"--features {name} isn't a network that figment has: give one of {KINDS}")


def gradients(pictures: np.ndarray) -> np.ndarray:
    """Histograms of the differences between neighbouring pixels, and in which parts of the picture they lie.

    pictures: uint8 (N, 3, H, W), brought to 64×64. Differences, across and down, are those of brightness and two opponent
    colours at 32×32, 16×16 and 8×8 pixels. Two thirds of the vector are the shares of differences of each size, the rest
    each cell's share of the brightness differences at 32×32. float32 (N, 236): all are ≥ 0, and a picture's sum is 3.
    """
    count = len(pictures)
    sized = pictures if pictures.shape[2:] == (SIDE, SIDE) else _resized_array(pictures, (SIDE, SIDE))
    red, green, blue = np.moveaxis(_summed(sized.astype(np.uint16)) / np.float32(4), 1, 0)
    planes = np.stack([(red + green + blue) / 3, (red - blue) / 2, (2 * green - red - blue) / 4], 1)
    sizes, places = [], []
    for scale in range(SCALES):
        planes = _summed(planes) / 4 if scale else planes
        for axis in (3, 2):
            differences = np.abs(np.diff(planes, axis=axis))
            sizes.append(_shares(differences.reshape(count, 3, -1)).reshape(count, -1))
            if scale == 0:
                places.append(_cells(differences[:, 0]))
    # Twice the weight of the places: with equal ones, noise isn't told from faces, as it has no places of its own.
    return np.concatenate([np.concatenate(sizes, 1) / (SCALES * 3), *(cells / 2 for cells in places)], 1)


def _summed(planes: np.ndarray) -> np.ndarray:
    """Sums of 2×2 pixels, (N, C, H/2, W/2)."""
    rows = planes[:, :, ::2] + planes[:, :, 1::2]
    return rows[..., ::2] + rows[..., 1::2]


def _shares(values: np.ndarray) -> np.ndarray:
    """Shares of the values, (N, C, count), between EDGES: float32 (N, C, len(EDGES) + 1)."""
    below = [np.count_nonzero(values < edge, axis=2) for edge in EDGES]
    bounds = np.stack([np.zeros_like(below[0]), *below, np.full_like(below[0], values.shape[2])], 2)
    return np.diff(bounds, axis=2) / np.float32(values.shape[2])


def _cells(differences: np.ndarray) -> np.ndarray:
    """Each cell's share of the differences, float32 (N, CELLS²). A little is added everywhere: noise has no place."""
    count, height, width = differences.shape
    side = SIDE // 2
    whole = np.pad(differences, ((0, 0), (0, side - height), (0, side - width)))
    cells = whole.reshape(count, CELLS, side // CELLS, CELLS, side // CELLS).mean((2, 4)).reshape(count, -1) + 0.05
    return cells / cells.sum(1, keepdims=True)


def random_network(seed: int) -> Network:
    """Convolutions that were never trained: after each, mean and deviation of every channel over the picture.

    Pictures are brought to 64×64; the first layer sees squares of 4×4 pixels side by side, the others 3×3. The filters of
    a layer are orthogonal where there are few enough of them (Saxe et al. 2014, arXiv 1312.6120), so that they see
    different things.
    """
    import torch
    from torch.nn import functional as F

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

    @torch.inference_mode()
    def network(pictures: np.ndarray) -> np.ndarray:
        x = _resized(torch.from_numpy(pictures).float(), (SIDE, SIDE)) / 127.5 - 1
        x = x.contiguous(memory_format=torch.channels_last)
        found = []
        for depth, (weights, biases) in enumerate(layers):
            x = F.avg_pool2d(x, 2) if depth else x
            x = F.leaky_relu_(F.conv2d(x, weights, biases, 1 if depth else 4, 1 if depth else 0), 0.2)
            variance, mean = torch.var_mean(x, (2, 3), correction=0)
            found += [mean, variance.sqrt()]
        return torch.cat(found, 1).numpy()

    return network


def _from_onnx(file: Path) -> Extractor:
    import torch
    from torch.nn import functional as F

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

    def network(pictures: np.ndarray) -> np.ndarray:
        x = _resized(torch.from_numpy(pictures).float(), sides)
        if (low, high) != (0, 255):
            x = x * ((high - low) / 255) + low
        count = len(x)
        if fixed is not None:
            x = F.pad(x, (0, 0, 0, 0, 0, 0, 0, fixed - count))
        x = (x.permute(0, 2, 3, 1) if channels_last else x).contiguous().to(kind)
        answer = session.run([session.get_outputs()[0].name], {source.name: x.numpy()})[0]
        return answer[:count].reshape(count, -1).astype(np.float32)

    try:
        dimension = network(np.zeros((1, 3, *sides), np.uint8)).shape[1]
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
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise InputError(f"--features onnx:{file} isn't a readable ONNX network: {_first_line(error)}") from None


def _resized_array(pictures: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    import torch

    return _resized(torch.from_numpy(pictures).float(), sides).byte().numpy()


def _resized(pictures: "Tensor", sides: tuple[int, int]) -> "Tensor":
    """Pictures of 0…255, (N, 3, H, W), at another size: bicubic, antialiased, in whole numbers, as an image file has."""
    if pictures.shape[2:] == sides:
        return pictures
    from torch.nn import functional as F

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
