"""How real and how varied, apart: precision and recall (arXiv 1904.06991), density and coverage (arXiv 2002.09797).

Around each real picture lies a ball that reaches to its k-th nearest other real, and so around each generated one. All
four depend on how many pictures there are, so both sets are cut to equal numbers, and what reals reach belongs beside
them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.metrics.estimate import Estimate, mean, share

NEIGHBOURS = 5  # k, as arXiv 2002.09797 advises
BLOCK_ROWS = 1024  # of the distances that are held at a time


@dataclass(frozen=True)
class PrecisionRecall:
    """precision: share of generated pictures in some real one's ball; recall: share of reals in some generated one's.

    density: how many reals' balls a generated picture lies in, over k: about 1 for reals, and unlike precision not made
    large by one stray real. coverage: share of reals whose ball holds a generated picture: for reals about 1 - 2⁻ᵏ.
    """

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate


def precision_recall(features: NDArray, reference: NDArray, neighbours: int = NEIGHBOURS) -> PrecisionRecall:
    """All four of features (N, d) against a reference (M, d), both cut to the smaller number: more than neighbours.

    Memory grows with N + M, time with N·M.
    """
    count = min(len(features), len(reference))
    if count <= neighbours:
        raise ValueError(f"{count} pictures have no {neighbours} neighbours each")
    centre = reference[:count].mean(0, dtype=np.float64)  # near 0, squares lose little in float32
    fakes, reals = (torch.from_numpy((x[:count] - centre).astype(np.float32)) for x in (features, reference))
    of_fakes, of_reals = _radii(fakes, neighbours), _radii(reals, neighbours)
    real, balls = torch.empty(count, dtype=torch.bool), torch.empty(count, dtype=torch.int64)
    found, covered = (torch.zeros(count, dtype=torch.bool) for _ in range(2))
    for rows, distances in _distances(fakes, reals):
        inside = distances <= of_reals
        real[rows], balls[rows] = inside.any(1), inside.sum(1)
        covered |= inside.any(0)
        found |= (distances <= of_fakes[rows, None]).any(0)
    return PrecisionRecall(
        share(real.numpy()), share(found.numpy()), mean(balls.numpy() / neighbours), share(covered.numpy())
    )


def _radii(points: Tensor, neighbours: int) -> Tensor:
    """Squared distance of each point to its k-th nearest other one, (N,)."""
    radii = torch.empty(len(points))
    for rows, distances in _distances(points, points):
        distances[torch.arange(len(distances)), torch.arange(rows.start, rows.start + len(distances))] = -1  # itself
        radii[rows] = distances.kthvalue(neighbours + 1, dim=1).values
    return radii


def _distances(a: Tensor, b: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Squared distances of some rows of a to all of b, (BLOCK_ROWS, M), with which rows these are."""
    squares = b.square().sum(1)
    for start in range(0, len(a), BLOCK_ROWS):
        rows = slice(start, min(start + BLOCK_ROWS, len(a)))
        block = torch.addmm(squares, a[rows], b.T, alpha=-2)
        yield rows, block.add_(a[rows].square().sum(1, keepdim=True))
