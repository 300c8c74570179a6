"""R3GAN's nets (Huang et al. 2024, arXiv 2501.05441): residual blocks without any norm, D the mirror image of G.

A stage for each resolution from the start grid up. Pictures are doubled and halved by the separable filter
[1, 3, 3, 1]; 1×1 convolutions stand only where the width changes. Under autocast the largest stages are in bf16, the
ends and the low resolutions in float32. The generators' parameter counts are the paper's, to the unit.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from figment.common import sizes
from figment.common.sizes import Grid
from figment.nets.autocast import in_autocast, in_float32
from figment.nets.grouped_conv import Grouped
from figment.nets.widths import named_widths
from figment.recipe import Recipe

LEAKY_SLOPE = 0.2  # of LeakyReLU below 0
CLASS_EMBEDDING_SIZE = 64  # numbers that stand for a class
AUTOCAST_STAGES = 4  # of the highest resolution; the start grid's stage is never one of them


def generator(recipe: Recipe) -> "Generator":
    """The generator of a recipe. Raises InputError for widths that don't fit its size."""
    return Generator(*generator_arguments(recipe))


def generator_arguments(recipe: Recipe) -> tuple[Any, ...]:
    """What Generator takes, by a recipe. Raises InputError for widths that don't fit its size."""
    grid, widths, classes = sizes.start_grid(*recipe.shape), stage_widths(recipe), len(recipe.classes)
    return grid, int(recipe.channels), widths, recipe.blocks, recipe.group_channels, recipe.code_size, classes


def discriminator(recipe: Recipe) -> "Discriminator":
    """The discriminator of a recipe. Raises InputError for widths that don't fit its size."""
    grid = sizes.start_grid(*recipe.shape)
    widths = stage_widths(recipe)
    return Discriminator(grid, int(recipe.channels), widths, recipe.blocks, recipe.group_channels, len(recipe.classes))


def stage_widths(recipe: Recipe) -> list[int]:
    """Channels of each stage from the start grid up: the recipe's widths, else width · min(1, 8/2ⁱ) at stage i.

    Width 768 gives the paper's nets for FFHQ at 64 and 256 px. Raises InputError unless there is one for each stage.
    """
    stages = sizes.start_grid(*recipe.shape).doublings + 1
    return named_widths(recipe, stages) or [max(1, recipe.width * 8 // max(8, 2**i)) for i in range(stages)]


class Block(nn.Module):
    """x plus a branch: 1×1 C→2C, grouped 3×3, 1×1 2C→C that starts at zero; LeakyReLU between. Keeps (N, C, H, W).

    group: channels in a group of the 3×3; where that doesn't divide 2C, the largest number that divides both.
    """

    def __init__(self, channels: int, group: int) -> None:
        super().__init__()
        inner = 2 * channels
        self.widen = nn.Conv2d(channels, inner, 1)
        self.mix = Grouped(inner, inner // math.gcd(inner, group))
        self.narrow = nn.Conv2d(inner, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.widen(x), LEAKY_SLOPE)
        y = F.leaky_relu(self.mix(y), LEAKY_SLOPE)
        return x + self.narrow(y)


class Up(nn.Module):
    """(N, C, H, W) → (N, C', 2H, 2W): the width changes where there is less to compute."""

    def __init__(self, channels: int, to: int) -> None:
        super().__init__()
        self.change = _width_change(channels, to)

    def forward(self, x: Tensor) -> Tensor:
        return doubled(self.change(x))


class Down(nn.Module):
    """(N, C, H, W) → (N, C', H/2, W/2)."""

    def __init__(self, channels: int, to: int) -> None:
        super().__init__()
        self.change = _width_change(channels, to)

    def forward(self, x: Tensor) -> Tensor:
        return self.change(halved(x))


class Start(nn.Module):
    """Code (N, code_size), and class (N,) → (N, C, h, w): a learned basis, each channel times a number from the code."""

    def __init__(self, grid: Grid, channels: int, code_size: int, classes: int) -> None:
        super().__init__()
        self.basis = nn.Parameter(torch.empty(channels, grid.height, grid.width))
        self.embedding = nn.Embedding(classes, CLASS_EMBEDDING_SIZE) if classes else None
        self.linear = nn.Linear(code_size + CLASS_EMBEDDING_SIZE * bool(classes), channels, bias=False)

    def forward(self, z: Tensor, labels: Tensor | None) -> Tensor:
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(labels)], 1)
        x = self.linear(z)[:, :, None, None] * self.basis
        return x.contiguous(memory_format=torch.channels_last)


class End(nn.Module):
    """(N, C, h, w), and class (N,) → logits (N,): one number a channel, then a Linear; with classes to a vector that is
    dotted with the class's own."""

    def __init__(self, grid: Grid, channels: int, classes: int) -> None:
        super().__init__()
        self.pool = nn.Conv2d(channels, channels, (grid.height, grid.width), groups=channels, bias=False)
        self.linear = nn.Linear(channels, CLASS_EMBEDDING_SIZE if classes else 1, bias=False)
        self.embedding = nn.Embedding(classes, CLASS_EMBEDDING_SIZE) if classes else None

    def forward(self, x: Tensor, labels: Tensor | None) -> Tensor:
        vector = self.linear(
            (x * self.pool.weight.squeeze(1)).sum((2, 3))
        )  # a whole-picture convolution of each channel
        if self.embedding is not None:
            vector = vector * self.embedding(labels)
        return vector.sum(1)


class Generator(nn.Module):
    """Code → picture.

    Input: codes, float (N, code_size), and with classes their numbers, int64 (N,). Output: pictures, float
    (N, channels, H, W), meant for [-1, 1] but not bound to it; at least float32, also under autocast.
    widths: channels of each stage, from the start grid up. blocks: a stage. classes: 0 for none.
    """

    def __init__(
        self,
        grid: Grid,
        channels: int,
        widths: Sequence[int],
        blocks: int,
        group: int,
        code_size: int,
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.start = Start(grid, widths[0], code_size, classes)
        ups = [[], *([Up(a, b)] for a, b in itertools.pairwise(widths))]
        self.stages = nn.ModuleList(
            nn.Sequential(*up, *(Block(width, group) for _ in range(blocks)))
            for up, width in zip(ups, widths, strict=True)
        )
        self.rgb = nn.Conv2d(widths[-1], channels, 1, bias=False)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        x = in_float32(self.start, z, labels)
        low = _float32_stages(len(self.stages))
        for i, stage in enumerate(self.stages):
            x = in_float32(stage, x) if i < low else in_autocast(stage, x)
        return in_float32(self.rgb, x)


class Discriminator(nn.Module):
    """Picture → logit; above 0 means real.

    Input: pictures, float (N, channels, H, W) in [-1, 1], and with classes their numbers, int64 (N,). Output: logits
    (N,), at least float32, also under autocast. Arguments as the generator's; widths too are from the start grid up.
    """

    def __init__(
        self, grid: Grid, channels: int, widths: Sequence[int], blocks: int, group: int, classes: int = 0
    ) -> None:
        super().__init__()
        falling = list(reversed(widths))
        downs = [*([Down(a, b)] for a, b in itertools.pairwise(falling)), []]
        self.rgb = nn.Conv2d(channels, falling[0], 1, bias=False)
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(width, group) for _ in range(blocks)), *down)
            for width, down in zip(falling, downs, strict=True)
        )
        self.end = End(grid, falling[-1], classes)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        x = in_float32(self.rgb, x)
        high = len(self.stages) - _float32_stages(len(self.stages))
        for i, stage in enumerate(self.stages):
            x = in_autocast(stage, x) if i < high else in_float32(stage, x)
        return in_float32(self.end, x, labels)


def doubled(x: Tensor) -> Tensor:
    """(N, C, H, W) → (N, C, 2H, 2W): zeros between the pixels, then the filter [1, 3, 3, 1]/4 along both axes."""
    return doubled_by_matrices(x) if x.device.type == "cuda" else _in_its_best_type(_doubled, x)


def halved(x: Tensor) -> Tensor:
    """(N, C, H, W) → (N, C, H/2, W/2): the filter [1, 3, 3, 1]/8 along both axes, then every second pixel."""
    return halved_by_matrices(x) if x.device.type == "cuda" else _in_its_best_type(_halved, x)


# CUDA: depthwise convolutions are slow there, the more their gradients; thin products of matrices move each number once.
def doubled_by_matrices(x: Tensor) -> Tensor:
    """As doubled, as products of matrices."""
    down, across = (2 * _halving(2 * size, x).mT for size in x.shape[2:])
    return _between(down, x, across)


def halved_by_matrices(x: Tensor) -> Tensor:
    """As halved, as products of matrices."""
    down, across = (_halving(size, x) for size in x.shape[2:])
    return _between(down, x, across)


def _halving(size: int, x: Tensor) -> Tensor:
    """(size/2, size): [1, 3, 3, 1]/8 along each row, two pixels further than in the one above."""
    places, rows = (torch.arange(n, device=x.device) for n in (size, size // 2))
    return ((2 - (places - 2 * rows.unsqueeze(1) - 0.5).abs()).clamp(min=0) / 4).to(x.dtype)


def _between(down: Tensor, x: Tensor, across: Tensor) -> Tensor:
    """down · x · acrossᵀ for each channel of each picture, channels last in memory as x is."""
    count, channels, height, width = x.shape
    lines = x.permute(0, 2, 3, 1).reshape(count * height, width, channels)
    lines = torch.bmm(across.expand(len(lines), -1, -1), lines)
    planes = torch.bmm(down.expand(count, -1, -1), lines.view(count, height, -1))
    return planes.view(count, len(down), len(across), channels).permute(0, 3, 1, 2)


def _doubled(x: Tensor) -> Tensor:
    return F.conv_transpose2d(x, _kernel(x), stride=2, padding=1, groups=x.shape[1])


def _halved(x: Tensor) -> Tensor:
    return F.conv2d(x, _kernel(x) / 4, stride=2, padding=1, groups=x.shape[1])


def _kernel(x: Tensor) -> Tensor:
    # Computed on the device, since a constant from the host would make it wait, and a buffer would be part of the state.
    line = 1 - (torch.arange(4, device=x.device, dtype=x.dtype) - 1.5).abs() / 2  # [1, 3, 3, 1] / 4
    return (line[:, None] * line).expand(x.shape[1], 1, 4, 4)


def _in_its_best_type(filtered: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    # CPU: depthwise convolutions and their gradients are up to forty times slower in bf16 than in float32 (torch 2.13).
    return in_float32(filtered, x).to(x.dtype) if x.device.type == "cpu" else filtered(x)


def _width_change(channels: int, to: int) -> nn.Module:
    return nn.Identity() if channels == to else nn.Conv2d(channels, to, 1, bias=False)


def _float32_stages(stages: int) -> int:
    return max(1, stages - AUTOCAST_STAGES)


@torch.no_grad()
def initialise(net: nn.Module, generator: torch.Generator) -> None:
    """The paper's start: weights N(0, g²/fan_in), biases 0, the basis N(0, 1); see gains for g.

    fan_in counts a group's inputs; a class's embedding is a Linear of its one-hot vector, so there it is their number.
    """
    gain = gains(net)
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding):
            fan_in = module.num_embeddings if isinstance(module, nn.Embedding) else module.weight[0].numel()
            module.weight.normal_(0, gain.get(module, 1.0) / math.sqrt(fan_in), generator=generator)
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            module.bias.zero_()
        elif isinstance(module, Start):
            module.basis.normal_(generator=generator)


def gains(net: nn.Module) -> dict[nn.Module, float]:
    """The layers of a net whose gain g isn't 1.

    A block's first two convolutions: √(2/(1 + .2²)) · L^(-1/4), for L blocks in the net; its last: 0. D's embedding of
    the class: 1/√64, as the dot product adds 64 terms.
    """
    blocks = [m for m in net.modules() if isinstance(m, Block)]
    residual = math.sqrt(2 / (1 + LEAKY_SLOPE**2)) * len(blocks) ** -0.25
    gain: dict[nn.Module, float] = {}
    for block in blocks:
        gain |= {block.widen: residual, block.mix: residual, block.narrow: 0.0}
    for module in net.modules():
        if isinstance(module, End) and module.embedding is not None:
            gain[module.embedding] = CLASS_EMBEDDING_SIZE**-0.5
    return gain
