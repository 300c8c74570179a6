"""Modes are counted as covered where points lie on them, and a collapse is called one where it is."""

import numpy as np
import pytest

from figment.plane.coverage import coverage, has_collapsed, spread
from figment.plane.points import MIXTURES, pool

EIGHT = MIXTURES["eight"]


def on_modes(modes: int, count: int = 512) -> np.ndarray:
    """Points on the first few of eight modes, as many on each."""
    random = np.random.default_rng(0)
    return EIGHT.centres[np.arange(count) % modes] + EIGHT.deviation * random.standard_normal((count, 2))


@pytest.mark.parametrize("name", MIXTURES)
def test_true_points_cover_every_mode(name: str) -> None:
    true = pool(name, (), np.random.default_rng(0))[:512]
    found = coverage(true, MIXTURES[name])
    assert found.covered == found.modes == len(MIXTURES[name].centres)
    assert found.on_modes > 0.99
    assert not has_collapsed(true, true, found)


@pytest.mark.parametrize("modes", range(1, 9))
def test_modes_are_counted(modes: int) -> None:
    found = coverage(on_modes(modes), EIGHT)
    assert (found.covered, found.modes) == (modes, 8)
    assert has_collapsed(on_modes(modes), on_modes(8), found) == (modes <= 4)


def test_a_mode_with_a_few_strays_isn_t_covered() -> None:
    points = np.concatenate([on_modes(7, 500), np.repeat(EIGHT.centres[7:], 12, 0)])
    assert coverage(points, EIGHT).covered == 7
    assert coverage(np.concatenate([points, np.repeat(EIGHT.centres[7:], 8, 0)]), EIGHT).covered == 8


def test_who_has_not_found_the_modes_has_not_collapsed_onto_few() -> None:
    cloud = 0.3 * np.random.default_rng(0).standard_normal((512, 2))
    assert not has_collapsed(cloud, on_modes(8), coverage(cloud, EIGHT))


def test_all_but_one_point_is_a_collapse_wherever_it_lies() -> None:
    point, ring = np.full((512, 2), 0.3), pool("ring", (), np.random.default_rng(0))
    assert has_collapsed(point, ring, None)
    assert not has_collapsed(ring[:512], ring, None)


def test_spread_is_the_distance_from_the_mean() -> None:
    assert spread(np.array([[3.0, 1.0], [3.0, 5.0]])) == 2
