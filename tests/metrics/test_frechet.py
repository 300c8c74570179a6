import numpy as np
import pytest
from scipy import linalg

from figment.metrics import frechet


def normal(count, dimension, seed=0, scale=1.0, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(count, dimension)) * scale + shift).astype(np.float32)


def by_square_root(a, b):
    """The distance as the paper writes it, with scipy's square root of a matrix."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(first @ second).real
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(first + second - 2 * root)


@pytest.mark.parametrize(("n", "m"), [(500, 300), (500, 40), (40, 500), (40, 60), (61, 61)])
def test_it_is_scipys_with_more_and_with_fewer_pictures_than_dimensions(n, m):
    a = normal(n, 60) @ normal(60, 60, 1)  # correlated
    b = normal(m, 60, 2, 1.3, 0.2) @ normal(60, 60, 3)
    assert frechet.frechet(a, b) == pytest.approx(by_square_root(a, b), rel=1e-6)
    assert frechet.frechet(b, a) == pytest.approx(frechet.frechet(a, b), rel=1e-9)


def test_it_is_the_closed_form_of_gaussians_whose_covariances_commute():
    basis = np.linalg.qr(normal(400, 8, 4).astype(np.float64))[0] * 400**0.5
    basis -= basis.mean(0)
    deviations = np.arange(1, 9)
    whitened = basis @ np.linalg.inv(np.linalg.cholesky(np.cov(basis, rowvar=False))).T
    a, b = whitened * deviations, whitened * 2 * deviations + 3  # |3|²·8 + Σ(σ - 2σ)²
    assert frechet.frechet(a, b) == pytest.approx(9 * 8 + (deviations**2).sum(), rel=1e-6)


def test_a_set_is_at_no_distance_from_itself():
    a = normal(200, 30)
    assert frechet.frechet(a, a) == pytest.approx(0, abs=1e-5)
    assert frechet.frechet(a[:20], a[:20]) == pytest.approx(0, abs=1e-5)


def test_moments_are_summed_in_blocks_without_loss():
    a = normal(2 * frechet.BLOCK_ROWS + 7, 5, shift=1000)
    found = frechet.gaussian(a)
    assert np.allclose(found.mean, a.mean(0, dtype=np.float64), rtol=1e-12)
    assert np.allclose(found.covariance, np.cov(a.astype(np.float64), rowvar=False), rtol=1e-9)


def test_the_limit_takes_most_of_the_bias_away_and_its_error_is_what_repetitions_scatter_by():
    reference = frechet.gaussian(normal(40_000, 24, 9))
    pairs = [frechet.with_limit(normal(600, 24, seed), reference) for seed in range(10, 34)]
    values, limits = (np.array([pair[i].value for pair in pairs]) for i in (0, 1))
    assert values.mean() > 0.2  # two samples of one Gaussian: all of it is bias
    assert abs(limits.mean()) < 0.1 * values.mean()
    assert limits.std() / np.sqrt(len(limits)) * 4 > abs(limits.mean())
    assert np.mean([pair[0].error for pair in pairs]) == pytest.approx(values.std(ddof=1), rel=0.6)


def test_the_error_is_right_between_unlike_sets():
    reference = frechet.gaussian(normal(20_000, 16, 9, 1.2, 0.5))
    pairs = [frechet.with_limit(normal(400, 16, seed), reference) for seed in range(40, 80)]
    values = np.array([value.value for value, _ in pairs])
    assert np.mean([value.error for value, _ in pairs]) == pytest.approx(values.std(ddof=1), rel=0.35)


def test_one_picture_has_no_covariance():
    with pytest.raises(ValueError, match="two rows"):
        frechet.gaussian(normal(1, 4))
