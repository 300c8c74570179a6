"""A match plays figment's own game: its gradients are those of game/phase_losses.py, and the same settings play alike."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from figment.game.objectives import OBJECTIVES
from figment.game.phase_losses import Batch, LossSettings, discriminator_phase, generator_phase, gradient_penalty
from figment.plane import nets
from figment.plane.match import Match, discriminator_gradient, push, wasserstein_gradient
from figment.plane.settings import validated

COUNT = 11
RANDOM = np.random.default_rng(0)
REAL, FAKE = RANDOM.standard_normal((2, COUNT, 2))
NET = nets.fresh((2, 6, 5, 1), np.random.default_rng(1), np.float64)
NET.numbers[:] = RANDOM.standard_normal(NET.numbers.size)


def pictures(points: np.ndarray) -> torch.Tensor:
    """Points as figment's losses take pictures, (N, 2, 1, 1)."""
    return torch.tensor(points)[:, :, None, None]


def discriminator(numbers: torch.Tensor):
    """NET as figment's losses take a discriminator."""

    def logits(given: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        x, at = given.flatten(1), 0
        for i, layer in enumerate(NET.layers):
            size = layer.weight.size
            x = x @ numbers[at : at + size].view(*layer.weight.shape) + numbers[at + size : at + size + layer.bias.size]
            x, at = (x if i == 2 else F.leaky_relu(x, nets.LEAK)), at + size + layer.bias.size
        return x[:, 0]

    return logits


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(("r1", "r2"), [(0, 0), (0.7, 0), (0.7, 0.7)])
def test_the_discriminator_s_gradient_is_figment_s(objective: str, r1: float, r2: float) -> None:
    numbers = torch.tensor(NET.numbers, requires_grad=True)
    settings = LossSettings(objective, "exact", penalised="both" if r2 else "reals")
    gamma = torch.tensor(r1) if r1 else None
    terms = discriminator_phase(
        discriminator(numbers), Batch(pictures(REAL)), Batch(pictures(FAKE)), settings, gamma=gamma
    )
    (expected,) = torch.autograd.grad(terms.loss, numbers)
    ours = discriminator_gradient(NET, REAL, FAKE, validated({"objective": objective, "r1": r1, "r2": r2}))
    np.testing.assert_allclose(ours, expected, rtol=2e-5, atol=2e-6)  # figment's logits are float32


def test_the_wasserstein_penalty_s_gradient_is_figment_s() -> None:
    numbers, mix = torch.tensor(NET.numbers, requires_grad=True), RANDOM.random((COUNT, 1))
    penalty = gradient_penalty(
        discriminator(numbers), Batch(pictures(REAL)), Batch(pictures(FAKE)), torch.tensor(mix[:, 0])
    )
    (expected,) = torch.autograd.grad(3 * penalty, numbers)
    np.testing.assert_allclose(wasserstein_gradient(NET, REAL, FAKE, mix, 3.0), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_generated_points_are_pushed_as_figment_s_loss_pushes_them(objective: str) -> None:
    fake = pictures(FAKE).requires_grad_()
    loss = generator_phase(
        discriminator(torch.tensor(NET.numbers)), Batch(fake), Batch(pictures(REAL)), LossSettings(objective)
    )
    (expected,) = torch.autograd.grad(loss, fake)
    ours = push(NET, REAL, FAKE, validated({"objective": objective}))
    np.testing.assert_allclose(ours, expected.flatten(1), rtol=2e-5, atol=2e-6)


def numbers_of(match: Match) -> np.ndarray:
    return np.concatenate([match.generator.numbers, match.discriminator.numbers])


@pytest.mark.parametrize("fields", [{}, {"objective": "wgan", "r1": 0, "r2": 0, "gradient_penalty": 1, "code_size": 3}])
def test_the_same_settings_play_the_same_game(fields: dict) -> None:
    matches = [Match(validated({"batch": 16, "discriminator_steps": 2, **fields})) for _ in range(2)]
    for match in matches:
        for _ in range(20):
            match.step()
    np.testing.assert_array_equal(*map(numbers_of, matches))
    other = Match(validated({"batch": 16, "seed": 1, **fields}))
    assert not np.array_equal(numbers_of(other), numbers_of(Match(other.settings.model_copy(update={"seed": 0}))))


def test_each_net_can_move_alone() -> None:
    match = Match(validated({"discriminator_steps": 3}))
    before = match.generator.numbers.copy(), match.discriminator.numbers.copy()
    match.discriminator_step()
    assert np.array_equal(match.generator.numbers, before[0])
    assert not np.array_equal(match.discriminator.numbers, before[1])
    moved = match.discriminator.numbers.copy()
    match.generator_step()
    assert not np.array_equal(match.generator.numbers, before[0])
    assert np.array_equal(match.discriminator.numbers, moved)
    assert match.steps == (1, 1)
    match.step()
    assert match.steps == (2, 4)


def test_numbers_that_overflow_are_told() -> None:
    match = Match(validated({"objective": "ml", "r1": 0, "r2": 0}))
    assert match.is_finite
    match.discriminator.numbers[-1] = 1e5  # exp of which is no float32
    match.generator_step()
    assert not match.is_finite
