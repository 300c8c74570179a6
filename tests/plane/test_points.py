"""True points lie where they are said to, as often as they are said to."""

from typing import get_args

import numpy as np
import pytest

from figment.plane import points
from figment.plane.settings import Points

DRAWN = ((-1.0, -1.0), (0.5, 0.25))


def pool(name: str, seed: int = 0) -> np.ndarray:
    return points.pool(name, DRAWN, np.random.default_rng(seed))


def test_every_set_has_a_name() -> None:
    assert get_args(Points) == tuple(points.NAMES)
    assert set(points.NAMES) == {*points.MIXTURES, *points.CURVES, "drawn"}


@pytest.mark.parametrize("name", points.NAMES)
def test_points_fill_the_plane_within_its_edges(name: str) -> None:
    found = pool(name)
    assert found.shape == (points.POOL, 2)
    assert found.dtype == np.float32
    assert np.abs(found).max() < 1.1
    np.testing.assert_array_equal(found, pool(name))
    assert not np.array_equal(found, pool(name, seed=1))


@pytest.mark.parametrize("name", points.MIXTURES)
def test_a_mixture_s_modes_have_their_weights_and_deviation(name: str) -> None:
    mixture, found = points.MIXTURES[name], pool(name)
    offsets = found[:, None] - mixture.centres
    nearest = np.linalg.norm(offsets, axis=2).argmin(1)
    shares = np.bincount(nearest, minlength=len(mixture.centres)) / len(found)
    np.testing.assert_allclose(shares, mixture.weights, atol=0.015)
    assert offsets[np.arange(len(found)), nearest].std() == pytest.approx(mixture.deviation, rel=0.03)
    assert mixture.weights.sum() == pytest.approx(1)


def test_rings_are_as_dense_as_each_other() -> None:
    radius = np.linalg.norm(pool("rings"), axis=1)
    assert (radius > 0.6).mean() == pytest.approx(2 / 3, abs=0.02)
    assert np.minimum(abs(radius - 0.4), abs(radius - 0.8)).max() < 0.1


def test_drawn_points_are_those_that_were_drawn_a_little_spread() -> None:
    distances = np.linalg.norm(pool("drawn")[:, None] - np.array(DRAWN), axis=2)
    assert distances.min(1).max() < 6 * points.JITTER
    assert (distances.argmin(1) == 0).mean() == pytest.approx(0.5, abs=0.02)
