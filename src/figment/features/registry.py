"""What a network sees in a picture: vectors in which pictures that look alike lie close together.

Which network that is decides what a distance means, so every number that is made from features names it. Two need no
download: `gradients` is no network but counts how much neighbouring pixels differ, and where; it is fast and doesn't load
torch. `random` is a network that has learnt nothing: Naeem et al. 2020 (arXiv 2002.09797, section 4.3) find that its
features serve where a network trained on photographs misleads, which knows little of drawings or digits. Of networks that
have learnt something, `inception` is the one that FID is defined by and `dinov2` the one that follows human judgement best
(Stein et al. 2023, arXiv 2306.04675); others come as ONNX files. `own` is a run's own discriminator.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from figment.common.progress import Progress
from figment.errors import InputError
from figment.features.base import GPU_BATCH, Extractor, _untracked
from figment.features.gradients import CELLS, EDGES, GRADIENTS_BATCH, SCALES, SIDE, gradients
from figment.features.onnx_network import _from_onnx
from figment.features.random_network import _random
from figment.features.resize import _bicubic, resized

if TYPE_CHECKING:
    from torch import Tensor

KINDS = "gradients, random, onnx:FILE, inception[:FILE], dinov2[:s|b|l|FILE], own:RUN"


LARGE_BATCH = 8  # of inception and dinov2 on a CPU: as fast as 16, or faster
OWN_BATCH = 64


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
