"""The exact chance of Mann and Whitney's U, against counting every order and against scipy."""

import itertools
import math

import pytest
from scipy.stats import mannwhitneyu

from figment.metrics.two_samples import MAX_EXACT, mann_whitney_chance


@pytest.mark.parametrize(("n", "m"), [(4, 3), (7, 1), (2, 6), (5, 5)])
def test_it_is_the_share_of_all_orders(n: int, m: int) -> None:
    us = [sum(place - i for i, place in enumerate(places)) for places in itertools.combinations(range(n + m), n)]
    for u in range(n * m + 1):
        assert mann_whitney_chance(u, n, m) == pytest.approx(sum(other >= u for other in us) / len(us), rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(36, 4), (18, 2), (256, 15), (40, 40), (256, 256)])
@pytest.mark.parametrize("share", [0.5, 0.65, 0.9])
def test_it_is_scipys(n: int, m: int, share: float) -> None:
    u = round(share * n * m)
    # Numbers with that U: all the second in their order, the first moved up by one place after another.
    above = [m * (i < u // m) + (u % m) * (i == u // m) for i in range(n)]
    first = [count - 0.5 + i / (3 * n) for i, count in enumerate(above)]
    method = "exact" if min(n, m) <= MAX_EXACT else "asymptotic"
    theirs = mannwhitneyu(first, list(range(m)), alternative="greater", method=method)
    assert theirs.statistic == u
    assert mann_whitney_chance(u, n, m) == pytest.approx(theirs.pvalue, rel=1e-6)


def test_two_held_out_pictures_can_tell_and_none_can_not() -> None:
    assert mann_whitney_chance(36, 18, 2) == pytest.approx(1 / math.comb(20, 2))
    assert mann_whitney_chance(0, 18, 0) == 1
