"""Penalties where the gradient is known, against autograd in float64, and differentiated a second time."""

import pytest
import torch
from torch import nn

from figment.game.penalties import finite_difference, wasserstein_penalty, zero_centred
from figment.game.phase_losses import Batch, LossSettings, discriminator_phase


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


# ---- R1 and R2 -----------------------------------------------------------------------------------------------------


def small_net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    layers = [nn.Conv2d(3, 4, 3, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 6, 3, 2, 1), nn.Softplus(), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(24, 1), nn.Flatten(0)).double()


def pictures(count: int = 5, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_autograd(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Each picture's squared gradient by itself, by the plain double backward."""
    x = x.clone().requires_grad_()
    rows = [torch.autograd.grad(net(x[i : i + 1]).sum(), x, create_graph=True)[0][i] for i in range(len(x))]
    return torch.stack([(row**2).sum() for row in rows])


def test_squared_gradient_and_its_derivatives_equal_autograd_s() -> None:
    net, x = small_net(), pictures()
    ours, plain = zero_centred(net, x), by_autograd(net, x)
    assert torch.allclose(ours, plain, rtol=1e-12)
    weights = [p for name, p in net.named_parameters() if name.endswith("weight")]
    a, b = (torch.autograd.grad(v.mean(), weights) for v in (ours, plain))
    assert all(torch.allclose(p, q, rtol=1e-10, atol=1e-14) for p, q in zip(a, b, strict=True))


def test_squared_gradient_is_with_respect_to_the_picture_before_augmentation() -> None:
    """Seen three times as strong, a picture moves the logit three times as much: nine in the square."""
    net, x = small_net(), pictures()
    assert torch.allclose(zero_centred(lambda p: net(3 * p), x / 3), 9 * zero_centred(net, x), rtol=1e-12)


def test_finite_difference_is_unbiased_with_the_spread_of_a_squared_normal() -> None:
    """Over many draws the mean is ‖∇D‖²; for a linear D each estimate is ‖g‖²·n², of spread √2."""
    weight, draws = torch.randn(3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), 20_000
    x = torch.zeros(draws, 3, 4, 4, dtype=torch.float64)
    noise = torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    net = linear(weight)
    relative = finite_difference(net, x, net(x), noise) / (weight**2).sum()
    assert relative.mean().item() == pytest.approx(1, abs=4 * 2**0.5 / draws**0.5)
    assert relative.std().item() == pytest.approx(2**0.5, rel=0.05)


def test_finite_difference_of_a_curved_net_is_near_the_exact_one() -> None:
    net, x = small_net(), pictures(1).expand(20_000, 3, 8, 8)
    noise = torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        estimate = finite_difference(net, x, net(x), noise).mean()
    assert estimate.item() == pytest.approx(zero_centred(net, x[:1]).item(), rel=0.06)


def test_phase_adds_half_gamma_times_both_penalties_on_the_first_share() -> None:
    net, real, fake = small_net(), pictures(8, 2), pictures(8, 3)
    called = lambda x, labels: net(x)  # noqa: E731
    settings = LossSettings("relativistic", "exact", penalty_share=0.25)
    terms = discriminator_phase(called, Batch(real), Batch(fake), settings, gamma=torch.tensor(3.0))
    setup = torch.nn.functional.softplus(net(fake).float() - net(real).float()).mean()
    r1, r2 = by_autograd(net, real[:2]).mean(), by_autograd(net, fake[:2]).mean()
    assert terms.loss.item() == pytest.approx((setup + 1.5 * (r1 + r2)).item(), rel=1e-5)
    assert terms.norms.item() == pytest.approx(((r1 + r2) / 2).item(), rel=1e-5)
    assert terms.signs.item() == pytest.approx(net(real).sign().mean().item())


def test_r1_alone_leaves_fakes_unpenalised() -> None:
    net, real, fake = small_net(), pictures(8, 2), pictures(8, 3)
    called = lambda x, labels: net(x)  # noqa: E731
    phase = lambda settings, gamma: discriminator_phase(called, Batch(real), Batch(fake), settings, gamma=gamma)  # noqa: E731
    alone = phase(LossSettings("bce", "exact", penalised="reals"), torch.tensor(2.0))
    plain = phase(LossSettings("bce"), None)
    assert (alone.loss - plain.loss).item() == pytest.approx(by_autograd(net, real).mean().item(), rel=1e-4)
    assert alone.norms.item() == pytest.approx(by_autograd(net, real).mean().item(), rel=1e-5)
    assert plain.norms == 0
