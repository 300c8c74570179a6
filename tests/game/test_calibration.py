"""P(fake): the curve's maximum against scikit-learn's, its truth on logits whose odds are known, and what can't be fitted."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from figment.game.calibration import MIN_PICTURES, Calibration, cross_fitted, fit


def logits(count: int, mean: float, seed: int, scale: float = 1.0) -> torch.Tensor:
    return scale * (mean + torch.randn(count, generator=torch.Generator().manual_seed(seed)))


def by_sklearn(reals: torch.Tensor, fakes: torch.Tensor) -> tuple[float, float]:
    """Platt's soft targets as weighted hard ones, both kinds weighing half, without regularisation."""
    n, m = len(reals), len(fakes)
    x = torch.cat([reals, fakes]).double().numpy()[:, None]
    target = np.r_[np.full(n, (n + 1) / (n + 2)), np.full(m, 1 / (m + 2))]
    weight = np.r_[np.full(n, 0.5 / n), np.full(m, 0.5 / m)]
    found = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit(
        np.r_[x, x], np.r_[np.ones(n + m), np.zeros(n + m)], np.r_[weight * target, weight * (1 - target)] * (n + m)
    )
    return float(found.coef_[0, 0]), float(found.intercept_[0])


@pytest.mark.parametrize(
    ("reals", "fakes"),
    [
        (logits(200, 1.0, 0), logits(300, 0.0, 1)),
        (logits(40, 2.0, 2, 30.0) + 500, logits(500, 0.0, 3, 30.0) + 500),  # a critic's: far from 0, and large
        (logits(100, 5.0, 4, 1e-3), logits(100, 0.0, 5, 1e-3)),  # a flat D's
    ],
)
def test_the_curve_is_the_likeliest(reals: torch.Tensor, fakes: torch.Tensor) -> None:
    curve = fit(reals, fakes)
    assert curve is not None
    scale = torch.cat([reals, fakes]).std().item()
    middle = torch.cat([reals, fakes]).mean().item()
    standard = [(its - middle) / scale for its in (reals, fakes)]  # sklearn's own search stops early on others
    slope, offset = by_sklearn(*standard)
    assert curve.slope * scale == pytest.approx(slope, rel=1e-3)
    assert curve.offset + curve.slope * middle == pytest.approx(offset, abs=2e-3)
    assert (curve.reals, curve.fakes) == (len(reals), len(fakes))


@pytest.mark.parametrize("distance", [0.5, 2.0, 4.0])
def test_it_is_a_probability(distance: float) -> None:
    """Of normal logits d apart log odds are d·l − d²/2: fresh ones get P(fake) within .03 of that in the mean."""
    curve = fit(logits(500, distance, 0, 0.1), logits(500, 0.0, 1, 0.1))
    assert curve is not None
    fresh = torch.cat([logits(4000, distance, 2), logits(4000, 0.0, 3)])
    true = torch.sigmoid(-(distance * fresh - distance**2 / 2))
    assert float((curve.p_fake(0.1 * fresh) - true).abs().mean()) < 0.03


def test_a_logit_s_unit_and_zero_don_t_matter() -> None:
    reals, fakes = logits(80, 1.0, 0).double(), logits(90, 0.0, 1).double()
    plain, moved = fit(reals, fakes), fit(7 - 5 + 0.01 * reals, 2 + 0.01 * fakes)
    assert plain is not None
    assert moved is not None
    assert torch.allclose(plain.p_fake(fakes), moved.p_fake(2 + 0.01 * fakes), atol=1e-6)


def test_kinds_that_are_told_without_error_leave_it_finite_and_short_of_certain() -> None:
    reals, fakes = torch.linspace(1, 2, 50), torch.linspace(-2, -1, 50)
    curve = fit(reals, fakes)
    assert curve is not None
    assert 0.9 < float(curve.p_fake(fakes).min()) < 0.999
    assert 0.001 < float(curve.p_fake(reals).max()) < 0.1


@pytest.mark.parametrize("reals", [torch.zeros(40), logits(40, -3.0, 0)])
def test_a_blind_or_mistaken_discriminator_says_half(reals: torch.Tensor) -> None:
    fakes = torch.zeros(40) if not reals.any() else logits(40, 0.0, 1)
    curve = fit(reals, fakes)
    assert curve is not None
    assert curve.slope == 0
    assert float(curve.p_fake(torch.tensor([-5.0]))) == pytest.approx(0.5)


def test_nothing_is_fitted_to_too_few_or_to_no_numbers() -> None:
    enough = logits(MIN_PICTURES, 0.0, 0)
    assert fit(enough, enough) is not None
    assert fit(enough[1:], enough) is None
    assert fit(enough, enough[1:]) is None
    assert fit(torch.cat([enough, torch.tensor([torch.nan])]), enough) is None
    assert cross_fitted(enough[1:], enough, enough) is None


def test_cross_fitted_is_by_the_other_half() -> None:
    reals, fakes, others = logits(61, 1.0, 0), logits(70, 0.0, 1), logits(5, 0.5, 2)
    found = cross_fitted(reals, fakes, others)
    assert found is not None
    of_reals, of_fakes, of_others = found
    assert [len(its) for its in found] == [61, 70, 5]
    odd, even = (fit(torch.cat([reals[i::2]]), fakes[i::2]) for i in (1, 0))
    assert odd is not None
    assert even is not None
    assert torch.equal(of_reals[0::2], odd.p_fake(reals[0::2]))
    assert torch.equal(of_fakes[1::2], even.p_fake(fakes[1::2]))
    assert torch.allclose(of_others, (odd.p_fake(others) + even.p_fake(others)) / 2)
    changed = reals.clone()
    changed[0] = 100.0  # its own half's curve alone may change
    again = cross_fitted(changed, fakes, others)
    assert again is not None
    assert torch.equal(again[0][2::2], of_reals[2::2])


def test_p_fake_by_hand() -> None:
    assert float(Calibration(2.0, 1.0, 30, 30).p_fake(torch.tensor([0.0]))) == pytest.approx(1 / (1 + np.e))
