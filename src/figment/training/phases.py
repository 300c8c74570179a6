"""The two phases of a step, played eagerly or each as one compiled graph: gradients are put where the optimisers look."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value

from figment.game import phase_losses as step
from figment.game.phase_losses import Rules, Shown, Verdict
from figment.recipe import Recipe
from figment.training.cuda_graphs import Captured, may_be_captured
from figment.training.inputs import Hand, Phases, as_tensor
from figment.training.state import Players


class Game(NamedTuple):
    """All that the loop plays with. recipe: with nothing left open."""

    recipe: Recipe
    players: Players
    phases: Phases


class Eager:
    """As autograd plays them; the nets themselves may be compiled, forwards and backwards, each by itself.

    Unless the recipe asks for fresh ones, G plays with the fakes that D has just seen: they are drawn once.
    """

    def __init__(self, players: Players, recipe: Recipe, compiled: bool = False) -> None:
        self.recipe, self.rules = recipe, rules_of(recipe)
        self.play_generator = torch.compile(players.generator) if compiled else players.generator
        self.play_discriminator = torch.compile(players.discriminator) if compiled else players.discriminator
        self.fake: Tensor | None = None

    def discriminator(self, players: Players, hand: Hand, p: Tensor | float, gamma: Tensor | None) -> Verdict:
        recipe, device = self.recipe, hand.codes.device
        with arithmetic(recipe.precision, device.type):
            with torch.set_grad_enabled(not recipe.fresh):
                self.fake = self.play_generator(hand.codes, hand.labels)
            fake = Shown(self.fake.detach(), hand.labels, hand.numbers)
            verdict = step.discriminator_phase(
                self.play_discriminator, hand.real, fake, self.rules, p, gamma, hand.noise, hand.targets
            )
        loss = verdict.loss
        if hand.mixing is not None:
            single = fake._replace(pictures=fake.pictures.float())
            penalty = step.gradient_penalty(players.discriminator, hand.real, single, hand.mixing)
            loss = loss + recipe.gradient_penalty * penalty
        _differentiate(loss, players.discriminator)
        return verdict._replace(loss=loss.detach())

    def generator(self, players: Players, hand: Hand, p: Tensor | float) -> Tensor:
        players.discriminator.requires_grad_(False)  # G's phase needs D's gradient at its input only
        with arithmetic(self.recipe.precision, hand.codes.device.type):
            made = self.play_generator(hand.codes, hand.labels) if self.recipe.fresh else self.fake
            assert made is not None
            fake = Shown(made, hand.labels, hand.numbers)
            loss = step.generator_phase(self.play_discriminator, fake, hand.real, self.rules, p)
        _differentiate(loss, players.generator)
        players.discriminator.requires_grad_(True)
        self.fake = None
        return loss.detach()


class Whole:
    """Each phase as one compiled graph: both nets, augmentation, penalties and gradients together.

    torch.compile can't look into a second call of autograd, but it can into torch.func.grad over functional_call. For
    nets without batch norm, whose running averages are changed in place.
    """

    def __init__(self, players: Players, recipe: Recipe) -> None:
        rules, precision = rules_of(recipe), recipe.precision

        def discriminator_loss(weights: Any, others: Any, hand: Hand, p: Any, gamma: Any) -> tuple[Tensor, Verdict]:
            with arithmetic(precision, hand.codes.device.type):
                made = functional_call(players.generator, others, (hand.codes, hand.labels))
                fake = Shown(made.detach(), hand.labels, hand.numbers)
                net = partial(_called, players.discriminator, weights)
                verdict = step.discriminator_phase(net, hand.real, fake, rules, p, gamma, hand.noise, hand.targets)
            return verdict.loss, verdict

        def generator_loss(weights: Any, others: Any, hand: Hand, p: Any) -> Tensor:
            with arithmetic(precision, hand.codes.device.type):
                made = functional_call(players.generator, weights, (hand.codes, hand.labels))
                fake = Shown(made, hand.labels, hand.numbers)
                net = partial(_called, players.discriminator, others)
                return step.generator_phase(net, fake, hand.real, rules, p)

        self.discriminator_graph: Callable[..., Any] = torch.compile(
            grad_and_value(discriminator_loss, has_aux=True), fullgraph=True
        )
        self.generator_graph: Callable[..., Any] = torch.compile(grad_and_value(generator_loss), fullgraph=True)

    def discriminator(self, players: Players, hand: Hand, p: Tensor | float, gamma: Tensor | None) -> Verdict:
        with torch.no_grad():
            gradients, (_, verdict) = self.discriminator_graph(
                _weights(players.discriminator), _weights(players.generator), hand, as_tensor(p, hand), gamma
            )
        _give(players.discriminator, gradients)
        return Verdict(*verdict)

    def generator(self, players: Players, hand: Hand, p: Tensor | float) -> Tensor:
        with torch.no_grad():
            gradients, loss = self.generator_graph(
                _weights(players.generator),
                _weights(players.discriminator),
                hand._replace(noise=None),
                as_tensor(p, hand),
            )
        _give(players.generator, gradients)
        return torch.as_tensor(loss)


def phases_of(players: Players, recipe: Recipe) -> Phases:
    """The phases as a recipe has them, recorded where they can be: compile is settled to "on" or "off"."""
    compiled = recipe.compile == "on"
    whole = compiled and is_one_graph(players)
    phases = Whole(players, recipe) if whole else Eager(players, recipe, compiled)
    return Captured(phases) if may_be_captured(players, recipe) else phases


def is_one_graph(players: Players) -> bool:
    """Whether a phase can be one graph: nothing in the nets is changed by calling them."""
    modules = [*players.generator.modules(), *players.discriminator.modules()]
    return not any(isinstance(m, nn.modules.batchnorm._BatchNorm | nn.Dropout2d) for m in modules)


def rules_of(recipe: Recipe) -> Rules:
    """What the losses go by."""
    penalty = recipe.penalty if recipe.gamma else None
    return Rules(recipe.objective, penalty, recipe.penalty_share, recipe.penalised, recipe.augment)


def arithmetic(precision: str, device: str) -> AbstractContextManager[Any]:
    """bf16 where the recipe has it: convolutions in bf16, weights and sums that need it in float32."""
    return torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()


def _differentiate(loss: Tensor, net: nn.Module) -> None:
    for p in net.parameters():
        p.grad = None
    loss.backward()


def _called(net: nn.Module, weights: dict[str, Tensor], pictures: Tensor, labels: Tensor | None) -> Tensor:
    logits: Tensor = functional_call(net, weights, (pictures, labels))
    return logits


def _weights(net: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in net.named_parameters()}


def _give(net: nn.Module, gradients: dict[str, Tensor]) -> None:
    """As autograd would: laid out in memory as the weight is, which fused Adam takes for granted and doesn't check."""
    for name, p in net.named_parameters():
        gradient = gradients[name]
        p.grad = gradient if gradient.stride() == p.stride() else torch.empty_like(p).copy_(gradient)
