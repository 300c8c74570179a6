"""What each phase of a step takes in, drawn from the seed and the images seen alone."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from figment import codes, motion
from figment.augment.pipeline import draw_numbers
from figment.common.machine import to_device
from figment.common.seeds import generator_at, seed_at
from figment.game import phase_losses
from figment.game.phase_losses import Batch, DiscriminatorTerms
from figment.nets.clips import CLASS, TIMES, at_rest
from figment.recipe import Recipe
from figment.training import schedule
from figment.training.distributed import World
from figment.training.loader import Feed
from figment.training.state import TrainState


class PhaseInputs(NamedTuple):
    """Reals, codes with their classes, and random numbers; of several processes, one's share of the batch."""

    real: Batch
    codes: Tensor
    labels: Tensor | None
    numbers: Tensor | None  # that augment the fakes
    noise: tuple[Tensor, Tensor] | None = None  # for finite differences, at reals and at fakes
    targets: tuple[Tensor | float, Tensor | float] = (1.0, 0.0)
    mixing: Tensor | None = None  # of reals and fakes, for the Wasserstein penalty


def draw_inputs(recipe: Recipe, feed: Feed, world: World, images: int, phase: str = "step") -> PhaseInputs:
    """The inputs of a phase after so many images seen.

    Numbers are drawn for the whole batch, and of them a process takes its share, so that their number changes nothing.
    A fake has the class of the real at its place: so classes are as frequent among fakes, and pairs are alike. Fakes of clips
    are drawn at the same times as the reals at their places.
    """
    random, count = generator_at(recipe.seed, phase, images), recipe.batch
    pictures, classes = feed.batch(images, count)

    def share(numbers: Tensor) -> Tensor:
        return to_device(world.share(numbers), feed.device)

    z = share(codes.draw(count, recipe.code_size, recipe.prior, random))
    if recipe.frames:
        assert classes is not None
        if schedule.is_still(recipe, images):
            pictures, classes = single_frames(pictures, int(recipe.channels)), classes[:, CLASS].long()
            classes = classes if recipe.classes else None
            z = at_rest(z, recipe.motion_size)
        else:
            paths = motion.Drawn(*map(share, motion.draw(recipe, count, random)))
            z = motion.with_motion(z, motion.paths_at(recipe, paths, classes[:, TIMES] / recipe.fps))
    targets: tuple[Tensor | float, Tensor | float] = (recipe.real_target, 0.0)
    if recipe.label_flips:
        swapped = [
            phase_losses.targets(count, target, recipe.label_flips, random) for target in (recipe.real_target, 0.0)
        ]
        targets = share(swapped[0]), share(swapped[1])
    mixing = share(torch.rand(count, generator=random)) if recipe.gradient_penalty else None
    augmenting = [share(draw_numbers(count, random)) if recipe.augment != "none" else None for _ in range(2)]
    noise = _noise(recipe, pictures, world, images) if recipe.gamma and recipe.penalty == "finite" else None
    return PhaseInputs(Batch(pictures, classes, augmenting[0]), z, classes, augmenting[1], noise, targets, mixing)


def single_frames(clips: Tensor, channels: int) -> Tensor:
    """The first of the frames of each clip, which are stacked by channels."""
    return clips[:, :channels].contiguous(memory_format=torch.channels_last)


def as_tensor(p: Tensor | float, inputs: PhaseInputs) -> Tensor:
    """p as a tensor: a graph is compiled, or recorded, for each value of a number, but once for all of a tensor's."""
    return p if isinstance(p, Tensor) else torch.full((), p, device=inputs.codes.device)


def _noise(recipe: Recipe, pictures: Tensor, world: World, images: int) -> tuple[Tensor, Tensor]:
    """Drawn on the device, the one thing that is: so many numbers would take a CPU longer than a GPU takes for the step."""
    random = torch.Generator(pictures.device).manual_seed(seed_at(recipe.seed, "noise", images))
    shape = (recipe.batch, *pictures.shape[1:])
    count = phase_losses.penalised_count(len(pictures), recipe.penalty_share)
    drawn = [torch.randn(shape, generator=random, device=pictures.device) for _ in range(2)]
    real, fake = (world.share(n)[:count].contiguous(memory_format=torch.channels_last) for n in drawn)
    return real, fake


class Phases(Protocol):
    """A D phase and a G phase. Each leaves gradients in the .grad of its net's weights."""

    def discriminator(
        self, state: TrainState, inputs: PhaseInputs, p: Tensor | float, gamma: Tensor | None
    ) -> DiscriminatorTerms: ...
    def generator(self, state: TrainState, inputs: PhaseInputs, p: Tensor | float) -> Tensor: ...
