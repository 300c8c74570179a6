"""What a network sees in a picture: vectors in which pictures that look alike lie close together.

Which network that is decides what a distance means, so every number that is made from features names it. Two need no
download: `gradients` is no network but counts how much neighbouring pixels differ, and where; it is fast and doesn't load
torch. `random` is a network that has learnt nothing: Naeem et al. 2020 (arXiv 2002.09797, section 4.3) find that its
features serve where a network trained on photographs misleads, which knows little of drawings or digits. Of networks that
have learnt something, `inception` is the one that FID is defined by and `dinov2` the one that follows human judgement best
(Stein et al. 2023, arXiv 2306.04675); others come as ONNX files. `own` is a run's own discriminator.
"""

import math
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from figment.common.progress import Progress
from figment.common.sizes import text
from figment.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

KINDS = "gradients, random, onnx:FILE, inception[:FILE], dinov2[:s|b|l|FILE], own:RUN"
Network = Callable[[np.ndarray], np.ndarray]  # uint8 (N, 3, H, W) → float32 (N, dimension)
Forward = Callable[["Tensor"], "Tensor"]  # 0…255 (N, 3, H, W) on any device → float (N, dimension), with gradients

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
LARGE_BATCH = 8  # of inception and dinov2 on a CPU: as fast as 16, or faster
OWN_BATCH = 64
GPU_BATCH = 128  # of all torch networks, at least

NUMBER = r"(-?\d+(?:\.\d+)?)"


class Extractor:
    """A network that turns pictures into vectors.

    name: as it goes into tables, without folders. dimension: length of a vector. Called with uint8 (N, 3, H, W) it
    returns float32 (N, dimension). Pictures go through it in batches, so memory grows with N by the result alone.
    label: of the Fréchet distance that is made with it; "FID" is that of the published Inception alone. resize: how
    pictures are brought to its size, in words. digest: 16 hex digits that tell its weights from others, None where it
    has none. head: features (N, dimension) → logits (N, K) of the Inception Score, both float32; None where it has none.
    forward: the same for tensors, through which gradients flow; None for what isn't a torch network.
    """

    def __init__(
        self,
        name: str,
        dimension: int,
        batch: int,
        network: Network,
        *,
        label: str = "",
        resize: str = "none",
        digest: str | None = None,
        head: Network | None = None,
        forward: Forward | None = None,
    ) -> None:
        self.name = name
        self.dimension = dimension
        self.batch = batch
        self.network = network
        self.label = label or f"FD-{name}"
        self.resize = resize
        self.digest = digest
        self.head = head
        self.forward = forward

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        if pictures.ndim != 4 or pictures.shape[1] != 3 or pictures.dtype != np.uint8:
            raise ValueError(f"wanted uint8 (N, 3, H, W), got {pictures.dtype} {pictures.shape}")
        found = np.empty((len(pictures), self.dimension), np.float32)
        for start in range(0, len(pictures), self.batch):
            part = slice(start, start + self.batch)
            # Torch shares memory with what it is given, and warns where that can't be written to.
            found[part] = self.network(np.require(pictures[part], requirements=["C", "W"]))
        if not np.isfinite(found).all():
            raise InputError(
                f"--features {self.name} gives numbers that aren't finite: give it another range of pixels."
            )
        return found


def extractor(name: str, device: str = "cpu", progress: Progress | None = None) -> Extractor:
    """The network that a name means:

    gradients                  counted differences, no network
    random                     convolutions that were never trained
    inception[:FILE]           FID's Inception: pt_inception-2015-12-05-6726825d.pth, found or downloaded (weights.py)
    dinov2[:s|b|l|FILE]        DINOv2 ViT-S/14 (without more), -B/14 or -L/14; a file's size is told by its shapes
    onnx:FILE[,size=224][,range=-1..1][,layout=nhwc]
                               a network of yours, from pictures to vectors. size, one number or height x width, is for
                               files that leave height and width open; range is that of its pixels, else as the file
                               notes it, else 0..255; layout, nchw or nhwc, is for files that don't say where the
                               colours are
    own:RUN                    what a run's discriminator, or a discriminator.safetensors, sees before its last layer: to
                               watch one run by. No two runs have the same, so it can't compare them.

    device: cpu or cuda, for torch's networks, random, inception, dinov2 and own; the others stay on the CPU, and so do
    all on other devices, which may lack the antialiased resizing. progress(done, total): bytes of a download, where one is
    needed. Raises InputError for a name that isn't one of these, a missing file or package, or a file that holds no
    network from pictures to vectors.
    """
    device = device if device.startswith("cuda") else "cpu"
    kind, colon, path = name.partition(":")
    file = Path(path).expanduser()
    if kind == "gradients" and not path:
        bins = SCALES * 2 * 3 * (len(EDGES) + 1)
        return Extractor(kind, bins + 2 * CELLS**2, GRADIENTS_BATCH, gradients, resize=_bicubic(SIDE))
    if kind == "random" and not path:
        return _random(device)
    if kind == "inception" and bool(path) == bool(colon):
        return _inception(file if path else None, device, progress)
    if kind == "dinov2" and bool(path) == bool(colon):
        return _dinov2(file if path not in ("", "s", "b", "l") else path or "s", device, progress)
    if kind == "onnx" and path:
        return _from_onnx(path)
    if kind == "own" and path:
        return _own(file, device)
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


def _random(device: str) -> Extractor:
    # Not of the weights themselves, whose last bits depend on the machine that factors matrices.
    digest = sha256(f"random {SEED} {WIDTHS}".encode()).hexdigest()[:16]
    forward = random_forward(SEED, device)
    batch = RANDOM_BATCH if device == "cpu" else GPU_BATCH
    return Extractor(
        "random",
        2 * sum(WIDTHS),
        batch,
        _untracked(device, forward),
        resize=_bicubic(SIDE),
        digest=digest,
        forward=forward,
    )


def random_network(seed: int, device: str = "cpu") -> Network:
    """random_forward() of arrays."""
    return _untracked(device, random_forward(seed, device))


def random_forward(seed: int, device: str = "cpu") -> Forward:
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
        layers.append((weights.to(device), biases.to(device)))
        channels = width

    def forward(pictures: "Tensor") -> "Tensor":
        x = resized(pictures.to(device).float(), (SIDE, SIDE)) / 127.5 - 1
        x = x.contiguous(memory_format=torch.channels_last)
        found = []
        for depth, (weights, biases) in enumerate(layers):
            x = F.avg_pool2d(x, 2) if depth else x
            x = F.leaky_relu_(F.conv2d(x, weights, biases, 1 if depth else 4, 1 if depth else 0), 0.2)
            variance, mean = torch.var_mean(x, (2, 3), correction=0)
            even = variance == 0  # where a root's gradient is infinite
            found += [mean, variance.masked_fill(even, 1).sqrt().masked_fill(even, 0)]
        return torch.cat(found, 1)

    return forward


def _untracked(device: str, forward: Forward) -> Network:
    """A torch network, which computes on the device, as a function of arrays, without gradients."""
    import torch

    @torch.inference_mode()
    def network(pictures: np.ndarray) -> np.ndarray:
        return forward(torch.from_numpy(pictures)).float().cpu().numpy()

    if torch.device(device).type != "cuda":
        return network

    def exactly(pictures: np.ndarray) -> np.ndarray:
        # TensorFloat-32, which torch's convolutions use unasked, has 10 bits of a number's 23.
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
                return network(pictures)
        finally:
            torch.set_float32_matmul_precision(before)

    return exactly


def _inception(file: Path | None, device: str, progress: Progress | None) -> Extractor:
    from figment.features import inception, weights

    known = weights.INCEPTION
    file, digest = (file, None) if file else weights.located(known, progress)
    option = f"--features inception:{file}"
    net = inception.loaded(file, option)
    digest = digest or weights.sha256_of(file)
    official = known.is_in(digest)
    classes = net.fc.weight.numpy().T.copy()
    net.to(device)

    def forward(pictures: "Tensor") -> "Tensor":
        return net(inception.prepared(pictures.to(device)))

    return Extractor(
        "inception" if official else f"inception:{file.name}",
        inception.DIMENSION,
        LARGE_BATCH if device == "cpu" else GPU_BATCH,
        _untracked(device, forward),
        label="FID" if official else f"FD-inception-{digest[:8]}",
        resize=inception.RESIZE,
        digest=digest[:16],
        head=lambda features: features @ classes,
        forward=forward,
    )


def _dinov2(given: str | Path, device: str, progress: Progress | None) -> Extractor:
    from figment.features import dinov2, weights

    file, digest = (given, None) if isinstance(given, Path) else weights.located(weights.DINOV2[given], progress)
    size, net = dinov2.loaded(file, f"--features dinov2:{file}")
    digest = digest or weights.sha256_of(file)
    official = weights.DINOV2[size].is_in(digest)
    net.to(device)
    sides = (dinov2.SIDE, dinov2.SIDE)

    def forward(pictures: "Tensor") -> "Tensor":
        return net(dinov2.normalised(resized(pictures.to(device).float(), sides)))

    return Extractor(
        f"dinov2:{size}" if official else f"dinov2:{file.name}",
        dinov2.SIZES[size].channels,
        LARGE_BATCH if device == "cpu" else GPU_BATCH,
        _untracked(device, forward),
        label=f"FD-DINOv2-{size.upper()}" + ("" if official else f"-{digest[:8]}"),
        resize=_bicubic(dinov2.SIDE),
        digest=digest[:16],
        forward=forward,
    )


def _own(path: Path, device: str) -> Extractor:
    from figment.discriminator import discriminator_file
    from figment.features import discriminator_features as own
    from figment.features import weights

    file = discriminator_file(path)
    net, recipe = own.loaded(file)
    net.to(device)

    def forward(pictures: "Tensor") -> "Tensor":
        return net(own.prepared(pictures.to(device), recipe))

    network = _untracked(device, forward)
    return Extractor(
        "own",
        network(np.zeros((1, 3, *recipe.shape), np.uint8)).shape[1],
        OWN_BATCH if device == "cpu" else GPU_BATCH,
        network,
        resize=_bicubic(*recipe.shape),
        digest=weights.sha256_of(file)[:16],
        forward=forward,
    )


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
        if key == "size" and (sides := re.fullmatch(r"([1-9]\d{0,3})(?:x([1-9]\d{0,3}))?", value)):
            options = options._replace(size=(int(sides[1]), int(sides[2] or sides[1])))
        elif key == "range" and (ends := re.fullmatch(rf"{NUMBER}\.\.{NUMBER}", value)):
            options = options._replace(range=(float(ends[1]), float(ends[2])))
        elif key == "layout" and value in ("nchw", "nhwc"):
            options = options._replace(layout=value)
        else:
            wanted = "size=224 or size=HEIGHTxWIDTH, range=-1..1, and layout=nchw or layout=nhwc"
            raise InputError(f"--features onnx:{name}: {part} isn't understood: give {wanted}")
    return file, options


def _from_onnx(name: str) -> Extractor:
    import torch
    from torch.nn import functional as F

    from figment.features.weights import sha256_of

    given, options = _options(name)
    file = Path(given).expanduser()
    session = _session(file)
    source, *others = session.get_inputs()
    if others or source.type not in ("tensor(float)", "tensor(uint8)") or len(source.shape) != 4:
        raise _unfit(file, source, "")
    channels_last = _is_channels_last(file, source, options)
    sides = _sides(file, source, options, channels_last)
    low, high = options.range or _range(session)
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
        raise InputError(f"--features onnx:{file} can't be run: {_first_line(error)}") from None
    return Extractor(
        f"onnx:{file.name}{name.removeprefix(given)}",
        dimension,
        fixed or ONNX_BATCH,
        network,
        label=f"FD-{file.stem.removesuffix('_features')}",
        resize=_bicubic(*sides),
        digest=sha256_of(file)[:16],
    )


def _is_channels_last(file: Path, source: Any, options: Options) -> bool:
    """Whether the colours are the last axis of what a network takes. Raises InputError where neither axis can be them."""
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
        raise _unfit(file, source, f"size={text(given)} doesn't fit that, and can be left out")
    return given[0], given[1]


def _unfit(file: Path, source: Any, mend: str) -> InputError:
    mend = mend or "give a network with one input N×3×H×W or N×H×W×3 of float32 or uint8"
    return InputError(f"--features onnx:{file} takes {source.type} {source.shape}: {mend}")


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


def _bicubic(height: int, width: int | None = None) -> str:
    """resized() in words."""
    return f"bicubic, antialiased, to {height}" + (f"×{width}" if width and width != height else "")


def _resized_array(pictures: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    import torch

    return resized(torch.from_numpy(pictures).float(), sides).byte().numpy()


def resized(pictures: "Tensor", sides: tuple[int, int]) -> "Tensor":
    """Pictures of 0…255, (N, 3, H, W), at another size: bicubic, antialiased, in whole numbers, as an image file has.

    Gradients pass as if nothing had been rounded (straight through, arXiv 1308.3432, section 4), or there would be none.
    """
    if pictures.shape[2:] == sides:
        return pictures
    from torch.nn import functional as F

    fine = F.interpolate(pictures, sides, mode="bicubic", antialias=True, align_corners=False)
    if fine.requires_grad:
        return fine.detach().round().clamp(0, 255) + (fine - fine.detach())
    return fine.round_().clamp_(0, 255)


def _range(session: Any) -> tuple[float, float]:
    """The range of pixels that a network wants, where its file notes one as "0..255" or "-1 to 1"; else 0…255."""
    for note in session.get_modelmeta().custom_metadata_map.values():
        if found := re.search(rf"{NUMBER}\s*(?:\.\.\.?|…|to)\s*{NUMBER}", note):
            return float(found[1]), float(found[2])
    return 0.0, 255.0


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
