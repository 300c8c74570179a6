import numpy as np
import pytest

from figment.metrics.frechet import frechet
from figment.metrics.influence import FrechetInfluence


def weighted_distance(x: np.ndarray, y: np.ndarray, of_x: np.ndarray, of_y: np.ndarray) -> float:
    """The Fréchet distance of weighted pictures, with the factors N/(N-1) of equal weights, by singular values."""

    def centred(rows: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shares = weights / weights.sum()
        middle = shares @ rows
        return middle, (rows - middle) * np.sqrt(shares * len(rows) / (len(rows) - 1))[:, None]

    (a, left), (b, right) = centred(x, of_x), centred(y, of_y)
    roots = np.linalg.svd(left @ right.T, compute_uv=False).sum()
    return ((a - b) ** 2).sum() + (left**2).sum() + (right**2).sum() - 2 * roots


@pytest.mark.parametrize(("samples", "reals", "dimension"), [(12, 20, 4), (9, 15, 30), (25, 10, 40)])
def test_influences_are_the_derivatives_by_each_pictures_weight(samples, reals, dimension):
    random = np.random.default_rng(dimension)
    x, y = random.normal(0.3, 1.2, (samples, dimension)), random.normal(size=(reals, dimension))
    found = FrechetInfluence(y)(x)
    assert found.value == pytest.approx(weighted_distance(x, y, np.ones(samples), np.ones(reals)), rel=1e-5)
    assert found.value == pytest.approx(frechet(x, y), rel=1e-5)

    def derivatives(count: int, of) -> np.ndarray:
        step = 1e-5 * np.eye(count)
        return np.array([(of(1 + row) - of(1 - row)) / 2e-5 for row in step]) * count

    ours = [side - side.mean() for side in found[1:]]
    theirs = [
        derivatives(samples, lambda w: weighted_distance(x, y, w, np.ones(reals))),
        derivatives(reals, lambda w: weighted_distance(x, y, np.ones(samples), w)),
    ]
    for mine, its in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(its, abs=1e-4 * np.abs(its).max())


def paired_looks(random: np.random.Generator, samples: int, reals: int, apart: float) -> tuple[FrechetInfluence, ...]:
    """Features of one set of reals, and of the same codes drawn by two generators, one a little off the other."""
    codes, mix = random.normal(size=(samples, 8)), np.random.default_rng(1).normal(size=(8, 8)) / 4
    y = random.normal(size=(reals, 8))
    x = codes + 0.3
    return FrechetInfluence(y), x, x + apart * (codes @ mix + 0.3 * random.normal(size=x.shape))


def test_the_error_of_a_difference_is_what_differences_scatter_by():
    told, found = [], []
    for repetition in range(150):
        distance, one, other = paired_looks(np.random.default_rng(repetition), 200, 400, 0.3)
        first, second = distance(one), distance(other)
        difference = second.minus(first)
        found.append(difference.value)
        told.append(difference.error)
    assert np.mean(told) == pytest.approx(np.std(found), rel=0.15)
    within = np.abs(np.array(found) - np.mean(found)) < 2 * np.array(told)
    assert 0.92 < within.mean() < 0.98
    # Taken as if other codes and other reals had been looked at, it would be told several times as large.
    assert np.hypot(first.estimate.error, second.estimate.error) > 2 * np.mean(told)


def test_a_distance_of_its_own_has_the_error_of_both_sides():
    looks = []
    for repetition in range(200):
        distance, one, _ = paired_looks(np.random.default_rng(repetition), 150, 300, 0.0)
        looks.append(distance(one).estimate)
    assert np.mean([look.error for look in looks]) == pytest.approx(np.std([look.value for look in looks]), rel=0.15)
