"""The Wasserstein penalty where the gradient is known, and differentiated a second time."""

import pytest
import torch

from figment.game.penalties import wasserstein_penalty


def linear(weight: torch.Tensor):
    return lambda x: (x * weight).flatten(1).sum(1)


def test_of_a_linear_critic_is_its_slope_s_distance_from_one() -> None:
    weight = torch.full((3, 4, 4), 0.5)  # slope: ½·√48
    real, fake = torch.randn(5, 3, 4, 4), torch.randn(5, 3, 4, 4)
    penalty = wasserstein_penalty(linear(weight), real, fake, torch.rand(5))
    assert penalty.item() == pytest.approx((0.5 * 48**0.5 - 1) ** 2, rel=1e-5)


def test_is_taken_between_real_and_fake() -> None:
    """D(x) = Σx² has the gradient 2x: with mix 0.25 the point is ¼·real + ¾·fake."""
    real, fake = torch.full((1, 1, 2, 2), 2.0), torch.full((1, 1, 2, 2), -2.0)
    penalty = wasserstein_penalty(lambda x: (x**2).flatten(1).sum(1), real, fake, torch.tensor([0.25]))
    assert penalty.item() == pytest.approx((2 * 1.0 * 2 - 1) ** 2, rel=1e-6)


def test_second_derivative_reaches_the_critic_s_weights() -> None:
    weight = torch.full((1, 2, 2), 2.0, requires_grad=True)
    wasserstein_penalty(linear(weight), torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2), torch.rand(1)).backward()
    # d/dw (‖w‖-1)² = 2(‖w‖-1)·w/‖w‖, with ‖w‖ = 4
    assert torch.allclose(weight.grad, torch.full((1, 2, 2), 2 * 3 * 2 / 4.0))
