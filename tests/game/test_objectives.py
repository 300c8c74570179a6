"""Each loss against a calculation by hand, and each generator's loss against what it is meant to push."""

import math

import pytest
import torch

from figment.game import objectives as o
from figment.game.phase_losses import targets

REAL, FAKE = torch.tensor([0.5, -1.0]), torch.tensor([2.0, -0.25])
σ = lambda l: 1 / (1 + math.exp(-l))  # noqa: E731


def by_hand(*terms: float) -> float:
    return sum(terms) / len(terms)


def test_cross_entropy_is_minus_log_of_the_right_answer() -> None:
    expected = by_hand(-math.log(σ(0.5)), -math.log(σ(-1.0))) + by_hand(-math.log(1 - σ(2.0)), -math.log(1 - σ(-0.25)))
    assert o.cross_entropy(REAL, FAKE).item() == pytest.approx(expected, rel=1e-6)


def test_smoothing_mixes_both_answers_for_reals_only() -> None:
    reals = by_hand(*(-0.9 * math.log(σ(l)) - 0.1 * math.log(1 - σ(l)) for l in (0.5, -1.0)))
    fakes = by_hand(*(-math.log(1 - σ(l)) for l in (2.0, -0.25)))
    assert o.cross_entropy(REAL, FAKE, 0.9).item() == pytest.approx(reals + fakes, rel=1e-6)


def test_a_swapped_label_is_the_other_answer() -> None:
    loss = o.cross_entropy(REAL, FAKE, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))
    expected = by_hand(-math.log(σ(0.5)), -math.log(1 - σ(-1.0))) + by_hand(-math.log(1 - σ(2.0)), -math.log(σ(-0.25)))
    assert loss.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda: o.non_saturating(FAKE), by_hand(-math.log(σ(2.0)), -math.log(σ(-0.25)))),
        (lambda: o.maximum_likelihood(FAKE), -0.5 * by_hand(math.exp(2.0), math.exp(-0.25))),
        (lambda: o.least_squares(REAL, FAKE), 0.5 * by_hand(0.25, 4.0) + 0.5 * by_hand(4.0, 0.0625)),
        (lambda: o.least_squares_generator(FAKE), 0.5 * by_hand(1.0, 1.5625)),
        (lambda: o.hinge(REAL, FAKE), by_hand(0.5, 2.0) + by_hand(3.0, 0.75)),
        (lambda: o.hinge(torch.tensor([3.0]), torch.tensor([-3.0])), 0.0),
        (lambda: o.wasserstein(REAL, FAKE), by_hand(2.0, -0.25) - by_hand(0.5, -1.0)),
        (lambda: o.generator_critic(FAKE), -by_hand(2.0, -0.25)),
        (lambda: o.relativistic(REAL, FAKE), by_hand(-math.log(σ(0.5 - 2.0)), -math.log(σ(-1.0 + 0.25)))),
        (lambda: o.relativistic_generator(FAKE, REAL), by_hand(-math.log(σ(2.0 - 0.5)), -math.log(σ(-0.25 + 1.0)))),
    ],
)
def test_by_hand(loss, expected: float) -> None:
    assert loss().item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", o.OBJECTIVES)
def test_discriminator_is_pushed_apart_and_generator_up(name: str) -> None:
    real, fake = REAL.clone().requires_grad_(), torch.tensor([2.0, 0.25], requires_grad=True)
    row = o.OBJECTIVES[name]
    row.discriminator(real, fake).backward()
    assert (real.grad <= 0).all()
    assert (fake.grad >= 0).all()
    # Least squares pulls logits to a target instead of pushing them for ever: 2.0 is above its target of 1.
    below = torch.tensor([0.5, -0.25], requires_grad=True)
    row.generator(below, *([REAL] if row.paired else [])).backward()
    assert (below.grad < 0).all()


def test_maximum_likelihood_gradient_is_that_of_kl_where_d_is_optimal() -> None:
    """At the optimal D, exp(logit) = p/q, and the loss's expected gradient is that of KL(p‖q)/2: on three outcomes."""
    p = torch.tensor([0.5, 0.3, 0.2])
    θ = torch.tensor([0.1, -0.2, 0.4], requires_grad=True)
    q = θ.softmax(0)
    (kl,) = torch.autograd.grad((p * (p / q).log()).sum(), θ, retain_graph=True)
    weights = torch.tensor([-0.5 * torch.exp(torch.log(p[i] / q[i])).item() for i in range(3)])  # loss of each outcome
    (ours,) = torch.autograd.grad((q * weights).sum(), θ)
    assert torch.allclose(ours, kl / 2, atol=1e-6)


def test_targets_are_swapped_at_the_asked_rate_and_repeatably() -> None:
    draw = lambda: targets(10_000, 0.9, 0.05, torch.Generator().manual_seed(1))  # noqa: E731
    t = draw()
    assert sorted(t.unique().tolist()) == pytest.approx([0.0, 0.9])
    assert (t == 0).float().mean().item() == pytest.approx(0.05, abs=0.007)
    assert torch.equal(t, draw())
    assert set(targets(1000, 0.0, 0.05, torch.Generator().manual_seed(1)).tolist()) == {0.0, 1.0}
