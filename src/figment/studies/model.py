"""A linear model of scores: least squares, one residual pooled over all cells, and intervals that hold all together.

Cells of one seed are a block: what a seed has in common to all cells drops out of every difference, and the scatter that is left
is pooled over the whole study, which three seeds a setting wouldn't give a usable estimate of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

Array = NDArray[np.float64]
NEGLIGIBLE = 1e-8  # of a contrast's length: what may lie outside of what the cells tell
DRAWS, DRAWN_AT_ONCE = 1 << 15, 1 << 12  # of a largest |t|; its 95 % quantile is then off by .12 % of probability


@dataclass(frozen=True, eq=False)
class Fit:
    """Least squares of values, (N,), or of K simulated studies at once, (N, K), over the rows of a matrix (N, P).

    inverse: (P, N), what takes values to coefficients, (P,) or (P, K). residuals: as the values. freedom: degrees of freedom
    that the pooled residual has.
    """

    matrix: Array
    inverse: Array
    coefficients: Array
    residuals: Array
    freedom: int

    @property
    def deviation(self) -> Array:
        """The pooled residual standard deviation, a scalar or (K,); nan without a degree of freedom."""
        squares = np.asarray((self.residuals**2).sum(0), np.float64)
        return np.asarray(np.sqrt(squares / (self.freedom or np.nan)), np.float64)

    def tells(self, contrasts: Array) -> NDArray[np.bool_]:
        """Which linear combinations of the coefficients, (C, P), the cells tell anything of at all, (C,)."""
        beyond = contrasts - contrasts @ self.inverse @ self.matrix
        return np.linalg.norm(beyond, axis=1) < NEGLIGIBLE * np.linalg.norm(contrasts, axis=1)

    def of(self, contrasts: Array) -> Array:
        """Linear combinations of the coefficients, (C,) or (C, K)."""
        return contrasts @ self.coefficients

    def errors(self, contrasts: Array) -> Array:
        """Their standard errors, (C,) or (C, K)."""
        return np.multiply.outer(unscaled_errors(self.inverse, contrasts), self.deviation)

    def chance(self, columns: Sequence[int]) -> Array:
        """How often coefficients so far from 0 come about where all of these are 0, a scalar or (K,): the F test."""
        rows = list(columns)
        found, inverse = self.coefficients[rows], self.inverse[rows]
        squares = (found * np.linalg.solve(inverse @ inverse.T, found)).sum(0)
        return np.asarray(fdtrc(len(rows), self.freedom, squares / len(rows) / self.deviation**2))


def fit(matrix: Array, values: Array) -> Fit:
    """Least squares; of a matrix that lacks rank the shortest solution, of which `tells` knows what it tells."""
    inverse = np.asarray(np.linalg.pinv(matrix), np.float64)
    coefficients = inverse @ values
    freedom = len(matrix) - int(np.linalg.matrix_rank(matrix))
    return Fit(matrix, inverse, coefficients, values - matrix @ coefficients, freedom)


def unscaled_errors(inverse: Array, contrasts: Array) -> Array:
    """Standard errors of contrasts, (C,), at a residual deviation of 1. inverse: Fit's."""
    return np.asarray(np.linalg.norm(contrasts @ inverse, axis=1), np.float64)


def largest_t(inverse: Array, contrasts: Array, freedom: int, level: float, two_sided: bool = True) -> float:
    """What the largest |t| of several contrasts, (C, P), stays below in such a share of studies without any effect.

    So many errors to both sides, the intervals of all of them hold together: Hothorn, Bretz and Westfall 2008 (Simultaneous
    inference in general parametric models), which for all pairs of equally often tried levels is Tukey's method. By simulation
    from one fixed seed, so that the same study gives the same intervals. two_sided: else the largest t, of one sign.
    """
    alike = contrasts / unscaled_errors(inverse, contrasts)[:, None]
    root = np.linalg.qr(inverse.T, mode="r")  # whose square is the coefficients' covariance
    random = np.random.default_rng(0)
    largest = []
    for _ in range(DRAWS // DRAWN_AT_ONCE):
        drawn = random.standard_normal((DRAWN_AT_ONCE, len(root))) @ root @ alike.T
        scale = np.sqrt(random.chisquare(freedom, DRAWN_AT_ONCE) / freedom)
        largest.append((np.abs(drawn) if two_sided else drawn).max(1) / scale)
    return float(np.quantile(np.concatenate(largest), level))


def holm(chances: Sequence[float]) -> list[float]:
    """p-values of a family, each raised so that those below a level hold together at that level (Holm 1979)."""
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    raised, most = [1.0] * len(chances), 0.0
    for rank, place in enumerate(order):
        most = max(most, (len(chances) - rank) * chances[place])
        raised[place] = min(most, 1.0)
    return raised


def deviations(levels: int) -> Array:
    """Columns for a factor, (levels, levels - 1), whose coefficients sum to 0: a level's own deviation from the mean of all."""
    return np.vstack([np.eye(levels - 1), -np.ones((1, levels - 1))])
