"""Pictures moved, turned and scaled in one resampling, without aliasing and without borders.

Along axes where several input pixels fall on an output pixel, frequencies that the output cannot hold must go first, or
they come back as false patterns. A 3×3 kernel of each picture's own does that, chosen by its covariance alone, and
bilinear interpolation follows: on faces as near to ideal resampling as sampling at double density is, at a quarter of
the time.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from figment.augment.grid_sample import bilinear, nearest

BILINEAR_VARIANCE = 1 / 6  # variance of bilinear interpolation, px²: t(1-t) at a fraction t of a pixel, on average
MAX_VARIANCE = 1 / 2  # of [1, 2, 1] / 4, whose response ends at zero; with more it would turn negative


class Affine(NamedTuple):
    """Where output pixels are fetched from: in = axes · diag(steps) · turn · out + offset, as (x, y) in pixels from the centre.

    axes, turn: orthogonal, (N, 2, 2); steps: input pixels for each output pixel along the axes, (N, 2), above 0;
    offset: (N, 2); blended: bool, (N,), whether pixels may fall between pixels.
    """

    axes: Tensor
    steps: Tensor
    turn: Tensor
    offset: Tensor
    blended: Tensor


def resampled(pictures: Tensor, affine: Affine) -> Tensor:
    """Pictures (N, C, h, w) seen through an affine map each, mirrored at their borders without end.

    Where nothing is blended (flips, quarter turns, whole pixels) pixels are only moved: exactly if height and width are
    powers of two, else but for the rounding of coordinates.
    """
    smooth = filtered(pictures, low_pass(affine))
    linear = product(affine.axes * affine.steps.unsqueeze(1), affine.turn)
    grid = sampling_grid(linear, affine.offset, pictures.shape[2], pictures.shape[3])
    return bilinear(smooth, grid)


def shifted(pictures: Tensor, pixels: Tensor) -> Tensor:
    """Pictures (N, C, h, w) moved by whole pixels (N, 2), (right, down), with mid-grey, 0, coming in."""
    unchanged = torch.eye(2, dtype=pixels.dtype, device=pixels.device).expand(len(pixels), 2, 2)
    grid = sampling_grid(unchanged, -pixels, pictures.shape[2], pictures.shape[3])
    return nearest(pictures, grid)


def low_pass(affine: Affine) -> Tensor:
    """A kernel for each picture, (N, 3, 3), with sum 1: nothing but itself where no pixels are blended.

    Its variance along an axis with s = max(step, 1) is (s² - 1)/6, that of [1, 2, 1] / 4 where pictures are halved, less
    what bilinear interpolation adds later: so it sharpens a little where nothing shrinks.
    """
    variances = ((affine.steps.clamp(min=1) ** 2 - 1) / 6 - BILINEAR_VARIANCE).clamp(max=MAX_VARIANCE)
    variances = variances * affine.blended.unsqueeze(1)
    covariance = product(affine.axes * variances.unsqueeze(1), affine.axes.mT)
    across, down = _kernel(covariance[:, 0, 0]), _kernel(covariance[:, 1, 1])
    slope = torch.arange(-1, 2, dtype=covariance.dtype, device=covariance.device) / 2
    return down.unsqueeze(2) * across.unsqueeze(1) + covariance[:, 0, 1, None, None] * torch.outer(slope, slope)


def filtered(pictures: Tensor, kernels: Tensor) -> Tensor:
    """Each picture of (N, C, h, w) convolved with its own kernel of (N, 3, 3); beyond borders, the last pixel again."""
    count, channels, height, width = pictures.shape
    planes, kernels = pictures.reshape(1, count * channels, height, width), kernels.unsqueeze(1)
    of_planes = F.conv2d(planes, kernels.repeat_interleave(channels, dim=0), padding=1, groups=count * channels)
    within = F.conv2d(torch.ones_like(planes[:, :count]), kernels, padding=1, groups=count).view(
        count, 1, height, width
    )
    return torch.addcmul(of_planes.view(pictures.shape), pictures, 1 - within)


def sampling_grid(linear: Tensor, offset: Tensor, height: int, width: int) -> Tensor:
    """grid_sample's coordinates, (N, h, w, 2), of in = linear · out + offset: (N, 2, 2) and (N, 2), pixels from the centre."""
    across, down = (torch.arange(n, dtype=linear.dtype, device=linear.device) - (n - 1) / 2 for n in (width, height))
    # Without align_corners borders are at ±1, so that pixels' middles are exact numbers if sizes are powers of two.
    whole = torch.cat([linear, offset.unsqueeze(2)], dim=2)
    to_x, to_y, start = torch.stack([whole[:, 0] * (2 / width), whole[:, 1] * (2 / height)], dim=1).unbind(2)
    of_x = to_x.unsqueeze(1) * across.view(1, -1, 1)
    of_y = to_y.unsqueeze(1) * down.view(1, -1, 1) + start.unsqueeze(1)
    return of_x.unsqueeze(1) + of_y.unsqueeze(2)


def rotation(angle: Tensor) -> Tensor:
    """Matrices (N, 2, 2) that turn (x, y) by angles (N,) in radians: clockwise, since y points down."""
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([cosine, -sine, sine, cosine], dim=1).view(-1, 2, 2)


def product(a: Tensor, b: Tensor) -> Tensor:
    """Matrix products of (N, k, l) and (N, l, m). By hand: in a GPU's TF32 pixels would end up beside their places."""
    return (a.unsqueeze(3) * b.unsqueeze(1)).sum(2)


def _kernel(variance: Tensor) -> Tensor:
    """Three taps with sum 1 and a variance, (N, 3)."""
    return torch.stack([variance / 2, 1 - variance, variance / 2], dim=1)
