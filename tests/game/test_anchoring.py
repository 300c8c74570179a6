"""Pictures' own codes against NumPy's principal components, and what is held to them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from figment.game.anchoring import codes_of, likeness, principal_axes, small


def pictures(count: int = 60, size: tuple[int, int] = (16, 32), seed: int = 0) -> torch.Tensor:
    """Mixtures of five smooth patterns."""
    generator = torch.Generator().manual_seed(seed)
    patterns = F.interpolate(torch.randn(5, 3, 4, 4, generator=generator), size, mode="bilinear")
    return torch.einsum("nk,kchw->nchw", torch.randn(count, 5, generator=generator), patterns) / 5


def test_small_pictures_are_means_of_blocks() -> None:
    x = torch.randn(2, 3, 64, 96)
    assert small(x).shape == (2, 3, 16, 24)
    assert torch.allclose(small(x)[1, 2, 3, 5], x[1, 2, 12:16, 20:24].mean(), atol=1e-6)
    assert small(torch.randn(1, 1, 96, 96)).shape == (1, 1, 24, 24)


def test_codes_are_the_whitened_principal_components() -> None:
    x = pictures()
    axes = principal_axes([x[:25], x[25:]], 3, mirrored=False)
    flat = small(x).flatten(1).double().numpy()
    _, _, vectors = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
    scores = (flat - flat.mean(0)) @ vectors[:3].T
    ours = codes_of(x, axes).numpy()
    assert np.abs(ours) == pytest.approx(np.abs(scores / scores.std(0)), abs=1e-4)  # an axis may point either way
    assert np.cov(ours.T, bias=True) == pytest.approx(np.eye(3), abs=1e-4)


def test_codes_beyond_what_varies_are_0() -> None:
    x = pictures()
    codes = codes_of(x, principal_axes([x], 9, mirrored=False))
    assert codes.shape == (60, 9)
    assert codes[:, :5].std(0, correction=0).tolist() == pytest.approx([1] * 5, abs=1e-3)
    assert (codes[:, 5:] == 0).all()
    same = torch.zeros(4, 3, 16, 16)
    assert (codes_of(same, principal_axes([same], 4, mirrored=False)) == 0).all()
    assert principal_axes([torch.randn(50, 1, 16, 16)], 400, mirrored=False).axes.shape == (256, 400)


def test_mirror_images_count_where_they_are_shown() -> None:
    x = pictures()
    both, either = (principal_axes(p, 3, m) for p, m in (([x], True), ([x, x.flip(3)], False)))
    assert torch.allclose(both.mean, either.mean, atol=1e-6)
    assert torch.allclose(both.axes.abs(), either.axes.abs(), rtol=1e-3, atol=1e-4)


def test_likeness_is_the_coarse_distance_of_those_that_are_anchored() -> None:
    made, real = torch.randn(4, 3, 32, 32), torch.randn(4, 3, 32, 32)
    anchored = torch.tensor([True, False, True, False])
    by_hand = F.mse_loss(F.avg_pool2d(made[::2], 2), F.avg_pool2d(real[::2], 2))
    assert likeness(made, real, anchored).item() == pytest.approx(by_hand.item(), rel=1e-5)
    assert likeness(made, real, torch.zeros(4, dtype=torch.bool)) == 0
    fine = made + torch.tensor([[1.0, -1], [-1, 1]]).repeat(16, 16)  # detail below the coarse grid is free
    assert likeness(fine, made, anchored).item() == pytest.approx(0, abs=1e-10)


def test_a_linear_generator_is_found_again() -> None:
    """Pictures that are linear in a code have that code again, up to a turn: the axes undo the generator."""
    x = pictures(2000)
    codes = codes_of(x, principal_axes([x], 5, mirrored=False))
    again = torch.linalg.lstsq(codes, small(x).flatten(1) - small(x).flatten(1).mean(0)).solution
    assert torch.allclose(codes @ again + small(x).flatten(1).mean(0), small(x).flatten(1), atol=1e-3)
