"""The Inception that FID is measured with: TensorFlow's of 2015-12-05, as pytorch-fid's file of its weights has it.

Architecture: Inception-v3 (Szegedy et al. 2015, arXiv 1512.00567) with what distinguishes that graph from later ones:
average pools divide by the pixels under them and not by 9 at the rim, the last block pools by the maximum, and there
are 1,008 classes. Names of weights are those of the file.

**The convention that numbers follow**, which is that of the first FID (Heusel et al. 2017, arXiv 1706.08500, whose code
feeds pixels of 0…255 to the graph) and of torch-fidelity: uint8 pictures; resized to 299×299 as TensorFlow 1 does,
bilinearly, without antialiasing and without half-pixel centres; not rounded to whole numbers after it; then
(x - 128) / 128. Others differ: pytorch-fid resizes with half-pixel centres and takes x / 127.5 - 1, clean-fid resizes
bicubically with antialiasing. Numbers of different conventions can't be compared.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from figment.common.places import expanded
from figment.common.progress import Progress
from figment.features import weights
from figment.features.base import GPU_BATCH_PICTURES, Extractor, array_network
from figment.features.weights import load_into, read_tensors

INPUT_SIDE = 299  # pixels a side
DIMENSION = 2048  # numbers of a feature vector
CLASSES = 1008
CPU_BATCH_PICTURES = 8  # as fast as 16, or faster
RESIZE = "TensorFlow 1's bilinear, not antialiased, to 299"


class Conv(nn.Module):
    """Convolution, batch norm, ReLU: (N, C, H, W) → (N, C′, H′, W′)."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int | tuple[int, int], stride: int = 1, padding: int | str = 0
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(self.bn(self.conv(x)))


class Step(NamedTuple):
    """A convolution of a branch: named, with its channels, kernel (height, width) and stride."""

    name: str
    outputs: int
    kernel: int | tuple[int, int] = 1
    stride: int = 1


Branch = tuple[Step | tuple[Step, Step] | str, ...]  # a pair of steps: both see the same, side by side; str: a pool


class Mixed(nn.Module):
    """Branches that see the same maps, their results side by side: (N, C, H, W) → (N, C′, H′, W′).

    Convolutions of stride 1 keep the size; those of stride 2, and the pool beside them, take whole windows alone.
    """

    def __init__(self, inputs: int, *branches: Branch) -> None:
        super().__init__()
        self.branches = branches
        for branch in branches:
            channels = inputs
            for step in branch:
                if isinstance(step, str):
                    continue
                for each in (step,) if isinstance(step, Step) else step:
                    padding = "same" if each.stride == 1 else 0
                    self.add_module(each.name, Conv(channels, each.outputs, each.kernel, each.stride, padding))
                channels = step.outputs if isinstance(step, Step) else sum(each.outputs for each in step)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([part for branch in self.branches for part in self._through(branch, x)], 1)

    def _through(self, branch: Branch, x: Tensor) -> Iterator[Tensor]:
        for step in branch:
            if isinstance(step, str):
                x = _pooled(x, step)
            elif isinstance(step, Step):
                x = self.get_submodule(step.name)(x)
            else:
                yield from (self.get_submodule(each.name)(x) for each in step)
                return
        yield x


def _pooled(x: Tensor, kind: str) -> Tensor:
    """3×3 windows: "average" of the pixels that there are, "max", or "halve", the maximum of every second window."""
    if kind == "average":
        return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    return F.max_pool2d(x, 3, 1, 1) if kind == "max" else F.max_pool2d(x, 3, 2)


def _block_a(inputs: int, pooled: int) -> Mixed:
    return Mixed(
        inputs,
        (Step("branch1x1", 64),),
        (Step("branch5x5_1", 48), Step("branch5x5_2", 64, 5)),
        (Step("branch3x3dbl_1", 64), Step("branch3x3dbl_2", 96, 3), Step("branch3x3dbl_3", 96, 3)),
        ("average", Step("branch_pool", pooled)),
    )


def _block_b(inputs: int) -> Mixed:
    return Mixed(
        inputs,
        (Step("branch3x3", 384, 3, 2),),
        (Step("branch3x3dbl_1", 64), Step("branch3x3dbl_2", 96, 3), Step("branch3x3dbl_3", 96, 3, 2)),
        ("halve",),
    )


def _block_c(inputs: int, inner: int) -> Mixed:
    wide, high = (1, 7), (7, 1)
    return Mixed(
        inputs,
        (Step("branch1x1", 192),),
        (Step("branch7x7_1", inner), Step("branch7x7_2", inner, wide), Step("branch7x7_3", 192, high)),
        (
            Step("branch7x7dbl_1", inner),
            Step("branch7x7dbl_2", inner, high),
            Step("branch7x7dbl_3", inner, wide),
            Step("branch7x7dbl_4", inner, high),
            Step("branch7x7dbl_5", 192, wide),
        ),
        ("average", Step("branch_pool", 192)),
    )


def _block_d(inputs: int) -> Mixed:
    return Mixed(
        inputs,
        (Step("branch3x3_1", 192), Step("branch3x3_2", 320, 3, 2)),
        (
            Step("branch7x7x3_1", 192),
            Step("branch7x7x3_2", 192, (1, 7)),
            Step("branch7x7x3_3", 192, (7, 1)),
            Step("branch7x7x3_4", 192, 3, 2),
        ),
        ("halve",),
    )


def _block_e(inputs: int, pool: str) -> Mixed:
    wide, high = (1, 3), (3, 1)
    return Mixed(
        inputs,
        (Step("branch1x1", 320),),
        (Step("branch3x3_1", 384), (Step("branch3x3_2a", 384, wide), Step("branch3x3_2b", 384, high))),
        (
            Step("branch3x3dbl_1", 448),
            Step("branch3x3dbl_2", 384, 3),
            (Step("branch3x3dbl_3a", 384, wide), Step("branch3x3dbl_3b", 384, high)),
        ),
        (pool, Step("branch_pool", 192)),
    )


class Inception(nn.Module):
    """Pictures, float (N, 3, 299, 299) as prepared() makes them → features, (N, 2048): the last maps' means."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Conv(3, 32, 3, 2)
        self.Conv2d_2a_3x3 = Conv(32, 32, 3)
        self.Conv2d_2b_3x3 = Conv(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = Conv(64, 80, 1)
        self.Conv2d_4a_3x3 = Conv(80, 192, 3)
        self.Mixed_5b = _block_a(192, 32)
        self.Mixed_5c = _block_a(256, 64)
        self.Mixed_5d = _block_a(288, 64)
        self.Mixed_6a = _block_b(288)
        self.Mixed_6b = _block_c(768, 128)
        self.Mixed_6c = _block_c(768, 160)
        self.Mixed_6d = _block_c(768, 160)
        self.Mixed_6e = _block_c(768, 192)
        self.Mixed_7a = _block_d(768)
        self.Mixed_7b = _block_e(1280, "average")
        self.Mixed_7c = _block_e(2048, "max")
        self.fc = nn.Linear(DIMENSION, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(_pooled(x, "halve")))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(_pooled(x, "halve"))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        return self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x))).mean((2, 3))

    def logits(self, features: Tensor) -> Tensor:
        """Logits of the 1,008 classes from features (N, 2048), without fc's bias.

        The Inception Score's first code (Salimans et al. 2016) takes the matrix product before the bias, and so does
        torch-fidelity ("logits_unbiased"): published scores are of these.
        """
        return features @ self.fc.weight.mT


def resized(pictures: Tensor, side: int = INPUT_SIDE) -> Tensor:
    """TensorFlow 1's ResizeBilinear with align_corners=False: float (N, C, H, W) → (N, C, side, side), not rounded.

    Pixel i of the result lies at i · H/side between the pixels of the picture, where half-pixel centres would say
    (i + 1/2) · H/side - 1/2; beyond the last pixel there is the last pixel. Along rows first, then along columns, as
    TensorFlow does: equal to the bit.
    """
    for axis in (3, 2):
        if pictures.shape[axis] != side:
            pictures = _stretched(pictures, axis, side)
    return pictures


def _stretched(x: Tensor, axis: int, side: int) -> Tensor:
    length = x.shape[axis]
    places = torch.arange(side, dtype=torch.float32) * torch.tensor(length / side, dtype=torch.float32)
    lower = places.long()
    share = (places - lower).to(x.device).view(-1, *[1] * (3 - axis))
    low = x.index_select(axis, lower.to(x.device))
    high = x.index_select(axis, (lower + 1).clamp(max=length - 1).to(x.device))
    return high.sub_(low).mul_(share).add_(low)


def prepared(pictures: Tensor) -> Tensor:
    """uint8 (N, 3, H, W) → what Inception takes: float32 (N, 3, 299, 299) in [-1, 1), channels last in memory."""
    return resized(pictures.float()).sub(128).div_(128).contiguous(memory_format=torch.channels_last)


def load_inception(file: Path, option: str) -> Inception:
    """The network with the weights of a file, on the CPU, its batch norms made part of the convolutions.

    A classifier beside the last one (AuxLogits), which other files of Inception-v3 have, is left out. Raises InputError
    for a file that holds anything else.
    """
    found = {name: value for name, value in read_tensors(file, option).items() if not name.startswith("AuxLogits.")}
    with torch.device("meta"):
        net = Inception()
    load_into(net, found, option, "FID's Inception")
    return folded(net)


def folded(net: Inception) -> Inception:
    """The same function with every batch norm made part of its convolution, laid out for speed. Changes net itself."""
    for module in net.modules():
        if isinstance(module, Conv):
            module.conv = fuse_conv_bn_eval(module.conv, module.bn)
            module.bn = nn.Identity()  # type: ignore[assignment]
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def inception_extractor(path: str, device: str, progress: Progress | None = None) -> Extractor:
    """The network of a file, or of the published one where path is empty, which alone is called FID's.

    progress(done, total): bytes of a download. Raises InputError where the file can't be had or holds another network.
    """
    known = weights.INCEPTION
    file, digest = (expanded(path), "") if path else weights.located(known, progress)
    net = load_inception(file, f"--features inception:{file}")
    digest = digest or weights.sha256_of(file)
    official = known.is_in(digest)
    classes = net.fc.weight.numpy().T.copy()
    net.to(device)

    def forward(pictures: Tensor) -> Tensor:
        return net(prepared(pictures.to(device)))

    return Extractor(
        "inception" if official else f"inception:{file.name}",
        DIMENSION,
        CPU_BATCH_PICTURES if device == "cpu" else GPU_BATCH_PICTURES,
        array_network(device, forward),
        label="FID" if official else f"FD-inception-{digest[:8]}",
        resize=RESIZE,
        digest=digest[:16],
        head=lambda features: features @ classes,
        forward=forward,
    )
