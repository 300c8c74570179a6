import numpy as np
import pytest
import torch

from figment.data.portraits.table import portraits
from figment.metrics.sliced_wasserstein import _distance, _pyramid, sliced_wasserstein


@pytest.fixture(scope="module")
def reals():
    return portraits(300, 0, 32)[0]


def test_a_set_is_at_no_distance_from_itself_whatever_the_order(reals, monkeypatch):
    assert sliced_wasserstein(reals, reals).value < sliced_wasserstein(portraits(300, 1, 32)[0], reals).value
    flat = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None, None, None], (40, 3, 16, 16))
    assert sliced_wasserstein(flat, flat[::-1]).value == pytest.approx(
        0, abs=1e-4
    )  # patches of flat pictures are alike


def test_other_pictures_of_the_same_kind_lie_at_the_floor_and_changed_ones_beyond(reals):
    floor = sliced_wasserstein(portraits(300, 1, 32)[0], reals)
    random = np.random.default_rng(0)
    noisy = (reals + random.normal(0, 8, reals.shape)).clip(0, 255).astype(np.uint8)
    blurred = ((reals.astype(np.uint16) + np.roll(reals, 1, 3) + np.roll(reals, 1, 2)) // 3).astype(np.uint8)
    warmer = reals.copy()
    warmer[:, 0] = (warmer[:, 0] + 30.0).clip(0, 255).astype(np.uint8)
    for changed in (noisy, blurred, warmer):
        found = sliced_wasserstein(changed, reals)
        assert found.value - floor.value > 3 * (found.error + floor.error)


def test_on_one_line_it_is_the_distance_of_sorted_values():
    random = torch.Generator().manual_seed(0)
    ours, theirs = (torch.randn(8, 4, 3, generator=random) for _ in range(2))
    expected = np.mean([
        np.abs(np.sort(ours[..., d].numpy().ravel()) - np.sort(theirs[..., d].numpy().ravel())).mean() for d in range(3)
    ])  # fmt: skip
    assert _distance(ours, theirs) == pytest.approx(expected, rel=1e-5)


def test_the_pyramid_loses_nothing(reals):
    fine, coarse = _pyramid(reals[:4])
    enlarged = torch.nn.functional.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
    assert torch.allclose(fine + enlarged, torch.from_numpy(reals[:4]).float() / 127.5 - 1, atol=1e-6)


def test_its_error_is_about_what_repetitions_scatter_by(reals):
    found = [sliced_wasserstein(255 - portraits(100, seed, 32)[0], reals[:100]) for seed in range(2, 14)]
    scatter = np.std([estimate.value for estimate in found], ddof=1)
    assert np.mean([estimate.error for estimate in found]) == pytest.approx(scatter, rel=0.7)


def test_it_is_the_same_again_and_odd_sizes_work(reals):
    odd = reals[:60, :, :27, :30]
    assert sliced_wasserstein(odd, odd[::-1], 3) == sliced_wasserstein(odd, odd[::-1], 3)
    assert sliced_wasserstein(reals[:60, :1], reals[60:120, :1]).value > 0
