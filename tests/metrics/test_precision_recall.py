import numpy as np
import pytest

from figment.metrics.precision_recall import precision_recall


def normal(count, dimension, seed=0, scale=1.0, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(count, dimension)) * scale + shift).astype(np.float32)


def by_hand(fakes, reals, k):
    fakes, reals = fakes.astype(float), reals.astype(float)

    def radius(points, i):
        return sorted(np.linalg.norm(points[i] - points[j]) for j in range(len(points)) if j != i)[k - 1]

    of_reals = [radius(reals, i) for i in range(len(reals))]
    of_fakes = [radius(fakes, i) for i in range(len(fakes))]
    inside = np.array([[np.linalg.norm(f - r) <= of_reals[i] for i, r in enumerate(reals)] for f in fakes])
    found = np.array([[np.linalg.norm(f - r) <= of_fakes[j] for r in reals] for j, f in enumerate(fakes)])
    return inside.any(1).mean(), found.any(0).mean(), inside.sum() / k / len(fakes), inside.any(0).mean()


@pytest.mark.parametrize(("k", "rows"), [(5, 1024), (3, 16)])
def test_all_four_are_those_of_the_definitions(k, rows, monkeypatch):
    monkeypatch.setattr("figment.metrics.precision_recall.BLOCK_ROWS", rows)
    fakes, reals = normal(50, 4, 1, 0.9, 0.4), normal(50, 4, 2)
    found = precision_recall(fakes, reals, k)
    values = [getattr(found, name) for name in ("precision", "recall", "density", "coverage")]
    assert values == pytest.approx(by_hand(fakes, reals, k))


def test_reals_reach_what_the_paper_says():
    found = precision_recall(normal(2000, 2, 1), normal(2000, 2, 2))
    assert found.density == pytest.approx(1, abs=0.05)
    assert found.coverage == pytest.approx(1 - 2**-5, abs=0.02)


def test_a_missing_mode_costs_variety_and_a_stray_real_buys_no_density():
    two = np.concatenate([normal(300, 8, 1), normal(300, 8, 2, shift=20)])
    one = precision_recall(normal(600, 8, 3), two[np.random.default_rng(0).permutation(600)])
    assert one.precision > 0.8
    assert one.recall == pytest.approx(0.5, abs=0.1)
    assert one.coverage == pytest.approx(0.5, abs=0.1)


def test_both_are_cut_to_equal_numbers():
    fakes, reals = normal(80, 4, 1), normal(50, 4, 2)
    assert precision_recall(fakes, reals) == precision_recall(fakes[:50], reals)


def test_far_from_zero_nothing_is_lost():
    fakes, reals = normal(60, 4, 1), normal(60, 4, 2)
    assert precision_recall(fakes + 1000, reals + 1000) == precision_recall(
        (fakes + 1000) - 1000, (reals + 1000) - 1000
    )


def test_as_many_pictures_as_neighbours_are_too_few():
    with pytest.raises(ValueError, match="5 neighbours"):
        precision_recall(normal(5, 3), normal(9, 3))
