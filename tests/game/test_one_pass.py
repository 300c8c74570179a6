"""What makes one pass through D serve both nets, at logits and pictures where G's own gradient is known."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from figment.augment.pipeline import draw_numbers
from figment.game.objectives import OBJECTIVES
from figment.game.one_pass import FAINT_SLOPE, rescaled, shared
from figment.game.phase_losses import Batch, LossSettings, discriminator_phase, generator_phase

REAL = torch.tensor([0.3, -2.0, 50.0, -50.0, 1.5, 4.0])
FAKE = torch.tensor([0.0, -3.0, 50.0, -50.0, 2.0, 0.7])


def test_scales_of_bce_and_ml_in_closed_form() -> None:
    """-σ(-l)/σ(l) = -exp(-l), and -½exp(l)/σ(l) = -½(1 + exp(l)); a fake passed off as real: 1 and ½exp(l)(1 + exp(l))."""
    swapped = torch.tensor([0.0, 0.0, 0.0, 0.0, 1.0, 1.0])
    l = FAKE.double()
    expected = {
        "bce": torch.where(swapped == 0, -(-l).exp(), 1.0),
        "ml": torch.where(swapped == 0, -(1 + l.exp()) / 2, l.exp() * (1 + l.exp()) / 2),
    }
    for name, truth in expected.items():
        both = shared(OBJECTIVES[name], REAL, FAKE, (0.9, swapped))
        assert torch.allclose(both.scales.double(), truth, rtol=1e-5)
        assert torch.equal(both.faint, torch.zeros(6))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_at_large_logits_slope_times_scale_is_the_generator_s_slope(name: str, dtype: torch.dtype) -> None:
    """Logits of ±50, and up to ±300; where D's loss has no slope left, too."""
    fake = torch.tensor([300.0, 80.0, 50.0, 1.0, 0.0, -1.0, -50.0, -80.0, -300.0], dtype=dtype).requires_grad_()
    fake = fake[2:] if name == "ml" else fake  # exp(80) is too much for any loss
    fake, real = fake.detach().requires_grad_(), torch.linspace(-50, 50, len(fake), dtype=dtype)
    row = OBJECTIVES[name]
    (slopes,) = torch.autograd.grad(row.discriminator(real, fake), fake)
    (wanted,) = torch.autograd.grad(row.generator(fake, *([real] if row.paired else [])), fake)
    both = shared(row, real, fake.detach())
    assert torch.isfinite(both.scales).all()
    assert both.faint.abs().max() <= 2 * FAINT_SLOPE
    assert torch.allclose((slopes + both.faint) * both.scales, wanted, rtol=1e-6, atol=0)


def test_a_fake_beyond_the_margin_moves_the_generator_and_leaves_the_discriminator() -> None:
    """Hinge's slope at it is 0: divided by, it would be nothing."""
    weight = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    net = lambda x, labels: (weight * x).sum((1, 2, 3))  # noqa: E731
    real, fake = torch.full((2, 1, 1, 1), 5.0), torch.full((2, 1, 1, 1), -4.0, requires_grad=True)
    terms = discriminator_phase(net, Batch(real), Batch(fake), LossSettings("hinge", one_pass=True))
    terms.loss.backward()
    assert abs(weight.grad) < 1e-23
    assert fake.grad is not None
    assert torch.allclose(rescaled(fake.grad, terms.both.scales), torch.full_like(fake, -2.0 / 2))
    assert terms.loss == 0


SIZES = dict(generator=torch.Generator().manual_seed(0), dtype=torch.float64)
WEIGHTS = torch.randn(3, 8, 8, **SIZES), torch.randn(3, 8, 8, **SIZES)


def curved(pictures: Tensor, labels: Tensor | None) -> Tensor:
    first, second = ((pictures * w).flatten(1).sum(1) for w in WEIGHTS)
    return (first + second.sin() + (first * second).tanh()) * (1 if labels is None else 1 + labels)


def pictures(seed: int) -> Tensor:
    return 0.2 * torch.randn(6, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("labels", [None, torch.tensor([0, 1, 2, 0, 1, 2])])
@pytest.mark.parametrize("augment", ["none", "full", "diffaugment"])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_equals_what_the_generator_s_own_pass_gives(name: str, augment: str, labels: Tensor | None) -> None:
    """Exact R2 at the fakes beside it leaves G's gradient as it is."""
    numbers = draw_numbers(6, torch.Generator().manual_seed(2)) if augment != "none" else None
    real, settings = Batch(pictures(0), labels, numbers), LossSettings(name, "exact", augment=augment)
    gradient: Callable[[Tensor, Tensor], Tensor] = lambda loss, x: torch.autograd.grad(loss, x)[0]  # noqa: E731
    x = pictures(1).requires_grad_()
    loss = generator_phase(curved, Batch(x, labels, numbers), real, settings, 0.5)
    y = pictures(1).requires_grad_()
    one = settings._replace(one_pass=True)
    terms = discriminator_phase(curved, real, Batch(y, labels, numbers), one, 0.5, torch.tensor(3.0))
    assert torch.equal(terms.both.generator_loss, loss)
    assert torch.allclose(
        rescaled(gradient(terms.loss, y), terms.both.scales), gradient(loss, x), rtol=1e-6, atol=1e-12
    )
