"""Pictures seen within others by a scale, an angle and a shift: aligned, and how well a region's detail then agrees.

By Gauss and Newton's steps (Lucas and Kanade 1981), blurred at first, on many pairs at once. Where pairs differ by no
turn, the separable alignment of whole pictures is faster (alignment).
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.similarity.alignment import GRAIN_LEVELS, UNALIGNED, blurred
from figment.similarity.candidates import BATCH_PICTURES
from figment.similarity.lookup import BANDS
from figment.similarity.nearest import mirrored_where
from figment.similarity.thumbnails import MIN_CONTRAST, THUMBNAIL_SIDE

COARSE_PIXELS, COARSE_STEPS, FINE_STEPS = 2.0, 3, 2  # blur at first, in pixels of a thumbnail; steps
# Below which a pair is given up after the coarse steps; share of the region that has to lie within the other picture.
MIN_COARSE_CORRELATION, MIN_INSIDE = 0.75, 0.9
MAX_STEP = 0.06  # of a picture's side, of the scale, and in radians
MAX_SCALE, MAX_ANGLE, MAX_SHIFT = (0.6, 1.15), 0.25, 0.12  # beyond which nothing is aligned; radians; of a side

Region = tuple[slice, slice]  # rows and columns of a thumbnail
EVERYWHERE = slice(0, THUMBNAIL_SIDE), slice(0, THUMBNAIL_SIDE)


def region_likeness(
    first: NDArray[np.uint8], second: NDArray[np.uint8], mirrored: NDArray[np.bool_], region: Region,
    frame: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0), shifted_only: bool = False,
) -> NDArray[np.float32]:  # fmt: skip
    """Correlations of pairs of thumbnails in each of BANDS, after alignment, in a region of the first: (N, 3).

    first, second: uint8 (N, 48, 48); mirrored: bool (N,), whether the second is. frame: where the first is taken to lie
    in the second (see sampled). shifted_only: neither scale nor angle is fitted. −1 where they aren't coarsely alike. What
    lies beside the region isn't looked at, not even to blur it.
    """
    scores = np.full((len(first), len(BANDS)), UNALIGNED, np.float32)
    for start in range(0, len(first), BATCH_PICTURES):
        part = slice(start, start + BATCH_PICTURES)
        ours = first[part][:, region[0], region[1]].astype(np.float32)
        theirs = mirrored_where(second[part], mirrored[part]).astype(np.float32)
        scores[part] = _likeness(ours, theirs, region, torch.tensor(frame).repeat(len(ours), 1), shifted_only)
    return scores


def _likeness(
    ours: NDArray[np.float32], theirs: NDArray[np.float32], region: Region, frames: Tensor, shifted_only: bool
) -> NDArray[np.float32]:
    scores = np.full((len(ours), len(BANDS)), UNALIGNED, np.float32)
    # Coarsely: blurred, and every other pixel.
    soft, other = (torch.from_numpy(blurred(pictures, COARSE_PIXELS)) for pictures in (ours, theirs))
    soft = standardised(F.avg_pool2d(soft, 2))
    for _ in range(COARSE_STEPS):
        frames = gauss_newton_step(frames, soft, other, region, shifted_only)
    seen, inside = sampled(other, frames, region, soft.shape[1:])
    alike = (soft * standardised(seen)).mean((1, 2)) >= MIN_COARSE_CORRELATION
    kept = torch.nonzero(alike & (inside.mean((1, 2)) >= MIN_INSIDE))[:, 0]
    if not len(kept):
        return scores
    frames, fine, other = frames[kept], torch.from_numpy(ours)[kept], torch.from_numpy(theirs)[kept]
    aim = standardised(fine)
    for _ in range(FINE_STEPS):
        frames = gauss_newton_step(frames, aim, other, region, shifted_only)
    seen = sampled(other, frames, region, fine.shape[1:], "bicubic")[0]
    scores[kept.numpy()] = band_correlations(fine.numpy(), seen.numpy())
    return scores


def sampled(
    pictures: Tensor, frames: Tensor, region: Region, shape: tuple[int, ...], how: str = "bilinear"
) -> tuple[Tensor, Tensor]:
    """What frames see of pictures (N, 48, 48) in a region, (N, *shape), and 1 where that lies within them, else 0.

    frames (N, 4), scale, angle in radians, shift to the right and down: a point u of the looked-up picture, in shares of
    its side from its middle, lies at scale·R(angle)·u + shift. region: of the looked-up picture. how: the interpolation.
    """
    x, y = _points(region, shape)
    scale, angle, right, down = frames.T[:, :, None, None]
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    # grid_sample counts from −1 to 1 what is counted here from −½ to ½.
    across, along = 2 * (cosine * x - sine * y + right), 2 * (sine * x + cosine * y + down)
    grid = torch.stack([across, along], 3)
    seen = F.grid_sample(pictures[:, None], grid, how, "border", align_corners=False)[:, 0]
    return seen, ((across.abs() <= 1) & (along.abs() <= 1)).float()


def _points(region: Region, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Where a region's pixels lie, in shares of a picture's side from its middle: a row (W,), a column (H, 1)."""
    y, x = (
        (its.start + (torch.arange(count) + 0.5) * (its.stop - its.start) / count) / THUMBNAIL_SIDE - 0.5
        for its, count in zip(region, shape, strict=True)
    )
    return x, y[:, None]


def gauss_newton_step(
    frames: Tensor, ours: Tensor, pictures: Tensor, region: Region, shifted_only: bool = False
) -> Tensor:
    """Frames moved to where pictures look more like ours, (N, H, W) standardised, by a step that also fits gain and offset."""
    shape = ours.shape[1:]
    seen, inside = sampled(pictures, frames, region, shape)
    seen = standardised(seen)
    # The mean of both pictures' slopes makes a step exact to second order (Malis 2004).
    pixels = shape[0] * THUMBNAIL_SIDE / (region[0].stop - region[0].start)  # a side, of this resolution
    down, across = torch.gradient((ours + seen) * (pixels / 2), dim=(1, 2))
    x, y = _points(region, shape)
    turns = [] if shifted_only else [across * x + down * y, down * x - across * y]
    changes = [across, down, *turns, seen, torch.ones_like(seen)]
    jacobian = (torch.stack(changes, 1) * inside[:, None]).flatten(2)
    error = ((ours - seen) * inside).flatten(1)[:, :, None]
    # A little damping holds still what a picture says nothing about.
    damping = 1e-4 * shape[0] * shape[1] * torch.eye(len(changes), dtype=torch.float64)
    normal = (jacobian @ jacobian.transpose(1, 2)).double() + damping
    step = torch.linalg.solve(normal, (jacobian @ error).double())[:, :-2, 0].clamp(-MAX_STEP, MAX_STEP).float()
    scale, angle, right, below = frames.T
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    right = (right + cosine * step[:, 0] - sine * step[:, 1]).clamp(-MAX_SHIFT, MAX_SHIFT)
    below = (below + sine * step[:, 0] + cosine * step[:, 1]).clamp(-MAX_SHIFT, MAX_SHIFT)
    if not shifted_only:
        scale = (scale * (1 + step[:, 2])).clamp(*MAX_SCALE)
        angle = (angle + step[:, 3]).clamp(-MAX_ANGLE, MAX_ANGLE)
    return torch.stack([scale, angle, right, below], 1)


def standardised(pictures: Tensor) -> Tensor:
    """Pictures (N, H, W) of brightness 0 and contrast 1, faint ones of less."""
    centred = pictures - pictures.mean((1, 2), keepdim=True)
    return centred / (centred * centred).mean((1, 2), keepdim=True).sqrt().clamp(min=MIN_CONTRAST)


def band_correlations(first: NDArray, second: NDArray) -> NDArray[np.float32]:
    """Correlations of pairs of pictures, (N, H, W) in grey levels, in each of BANDS: (N, 3)."""
    scores = np.empty((len(first), len(BANDS)), np.float32)
    for band, pair in enumerate(zip(bands(first), bands(second), strict=True)):
        a, b = (x - x.mean(1, keepdims=True) for x in pair)
        covariance, of_a, of_b = ((x * y).mean(1) for x, y in ((a, b), (a, a), (b, b)))
        scores[:, band] = covariance / np.sqrt((of_a + GRAIN_LEVELS**2) * (of_b + GRAIN_LEVELS**2))
    return scores


def bands(pictures: NDArray) -> list[NDArray[np.float32]]:
    """Each of BANDS of thumbnails or parts of them: (n, pixels)."""
    pictures = pictures.astype(np.float32)
    return [(blurred(pictures, fine) - blurred(pictures, coarse)).reshape(len(pictures), -1) for fine, coarse in BANDS]
