"""Levels let as many strangers pass as they are set for, don't mind a set's own copies, and are strict where few tell."""

import numpy as np
import pytest

from figment.metrics.copy_levels import FALSE_ALARM_SHARES, MAX_LEVELS, MIN_LEVELS, MIN_LEVELS_OF_FEW, copy_levels
from figment.metrics.copy_matches import FAMILIES


def strangers(count: int, seed: int, middle: float = 1.5, spread: float = 0.5) -> np.ndarray:
    return np.random.default_rng(seed).normal(middle, spread, (count, len(FAMILIES), 3))


def test_shares_add_up_to_one_in_a_thousand() -> None:
    assert list(FALSE_ALARM_SHARES) == list(FAMILIES)
    assert sum(3 * share for share in FALSE_ALARM_SHARES.values()) == pytest.approx(0.001)


def test_fresh_strangers_pass_about_as_often_as_is_meant() -> None:
    passed = []
    for seed in range(8):
        levels = copy_levels(strangers(2000, seed), strangers(1000, 100 + seed))
        fresh = strangers(50_000, 200 + seed)[:, 1:]  # of whole pictures the levels are capped
        passed.append((fresh >= levels[1:]).any((1, 2)).mean())
    assert 0.0001 < np.mean(passed) < 0.001  # the higher of two levels is taken: fewer than .0005


def test_copies_among_training_pictures_hardly_raise_the_levels() -> None:
    clean = strangers(2000, 0)
    spoilt = clean.copy()
    spoilt[:12] = 5.5
    assert (np.abs(copy_levels(spoilt) - copy_levels(clean)) < 0.15).all()


def test_levels_stay_within_their_bounds() -> None:
    unlike, alike = copy_levels(strangers(500, 0, 0.2, 0.05)), copy_levels(strangers(500, 0, 4, 0.6))
    assert np.array_equal(unlike, MIN_LEVELS)
    assert np.array_equal(alike[0], MAX_LEVELS[0])
    assert (alike[1:] > 5).all()  # nothing of look-alikes this near is told, rather than wrongly
    nothing = np.full((500, len(FAMILIES), 3), -np.inf)
    assert np.array_equal(copy_levels(nothing), MIN_LEVELS)
    assert np.array_equal(copy_levels(strangers(9, 0, 0.2, 0.05), strangers(3, 1, 0.2, 0.05)), MIN_LEVELS_OF_FEW)


def test_a_thin_tail_of_look_alikes_raises_the_levels_and_copies_beyond_a_gap_do_not() -> None:
    lone = np.full((300, len(FAMILIES), 3), -np.inf)
    lone[:9] = np.linspace(1.0, 2.4, 9)[:, None, None]  # 3 %: of drawings most differ in colours, some only in a line
    levels = copy_levels(lone)
    assert (levels >= np.minimum(2.4 + 0.55, MAX_LEVELS)).all()
    assert (levels <= np.maximum(2.4 + 0.7, MIN_LEVELS)).all()
    copies = np.full((300, len(FAMILIES), 3), -np.inf)
    copies[:4] = 4.5
    assert np.array_equal(copy_levels(copies), MIN_LEVELS)
    few = lone[:9]
    assert (copy_levels(few) >= np.minimum(2.4 + 0.55, MAX_LEVELS)).all()
