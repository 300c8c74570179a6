"""The two phases of a step, run eagerly or each as one compiled graph: gradients are put where the optimisers look."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vjp

from figment import nets
from figment.game import phase_losses
from figment.game.one_pass import rescaled
from figment.game.phase_losses import Batch, DiscriminatorTerms, LossSettings
from figment.recipe import Recipe
from figment.training.cuda_graphs import CudaGraphPhases, may_be_captured
from figment.training.inputs import PhaseInputs, Phases, as_tensor
from figment.training.state import TrainState


class Setup(NamedTuple):
    """All that the loop works on. recipe: with nothing left open."""

    recipe: Recipe
    state: TrainState
    phases: Phases


class EagerPhases:
    """As autograd runs them; the nets themselves may be compiled, forwards and backwards, each by itself.

    Unless the recipe asks for fresh ones, G goes on with the fakes that D has just seen: they are drawn once. In one pass
    for both nets it goes on with its gradient at them, too, so that its phase is its own backward pass alone.
    """

    def __init__(self, state: TrainState, recipe: Recipe, compiled: bool = False) -> None:
        self.recipe, self.settings = recipe, loss_settings(recipe)
        self.generate = torch.compile(state.generator) if compiled else state.generator
        self.discriminate = torch.compile(state.discriminator) if compiled else state.discriminator
        self.fake: Tensor | None = None
        self.pull: tuple[Tensor, Tensor] | None = None  # of one pass: G's loss, and its gradient at the fakes

    def discriminator(
        self, state: TrainState, inputs: PhaseInputs, p: Tensor | float, gamma: Tensor | None
    ) -> DiscriminatorTerms:
        recipe, device = self.recipe, inputs.codes.device
        with autocast_for(recipe.precision, device.type):
            with torch.set_grad_enabled(not recipe.fresh):
                self.fake = self.generate(inputs.codes, inputs.labels)
            shown = self.fake.detach().requires_grad_(recipe.one_pass)
            fake = Batch(shown, inputs.labels, inputs.numbers)
            terms = phase_losses.discriminator_phase(
                self.discriminate, inputs.real, fake, self.settings, p, gamma, inputs.noise, inputs.targets
            )
        loss = terms.loss
        if inputs.mixing is not None:
            single = fake._replace(pictures=shown.detach().float())
            penalty = phase_losses.gradient_penalty(state.discriminator, inputs.real, single, inputs.mixing)
            loss = loss + recipe.gradient_penalty * penalty
        _differentiate(loss, state.discriminator)
        if terms.both:
            assert shown.grad is not None
            self.pull = terms.both.generator_loss, rescaled(shown.grad, terms.both.scales)
        return terms._replace(loss=loss.detach())

    def generator(self, state: TrainState, inputs: PhaseInputs, p: Tensor | float) -> Tensor:
        if self.pull is not None:
            assert self.fake is not None
            loss, pull = self.pull
            _differentiate(self.fake, state.generator, pull)
            self.fake = self.pull = None
            return loss
        state.discriminator.requires_grad_(False)  # G's phase needs D's gradient at its input only
        with autocast_for(self.recipe.precision, inputs.codes.device.type):
            made = self.generate(inputs.codes, inputs.labels) if self.recipe.fresh else self.fake
            assert made is not None
            fake = Batch(made, inputs.labels, inputs.numbers)
            loss = phase_losses.generator_phase(self.discriminate, fake, inputs.real, self.settings, p)
        _differentiate(loss, state.generator)
        nets.let_learn(state.discriminator, self.recipe.frozen_stages)
        self.fake = None
        return loss.detach()


class CompiledPhases:
    """Each phase as one compiled graph: both nets, augmentation, penalties and gradients together.

    torch.compile can't look into a second call of autograd, but it can into torch.func.grad over functional_call. For
    nets without batch norm, whose running averages are changed in place.
    """

    def __init__(self, state: TrainState, recipe: Recipe) -> None:
        settings, precision = loss_settings(recipe), recipe.precision

        def made(weights: Any, inputs: PhaseInputs) -> Tensor:
            with autocast_for(precision, inputs.codes.device.type):
                fakes: Tensor = functional_call(state.generator, weights, (inputs.codes, inputs.labels))
                return fakes

        def discriminator_loss(
            weights: Any, fakes: Tensor, inputs: PhaseInputs, p: Any, gamma: Any
        ) -> tuple[Tensor, DiscriminatorTerms]:
            with autocast_for(precision, inputs.codes.device.type):
                fake = Batch(fakes, inputs.labels, inputs.numbers)
                net = partial(_called, state.discriminator, weights)
                terms = phase_losses.discriminator_phase(
                    net, inputs.real, fake, settings, p, gamma, inputs.noise, inputs.targets
                )
            return terms.loss, terms

        def generator_loss(weights: Any, others: Any, inputs: PhaseInputs, p: Any) -> Tensor:
            fake = Batch(made(weights, inputs), inputs.labels, inputs.numbers)
            with autocast_for(precision, inputs.codes.device.type):
                net = partial(_called, state.discriminator, others)
                return phase_losses.generator_phase(net, fake, inputs.real, settings, p)

        def discriminator_gradients(weights: Any, others: Any, inputs: PhaseInputs, p: Any, gamma: Any) -> Any:
            fakes = made(others, inputs).detach()
            return grad_and_value(discriminator_loss, has_aux=True)(weights, fakes, inputs, p, gamma)

        def both_gradients(weights: Any, others: Any, inputs: PhaseInputs, p: Any, gamma: Any) -> Any:
            fakes, back_to_weights, *_ = vjp(lambda others: made(others, inputs), others)
            differentiated = grad_and_value(discriminator_loss, argnums=(0, 1), has_aux=True)
            (gradients, at_fakes), (loss, terms) = differentiated(weights, fakes.detach(), inputs, p, gamma)
            (of_generator,) = back_to_weights(rescaled(at_fakes, terms.both.scales))
            return (gradients, of_generator), (loss, terms)

        self.one_pass = recipe.one_pass
        self.pull: tuple[Tensor, dict[str, Tensor]] | None = None  # of one pass: G's loss and gradients
        self.discriminator_graph: Callable[..., Any] = torch.compile(
            both_gradients if recipe.one_pass else discriminator_gradients, fullgraph=True
        )
        self.generator_graph: Callable[..., Any] = torch.compile(grad_and_value(generator_loss), fullgraph=True)

    def discriminator(
        self, state: TrainState, inputs: PhaseInputs, p: Tensor | float, gamma: Tensor | None
    ) -> DiscriminatorTerms:
        with torch.no_grad():
            gradients, (_, terms) = self.discriminator_graph(
                _learning(state.discriminator), _weights(state.generator), inputs, as_tensor(p, inputs), gamma
            )
        if self.one_pass:
            gradients, of_generator = gradients
            self.pull = terms.both.generator_loss, of_generator
        _give(state.discriminator, gradients)
        return DiscriminatorTerms(*terms)

    def generator(self, state: TrainState, inputs: PhaseInputs, p: Tensor | float) -> Tensor:
        if self.pull is not None:
            loss, gradients = self.pull
            self.pull = None
        else:
            with torch.no_grad():
                gradients, loss = self.generator_graph(
                    _weights(state.generator),
                    _weights(state.discriminator),
                    inputs._replace(noise=None),
                    as_tensor(p, inputs),
                )
        _give(state.generator, gradients)
        return torch.as_tensor(loss)


def phases_of(state: TrainState, recipe: Recipe) -> Phases:
    """The phases as a recipe has them, recorded where they can be: compile is settled to "on" or "off"."""
    compiled = recipe.compile == "on"
    whole = compiled and is_one_graph(state)
    phases = CompiledPhases(state, recipe) if whole else EagerPhases(state, recipe, compiled)
    return CudaGraphPhases(phases) if may_be_captured(state, recipe) else phases


def is_one_graph(state: TrainState) -> bool:
    """Whether a phase can be one graph: nothing in the nets is changed by calling them."""
    modules = [*state.generator.modules(), *state.discriminator.modules()]
    return not any(isinstance(m, nn.modules.batchnorm._BatchNorm | nn.Dropout2d) for m in modules)


def loss_settings(recipe: Recipe) -> LossSettings:
    """What the losses go by."""
    penalty = recipe.penalty if recipe.gamma else None
    return LossSettings(
        recipe.objective,
        penalty,
        recipe.penalty_share,
        recipe.penalised,
        recipe.augment,
        recipe.augment_colours,
        recipe.one_pass,
        int(recipe.channels) if recipe.frames else 0,
    )


def autocast_for(precision: str, device: str) -> AbstractContextManager[Any]:
    """bf16 where the recipe has it: convolutions in bf16, weights and sums that need it in float32."""
    return torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()


def _differentiate(result: Tensor, net: nn.Module, gradient: Tensor | None = None) -> None:
    """Put into a net's weights the gradient of a loss, or of a result at which the loss has a gradient."""
    for p in net.parameters():
        p.grad = None
    result.backward(gradient)


def _called(net: nn.Module, weights: dict[str, Tensor], pictures: Tensor, labels: Tensor | None) -> Tensor:
    logits: Tensor = functional_call(net, weights, (pictures, labels))
    return logits


def _weights(net: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in net.named_parameters()}


def _learning(net: nn.Module) -> dict[str, Tensor]:
    """Those that aren't frozen."""
    return {name: p.detach() for name, p in net.named_parameters() if p.requires_grad}


def _give(net: nn.Module, gradients: dict[str, Tensor]) -> None:
    """As autograd would: laid out in memory as the weight is, which fused Adam takes for granted and doesn't check."""
    weights = dict(net.named_parameters())
    for name, gradient in gradients.items():
        p = weights[name]
        p.grad = gradient if gradient.stride() == p.stride() else torch.empty_like(p).copy_(gradient)
