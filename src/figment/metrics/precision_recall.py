"""How real and how varied, apart: precision and recall (arXiv 1904.06991), density and coverage (arXiv 2002.09797).

Around each real picture lies a ball that reaches to its k-th nearest other real, and so around each generated one. All
four depend on how many pictures there are, so both sets are cut to equal numbers, and what reals reach belongs beside
them.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.metrics.halves import Compared, compared, halves_errors, with_differences

NEIGHBOURS = 5  # k, as arXiv 2002.09797 advises
BLOCK_ROWS = 1024  # of the distances that are held at a time
MAX_HALVED = 1000  # pictures of each set that errors are taken of
# Their variance falls as 1/N to this, for the balls shrink as pictures come in: measured from 50 to 400 (LOG 76).
VARIANCE_POWER = 0.86


class PrecisionRecall(NamedTuple):
    """precision: share of generated pictures in some real one's ball; recall: share of reals in some generated one's.

    density: how many reals' balls a generated picture lies in, over k: about 1 for reals, and unlike precision not made
    large by one stray real. coverage: share of reals whose ball holds a generated picture: for reals about 1 - 2⁻ᵏ.
    """

    precision: float
    recall: float
    density: float
    coverage: float


class Balls:
    """A set of features, (N, d), with the balls around its points. centre: (d,), near to all that is compared."""

    def __init__(self, features: NDArray, centre: NDArray, neighbours: int = NEIGHBOURS) -> None:
        if len(features) <= neighbours:
            raise ValueError(f"{len(features)} pictures have no {neighbours} neighbours each")
        self.points = torch.from_numpy((features - centre).astype(np.float32))  # near 0, squares lose little in float32
        self.neighbours = neighbours
        self.radii = _radii(self.points, neighbours)


def precision_recall(features: NDArray, reference: NDArray, neighbours: int = NEIGHBOURS) -> PrecisionRecall:
    """All four of features (N, d) against a reference (M, d), both cut to the smaller number: more than neighbours.

    Memory grows with N + M, time with N·M.
    """
    count = min(len(features), len(reference))
    centre = reference[:count].mean(0, dtype=np.float64)
    return of_balls(*(Balls(x[:count], centre, neighbours) for x in (features, reference)))


def of_balls(fakes: Balls, reals: Balls) -> PrecisionRecall:
    """All four of two sets of equal size."""
    count, neighbours = len(fakes.points), reals.neighbours
    real, balls = torch.empty(count, dtype=torch.bool), 0
    found, covered = (torch.zeros(count, dtype=torch.bool) for _ in range(2))
    for rows, distances in _distances(fakes.points, reals.points):
        inside = distances <= reals.radii
        real[rows] = inside.any(1)
        balls += int(inside.sum())
        covered |= inside.any(0)
        found |= (distances <= fakes.radii[rows, None]).any(0)
    share = [float(x.sum()) / count for x in (real, found, covered)]
    return PrecisionRecall(share[0], share[1], balls / (neighbours * count), share[2])


def compared_precision_recall(
    features: NDArray, others: NDArray, reference: NDArray, seed: int = 0
) -> dict[str, Compared]:
    """All four of samples, of other reals in their place, and their differences, each with its error; by name.

    features (N, d), others (L, d), reference (M, d) are cut to the smallest number. Errors are those of halves of at
    most MAX_HALVED pictures.
    """
    count = min(len(features), len(others), len(reference))
    centre = reference[:count].mean(0, dtype=np.float64)
    reals, *both = (Balls(x[:count], centre) for x in (reference, features, others))
    values = [of_balls(fakes, reals) for fakes in both]
    errors = _errors([balls.points[:MAX_HALVED] for balls in (*both, reals)], seed)
    errors *= (min(count, MAX_HALVED) / count) ** (VARIANCE_POWER / 2)
    errors = np.maximum(errors, [_least_error(value, count) for value in with_differences(*map(np.array, values))])
    return {
        name: compared(values[0][i], values[1][i], errors[i :: len(PrecisionRecall._fields)].tolist())
        for i, name in enumerate(PrecisionRecall._fields)
    }


def _errors(points: Sequence[Tensor], seed: int) -> NDArray[np.float64]:
    """Errors of the four of samples, of others, and of differences, (12,), of points of the three sets."""
    within = [_all_distances(x, x).fill_diagonal_(-1) for x in points]  # nothing is nearer than itself
    across = [_all_distances(x, points[2]) for x in points[:2]]

    def four(sets: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
        rows = [torch.from_numpy(its) for its in sets]
        radii = [_part(d, its, its).kthvalue(NEIGHBOURS + 1, dim=1).values for d, its in zip(within, rows, strict=True)]
        found = []
        for d, its, own in zip(across, rows, radii[:2], strict=False):
            distances = _part(d, its, rows[2])
            inside = distances <= radii[2]
            near = [inside.any(1), (distances <= own[:, None]).any(0), inside, inside.any(0)]
            found.append(np.array([float(x.count_nonzero()) / len(its) for x in near]) / (1, 1, NEIGHBOURS, 1))
        return with_differences(*found)

    return halves_errors(four, [len(x) for x in points], seed, power=VARIANCE_POWER)


def _least_error(share: float, count: int) -> float:
    """Half the binomial error with one of each added (after Agresti and Coull 1998): halves with none or all tell 0."""
    p = (min(max(share, 0.0), 1.0) * count + 1) / (count + 2)
    return 0.5 * (p * (1 - p) / count) ** 0.5


def _part(matrix: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return matrix.index_select(0, rows).index_select(1, columns)


def _radii(points: Tensor, neighbours: int) -> Tensor:
    """Squared distance of each point to its k-th nearest other one, (N,)."""
    radii = torch.empty(len(points))
    for rows, distances in _distances(points, points):
        distances[torch.arange(len(distances)), torch.arange(rows.start, rows.start + len(distances))] = -1  # itself
        radii[rows] = distances.kthvalue(neighbours + 1, dim=1).values
    return radii


def _all_distances(a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([block for _, block in _distances(a, b)])


def _distances(a: Tensor, b: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Squared distances of some rows of a to all of b, (BLOCK_ROWS, M), with which rows these are."""
    squares = b.square().sum(1)
    for start in range(0, len(a), BLOCK_ROWS):
        rows = slice(start, min(start + BLOCK_ROWS, len(a)))
        block = torch.addmm(squares, a[rows], b.T, alpha=-2)
        yield rows, block.add_(a[rows].square().sum(1, keepdim=True))
