"""Each change of augmentation alone, through the whole, and the order in which they follow each other."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from figment.augment.pipeline import CHANGES, Change, augmented, cut_out, decided, placing

HALF = 0.5  # p in tests that choose which gates open


def numbers(**amounts: float | tuple[float, ...]) -> Tensor:
    """One picture's numbers with which, at p = 0.5, just these changes happen, with these uniform amounts."""
    row = []
    for name, count in CHANGES.items():
        amount = np.atleast_1d(amounts.get(name.replace(" ", "_"), 0.5))
        row += [0.01 if name.replace(" ", "_") in amounts else 0.99, *np.broadcast_to(amount, count)]
    return torch.tensor([row], dtype=torch.float64)


def even(value: float, reach: float) -> float:
    """The uniform number that stands for a value in (-reach, reach)."""
    return (value / reach + 1) / 2


def normal(value: float, deviation: float) -> float:
    """The uniform number that stands for a value of a normal distribution."""
    return torch.special.ndtr(torch.tensor(value / deviation, dtype=torch.float64)).item()


def pictures(count: int = 1, channels: int = 3, height: int = 16, width: int = 16) -> Tensor:
    shape = (count, channels, height, width)
    return torch.rand(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


# ---- single changes, whole -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("coin", "is_flipped"), [(0.2, False), (0.8, True)])
def test_flip_is_exact(coin: float, is_flipped: bool) -> None:
    batch = pictures()
    assert torch.equal(augmented(batch, numbers(flip=coin), HALF, "full"), batch.flip(3) if is_flipped else batch)


@pytest.mark.parametrize("quarters", range(4))
def test_quarter_turns_are_exact_and_clockwise(quarters: int) -> None:
    batch = pictures()
    turned = augmented(batch, numbers(turn=quarters / 4 + 0.1), HALF, "full")
    assert torch.equal(turned, batch.rot90(-quarters, (2, 3)))


def test_shift_is_exact_and_brings_in_a_reflection() -> None:
    """2 px right and 1 px up in 16×32: the columns that come in mirror the first ones."""
    batch = pictures(height=16, width=32)
    shifted = augmented(batch, numbers(shift=(even(2 / 32, 1 / 8), even(-1 / 16, 1 / 8))), HALF, "full")
    rows, columns = [*range(1, 16), 15], [1, 0, *range(30)]
    assert torch.equal(shifted, batch[:, :, rows][..., columns])


def test_diffaugment_s_shift_brings_in_grey() -> None:
    batch = pictures(height=16, width=32)
    shifted = augmented(batch, numbers(shift=(even(-3 / 32, 1 / 8), even(2 / 16, 1 / 8))), HALF, "diffaugment")
    assert torch.equal(shifted[:, :, 2:, :-3], batch[:, :, :-2, 3:])
    assert (shifted[:, :, :2] == 0).all()
    assert (shifted[..., -3:] == 0).all()


def test_slide_by_half_a_pixel_is_the_mean_of_neighbours_once_sharpened() -> None:
    row = pictures(1, 1, 1, 32).expand(1, 1, 8, 32)
    slid = augmented(row, numbers(slide=(normal(0.5 / 32, 0.125), 0.5)), HALF, "full")
    ends = torch.cat([row[..., :1], row, row[..., -1:]], 3)
    sharp = row * 7 / 6 - (ends[..., :-2] + ends[..., 2:]) / 12  # variance -1/6
    middle = (..., slice(1, -1), slice(None))  # rows at the border have weights left over
    torch.testing.assert_close(slid[..., 1:][middle], ((sharp[..., 1:] + sharp[..., :-1]) / 2)[middle])


@pytest.mark.parametrize("name", ["rotation", "second_rotation"])
def test_rotation_by_a_right_angle_is_a_sharpened_quarter_turn(name: str) -> None:
    batch = pictures()
    turned = augmented(batch, numbers(**{name: even(math.pi / 2, math.pi)}), HALF, "full")
    still = augmented(batch, numbers(**{name: even(0, math.pi)}), HALF, "full")
    torch.testing.assert_close(turned, still.rot90(-1, (2, 3)))


def test_brightness_contrast_and_luma_flip_come_in_this_order_for_grey_and_colour() -> None:
    chosen = numbers(brightness=normal(0.3, 0.2), contrast=normal(-1, 0.5), luma=0.9)  # + 0.3, × ½, mirrored
    colour, grey = pictures(), pictures(channels=1)
    expected = (colour + 0.3) / 2 - 2 * ((colour + 0.3) / 2).mean(1, keepdim=True)
    torch.testing.assert_close(augmented(colour, chosen, HALF, "full"), expected)
    torch.testing.assert_close(augmented(grey, chosen, HALF, "full"), -(grey + 0.3) / 2)


def test_hue_then_saturation() -> None:
    """A third of a turn and twice the distance from grey."""
    chosen = numbers(hue=even(2 * math.pi / 3, math.pi), saturation=normal(1, 1))
    colour, grey = pictures(), pictures(channels=1)
    mean = colour.mean(1, keepdim=True)
    expected = mean + 2 * (colour.roll(1, dims=1) - mean)
    torch.testing.assert_close(augmented(colour, chosen, HALF, "full"), expected)
    assert torch.equal(augmented(grey, chosen, HALF, "full"), grey)


def test_diffaugment_s_colours_are_brightness_saturation_contrast() -> None:
    batch = pictures()
    chosen = numbers(brightness=even(0.4, 0.5), saturation=even(-0.7, 1), contrast=even(0.45, 0.5))
    x = batch + 0.4
    x = x.mean(1, keepdim=True) + 0.3 * (x - x.mean(1, keepdim=True))
    x = x.mean((1, 2, 3), keepdim=True) + 1.45 * (x - x.mean((1, 2, 3), keepdim=True))
    torch.testing.assert_close(augmented(batch, chosen, HALF, "diffaugment"), x)


@pytest.mark.parametrize("kind", ["full", "diffaugment"])
def test_cutout_hides_half_the_height_and_width(kind: str) -> None:
    batch = pictures(height=16, width=24) + 3
    hidden = augmented(batch, numbers(cutout=(0.51, 0.3)), HALF, kind) == 0
    expected = torch.zeros_like(hidden)
    expected[:, :, 4:12, 1:13] = True  # middles within 4 px of 8.16 and within 6 px of 7.2
    assert torch.equal(hidden, expected)


def test_cutout_may_lie_half_outside() -> None:
    corner = cut_out(torch.ones(1, 1, 16, 16), Change(torch.tensor([True]), torch.tensor([[1e-6, 1 - 1e-6]])))
    assert (corner == 0).sum() == 16
    assert (corner[0, 0, :4, 12:] == 0).all()


# ---- order ---------------------------------------------------------------------------------------------------------


def test_moves_follow_each_other_as_in_the_paper() -> None:
    """placing, against appendix B's 3×3 matrices multiplied in its order and inverted."""
    width, height = 24, 16
    chosen = numbers(
        flip=0.7,
        turn=0.3,
        shift=(0.9, 0.2),
        scale=0.8,
        rotation=0.33,
        stretch=0.15,
        second_rotation=0.71,
        slide=(0.6, 0.1),
    )
    log_scale, log_stretch = (0.2 * torch.special.ndtri(torch.tensor(u)).item() for u in (0.8, 0.15))
    slide = [0.125 * n * torch.special.ndtri(torch.tensor(u)).item() for n, u in ((width, 0.6), (height, 0.1))]
    shift = [round((2 * u - 1) / 8 * n) for n, u in ((width, 0.9), (height, 0.2))]

    def scaled(x: float, y: float) -> np.ndarray:
        return np.diag([x, y, 1])

    def moved(x: float, y: float) -> np.ndarray:
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])

    def turned(angle: float) -> np.ndarray:
        c, s = math.cos(angle), math.sin(angle)
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

    forth = scaled(-1, 1)
    for matrix in (
        turned(math.pi / 2),
        moved(*shift),
        scaled(2**log_scale, 2**log_scale),
        turned((2 * 0.33 - 1) * math.pi),
        scaled(2**log_stretch, 2**-log_stretch),
        turned((2 * 0.71 - 1) * math.pi),
        moved(*slide),
    ):
        forth = matrix @ forth
    back = np.linalg.inv(forth)
    affine = placing(decided(chosen, HALF), height, width)
    linear = affine.axes[0] @ torch.diag(affine.steps[0]) @ affine.turn[0]
    np.testing.assert_allclose(linear.numpy(), back[:2, :2], atol=1e-6)
    np.testing.assert_allclose(affine.offset[0].numpy(), back[:2, 2], atol=1e-5)
    assert affine.blended.all()


def test_only_whole_pixel_moves_blend_nothing() -> None:
    assert not placing(decided(numbers(flip=0.9, turn=0.9, shift=0.9), HALF), 16, 16).blended.any()
    for name in ("scale", "rotation", "stretch", "second_rotation", "slide"):
        assert placing(decided(numbers(**{name: 0.6}), HALF), 16, 16).blended.all()
