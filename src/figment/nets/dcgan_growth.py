"""DCGAN's nets made deeper without changing what they draw and see: stages that at first only enlarge, or reduce, pixels.

A colour c passes a stage in two channels, as act(c) and act(-c): their difference is slope · c. So the deeper generator draws
the shallower one's pictures with every pixel doubled, and the deeper discriminator sees the means of 2×2 pixels. What else a
stage has is new, and acts with weight 0 at first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from figment.common.seeds import generator_at
from figment.nets import overlap
from figment.nets.dcgan import Generator, Modulation
from figment.recipe import Recipe

SAMPLES = 256  # codes over which the colours' mean and variance are taken
BLOCK = 16  # of them, at once
LEAKY_SLOPE = 1.2  # of LeakyReLU(0.2): x - (-0.2 x)


@dataclass
class Stage:
    """A convolution with what belongs to its result."""

    conv: nn.Conv2d | nn.ConvTranspose2d
    norm: nn.BatchNorm2d | None = None
    modulation: Modulation | None = None


def is_wide_enough(widths: Sequence[int], colours: int) -> bool:
    """Whether the new stages have the channels that colours pass in."""
    return all(width >= 2 * colours for width in widths)


def grow_generator(last: Tensor, target: Recipe, net: Generator, added: Sequence[Stage]) -> None:
    """Let new stages pass on the colours that the source's last layer made. last: its weights (C, colours, h, w)."""
    colours = last.shape[1]
    overlap.copy_weights(added[0].conv.weight, _both(last, 1), outputs=1, inputs=0)
    mean, variance = _statistics(net, added[0].conv, target, colours)
    for stage in added[:-1]:
        assert stage.norm is not None
        _pass_through(stage.norm, mean, variance)
        if stage.modulation is not None:
            stage.modulation.out.weight.unflatten(0, (2, -1))[:, : 2 * colours] = 0
            stage.modulation.out.bias.unflatten(0, (2, -1))[:, : 2 * colours] = 0
    slope = 1.0 if target.activation == "relu" else LEAKY_SLOPE
    for stage in added[1:]:
        weight = _both(_each_apart(colours, stage.conv, 1.0), 0) / slope
        weight = weight if stage is added[-1] else _both(weight, 1)
        overlap.copy_weights(stage.conv.weight, weight, outputs=1, inputs=0)


def grow_discriminator(first: Tensor, added: Sequence[Stage]) -> None:
    """Let new stages, from the source's first on up to the pictures, hand its first layer the means of their pixels.

    first: its weights (C, colours, h, w). There is no batch norm: its mean and variance of real pictures aren't known.
    """
    colours = first.shape[1]
    overlap.copy_weights(added[0].conv.weight, _both(first, 1) / LEAKY_SLOPE)
    for stage in added[1:]:
        weight = _both(_each_apart(colours, stage.conv, 0.25), 0)
        weight = weight if stage is added[-1] else _both(weight, 1) / LEAKY_SLOPE
        overlap.copy_weights(stage.conv.weight, weight)


def _both(weight: Tensor, axis: int) -> Tensor:
    """The weights and their negatives, for the two channels of each colour."""
    return torch.cat([weight, -weight], axis)


def _each_apart(colours: int, conv: nn.Module, value: float) -> Tensor:
    """A kernel that keeps colours apart, with one value in its middle: 2×2 of 4×4, or the one of 3×3."""
    height, width = conv.kernel_size  # type: ignore[misc]
    weight = torch.zeros(colours, colours, height, width)
    rows, columns = (slice((side - 1) // 2, side // 2 + 1) for side in (height, width))
    weight[:, :, rows, columns] = value * torch.eye(colours)[:, :, None, None]
    return weight


def _pass_through(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    """Have a norm give its first channels, of this mean and variance, as they come."""
    count = len(mean)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean[:count], norm.running_var[:count] = mean, variance
    norm.weight[:count], norm.bias[:count] = (variance + norm.eps).sqrt(), mean


def _statistics(net: Generator, conv: nn.Module, recipe: Recipe, colours: int) -> tuple[Tensor, Tensor]:
    """Mean and variance of what a layer gives in its first channels, two for each colour, over codes of the prior."""
    draw = generator_at(recipe.seed, "growth")
    z = torch.randn(SAMPLES, recipe.code_size, generator=draw)
    if recipe.prior == "uniform":
        z = 2 * torch.rand(SAMPLES, recipe.code_size, generator=draw) - 1
    labels = torch.randint(max(len(recipe.classes), 1), (SAMPLES,), generator=draw)
    training = net.training
    net.eval()
    moments = torch.zeros(2, 2 * colours, dtype=torch.float64)
    for codes, classes in zip(z.split(BLOCK), labels.split(BLOCK), strict=True):
        first, *layers = net
        x = code = first(codes, classes) if recipe.classes else first(codes)
        for layer in layers:
            x = layer(x, code) if isinstance(layer, Modulation) else layer(x)
            if layer is conv:
                break
        seen = x[:, : 2 * colours].double()
        moments += torch.stack([seen.mean((0, 2, 3)), seen.square().mean((0, 2, 3))]) * BLOCK / SAMPLES
    net.train(training)
    mean, square = moments
    return mean.float(), (square - mean**2).clamp(min=0).float()
