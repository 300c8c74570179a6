"""The Fréchet distance with what every single picture adds to it: errors of differences between sets that share pictures.

Two looks at a run are of the same codes and the same reals, so most of what chance does to one it does to the other. The
error of their difference is the scatter of the differences, picture by picture, of what each adds: the infinitesimal
jackknife (Efron 1982, chapter 6). With centred samples X (N, d) and reals Y (M, d), δ the difference of their means and
B = X·Yᵀ/√((N-1)(M-1)), the distance is |δ|² + tr XᵀX/(N-1) + tr YᵀY/(M-1) - 2·tr (B·Bᵀ)^½, and its derivatives by the weight
of a picture, times how many there are, are

    sample i    2·δ·xᵢ + N·(|xᵢ|²/(N-1) - ((B·Bᵀ)^½)ᵢᵢ)        real j    -2·δ·yⱼ + M·(|yⱼ|²/(M-1) - ((Bᵀ·B)^½)ⱼⱼ)

but for constants, since both roots have the trace of B's singular values, whose squares a weight scales row by row.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from figment.metrics.estimate import Estimate

RELATIVE_ROUNDING, TINY = 1e-7, 1e-300  # of singular values taken from a Gram matrix in float64; no division by 0


class Influences(NamedTuple):
    """A distance, and what each of N samples and M reals adds to it but for constants, float64 (N,) and (M,)."""

    value: float
    samples: NDArray[np.float64]
    reals: NDArray[np.float64]

    @property
    def estimate(self) -> Estimate:
        """The distance with its standard error: what it would scatter by with other samples and other reals."""
        return Estimate(self.value, _error(self.samples, self.reals))

    def minus(self, other: "Influences") -> Estimate:
        """The difference to another distance, of the same codes and the same reals, with its own error."""
        return Estimate(self.value - other.value, _error(self.samples - other.samples, self.reals - other.reals))


class FrechetInfluence:
    """The Fréchet distance from one set of reals, (M, d)."""

    def __init__(self, reals: NDArray) -> None:
        self.mean = reals.mean(0, dtype=np.float64)
        self.centred = reals - self.mean

    def __call__(self, samples: NDArray) -> Influences:
        """The distance of samples (N, d), N at least 2, with what every picture adds to it."""
        x = samples - samples.mean(0, dtype=np.float64)
        y = self.centred
        apart = samples.mean(0, dtype=np.float64) - self.mean
        left, values, right = _singular(x @ y.T / np.sqrt((len(x) - 1.0) * (len(y) - 1.0)))
        sizes, others = (np.square(side).sum(1) / (len(side) - 1) for side in (x, y))
        value = apart @ apart + sizes.sum() + others.sum() - 2 * values.sum()
        return Influences(
            max(float(value), 0.0),
            2 * x @ apart + len(x) * (sizes - np.square(left) @ values),
            -2 * y @ apart + len(y) * (others - np.square(right) @ values),
        )


def _singular(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Left vectors (N, k), values (k,) and right vectors (M, k), by the smaller of the two Gram matrices.

    Ten times faster than a singular value decomposition; vectors of values below rounding, which add nothing, are zero.
    """
    if len(matrix) > matrix.shape[1]:
        right, values, left = _singular(matrix.T)
        return left, values, right
    squares, left = np.linalg.eigh(matrix @ matrix.T)
    values = np.sqrt(squares.clip(0))
    inverse = np.where(values > RELATIVE_ROUNDING * values.max(initial=0), 1 / np.maximum(values, TINY), 0)
    return left, values, (matrix.T @ left) * inverse


def _error(samples: NDArray[np.float64], reals: NDArray[np.float64]) -> float:
    return float(np.sqrt(samples.var(ddof=1) / len(samples) + reals.var(ddof=1) / len(reals)))
