"""The sliced Wasserstein distance of patches, which needs no network: after arXiv 1710.10196, section 5."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.common.pixels import to_float
from figment.metrics.estimate import Estimate, mean_of_parts
from figment.metrics.halves import Compared, compared

PATCH_SIDE = 7  # pixels
MAX_PICTURES = 2000  # of each set: sorting the patches of more takes longer than all other scores together
LEVEL_PATCHES = 32  # of a picture, at each level of its pyramid
DIRECTIONS = 128  # random ones, of the patches' space
COARSEST_SIDE = 16  # pixels, of a pyramid's last level at least
BLOCK_PICTURES = 256  # whose pyramids are held at a time
ERROR_PARTS, MIN_PART_PICTURES = 20, 3  # of the pictures, that errors are taken by; pictures of a part at least
REPORTED_FACTOR = 1000  # what is told is the distance × 1000


def sliced_wasserstein(fakes: NDArray[np.uint8], reals: NDArray[np.uint8], seed: int = 0) -> Estimate:
    """Sliced Wasserstein distance of the patches of Laplacian pyramids, ×1000, with its standard error.

    Of each picture, at each level of the pyramid down to 16 pixels, 32 patches of 7×7 pixels at random places. On each
    of 128 random directions, the mean distance between the sorted patches of both sets; the mean over directions and
    levels. Unlike in the paper, the reals' mean and deviation of each channel scale both sets, so that wrong colours
    count. Both sides, uint8 (N, C, H, W) of at least 14×14 pixels, are cut to equal numbers, on which it depends:
    compare it with what reals reach.
    """
    return compared_sliced_wasserstein(fakes, reals, reals, seed).value


def compared_sliced_wasserstein(
    fakes: NDArray[np.uint8], others: NDArray[np.uint8], reals: NDArray[np.uint8], seed: int = 0
) -> Compared:
    """The same of samples, of other reals in their place, and their difference; all sets are cut to equal numbers, at most
    MAX_PICTURES.

    Errors are by parts of all three sets, which share no picture: of fewer pictures the distance is larger, but scatters
    √parts times as much as that of all.
    """
    count = min(len(fakes), len(others), len(reals), MAX_PICTURES)
    random = torch.Generator().manual_seed(seed)
    levels = [
        _projected(theirs, [ours, spare], random)
        for theirs, ours, spare in zip(*(_patches(x[:count], random) for x in (reals, fakes, others)), strict=True)
    ]
    parts = min(ERROR_PARTS, count // MIN_PART_PICTURES)
    values = [float(np.mean([_distance(level[i], level[0]) for level in levels])) for i in (1, 2)]
    of_parts = np.array([
        [np.mean([_distance(level[i][k::parts], level[0][k::parts]) for level in levels]) for i in (1, 2)]
        for k in range(parts)
    ])  # fmt: skip
    of_parts = np.concatenate([of_parts, of_parts[:, :1] - of_parts[:, 1:]], 1)
    errors = [REPORTED_FACTOR * mean_of_parts(column).error for column in of_parts.T]
    return compared(REPORTED_FACTOR * values[0], REPORTED_FACTOR * values[1], errors)


def _distance(ours: Tensor, theirs: Tensor) -> float:
    """Mean over directions of the distance between two sets on a line, (N, LEVEL_PATCHES, DIRECTIONS) each."""
    # NumPy sorts numbers many times as fast as torch does on a CPU with vectors.
    first, second = (np.sort(np.ascontiguousarray(x.flatten(0, 1).numpy().T)) for x in (ours, theirs))
    return float(np.abs(first - second).mean(dtype=np.float64))


def _projected(theirs: Tensor, sets: Sequence[Tensor], random: torch.Generator) -> list[Tensor]:
    """A level's patches, (N, LEVEL_PATCHES, C, 7, 7), of the reals and of other sets, all scaled by the reals, on random
    directions: (N, LEVEL_PATCHES, DIRECTIONS) each.
    """
    deviation, middle = torch.std_mean(theirs, (0, 1, 3, 4), keepdim=True)
    directions = F.normalize(torch.randn(theirs[0, 0].numel(), DIRECTIONS, generator=random), dim=0)
    return [((x - middle) / deviation.clamp_min(1e-8)).flatten(2) @ directions for x in (theirs, *sets)]


def _patches(pictures: NDArray[np.uint8], random: torch.Generator) -> list[Tensor]:
    """Patches of each level of the pyramids, (N, LEVEL_PATCHES, C, 7, 7) each."""
    blocks = [_pyramid(pictures[start : start + BLOCK_PICTURES]) for start in range(0, len(pictures), BLOCK_PICTURES)]
    chosen = [[_cut(level, random) for level in pyramid] for pyramid in blocks]
    return [torch.cat(parts) for parts in zip(*chosen, strict=True)]


def _pyramid(pictures: NDArray[np.uint8]) -> Iterator[Tensor]:
    """Each level less the bilinearly enlarged next one, which is the mean of 2×2 pixels; the last as it is."""
    level = to_float(torch.from_numpy(np.ascontiguousarray(pictures)))
    while min(level.shape[2:]) >= 2 * COARSEST_SIDE and not (level.shape[2] % 2 or level.shape[3] % 2):
        smaller = F.avg_pool2d(level, 2)
        yield level - F.interpolate(smaller, scale_factor=2, mode="bilinear", align_corners=False)
        level = smaller
    yield level


def _cut(level: Tensor, random: torch.Generator) -> Tensor:
    """(N, LEVEL_PATCHES, C, 7, 7) at random places of (N, C, H, W)."""
    every = level.unfold(2, PATCH_SIDE, 1).unfold(3, PATCH_SIDE, 1)
    n, _, rows, columns = every.shape[:4]
    top, left = (torch.randint(side, (n, LEVEL_PATCHES), generator=random) for side in (rows, columns))
    return every[torch.arange(n)[:, None], :, top, left]
