"""The kernel distance, KID: the squared maximum mean discrepancy of two sets of features, eq. 4 of arXiv 1801.01401.

With the kernel k(x, y) = (x·y/d + 1)³. It is unbiased whatever the number of pictures, so it may fall below 0.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from figment.metrics.estimate import Estimate
from figment.metrics.halves import Compared

BLOCK_ROWS = 1024  # of the kernel's matrix, held at a time
REPORTED_FACTOR = 1000  # what is told is KID × 1000


@dataclass(frozen=True)
class _KernelSums:
    """Mean, means of rows and columns, and mean square of a kernel's matrix; without its diagonal for one set."""

    mean: float
    rows: NDArray
    columns: NDArray
    square: float

    @property
    def scatter(self) -> float:
        """Variance of the values beyond what their rows and columns tell."""
        return max(self.square - float((self.rows**2).mean() + (self.columns**2).mean()) + self.mean**2, 0.0)


class KernelDistance:
    """KID against one reference, (M, d), whose own sums are made once."""

    def __init__(self, reference: NDArray) -> None:
        self.reference = torch.from_numpy(np.ascontiguousarray(reference, np.float32))
        self._among = _sums(self.reference, None)

    def __call__(self, features: NDArray) -> Estimate:
        """KID ×1000 of features (N, d), N at least 2, with its standard error.

        The mean over all pairs at once: averaging over blocks, as is often done, has the same mean and a larger spread.
        The error is that of a U-statistic of both sets (Serfling 1980, section 5.2.1): what pictures' mean kernel
        values vary by, and, which remains where both sets are alike, what single values vary by beyond that.
        """
        return self._estimate(self._side(features))

    def compared(self, features: NDArray, others: NDArray) -> Compared:
        """KID ×1000 of samples (N, d) and of other reals (L, d), and their difference.

        What the reference's pictures have to do with each other drops out of the difference, and only by what samples
        and other reals lie differently to one of them does it scatter.
        """
        ours, floor = (self._side(x) for x in (features, others))
        m = len(self.reference)
        apart = float(np.var(ours.across.columns - floor.across.columns))
        noise = ours.across.scatter / ours.count + floor.across.scatter / floor.count
        error = _error(ours.first(m) + floor.first(m) + 4 * (apart - noise) / m, ours.second(m) + floor.second(m))
        values = [side.among.mean - 2 * side.across.mean for side in (ours, floor)]
        difference = Estimate(REPORTED_FACTOR * (values[0] - values[1]), error)
        return Compared(self._estimate(ours), self._estimate(floor), difference)

    def _side(self, features: NDArray) -> "_Side":
        ours = torch.from_numpy(np.ascontiguousarray(features, np.float32))
        return _Side(len(ours), _sums(ours, None), _sums(ours, self.reference))

    def _estimate(self, side: "_Side") -> Estimate:
        theirs, m = self._among, len(self.reference)
        value = side.among.mean + theirs.mean - 2 * side.across.mean
        apart = float(np.var(theirs.rows - side.across.columns)) - theirs.scatter / m - side.across.scatter / side.count
        error = _error(side.first(m) + 4 * apart / m, side.second(m) + 2 * theirs.scatter / m**2)
        return Estimate(REPORTED_FACTOR * value, error)


@dataclass(frozen=True)
class _Side:
    """One set of `count` pictures: the kernel among its own and across to the reference, of m."""

    count: int
    among: _KernelSums
    across: _KernelSums

    def first(self, m: int) -> float:
        """The variance by what each picture's mean kernel value is; without bias, so it may fall below 0."""
        # These scatter by what the picture is, and by the single values that they are means of.
        noise = self.among.scatter / self.count + self.across.scatter / m
        return 4 * (float(np.var(self.among.rows - self.across.rows)) - noise) / self.count

    def second(self, m: int) -> float:
        """The variance by single values among these pictures and across to the reference."""
        return 2 * self.among.scatter / self.count**2 + 4 * self.across.scatter / (self.count * m)


def _error(first: float, second: float) -> float:
    """The error, ×1000, by the variance of both orders; the first is 0 where sets are alike, and told as about 0."""
    return REPORTED_FACTOR * float(np.sqrt(max(first + second, second / 2)))


def kid(features: NDArray, reference: NDArray) -> Estimate:
    """KID ×1000 between features (N, d) and a reference (M, d), and its standard error."""
    return KernelDistance(reference)(features)


def _sums(a: torch.Tensor, b: torch.Tensor | None) -> _KernelSums:
    """Of the kernel between the rows of a and those of b, or between different rows of a.

    Products are float32, whose errors are independent and far below those of sampling; all sums are float64.
    """
    others = a if b is None else b
    rows = np.empty(len(a))
    columns, square = np.zeros(len(others)), 0.0
    for start in range(0, len(a), BLOCK_ROWS):
        block = (a[start : start + BLOCK_ROWS] @ others.T / a.shape[1] + 1).pow_(3)
        if b is None:
            block.diagonal(start).zero_()
        rows[start : start + BLOCK_ROWS] = block.sum(1, dtype=torch.float64).numpy()
        columns += block.sum(0, dtype=torch.float64).numpy()
        square += float(block.square_().sum(dtype=torch.float64))
    in_row, in_column = (len(others) - 1, len(a) - 1) if b is None else (len(others), len(a))
    total = float(rows.sum())
    return _KernelSums(total / (len(a) * in_row), rows / in_row, columns / in_column, square / (len(a) * in_row))
