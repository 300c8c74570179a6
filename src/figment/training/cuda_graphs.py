"""A step's phases as CUDA graphs: what they launch is recorded once and replayed, so that no small step waits for the host."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from figment.game.phase_losses import DiscriminatorTerms
from figment.recipe import Recipe
from figment.training.inputs import PhaseInputs, as_tensor
from figment.training.state import TrainState
from figment.training.sync_batch_norm import SynchronisedBatchNorm2d

if TYPE_CHECKING:
    from figment.training.inputs import Phases

WARM_UP_CALLS = 2  # times that a phase is called as it is: libraries set themselves up, and torch.compile compiles


def may_be_captured(state: TrainState, recipe: Recipe) -> bool:
    """Whether both phases can be recorded: on CUDA, nothing in them asks the host or other processes for anything.

    Dropout draws from a state that is seeded for each step; where D has more steps than G, the fakes that G goes on with
    aren't those of the recording; where images come first, later steps take other shapes.
    """
    on_cuda = next(state.generator.parameters()).device.type == "cuda"
    modules = [*state.generator.modules(), *state.discriminator.modules()]
    together = any(isinstance(m, SynchronisedBatchNorm2d) for m in modules)
    return (
        on_cuda and not together and not recipe.dropout and recipe.discriminator_steps == 1 and not recipe.images_first
    )


class CudaGraphPhases:
    """Phases that record themselves the third time they are called, and are replayed from then on.

    A step with a penalty and one without are recorded apart. G's phase goes the way that D's before it went, since it may
    go on with the very fakes, and their gradients, of D's recording. Where recording fails, all is called as before.
    """

    def __init__(self, phases: "Phases") -> None:
        self.phases = phases
        self.calls: dict[bool, int] = {}  # by whether there is a penalty
        self.recorded: dict[tuple[str, bool], CudaGraph] = {}
        self.penalised, self.fails = False, False

    def discriminator(
        self, state: TrainState, inputs: PhaseInputs, p: Tensor | float, gamma: Tensor | None
    ) -> DiscriminatorTerms:
        self.penalised = gamma is not None
        self.calls[self.penalised] = self.calls.get(self.penalised, 0) + 1

        def phase(inputs: PhaseInputs, p: Tensor, gamma: Tensor | None) -> DiscriminatorTerms:
            return self.phases.discriminator(state, inputs, p, gamma)

        terms: DiscriminatorTerms = self._run(
            "discriminator", state.discriminator, phase, (inputs, as_tensor(p, inputs), gamma)
        )
        return terms

    def generator(self, state: TrainState, inputs: PhaseInputs, p: Tensor | float) -> Tensor:
        def phase(inputs: PhaseInputs, p: Tensor) -> Tensor:
            return self.phases.generator(state, inputs, p)

        loss: Tensor = self._run("generator", state.generator, phase, (inputs, as_tensor(p, inputs)))
        return loss

    def _run(self, name: str, net: nn.Module, phase: Callable[..., Any], given: Any) -> Any:
        if self.fails or self.calls[self.penalised] <= WARM_UP_CALLS:
            return on_side_stream(phase, given)
        key = (name, self.penalised)
        if key in self.recorded:
            return self.recorded[key].replay(given)
        try:
            self.recorded[key] = CudaGraph(net, phase, given)
        except RuntimeError:
            if name == "generator":  # D has been replayed already: its fakes can't be had again
                raise
            self.fails = True
            return phase(*given)
        return self.recorded[key].replay()


class CudaGraph:
    """One phase as a CUDA graph: where it takes its numbers from, and where it leaves its results and gradients."""

    def __init__(self, net: nn.Module, phase: Callable[..., Any], given: Any) -> None:
        self.taken = tree_map(lambda x: x.clone() if isinstance(x, Tensor) else x, given)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.out = phase(*self.taken)
        self.weights = list(net.parameters())
        self.gradients = [p.grad for p in self.weights]

    def replay(self, given: Any = ()) -> Any:
        """The phase's results, with other numbers in the place of those it was recorded with if there are any.

        Those of its own must be left untouched until G's phase has been recorded, which differentiates what D's has kept.
        """
        if given:
            torch._foreach_copy_(input_tensors(self.taken), input_tensors(given))
        self.graph.replay()
        for weight, gradient in zip(self.weights, self.gradients, strict=True):
            weight.grad = gradient
        return self.out


def input_tensors(given: Any) -> list[Tensor]:
    """The tensors among a phase's arguments."""
    return [leaf for leaf in tree_leaves(given) if isinstance(leaf, Tensor)]


def on_side_stream(phase: Callable[..., Any], given: Any) -> Any:
    """The phase's results, called on another stream, where what is set up at first doesn't tie it to the main one."""
    here, other = torch.cuda.current_stream(), torch.cuda.Stream()
    other.wait_stream(here)
    with torch.cuda.stream(other):
        out = phase(*given)
    here.wait_stream(other)
    return out
