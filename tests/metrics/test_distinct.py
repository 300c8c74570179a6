"""The number of different pictures in a sample of which it is known."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from figment.metrics.distinct import distinct, nearest

DIMENSION = 12


def varied(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, DIMENSION))


NEAR = nearest(squareform(pdist(varied(256, 1))))


def clustered(weights: list[float], width: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    which = np.repeat(np.arange(len(weights)), np.round(256 * np.array(weights) / sum(weights)).astype(int))
    return varied(len(weights), seed + 7)[which] + width * random.normal(size=(len(which), DIMENSION))


@pytest.mark.parametrize("count", [1, 2, 3, 8, 20])
@pytest.mark.parametrize("width", [0.0, 0.05, 0.15])
def test_equal_clusters_are_counted(count: int, width: float) -> None:
    found = distinct(pdist(clustered([1.0] * count, width)), NEAR)
    assert found is not None
    assert found.number == pytest.approx(count, rel=0.15)
    assert found.exponent < 1


def test_unequal_ones_count_as_simpson_has_it() -> None:
    found = distinct(pdist(clustered([8, 4, 2, 1, 1], 0.05)), NEAR)
    assert found is not None
    assert found.number == pytest.approx(1 / np.sum((np.array([8, 4, 2, 1, 1]) / 16) ** 2), rel=0.1)


@pytest.mark.parametrize("scale", [0.6, 0.8, 1.0])
def test_what_varies_all_the_time_has_no_number(scale: float) -> None:
    """Also where all of it lies closer together than reals do, as blurred pictures do."""
    found = distinct(pdist(scale * varied(256)), NEAR)
    assert found is None or found.exponent > 2


def test_what_varies_within_what_is_alike_is_one_picture() -> None:
    found = distinct(pdist(0.2 * varied(256)), NEAR)
    assert found is not None
    assert found.number < 1.1


def test_the_nearest_neighbour_is_another_picture() -> None:
    assert nearest(squareform(pdist(np.array([[0.0], [1.0], [5.0]])))) == 1
