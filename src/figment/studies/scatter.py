"""Whether scores scatter more at one level of a factor than at another: then one residual for all is too kind to the one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import levene

from figment.studies.model import holm
from figment.studies.observed import Observed
from figment.studies.results import Level

SURE = 0.01  # p-value, below which it is said
MIN_CELLS = 6  # of a level, for a scatter that says something


@dataclass(frozen=True)
class Uneven:
    """A factor by whose levels scores scatter unequally. least, most: the levels; times: how many times as much."""

    factor: str
    least: Level
    most: Level
    times: float


def uneven(seen: Observed, residuals: NDArray[np.float64], freedom: int) -> list[Uneven]:
    """Factors by which the residuals, (N,), scatter unequally: Brown and Forsythe's test, raised for their number (Holm).

    freedom: their degrees of freedom; of fewer than half the cells' they are too much the model's own to tell.
    """
    if freedom < len(residuals) / 2:
        return []
    tested, chances = [], []
    for place, factor in enumerate(seen.factors):
        groups = [residuals[seen.codes[:, place] == level] for level in range(len(factor.levels))]
        if len(groups) > 1 and min(map(len, groups)) >= MIN_CELLS:
            tested.append((factor, [float(group.std()) for group in groups]))
            chances.append(_chance(groups))
    found = []
    for (factor, spreads), chance in zip(tested, holm(chances), strict=True):
        if chance < SURE and min(spreads) > 0:
            least, most = int(np.argmin(spreads)), int(np.argmax(spreads))
            found.append(Uneven(factor.name, factor.levels[least], factor.levels[most], max(spreads) / min(spreads)))
    return found


def _chance(groups: Sequence[NDArray[np.float64]]) -> float:
    return float(levene(*groups, center="median").pvalue) if any(np.ptp(group) > 0 for group in groups) else 1.0
