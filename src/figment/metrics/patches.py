"""The sliced Wasserstein distance of patches, which needs no network: after arXiv 1710.10196, section 5."""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.metrics.estimate import Estimate, jackknifed

PATCH, PATCHES, DIRECTIONS, COARSEST = 7, 32, 128, 16
SCALE = 1000  # of what is told: distance × 1000

Pictures = NDArray[np.uint8]


def sliced_wasserstein(fakes: Pictures, reals: Pictures, seed: int = 0) -> Estimate:
    """Sliced Wasserstein distance of the patches of Laplacian pyramids, ×1000, with its standard error.

    Of each picture, at each level of the pyramid down to 16 pixels, 32 patches of 7×7 pixels at random places. On each of
    128 random directions, the mean distance between the sorted patches of both sets; the mean over directions and levels.
    Unlike in the paper, the reals' mean and deviation of each channel scale both sets, so that wrong colours count. Both
    sides, uint8 (N, C, H, W) of at least 14×14 pixels, are cut to equal numbers, on which it depends: compare it with
    what reals reach.
    """
    count = min(len(fakes), len(reals))
    levels = [
        (*_projected(ours, theirs, seed + number), PATCHES)
        for number, (ours, theirs) in enumerate(zip(_pyramid(fakes[:count]), _pyramid(reals[:count]), strict=True))
    ]

    def over(indices: NDArray[np.int64]) -> float:
        chosen = torch.from_numpy(indices)
        distances = [_distance(*(_of(x, chosen, patches) for x in (ours, theirs))) for ours, theirs, patches in levels]
        return SCALE * sum(distances) / len(distances)

    return jackknifed(over, count)[0]


def _distance(ours: Tensor, theirs: Tensor) -> float:
    """Mean over directions of the distance between two sets of equal size on a line, (directions, N) each."""
    return float((ours.sort(1).values - theirs.sort(1).values).abs().mean())


def _of(projected: Tensor, chosen: Tensor, patches: int) -> Tensor:
    """The patches of the chosen pictures."""
    return projected.unflatten(1, (-1, patches))[:, chosen].flatten(1)


def _projected(fake: Tensor, real: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Patches of a level of both sets on random directions, (DIRECTIONS, N·PATCHES) each; picture by picture."""
    random = torch.Generator().manual_seed(seed)
    ours, theirs = _patches(fake, random), _patches(real, random)
    deviation, mean = torch.std_mean(theirs, (0, 2, 3), keepdim=True)
    directions = F.normalize(torch.randn(theirs[0].numel(), DIRECTIONS, generator=random), dim=0)
    first, second = (directions.T @ ((x - mean) / deviation.clamp_min(1e-8)).flatten(1).T for x in (ours, theirs))
    return first, second


def _pyramid(pictures: Pictures) -> Iterator[Tensor]:
    """Each level less the bilinearly enlarged next one, which is the mean of 2×2 pixels; the last as it is."""
    level = torch.from_numpy(np.ascontiguousarray(pictures)).float() / 127.5 - 1
    while min(level.shape[2:]) >= 2 * COARSEST and not (level.shape[2] % 2 or level.shape[3] % 2):
        smaller = F.avg_pool2d(level, 2)
        yield level - F.interpolate(smaller, scale_factor=2, mode="bilinear", align_corners=False)
        level = smaller
    yield level


def _patches(level: Tensor, random: torch.Generator) -> Tensor:
    """(N·PATCHES, C, 7, 7) at random places of (N, C, H, W), picture by picture."""
    every = level.unfold(2, PATCH, 1).unfold(3, PATCH, 1)
    n, _, rows, columns = every.shape[:4]
    top, left = (torch.randint(side, (n, PATCHES), generator=random) for side in (rows, columns))
    return every[torch.arange(n)[:, None], :, top, left].flatten(0, 1)
