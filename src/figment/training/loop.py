"""The training loop: the game from first to last step, read from top to bottom."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
import psutil
import torch
from torch import Tensor

from figment import codes
from figment.data.bank import Bank
from figment.errors import InputError
from figment.files import write_atomically
from figment.game import step
from figment.game.objectives import OBJECTIVES
from figment.generator import Generator, packed
from figment.interruption import Wish
from figment.pictures import grid, write
from figment.randomness import generator_at, seed_at
from figment.recipe import Recipe
from figment.run import Run
from figment.training import ema, schedule
from figment.training.diagnosis import diagnose
from figment.training.feed import Feed
from figment.training.state import Players, all_finite, load_state, save_state
from figment.training.watch import Reading, look

GRID = 64  # samples in a picture of the training
WATCHED = 256  # pictures of each kind that are shown to D for a reading
SETBACKS = 3  # times that training goes back to its last good state before it is given up


class Display(Protocol):
    """What is told while a run trains."""

    def progress(self, images: int, seconds: float) -> None: ...
    def tick(self, event: dict[str, Any]) -> None: ...
    def say(self, sentence: str) -> None: ...


@dataclass
class Nets:
    """The two nets as training calls them: as they are, or compiled."""

    generator: Callable[[Tensor], Tensor]
    discriminator: Callable[[Tensor], Tensor]

    @classmethod
    def of(cls, players: Players, compiled: bool) -> "Nets":
        if not compiled:
            return cls(players.generator, players.discriminator)
        return cls(torch.compile(players.generator), torch.compile(players.discriminator))


def play(players: Players, nets: Nets, recipe: Recipe, feed: Feed) -> None:
    """One step, in place: D's steps, then G's, then the average. The losses are added to players.losses.

    G plays with the fakes that D has just seen: they are drawn once.
    """
    players.set_learning_rate(schedule.learning_rate(recipe, players.images) * 0.5**players.setbacks)
    with _dropout(recipe, players.images):
        for k in range(recipe.discriminator_steps):
            seen = players.images + k * recipe.batch
            random = generator_at(recipe.seed, "step", seen)
            real = feed.batch(seen, recipe.batch)
            z = codes.draw(recipe.batch, recipe.code_size, recipe.prior, random).to(feed.device)
            with arithmetic(recipe, feed.device):
                with torch.set_grad_enabled(k == recipe.discriminator_steps - 1):
                    fake = nets.generator(z)
                loss_d = _discriminator_loss(nets, real, fake.detach(), recipe, random)
            if recipe.gradient_penalty:
                penalty = step.gradient_penalty(players.discriminator, real, fake.detach().float(), random)
                loss_d = loss_d + recipe.gradient_penalty * penalty
            _descend(loss_d, players.discriminator_optimiser)

        players.discriminator.requires_grad_(False)  # G's step needs D's gradient at its input only
        with arithmetic(recipe, feed.device):
            loss_g = step.generator_loss(nets.discriminator, fake, recipe.objective)
        _descend(loss_g, players.generator_optimiser)
        players.discriminator.requires_grad_(True)

    players.images += recipe.images_a_step
    players.losses += torch.stack([loss_d.detach(), loss_g.detach()])
    kept = ema.decay(recipe.ema_half_life, players.images, recipe.images_a_step)
    ema.update(players.average, players.generator, kept)


def fit(run: Run, bank: Bank, players: Players, nets: Nets, feed: Feed, display: Display, wish: Wish) -> bool:
    """Train until the recipe's budget is spent or somebody wishes to stop. Returns whether it was spent.

    On return the run folder holds everything: state, averaged generator, discriminator, pictures, events. Raises
    InputError if training diverges again and again, OSError if the disk is full; the last good state stays.
    """
    recipe = run.recipe
    clock = Clock(players.seconds)
    tick, calibrated = schedule.tick_images(recipe), OBJECTIVES[recipe.objective].calibrated
    reals, held_out = watched(feed, bank, recipe.seed)
    z = codes.draw(WATCHED, recipe.code_size, recipe.prior, generator_at(recipe.seed, "watched")).to(feed.device)
    readings = _readings(run)
    last_tick = last_state = clock.seconds()

    if players.images == 0:
        keep_snapshot(run, players, clock)
        keep_state(run, players, clock)

    while not (spent := is_spent(recipe, players.images, clock.seconds())) and not wish:
        play(players, nets, recipe, feed)
        display.progress(players.images, clock.seconds())

        at_tick = players.images % tick == 0
        at_snapshot = schedule.is_snapshot(recipe, players.images)
        at_save = clock.seconds() - last_state >= recipe.save_seconds
        if (at_tick or at_snapshot or at_save) and not all_finite(players):
            take_back(run, players, clock, display)
            readings = _readings(run)
            continue
        if at_tick:
            with arithmetic(recipe, feed.device):
                readings.append(look(players.generator, players.discriminator, reals, held_out, z, calibrated))
            event = {
                "event": "tick", "images": players.images, "seconds": round(clock.seconds(), 2),
                "lr": players.learning_rate, **_losses_and_norms(players, tick // recipe.images_a_step),
                **readings[-1].as_event(), "images_per_second": round(tick / (clock.seconds() - last_tick), 1),
                "memory_mb": memory_mb(feed.device), "diagnosis": diagnose(readings),
            }  # fmt: skip
            run.log(event)
            display.tick(event)
            last_tick = clock.seconds()
        if at_snapshot:
            keep_snapshot(run, players, clock)
        if at_save:
            keep_state(run, players, clock)
            last_state = clock.seconds()

    if not all_finite(players):
        take_back(run, players, clock, display)
    keep_state(run, players, clock)
    if spent and players.images not in run.pictures():
        keep_snapshot(run, players, clock)
    return spent


# ---- what is kept --------------------------------------------------------------------------------------------------


def keep_state(run: Run, players: Players, clock: "Clock") -> None:
    """Save all that resume needs, and the two nets as files of their own. The state comes first: it is the one to lose."""
    players.seconds = clock.seconds()
    save_state(players, run.state_file)
    write_atomically(run.generator_file, packed(players.average, run.recipe, "generator"))
    write_atomically(run.discriminator_file, packed(players.discriminator, run.recipe, "discriminator"))


def keep_snapshot(run: Run, players: Players, clock: "Clock") -> None:
    """Keep the averaged generator and a grid of what it makes of the run's codes: samples 0 to 63 of its seed."""
    recipe = run.recipe
    file = run.snapshot_file(players.images)
    write_atomically(file, packed(players.average, recipe, "generator"))
    write(run.picture_file(players.images), grid(Generator(players.average, recipe).sample(GRID, recipe.seed)))
    run.log({"event": "snapshot", "images": players.images, "seconds": round(clock.seconds(), 2)})


def take_back(run: Run, players: Players, clock: "Clock", display: Display) -> None:
    """Go back to the last good state with half the learning rate. Raises InputError the fourth time."""
    at, setbacks = players.images, players.setbacks + 1
    load_state(players, run.state_file)
    if setbacks > SETBACKS:
        raise InputError(
            f"{run.folder}: training diverged (NaN or infinity) {SETBACKS + 1} times and was stopped; the state at "
            f"{players.images:,} images is kept. Train anew with a smaller rate: --set lr={run.recipe.lr / 10:g}"
        )
    players.setbacks = setbacks
    run.forget_after(players.images)
    text = (
        f"diverged (NaN or infinity) before {at:,} images: back to {players.images:,} with the learning rate "
        f"halved to {run.recipe.lr * 0.5**setbacks:g} (setback {setbacks} of {SETBACKS})"
    )
    run.log({"event": "setback", "images": players.images, "seconds": round(clock.seconds(), 2), "text": text})
    keep_state(run, players, clock)
    display.say(text)


# ---- what is looked at ---------------------------------------------------------------------------------------------


def watched(feed: Feed, bank: Bank, seed: int) -> tuple[Tensor, Tensor]:
    """The training and the held-out reals of every reading: the same all through a run."""
    random = np.random.default_rng(seed_at(seed, "watched"))
    chosen = [random.permutation(part)[:WATCHED] for part in (bank.train, bank.held_out)]
    reals, held_out = (feed.pictures(torch.from_numpy(indices)) for indices in chosen)
    return reals, held_out


def memory_mb(device: torch.device) -> int:
    """MiB in use: this process's, or on a GPU the most that tensors took there."""
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20)
    return round(psutil.Process().memory_info().rss / 2**20)


def _losses_and_norms(players: Players, steps: int) -> dict[str, float]:
    """Mean losses since the last tick, which are then begun anew; and the norms of the last gradients."""
    loss_d, loss_g = (players.losses / steps).tolist()
    players.losses.zero_()
    return {
        "loss_discriminator": round(loss_d, 5),
        "loss_generator": round(loss_g, 5),
        "norm_discriminator": _gradient_norm(players.discriminator_optimiser),
        "norm_generator": _gradient_norm(players.generator_optimiser),
    }


def _gradient_norm(optimiser: torch.optim.Adam) -> float:
    gradients = [p.grad for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
    return round(float(torch.stack(torch._foreach_norm(gradients)).norm()), 5) if gradients else 0.0


def _readings(run: Run) -> list[Reading]:
    return [Reading(**{f.name: event[f.name] for f in fields(Reading)}) for event in run.events("tick")]


# ---- the parts of a step -------------------------------------------------------------------------------------------


def arithmetic(recipe: Recipe, device: torch.device) -> AbstractContextManager[Any]:
    """bf16 where the recipe has it: convolutions in bf16, weights and sums that need it in float32."""
    return torch.autocast(device.type, torch.bfloat16) if recipe.precision == "bf16" else nullcontext()


def _discriminator_loss(nets: Nets, real: Tensor, fake: Tensor, recipe: Recipe, random: torch.Generator) -> Tensor:
    if not recipe.label_flips:
        return step.discriminator_loss(nets.discriminator, real, fake, recipe.objective, recipe.real_target)
    targets = [
        step.targets(len(real), t, recipe.label_flips, random).to(real.device) for t in (recipe.real_target, 0.0)
    ]
    return step.discriminator_loss(nets.discriminator, real, fake, recipe.objective, *targets)


def _descend(loss: Tensor, optimiser: torch.optim.Adam) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _dropout(recipe: Recipe, images: int) -> AbstractContextManager[Any]:
    """Dropout draws from torch's global state, the one thing that does: seed it for this step, and leave it as it was."""
    return _seeded_globally(seed_at(recipe.seed, "dropout", images)) if recipe.dropout else nullcontext()


@contextmanager
def _seeded_globally(seed: int) -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


class Clock:
    """Seconds of training, over all the times that a run was started."""

    def __init__(self, before: float) -> None:
        self.start = time.monotonic() - before

    def seconds(self) -> float:
        return time.monotonic() - self.start


def is_spent(recipe: Recipe, images: int, seconds: float) -> bool:
    """Whether the budget is used up: of images, or of seconds."""
    return images >= recipe.images if recipe.images is not None else seconds >= (recipe.seconds or 0)
