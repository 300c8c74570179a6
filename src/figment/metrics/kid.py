"""The kernel distance, KID: the squared maximum mean discrepancy of two sets of features, eq. 4 of arXiv 1801.01401.

With the kernel k(x, y) = (x·y/d + 1)³. It is unbiased whatever the number of pictures, so it may fall below 0.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from figment.metrics.estimate import Estimate

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
        ours = torch.from_numpy(np.ascontiguousarray(features, np.float32))
        among, theirs, across = _sums(ours, None), self._among, _sums(ours, self.reference)
        n, m = len(ours), len(self.reference)
        value = among.mean + theirs.mean - 2 * across.mean
        # A picture's mean kernel values scatter by what the picture is, and by the single values that they are means
        # of.
        ours_vary = np.var(among.rows - across.rows) - among.scatter / n - across.scatter / m
        theirs_vary = np.var(theirs.rows - across.columns) - theirs.scatter / m - across.scatter / n
        first = 4 * max(ours_vary, 0.0) / n + 4 * max(theirs_vary, 0.0) / m
        second = 2 * among.scatter / n**2 + 2 * theirs.scatter / m**2 + 4 * across.scatter / (n * m)
        return Estimate(REPORTED_FACTOR * value, REPORTED_FACTOR * float(np.sqrt(first + second)))


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
