"""From which likeness on two pictures count as one: levels that strangers, which are no copies, hardly ever reach."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from figment.metrics.copy_matches import FAMILIES
from figment.similarity.lookup import BANDS

# Correlations in each of BANDS below which nothing is a copy, however few look-alikes a set has. Of whole pictures what
# one held-out face of CelebA in a thousand reaches, and fewer of other photographs; of parts and the like copies reach
# more even where noise of five grey levels spoils them.
MIN_LEVELS = np.arctanh(
    [(0.85, 0.93, 0.97) if its in ("whole", "recoloured") else (0.9, 0.96, 0.985) for its in FAMILIES]
)
# The same where strangers are too few to set levels by: for all but whole pictures, of which look-alikes are rarer.
MIN_LEVELS_OF_FEW = np.maximum(
    MIN_LEVELS, np.arctanh([(0, 0, 0) if its == "whole" else (0.985, 0.995, 0.997) for its in FAMILIES])
)
# What whole and mirrored copies reach in the finest band, however alike a set's pictures are; in the others nearly 1.
MAX_LEVELS = np.array([np.arctanh((0.995, 0.9998, 0.9998)) if its == "whole" else (math.inf,) * 3 for its in FAMILIES])
# Of pictures that are no copies, in each family and band: in all one in a thousand, half of them as whole pictures, which
# are what a generator copies first.
FALSE_ALARM_SHARES = {its: 0.0005 / (1 if its == "whole" else len(FAMILIES) - 1) / len(BANDS) for its in FAMILIES}
TAIL_SHARES = 0.02, 0.05  # of such pictures those most alike, by which a level is set
# In Fisher's z: below copies in a tail; below a level where strangers are few; where hardly any is alike enough to be aligned.
TAIL_GAP, FEW_GAP, LONE_GAP = 0.2, 0.4, 0.6
MIN_OF_A_KIND, MIN_IN_ALL = 200, 50  # pictures to set a level by, of one kind, and of all kinds together
MIN_FOR_A_TAIL = 1000  # pictures in all, by which a tail's shape is known well enough


def copy_levels(*strangers: NDArray) -> NDArray[np.float64]:
    """Fisher's z in each family and band from which a match is a copy: one that strangers hardly ever reach, (7, 3).

    strangers: the highest z of pictures that are no copies, (N, 7, 3) each; the sets that are large enough are judged
    one by one and the highest level is taken, else all are judged together. Those that turn out to be copies as whole
    pictures, as a set may hold some of its own, say nothing of the other families.
    """
    told = sum(map(len, strangers))
    least = MIN_LEVELS_OF_FEW if told < MIN_IN_ALL else MIN_LEVELS
    enough = [sample for sample in strangers if len(sample) >= MIN_OF_A_KIND] or [np.concatenate(strangers)]
    levels = np.empty((len(FAMILIES), len(BANDS)))
    for family, (name, false_alarms) in enumerate(FALSE_ALARM_SHARES.items()):
        bands = [zip(sample[:, family].T, least[family], strict=True) for sample in enough]
        levels[family] = np.max(
            [[level_of(band, false_alarms, its, told < MIN_FOR_A_TAIL) for band, its in both] for both in bands], 0
        )
        if name == "whole":
            enough = [sample[(sample[:, family] < levels[family]).all(1)] for sample in enough]
    return np.minimum(levels, MAX_LEVELS)


def level_of(highest: NDArray, false_alarms: float, least: float, few: bool) -> float:
    """Likeness is taken to fall off as a normal distribution does that goes through two of its upper quantiles.

    Most tails fall faster, which is on the safe side. An empirical quantile would be that of the copies which a set
    holds of its own pictures; these two don't mind one copy in a hundred. Never less than the least.
    """
    ordered = np.sort(highest)[::-1]
    outer, inner = (float(ordered[int(share * len(ordered))]) if len(ordered) else -math.inf for share in TAIL_SHARES)
    if len(ordered) < MIN_IN_ALL or inner == -math.inf:
        return _above_all(ordered, least, LONE_GAP)
    far, near, wanted = (NormalDist().inv_cdf(1 - share) for share in (*TAIL_SHARES, false_alarms))
    level = outer + (outer - inner) / (far - near) * (wanted - far)
    if few:  # two quantiles aren't sure
        level = _above_all(ordered, level, FEW_GAP)
    # Where more lie above, they are copies if there is a gap below them, as in a set of photographs, or else
    # look-alikes, as in a set of drawings from one table.
    while (above := np.count_nonzero(ordered >= level)) > false_alarms * len(ordered):
        if np.count_nonzero(ordered >= level - TAIL_GAP) - above <= above / 2:
            break
        level += TAIL_GAP / 4
    return max(level, least)


def _above_all(strangers: NDArray, level: float, gap: float) -> float:
    """The level, or the next that has no stranger close below it: what little there is of a tail tells no more."""
    while ((strangers < level) & (strangers >= level - gap)).any():
        level += TAIL_GAP / 4
    return level
