"""Codes for real pictures, by which a generator can be shown what to draw before a discriminator can tell it anything.

The principal components of a set's pictures, made small, are uncorrelated and of unit variance once whitened: near enough
to normal codes. So each picture has a code of its own, and G can be taught to draw it from that by least squares, as in
generative latent optimisation (arXiv 1707.05776), whose codes are learned. That gives in seconds what the adversarial
game takes minutes for: layout, light and colours, in all their variety; the game then adds what least squares can't. In
the game a part of each batch has such codes and is held to its pictures coarsely, so that variety stays.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from figment.sizes import start_grid

COARSE = 4  # times the start grid: pictures are compared at 16×16 if they are squares of a power of two


class Axes(NamedTuple):
    """A set's mean small picture, (C·h·w,), and whitened principal axes, (C·h·w, code_size); zeros beyond the last one."""

    mean: Tensor
    axes: Tensor


def small(pictures: Tensor) -> Tensor:
    """Pictures (N, C, H, W) averaged down to four times their start grid, (N, C, h, w)."""
    grid = start_grid(*pictures.shape[2:])
    return F.adaptive_avg_pool2d(pictures, (COARSE * grid.height, COARSE * grid.width))


def principal_axes(batches: Iterable[Tensor], code_size: int, mirrored: bool) -> Axes:
    """The axes of a set of pictures, given in batches (N, C, H, W) in [-1, 1]; mirrored: of their mirror images as well.

    Of the covariance's eigenvectors the first code_size, each over the square root of its eigenvalue, so that codes have
    unit variance; on the CPU, in float64 within. Axes along which nothing varies are zero: their codes stay 0.
    """
    count, total, products = 0, torch.zeros(()), torch.zeros(())
    for batch in batches:
        for pictures in (batch, batch.flip(3)) if mirrored else (batch,):
            flat = small(pictures).flatten(1).cpu().double()
            count, total, products = count + len(flat), total + flat.sum(0), products + flat.T @ flat
    mean = total / count
    values, vectors = torch.linalg.eigh(products / count - torch.outer(mean, mean))
    values, vectors = values.flip(0)[:code_size], vectors.flip(1)[:, :code_size]
    told = values > 1e-6 * values[0].clamp(min=1e-12)
    axes = torch.where(told, vectors / values.clamp(min=1e-12).sqrt(), 0)
    return Axes(mean.float(), F.pad(axes, (0, code_size - axes.shape[1])).float())


def codes_of(pictures: Tensor, axes: Axes) -> Tensor:
    """The codes (N, code_size) of pictures (N, C, H, W)."""
    return (small(pictures).flatten(1) - axes.mean) @ axes.axes


def likeness(made: Tensor, real: Tensor, anchored: Tensor) -> Tensor:
    """Mean squared difference of small pictures, over those that are anchored, bool (N,): a scalar, 0 where none is."""
    each = (small(made.float()) - small(real)).square().flatten(1).mean(1)
    return (each * anchored).sum() / anchored.sum().clamp(min=1)
