"""Resampling against its definition, pixel by pixel, and against aliasing."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from figment.augment.affine import Affine, low_pass, product, resampled, rotation, shifted

ONE = torch.ones(1, dtype=torch.float64)


def affine(
    angle: float = 0, steps: tuple[float, float] = (1, 1), turn: float = 0, offset=(0.0, 0.0), blended: bool = True
) -> Affine:
    row = lambda pair: torch.tensor([pair], dtype=torch.float64)  # noqa: E731
    return Affine(rotation(angle * ONE), row(steps), rotation(turn * ONE), row(offset), torch.tensor([blended]))


def floats(affine: Affine) -> Affine:
    return Affine(*(part.float() if part.is_floating_point() else part for part in affine))


def brute_force(picture: np.ndarray, affine: Affine) -> np.ndarray:
    """Convolve, then look every output pixel up: (h, w) float64. The covariance from J·Jᵀ's eigenvectors."""
    jacobian = (affine.axes[0] @ torch.diag(affine.steps[0]) @ affine.turn[0]).numpy()
    squares, vectors = np.linalg.eigh(jacobian @ jacobian.T)
    variances = np.minimum((np.maximum(squares, 1) - 2) / 6, 0.5) * bool(affine.blended)
    (xx, xy), (_, yy) = vectors @ np.diag(variances) @ vectors.T
    across, down = np.array([xx / 2, 1 - xx, xx / 2]), np.array([yy / 2, 1 - yy, yy / 2])
    kernel = np.outer(down, across) + xy / 4 * np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]])
    height, width = picture.shape
    smooth = picture.copy()
    for y, x in np.ndindex(height, width):
        for j, i in np.ndindex(3, 3):
            if 0 <= y + j - 1 < height and 0 <= x + i - 1 < width:
                smooth[y, x] += kernel[j, i] * (picture[y + j - 1, x + i - 1] - picture[y, x])
    far = 4 * max(height, width)
    endless = np.pad(smooth, far, mode="symmetric")
    result = np.empty_like(picture)
    for y, x in np.ndindex(height, width):
        out = np.array([x - (width - 1) / 2, y - (height - 1) / 2])
        at_x, at_y = jacobian @ out + affine.offset[0].numpy() + [(width - 1) / 2, (height - 1) / 2]
        left, top = math.floor(at_x), math.floor(at_y)
        four = endless[far + top : far + top + 2, far + left : far + left + 2]
        fx, fy = at_x - left, at_y - top
        result[y, x] = [1 - fy, fy] @ four @ [1 - fx, fx]
    return result


@pytest.mark.parametrize("shape", [(16, 16), (12, 19)])
@pytest.mark.parametrize(
    "map_",
    [
        affine(offset=(0.3, -2.6)),
        affine(angle=0.7),
        affine(steps=(1.6, 0.8)),
        affine(steps=(2.5, 1.9), blended=True),
        affine(angle=2.0, steps=(1.4, 1.1), turn=-0.9, offset=(5.0, 9.5)),
        affine(angle=-1.0, steps=(0.6, 1.3), turn=3.0, offset=(-40.0, 0.0)),
        affine(angle=math.pi / 2, offset=(3.0, 1.0), blended=False),
    ],
)
def test_is_a_convolution_and_bilinear_look_up_in_an_endlessly_mirrored_picture(shape, map_: Affine) -> None:
    picture = np.random.default_rng(0).standard_normal(shape)
    found = resampled(torch.from_numpy(picture)[None, None], map_)[0, 0].numpy()
    np.testing.assert_allclose(found, brute_force(picture, map_), atol=1e-10)


def test_pixels_that_only_move_are_kept_bit_for_bit() -> None:
    picture = torch.randn(1, 3, 32, 32)
    exactly = lambda **k: resampled(picture, floats(affine(**k, blended=False)))  # noqa: E731
    mirrored = torch.cat([picture, picture.flip(3), picture], 3)
    assert torch.equal(exactly(), picture)
    assert torch.equal(exactly(offset=(5, 0)), mirrored[..., 5:37])
    assert torch.equal(exactly(offset=(-3, 0)), torch.cat([picture.flip(3), picture], 3)[..., 29:61])
    quarter = floats(affine(blended=False))._replace(axes=rotation(torch.tensor([math.pi / 2])).round())
    assert torch.equal(resampled(picture, quarter), picture.rot90(1, (2, 3)))  # in is clockwise, so out is not
    flip = floats(affine(blended=False))._replace(axes=torch.tensor([[[-1.0, 0.0], [0.0, 1.0]]]))
    assert torch.equal(resampled(picture, flip), picture.flip(3))


@pytest.mark.parametrize("shape", [(24, 40), (31, 17), (500, 300)])
def test_identity_of_other_sizes_is_as_near_as_floats_allow(shape) -> None:
    picture = torch.rand(1, 1, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    # Places near `side` are known to side·2⁻²⁴, a few times over, and neighbours lie up to 2 apart.
    assert (resampled(picture, floats(affine(blended=False))) - picture).abs().max() < 4e-7 * max(shape)


def test_turning_is_round_on_oblong_pictures() -> None:
    """A disc 8 px right of the middle of a wide picture comes to stand 8 px above it, and as large."""
    y, x = torch.meshgrid(torch.arange(32) - 15.5, torch.arange(48) - 23.5, indexing="ij")
    disc = lambda cx, cy: torch.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 8)[None, None].double()  # noqa: E731
    turned = resampled(disc(8, 0), affine(angle=math.pi / 2))
    middle = (..., slice(8, 40))  # of what is left and right of it, reflections fill the wide picture
    assert (turned - disc(0, -8))[middle].abs().max() < 0.06


def test_constant_stays_constant_whatever_is_done() -> None:
    wild = affine(angle=1.1, steps=(2.9, 0.4), turn=0.3, offset=(17.0, -60.0))
    torch.testing.assert_close(
        resampled(0.7 * torch.ones(1, 3, 16, 20).double(), wild), torch.full((1, 3, 16, 20), 0.7).double()
    )


def naive(picture: Tensor, map_: Affine) -> Tensor:
    """Bilinear interpolation alone: steps of what is fetched hidden from the kernel."""
    return resampled(picture, map_._replace(blended=torch.tensor([False])))


def test_halved_checkerboard_is_grey() -> None:
    board = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(16, 16)[None, None].double()
    halved = [affine(steps=(2, 2), offset=(dx, dy)) for dx in (0.5, 0.7, 0.9) for dy in (0.5, 0.8)]
    inside = (..., slice(9, -9), slice(9, -9))  # mirrored at its border, it isn't a checkerboard any more
    assert max(resampled(board, map_)[inside].abs().max() for map_ in halved) < 0.12
    assert naive(board, halved[0])[inside].abs().min() > 0.99  # a false black or white


@pytest.mark.parametrize("angle", [0, 0.4, math.pi / 4])
def test_what_the_output_cannot_hold_is_removed(angle: float) -> None:
    """Gratings that shrinking by 2 along one axis takes beyond the output's highest frequency lose most of their energy."""
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    kept, left = [], []
    for share in (0.8, 0.9, 1.0):
        along = x * math.cos(angle) + y * math.sin(angle)  # the axis that steps[0] is taken on
        grating = torch.cos(share * math.pi * along)[None, None].double()
        map_ = affine(angle=angle, steps=(2, 1), turn=-angle, offset=(0.3, 0.1))
        inside = (..., slice(16, 48), slice(24, 40))  # away from mirrored borders
        kept.append(naive(grating, map_)[inside].square().mean())
        left.append(resampled(grating, map_)[inside].square().mean())
    assert sum(left) < 0.35 * sum(kept)
    assert sum(left) < 0.15 * 3 * 0.5  # of a grating's own energy, ½


def test_low_pass_has_its_variance_and_sum() -> None:
    map_ = affine(angle=0.5, steps=(1.8, 1.0), turn=1.0)
    (kernel,) = low_pass(map_)
    place = torch.tensor([-1.0, 0.0, 1.0]).double()
    assert kernel.sum().item() == pytest.approx(1)
    xy = torch.cartesian_prod(place, place).flip(1)
    covariance = xy.T @ (kernel.flatten().unsqueeze(1) * xy)
    wanted = map_.axes[0] @ torch.diag(torch.tensor([(1.8**2 - 2) / 6, -1 / 6]).double()) @ map_.axes[0].T
    torch.testing.assert_close(covariance, wanted)


def test_turning_keeps_fine_detail_better_than_plain_interpolation() -> None:
    """White noise that is turned loses more than half of its energy to interpolation, and a third with the kernel."""
    noise = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)).double()
    turned, plain = (f(noise, affine(angle=0.6)).var() for f in (resampled, naive))
    assert plain < 0.5
    assert 0.65 < turned < 1


def test_whole_pixels_with_grey_coming_in() -> None:
    pictures = torch.randn(2, 3, 12, 20)
    moved = shifted(pictures, torch.tensor([[3.0, -2.0], [0.0, 0.0]]))
    assert torch.equal(moved[0], F.pad(pictures[0], (3, -3, -2, 2)))
    assert torch.equal(moved[1], pictures[1])


def test_products_are_matrix_products() -> None:
    a, b = torch.randn(4, 2, 3), torch.randn(4, 3, 5)
    torch.testing.assert_close(product(a, b), a @ b)
