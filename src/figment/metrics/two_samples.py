"""Do two samples of numbers come from one distribution? Ranks, counts and their chances, without scipy.

For distances to training pictures: `first` are those of generated pictures, `second` those of held-out real ones.
"""

import math
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

DEVIATIONS_95 = 1.96  # of a normal distribution, on either side, that hold 95 %
MIN_IN_CELL = 20  # generated pictures; Meehan et al. leave out cells with fewer
MAX_EXACT = (
    25  # numbers in the smaller sample up to which U's chance is counted; beyond it the normal one is within 1 %
)


def mann_whitney(first: NDArray, second: NDArray) -> float:
    """The z-score of Mann and Whitney's U, with ties shared: below 0 where the first's numbers are the smaller.

    first (N,), second (M,). U counts the pairs whose first is the larger, ties for half; mean and deviation are those
    under the hypothesis that both are of one distribution. 0 where all numbers are equal.
    """
    n, m = len(first), len(second)
    ordered = np.sort(second)
    below = np.searchsorted(ordered, first) + np.searchsorted(ordered, first, side="right")
    u = below.sum() / 2
    ties = np.unique(np.concatenate([first, second]), return_counts=True)[1].astype(float)
    spread = n * m / 12 * ((n + m + 1) - (ties**3 - ties).sum() / ((n + m) * max(n + m - 1, 1)))
    return float((u - n * m / 2) / math.sqrt(spread)) if spread > 1e-9 else 0.0


def mann_whitney_chance(u: float, n: int, m: int) -> float:
    """P(U ≥ u) of Mann and Whitney's U, were n and m numbers of one distribution and no two equal.

    u: pairs, 0 … n·m, whose first is the larger. Exact where one sample is small; else normal, corrected for continuity.
    Where numbers are equal, count ties for nothing: then the chance is told too large, not too small.
    """
    if min(n, m) == 0:
        return 1.0
    if min(n, m) <= MAX_EXACT:
        ways = _ways(max(n, m), min(n, m))
        return sum(ways[math.ceil(u) :]) / sum(ways)
    return normal_cdf((n * m / 2 - u + 0.5) / math.sqrt(n * m * (n + m + 1) / 12))


@lru_cache(maxsize=8)
def _ways(n: int, m: int) -> tuple[int, ...]:
    """In how many orders of n + m numbers U is 0, 1, …, n·m: the coefficients of Gauss's binomial.

    That is the product of (1 - q^(n+i)) / (1 - q^i) over i = 1 … m, in whole numbers of any size.
    """
    ways = [1] + [0] * (n * m)
    for i in range(1, m + 1):
        for power in range(n * m, n + i - 1, -1):
            ways[power] -= ways[power - n - i]
        for start in range(i):
            ways[start::i] = accumulate(ways[start::i])
    return tuple(ways)


def normal_cdf(z: float) -> float:
    """P(a standard normal number ≤ z)."""
    return math.erfc(-z / math.sqrt(2)) / 2


def data_copying(first: NDArray, second: NDArray, cells: tuple[NDArray, NDArray]) -> float | None:
    """C_T of Meehan, Chaudhuri and Dasgupta 2020 (arXiv 2004.05675): z-scores cell by cell, averaged.

    cells: which cell of a division of the space each picture lies in, int (N,) and (M,). Cells with fewer than
    MIN_IN_CELL generated pictures or no held-out one are left out; the others weigh by their held-out pictures, the
    paper's P_n. Far below 0: copying; far above: underfitting. None where no cell is left.
    """
    total, weight = 0.0, 0
    for cell in np.unique(cells[1]):
        of_first, of_second = first[cells[0] == cell], second[cells[1] == cell]
        if len(of_first) >= MIN_IN_CELL:
            total += len(of_second) * mann_whitney(of_first, of_second)
            weight += len(of_second)
    return total / weight if weight else None


def share_nearer(first: NDArray, second: NDArray, share: float) -> tuple[float, float]:
    """The share of the first that are smaller than the smallest `share` of the second, and its chance.

    The limit is the second's k-th smallest, k = ⌊share·M⌋, which must be 1 or more; of one distribution, k/(M + 1) of
    the first are expected below it. The chance of so many or more is exact: x of N lie below it when at most k − 1 of
    the second are among the lowest x + k − 1 of all.
    """
    n, m = len(first), len(second)
    k = int(share * m)
    count = int((first < np.sort(second)[k - 1]).sum())
    return count / n, hypergeometric(k - 1, m, n + m, count + k - 1)


def lean(places: NDArray, train: int, held_out: int) -> float:
    """How far generated pictures lean to the training pictures: a z-score, above 0 where they do.

    places: int (N,), which of train + held_out pictures, counted in this order, is nearest to each generated one. Had
    the generator learnt from neither, or learnt without copying, it would be all the same which pictures were held out.
    So the number of pictures whose nearest is a training picture is that of a draw: the expectation and deviation are
    those of drawing `train` pictures without replacement, each with its number of generated pictures that are nearest
    to it. Unlike distances, this isn't misled by blurred pictures, which lie near to all others.
    """
    total = train + held_out
    counts = np.bincount(places, minlength=total)
    spread = train * held_out / total * counts.var(ddof=1)
    return float((counts[:train].sum() - train * counts.mean()) / math.sqrt(spread)) if spread > 1e-9 else 0.0


def fisher_exact(count: int, of: int, its_count: int, its_of: int) -> float:
    """Fisher's exact chance, one-sided, of count hits in `of` or more, where both samples hit equally often."""
    return hypergeometric(its_count, its_of, of + its_of, count + its_count)


def hypergeometric(most: int, marked: int, total: int, drawn: int) -> float:
    """P(at most `most` are marked among those drawn), of a total of which some are marked."""
    least, most = max(0, drawn - (total - marked)), min(most, marked, drawn)
    if most < least:
        return 0.0
    if most == min(marked, drawn):
        return 1.0
    logs = [_choose(marked, i) + _choose(total - marked, drawn - i) for i in range(least, most + 1)]
    return min(1.0, math.fsum(math.exp(log - _choose(total, drawn)) for log in logs))


def binomial_tail(count: int, of: int, chance: float) -> float:
    """P(count or more of so many come true, each with this chance): exact."""
    return min(1.0, math.fsum(math.comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(count, of + 1)))


def wilson_interval(count: float, of: float, z: float = DEVIATIONS_95) -> tuple[float, float]:
    """Wilson's interval of a share, at 95 %; count, of: whole numbers, or as many as a mean's variance is worth."""
    share, square = count / of, z * z / of
    middle, half = share + square / 2, z * math.sqrt(share * (1 - share) / of + square / (4 * of))
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def _choose(n: int, k: int) -> float:
    """The logarithm of n over k."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
