"""Colour changes against formulas without matrices."""

import math

import pytest
import torch

from figment.augment.colour import colour_matrix, recoloured

COLOURS = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(0)).double() * 2 - 1
GREY = COLOURS.mean(1, keepdim=True)
NONE = torch.zeros(1, dtype=torch.float64)


def seen(luma: float = 1, chroma: float = 1, hue: float = 0, offset: float = 0) -> torch.Tensor:
    matrix = colour_matrix(3, NONE + luma, NONE + chroma, NONE + hue)
    return recoloured(COLOURS, matrix, NONE + offset)


def test_neutral_factors_change_no_bit() -> None:
    pictures = torch.randn(2, 3, 5, 7)
    one, zero = torch.ones(2), torch.zeros(2)
    assert torch.equal(colour_matrix(3, one, one, zero), torch.eye(3).expand(2, 3, 3))
    assert torch.equal(recoloured(pictures, colour_matrix(3, one, one, zero), zero), pictures)


def test_saturation_keeps_each_pixel_s_mean() -> None:
    torch.testing.assert_close(seen(chroma=0), GREY.expand_as(COLOURS))
    torch.testing.assert_close(seen(chroma=2.5), GREY + 2.5 * (COLOURS - GREY))


def test_luma_flip_mirrors_the_grey_part() -> None:
    """I - 2·v·vᵀ with v = (1, 1, 1)/√3: each pixel less twice its mean."""
    torch.testing.assert_close(seen(luma=-1), COLOURS - 2 * GREY)


def test_contrast_and_brightness() -> None:
    torch.testing.assert_close(seen(luma=1.5, chroma=1.5, offset=-0.3), 1.5 * COLOURS - 0.3)


def test_hue_by_a_third_of_a_turn_passes_channels_on() -> None:
    """What was red comes out green, green blue, blue red."""
    torch.testing.assert_close(seen(hue=2 * math.pi / 3), COLOURS.roll(1, dims=1))
    torch.testing.assert_close(seen(hue=-2 * math.pi / 3), COLOURS.roll(-1, dims=1))


@pytest.mark.parametrize("hue", [0.3, -2.0, math.pi])
def test_hue_is_a_rotation_about_grey(hue: float) -> None:
    """Rodrigues: v cos θ + (k × v) sin θ + k (k·v)(1 - cos θ), about k = (1, 1, 1)/√3."""
    axis = torch.ones(3, dtype=torch.float64) / 3**0.5
    v = COLOURS.movedim(1, -1)
    along = (v @ axis).unsqueeze(-1) * axis
    turned = v * math.cos(hue) + torch.linalg.cross(axis.expand_as(v), v) * math.sin(hue) + along * (1 - math.cos(hue))
    torch.testing.assert_close(seen(hue=hue), turned.movedim(-1, 1))


def test_all_at_once_are_one_after_the_other() -> None:
    """Contrast 1.3, luma flip, hue, saturation 0.4: the product of their own matrices."""
    saturation, hue, flip = (
        colour_matrix(3, NONE + a, NONE + b, NONE + c)[0] for a, b, c in ((1, 0.4, 0), (1, 1, 1), (-1, 1, 0))
    )
    composed = saturation @ hue @ flip @ (1.3 * torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(colour_matrix(3, NONE - 1.3, NONE + 1.3 * 0.4, NONE + 1.0)[0], composed)


def test_grey_pictures_are_treated_as_colours_with_equal_channels() -> None:
    luma, chroma, hue, offset = (torch.tensor([a, b]).double() for a, b in ((-1.2, 0.7), (2, 0.1), (1, -2), (0.4, 0.1)))
    grey = torch.randn(2, 1, 3, 5).double()
    as_colours = recoloured(grey.expand(2, 3, 3, 5).contiguous(), colour_matrix(3, luma, chroma, hue), offset)
    as_grey = recoloured(grey, colour_matrix(1, luma, chroma, hue), offset)
    torch.testing.assert_close(as_grey.expand(2, 3, 3, 5), as_colours)
