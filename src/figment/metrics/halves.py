"""The error of any score of two sets of pictures: how far it differs between disjoint halves of both.

All sets are cut in two at random, many times over. A score of one half, S₊, and that of the other, S₋, share no picture,
so they are independent, and E (S₊ - S₋)² / 2 is exactly the variance of the score of half as many pictures. Jackknife and
bootstrap don't do for these scores: they count what pairs of pictures do to each other twice or three times (Efron and
Stein 1981), which in a Fréchet distance near its floor and in coverage is most of it, and a picture that is drawn twice
is its own nearest neighbour.

From half as many pictures to all of them a variance falls by about 2 where each picture counts for itself and by 4 where only
pairs count. Two sizes tell how much there is of both: halves, and quarters.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from figment.metrics.estimate import Estimate, student_excess

SPLITS = 40  # so many random halvings: ± 11 % of an error
Statistic = Callable[[Sequence[NDArray[np.int64]]], NDArray[np.float64]]  # rows of each set → numbers (K,)


class Compared(NamedTuple):
    """A score of samples, the same of other reals in their place, the floor, and value - floor, whose error is its own.

    Both are taken against the same reals, so what these are by chance drops out of the difference in part.
    """

    value: Estimate
    floor: Estimate
    difference: Estimate


def halves_errors(
    statistic: Statistic,
    counts: Sequence[int],
    seed: int = 0,
    *,
    power: float = 1.0,
    pairs: bool = False,
    splits: int = SPLITS,
) -> NDArray[np.float64]:
    """Standard errors, (K,), of a statistic of sets of so many pictures each, which is given rows of each set.

    counts: of each set; a half, or with pairs a quarter, is to be enough for the statistic. power: the variance falls as
    1/N to this. pairs: whether it may be made of pairs of pictures for the most part: then quarters tell how much. The same
    seed gives the same errors.
    """
    random = np.random.default_rng([seed, 8])
    of_halves, of_quarters = [], []
    for _ in range(splits):
        orders = [random.permutation(count) for count in counts]
        of_halves.append(_apart(statistic, orders))
        if pairs:
            of_quarters += [_apart(statistic, [order[place::2] for order in orders]) for place in (0, 1)]
    half, excess = np.mean(of_halves, 0), student_excess(splits - 1)
    if not pairs:
        return np.sqrt(half / 2**power) * excess
    # V(n/2) = 2a + 4b and V(n/4) = 4a + 16b of V(n) = a + b, where a and b are at least 0.
    return np.sqrt(np.clip(0.75 * half - np.mean(of_quarters, 0) / 8, half / 4, half / 2)) * excess


def _apart(statistic: Statistic, orders: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """An estimate of the variance of the statistic of one of two equal parts of the rows, which are in random order."""
    sizes = [len(order) // 2 for order in orders]
    first, second = (
        statistic(
            [np.sort(order[place * size : (place + 1) * size]) for order, size in zip(orders, sizes, strict=True)]
        )
        for place in range(2)
    )
    return np.square(first - second) / 2


def with_differences(of_samples: NDArray[np.float64], of_others: NDArray[np.float64]) -> NDArray[np.float64]:
    """A statistic's numbers: those of samples (K,), those of other reals (K,), and their differences: (3K,)."""
    return np.concatenate([of_samples, of_others, of_samples - of_others])


def compared(of_samples: float, of_others: float, errors: Sequence[float]) -> Compared:
    """The three with their errors."""
    values = (of_samples, of_others, of_samples - of_others)
    return Compared(*(Estimate(value, error) for value, error in zip(values, errors, strict=True)))
