"""The article's and the DCGAN paper's nets (Radford, Metz, Chintala 2016, arXiv 1511.06434), for any start grid.

Strided convolutions in place of pooling, batch norm except at G's output and D's input, no hidden layer that is fully
connected. Stage i counts doublings from the start grid: its channels are width · min(8, 2^(doublings - 1 - i)), if the recipe
doesn't name them; at 64 px and width 64 that is 512→256→128→64.
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
from figment.nets.widths import named_widths
from figment.recipe import Recipe

CLASS_EMBEDDING_SIZE = 32  # numbers that stand for a class in G
MODULATION_UNITS = 32  # units between the code and what modulates a stage


def generator(recipe: Recipe) -> "Generator":
    """The generator of a recipe. Raises InputError for widths that don't fit its size."""
    return Generator(*generator_arguments(recipe))


def generator_arguments(recipe: Recipe) -> tuple[Any, ...]:
    """What Generator takes, by a recipe. Raises InputError for widths that don't fit its size."""
    return (
        sizes.start_grid(*recipe.shape),
        int(recipe.channels),
        stage_widths(recipe),
        recipe.code_size,
        recipe.activation,
        len(recipe.classes),
        recipe.upsampling,
        recipe.initial_weights,
        recipe.modulated,
    )


def discriminator(recipe: Recipe) -> "Discriminator":
    """The discriminator of a recipe. Raises InputError for widths that don't fit its size."""
    return Discriminator(
        sizes.start_grid(*recipe.shape),
        int(recipe.channels),
        discriminator_widths(recipe),
        recipe.discriminator_norm,
        recipe.dropout,
        len(recipe.classes),
        recipe.initial_weights,
    )


def stage_widths(recipe: Recipe) -> list[int]:
    """Feature maps of each of the generator's stages, from the start grid to half the size: the recipe's, or by its width.

    Raises InputError unless there is one for each stage.
    """
    doublings = sizes.start_grid(*recipe.shape).doublings
    return named_widths(recipe, doublings) or widths_by_rule(doublings, recipe.width)


def discriminator_widths(recipe: Recipe) -> list[int]:
    """The discriminator's, from the start grid up as well: the generator's, times the share of its width where it has one."""
    share = (recipe.discriminator_width or recipe.width) / recipe.width
    return [max(1, round(share * width)) for width in stage_widths(recipe)]


def widths_by_rule(doublings: int, width: int) -> list[int]:
    """Feature maps of each stage, from the start grid to half the size, by a width alone."""
    return [width * min(8, 2 ** (doublings - 1 - i)) for i in range(doublings)]


class Generator(nn.Sequential):
    """Code → picture by fractionally-strided convolutions.

    Input: codes, float (N, code_size), and with classes their numbers, int64 (N,). Output: pictures, float
    (N, channels, H, W) in [-1, 1]. widths: channels of each stage, from the start grid up. classes: 0 for none.
    upsampling: "transposed", the paper's, or "nearest". modulated: whether the code, with its class, acts on every stage
    and not on the first alone.
    """

    def __init__(
        self,
        grid: Grid,
        channels: int,
        widths: Sequence[int],
        code_size: int,
        activation: str = "relu",
        classes: int = 0,
        upsampling: str = "transposed",
        initial_weights: str = "normal",
        modulated: bool = False,
    ) -> None:
        inputs = code_size + CLASS_EMBEDDING_SIZE * bool(classes)
        start = Start(inputs, widths[0], (grid.height, grid.width), bias=False)
        *ups, last = (UPSAMPLING[upsampling](a, b) for a, b in itertools.pairwise([*widths, channels]))
        layers: list[nn.Module] = [ClassedCode(classes) if classes else nn.Unflatten(1, (code_size, 1, 1))]
        for conv in (start, *ups):
            layers += [conv, nn.BatchNorm2d(conv.out_channels)]
            layers += [Modulation(inputs, conv.out_channels)] if modulated else []
            layers += [_activation(activation)]
        super().__init__(*layers, last, nn.Tanh())
        self.initial_weights = initial_weights

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        first, *layers = self
        x = code = first(z) if labels is None else first(z, labels)
        for layer in layers:
            x = layer(x, code) if isinstance(layer, Modulation) else layer(x)
        return x

    @property
    def modulations(self) -> int:
        """Stages that the code acts on, from the start grid up; 0 where it acts on the first layer alone."""
        return sum(isinstance(layer, Modulation) for layer in self)

    def mixed(self, z: Tensor, late: Tensor, first: int, labels: Tensor | None = None) -> Tensor:
        """As forward, but another code, late (N, code_size), acts on the stages from number first on: style mixing.

        (Karras et al., arXiv 1812.04948, section 3.1.) The first layer, and so what lies where, is always z's.
        """
        enter, *layers = self
        x = code = enter(z) if labels is None else enter(z, labels)
        other = enter(late) if labels is None else enter(late, labels)
        stage = 0
        for layer in layers:
            if isinstance(layer, Modulation):
                x = layer(x, code if stage < first else other)
                stage += 1
            else:
                x = layer(x)
        return x


class Start(nn.ConvTranspose2d):
    """A transposed convolution of a single place, (N, C, 1, 1) → (N, C′, h, w): a product of matrices, computed as one.

    (As a convolution on CUDA, PyTorch 2.11 compiles its gradient wrongly, and stops at that.)
    """

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        y = x.flatten(1) @ self.weight.flatten(1)
        return y.unflatten(1, self.weight.shape[1:]).contiguous(memory_format=torch.channels_last)


class Doubling(nn.ConvTranspose2d):
    """Every pixel doubled, then a 3×3 convolution; (N, C, h, w) → (N, C′, 2h, 2w).

    Computed as one transposed convolution, at its cost: of its 4×4 kernel each number is the sum of those of the 3×3 that
    fall on copies of one pixel. A free 4×4 kernel has to learn that neighbouring pixels of the result are alike, and
    until it has, it draws chequerboards (Odena et al. 2016, distill.pub/2016/deconv-checkerboard).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, bias=False)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        kernel = 4 * F.avg_pool2d(self.weight, 2, stride=1, padding=1)  # sums over 2×2, zeros around
        return F.conv_transpose2d(x, kernel, None, stride=2, padding=1)


def _transposed(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)


UPSAMPLING: dict[str, Callable[[int, int], nn.ConvTranspose2d]] = {"transposed": _transposed, "nearest": Doubling}


class Discriminator(nn.Sequential):
    """Picture → logit by strided convolutions; above 0 means real.

    Input: pictures, float (N, channels, H, W) in [-1, 1], and with classes their numbers, int64 (N,). Output: logits
    (N,). widths: channels of each stage, from the start grid up. norm: "batch", or "none" where a penalty is put on each
    sample's own gradient. dropout: share of features dropped. classes: 0 for none.
    """

    def __init__(
        self,
        grid: Grid,
        channels: int,
        widths: Sequence[int],
        norm: str = "batch",
        dropout: float = 0.0,
        classes: int = 0,
        initial_weights: str = "normal",
    ) -> None:
        maps = widths[::-1]
        bias = norm == "none"  # batch norm has its own
        layers: list[nn.Module] = [nn.Conv2d(channels, maps[0], 4, 2, 1, bias=bias), nn.LeakyReLU(0.2)]
        for a, b in itertools.pairwise(maps):
            layers.append(nn.Conv2d(a, b, 4, 2, 1, bias=bias))
            if norm == "batch":
                layers.append(nn.BatchNorm2d(b))
            layers.append(nn.LeakyReLU(0.2))
            if dropout:
                layers.append(nn.Dropout2d(dropout))
        last = nn.Conv2d(maps[-1], 1, (grid.height, grid.width), 1, 0, bias=bias)
        layers += [Projection(last, classes)] if classes else [last, nn.Flatten(0)]
        super().__init__(*layers)
        self.initial_weights = initial_weights

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        *layers, last = self
        for layer in layers:
            x = layer(x)
        return last(x) if labels is None else last(x, labels)


class ClassedCode(nn.Module):
    """Code (N, code_size) and class (N,) → (N, code_size + 32, 1, 1), a learned vector of the class behind the code."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, CLASS_EMBEDDING_SIZE)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return torch.cat([z, self.embedding(labels)], 1)[:, :, None, None]


class Modulation(nn.Module):
    """x · (1 + scale) + shift, a scale and a shift for each channel: what a small net makes of the code.

    x: (N, C, h, w); code: (N, inputs, 1, 1). Behind batch norm this is self-modulation (Chen et al., arXiv 1810.01365):
    what holds for the whole picture, such as light and colours, needn't be handed on from stage to stage.
    """

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, MODULATION_UNITS)
        self.out = nn.Linear(MODULATION_UNITS, 2 * channels)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        scale, shift = self.out(F.relu(self.hidden(code.flatten(1))))[:, :, None, None].chunk(2, 1)
        return x * (1 + scale) + shift


class Projection(nn.Module):
    """Last features (N, C, h, w) and class (N,) → logits (N,): the last convolution's, plus the features, added over
    positions, dotted with a learned vector of the class (arXiv 1802.05637)."""

    def __init__(self, last: nn.Conv2d, classes: int) -> None:
        super().__init__()
        self.last = last
        self.embedding = nn.Embedding(classes, last.in_channels)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return self.last(x).flatten() + (x.sum((2, 3)) * self.embedding(labels)).sum(1)


def _activation(name: str) -> nn.Module:
    return nn.ReLU() if name == "relu" else nn.LeakyReLU(0.2)


@torch.no_grad()
def initialise(net: Generator | Discriminator, generator: torch.Generator) -> None:
    """The paper's start: weights N(0, 0.02²), biases 0; batch norm scales N(1, 0.02²), as its authors' code has them.

    A class's vector starts N(0, 1) in G, as large as the code beside it, and N(0, 0.02²) in D. A net without batch norm
    passes such small weights' signal on ever weaker; for one, weights may start N(0, g²/fan_in) with g² = 2/(1 + 0.2²)
    (He et al., arXiv 1502.01852, eq. 15), of G's first layer with g = 1. Modulation starts small in either.
    """
    he = net.initial_weights == "he"
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            first = isinstance(net, Generator) and module is net[1]
            _normal(module.weight, 0.0, generator, _he(module, 1.0 if first else 2 / 1.04) if he else 0.02)
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            _normal(module.weight, 1.0, generator)
            module.bias.zero_()
        elif isinstance(module, Modulation):
            _normal(module.hidden.weight, 0.0, generator, math.sqrt(2 / module.hidden.in_features))
            _normal(module.out.weight, 0.0, generator)
            module.hidden.bias.zero_()
            module.out.bias.zero_()
        elif isinstance(module, ClassedCode):
            module.embedding.weight.normal_(generator=generator)
        elif isinstance(module, Projection):
            _normal(module.embedding.weight, 0.0, generator)


def _normal(weight: Tensor, mean: float, generator: torch.Generator, deviation: float = 0.02) -> None:
    weight.normal_(mean, deviation, generator=generator)


def _he(conv: nn.Conv2d | nn.ConvTranspose2d, variance: float) -> float:
    """The deviation of weights that give a unit signal this variance."""
    return math.sqrt(variance / (conv.in_channels * _taps(conv)))


def _taps(conv: nn.Conv2d | nn.ConvTranspose2d) -> int:
    """How many pixels of each feature map a pixel of the result is made of."""
    height, width = conv.kernel_size
    if isinstance(conv, nn.Conv2d | Doubling):
        return height * width
    return height * width // 4 if conv.stride == (2, 2) else 1  # stride 1 is the start's, from a single pixel
