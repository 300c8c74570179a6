"""What fakes look like beside reals, where the answer is known."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from figment.training.appearance import chequers, detail, distance, look, spread, variety


def pictures(count: int, seed: int = 0, side: int = 32) -> Tensor:
    """Blobs of light that vary in ten ways, with a little noise."""
    random = torch.Generator().manual_seed(seed)
    ways = torch.randn(10, 3, 8, 8, generator=torch.Generator().manual_seed(99)) / 3
    coarse = torch.einsum("nk,kchw->nchw", torch.randn(count, 10, generator=random), ways)
    coarse = F.interpolate(coarse, side, mode="bicubic")
    return coarse + 0.1 * torch.randn(count, 3, side, side, generator=random)


REALS = pictures(200)
SEEN = look(REALS)


def test_spread() -> None:
    assert spread(SEEN, SEEN) == pytest.approx(1)
    assert spread(look(REALS[:1].repeat(20, 1, 1, 1)), SEEN) == 0
    assert spread(look(REALS / 2), SEEN) == pytest.approx(0.5)


def test_other_reals_are_near_and_one_grey_is_far() -> None:
    assert distance(look(pictures(200, 1)), SEEN) < 0.02
    grey = REALS.mean(0, keepdim=True).repeat(200, 1, 1, 1)
    assert distance(look(grey), SEEN) == pytest.approx(2**0.5 - 1, abs=0.03)  # of normal numbers in many dimensions
    assert distance(look(REALS + 1), SEEN) > 0.5


def test_blur_takes_detail_and_noise_adds_it() -> None:
    assert detail(look(pictures(200, 1)), SEEN) == pytest.approx(1, abs=0.05)
    assert detail(look(REALS / 2), SEEN) == pytest.approx(0.5)
    assert detail(look(F.avg_pool2d(REALS, 5, 1, 2)), SEEN) < 0.7
    assert detail(look(REALS + torch.randn_like(REALS)), SEEN) > 3
    assert detail(look(torch.zeros_like(REALS)), SEEN) == 0
    assert detail(SEEN, look(torch.zeros_like(REALS))) is None


@pytest.mark.parametrize("period", [2, 4])
def test_a_pattern_that_repeats_is_found(period: int) -> None:
    pattern = torch.zeros(4, 4)
    pattern[::period, ::period] = 1
    assert SEEN.chequers < 0.05
    assert chequers(look(REALS + pattern.repeat(8, 8)), SEEN) > 0.3
    assert look(torch.zeros(3, 3, 32, 32)).chequers == 0


@pytest.mark.parametrize("count", [1, 3, 20])
def test_few_pictures_again_and_again_are_counted(count: int) -> None:
    few = pictures(count, 5).repeat(-(-200 // count), 1, 1, 1)[:200] + 0.05 * pictures(200, 6)
    found = variety(look(few), SEEN)
    assert found is not None
    assert found.number == pytest.approx(count, rel=0.15)
    assert found.exponent < 1


def test_blurred_variety_is_variety() -> None:
    found = variety(look(0.6 * pictures(200, 1)), SEEN)
    assert found is None or found.exponent > 1.5
    assert variety(SEEN, look(REALS[:1])) is None
    assert variety(SEEN, look(REALS[:1].repeat(5, 1, 1, 1))) is None


def test_energies_are_those_of_squares_set_to_their_mean() -> None:
    grey = REALS.mean(1)
    squares = grey.unfold(1, 2, 2).unfold(2, 2, 2)
    assert SEEN.fine_energy == pytest.approx(float(squares.flatten(3).var(3, correction=0).mean()), rel=1e-4)
    squares = grey.unfold(1, 4, 4).unfold(2, 4, 4).flatten(3)  # (N, rows, columns, 16)
    inside = squares - squares.mean(3, keepdim=True)
    expected = float(inside.mean((1, 2)).square().mean() / inside.square().mean())
    assert SEEN.chequers == pytest.approx(expected, rel=1e-3)
