import numpy as np
import pytest

from figment.forensics.novelty import fitted

RANDOM = np.random.default_rng(0)
BASIS = np.linalg.qr(RANDOM.normal(size=(30, 30)))[0]
SPREADS = np.r_[np.full(3, 5.0), np.full(27, 0.5)]


def drawn(count):
    return (RANDOM.normal(size=(count, 30)) * SPREADS @ BASIS.T + 2).astype(np.float32)


def test_distances_are_mahalanobis_where_the_model_is_right():
    found = fitted(drawn(4000), drawn(500), 0.99)
    others = drawn(50)
    off = (others - 2) @ BASIS / SPREADS
    assert found.distances(others) == pytest.approx(np.sqrt(np.square(off).mean(1)), rel=0.05)


def test_the_limit_lets_its_share_pass():
    found = fitted(drawn(500), drawn(2000), 0.95)
    assert np.mean(found.distances(drawn(4000)) <= found.limit) == pytest.approx(0.95, abs=0.015)


def test_what_lies_elsewhere_is_beyond_it():
    found = fitted(drawn(500), drawn(500), 0.99)
    assert (found.distances(drawn(100) + 3) > found.limit).all()
    assert (found.distances(3 * drawn(100)) > found.limit).mean() > 0.9


def test_few_pictures_and_equal_ones_do():
    assert np.isfinite(fitted(drawn(3), drawn(3), 0.99).limit)
    same = np.ones((10, 30), np.float32)
    assert fitted(same, same, 0.99).distances(same).max() == 0
