"""A score with its error: how far it would be off, had other pictures been drawn."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_DIGITS = 5  # behind the point
NORMAL_QUANTILE = 1.96  # of 97.5 %
JACKKNIFE_GROUPS = 5  # of the jackknife: each costs the statistic once more, and fewer tell little of its spread


@dataclass(frozen=True)
class Estimate:
    """A value and its standard error (68 % of repetitions lie within it), nan where it isn't known."""

    value: float
    error: float = math.nan

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        """To the digits that the error leaves: 12.3 ± 0.4."""
        if not math.isfinite(self.error) or self.error <= 0:
            return f"{self.value:,.3g}" if abs(self.value) < 1000 else f"{self.value:,.0f}"
        digits = max(0, 1 - math.floor(math.log10(self.error)))
        if digits > MAX_DIGITS:
            return f"{self.value:.2g} ± {self.error:.1g}"
        value = round(self.value, digits) + 0.0  # no -0
        return f"{value:,.{digits}f} ± {self.error:,.{digits}f}"


def mean(values: NDArray) -> Estimate:
    """The mean of N independent values, N at least 2."""
    return Estimate(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))


def mean_of_parts(values: NDArray) -> Estimate:
    """The mean over a few parts of the pictures, (K,), K at least 5.

    The error is larger than that of `mean` by what Student's t of K - 1 degrees of freedom is wider than a normal
    distribution at 95 %, so that ± 2 errors hold as often as they say.
    """
    found = mean(values)
    return Estimate(found.value, found.error * student_excess(len(values) - 1))


def student_excess(freedom: int) -> float:
    """The 97.5 % quantile of Student's t over that of the normal distribution: Cornish and Fisher's, of 4 and more to 2 %."""
    square = NORMAL_QUANTILE**2
    return 1 + (square + 1) / (4 * freedom) + ((5 * square + 16) * square + 3) / (96 * freedom**2)


def jackknifed(statistic: Callable[[NDArray[np.int64]], float], count: int) -> tuple[Estimate, Estimate]:
    """A statistic of `count` pictures, which takes the indices of those it may use; and what more would take it to.

    The pictures are parted into JACKKNIFE_GROUPS equal ones and each is left out once (Shao and Tu 1995, section 2.3).
    The second is the mean of the pseudo-values g·s - (g-1)·s₍₋ᵢ₎: the straight line in 1/N through s(N) and the mean of
    s(N - N/g), taken to 1/N = 0, as Chong and Forsyth do (arXiv 1911.07023). The scatter of these is the error of both.
    """
    every, part = np.arange(count), np.arange(count) % JACKKNIFE_GROUPS
    whole = statistic(every)
    without = np.array([statistic(every[part != group]) for group in range(JACKKNIFE_GROUPS)])
    limit = mean(JACKKNIFE_GROUPS * whole - (JACKKNIFE_GROUPS - 1) * without)
    return Estimate(whole, limit.error), limit
