import numpy as np
import pytest

from figment.metrics import kid


def normal(count, dimension, seed=0, scale=1.0, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(count, dimension)) * scale + shift).astype(np.float32)


def by_hand(a, b):
    def k(x, y):
        return (float(np.dot(x.astype(float), y.astype(float))) / len(x) + 1) ** 3

    among_a = np.mean([k(a[i], a[j]) for i in range(len(a)) for j in range(len(a)) if i != j])
    among_b = np.mean([k(b[i], b[j]) for i in range(len(b)) for j in range(len(b)) if i != j])
    return 1000 * (among_a + among_b - 2 * np.mean([k(x, y) for x in a for y in b]))


def test_it_is_the_papers_equation():
    a, b = normal(20, 12), normal(33, 12, 1, 1.2, 0.3)
    assert kid.kid(a, b).value == pytest.approx(by_hand(a, b), rel=1e-5)


def test_blocks_change_nothing(monkeypatch):
    a, b = normal(70, 12), normal(50, 12, 1, 1.2)
    whole = kid.kid(a, b)
    monkeypatch.setattr(kid, "BLOCK_ROWS", 16)
    parts = kid.kid(a, b)
    assert parts.value == pytest.approx(whole.value, rel=1e-6)
    assert parts.error == pytest.approx(whole.error, rel=1e-6)


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1.1, 0.0), (1.0, 0.3)])
def test_it_is_unbiased_and_its_error_is_what_repetitions_scatter_by(scale, shift):
    found = [kid.kid(normal(120, 10, seed), normal(150, 10, 1000 + seed, scale, shift)) for seed in range(300)]
    values = np.array([estimate.value for estimate in found])
    assert np.mean([estimate.error for estimate in found]) == pytest.approx(values.std(), rel=0.2)
    if (scale, shift) == (1.0, 0.0):
        assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))
    else:
        assert values.mean() > 4 * values.std() / np.sqrt(len(values))


def test_many_pictures_lose_nothing_in_float32():
    a, b = normal(1500, 64, 1, 3, 2), normal(1500, 64, 2, 3, 2)
    x, y = a.astype(np.float64), b.astype(np.float64)
    first, second, across = ((u @ v.T / 64 + 1) ** 3 for u, v in ((x, x), (y, y), (x, y)))
    n = len(a)
    expected = (first.sum() - np.trace(first) + second.sum() - np.trace(second)) / (n * (n - 1)) - 2 * across.mean()
    found = kid.kid(a, b)
    assert abs(found.value - 1000 * expected) < 0.01 * found.error
