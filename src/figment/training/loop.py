"""The training loop: the game from first to last step, read from top to bottom."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields
from typing import Any

import numpy as np
import psutil
import torch
from torch import Tensor

from figment import codes
from figment.augment.pipeline import adapted_probability
from figment.common.progress import Training
from figment.common.seeds import generator_at, seed_at
from figment.common.signals import StopRequest
from figment.data.bank.bank import Bank
from figment.game.objectives import OBJECTIVES
from figment.game.phase_losses import Batch
from figment.recipe import Recipe
from figment.run import Run
from figment.training import ema, schedule
from figment.training.diagnosis import diagnose, hints
from figment.training.distributed import World
from figment.training.inputs import Phases, draw_inputs
from figment.training.keep import keep_score, keep_snapshot, keep_state, roll_back
from figment.training.loader import Feed
from figment.training.monitor import Reading, read
from figment.training.pace import Clock, Pace, is_spent, replanned
from figment.training.phases import Setup, autocast_for
from figment.training.scoring import Scorer
from figment.training.state import TrainState, all_finite
from figment.training.sync_batch_norm import local_statistics

READING_PICTURES = 256  # pictures of each kind that are shown to D for a reading
SIGNS_STEPS = 4  # steps over which D's signs on reals are averaged (arXiv 2006.06676)
REPLAN_SHARE = 0.1  # share of a time budget over which its pace is measured, before each new look at the plan


def train_step(state: TrainState, phases: Phases, recipe: Recipe, feed: Feed, world: World) -> None:
    """One step, in place: D's phases, then G's, then the average. The losses are added to players.losses.

    Of several processes each plays with its share of the batch; the gradients are averaged before they are followed.
    """
    rates = schedule.rates(recipe, state.images)
    p = state.augment_p if recipe.augment_mode == "adaptive" else rates.augment_p
    lr = rates.lr * 0.5**state.setbacks
    state.set_rates(lr, lr * recipe.lr_discriminator, rates.beta2)
    with _dropout(recipe, state.images, world.rank):
        for k in range(recipe.discriminator_steps):
            seen = state.images + k * recipe.batch
            inputs = draw_inputs(recipe, feed, world, seen)
            gamma = None
            if schedule.penalty_is_due(recipe, seen):
                gamma = torch.full((), rates.gamma * recipe.penalty_every, device=feed.device)
            terms = phases.discriminator(state, inputs, p, gamma)
            world.average_gradients(state.discriminator)
            state.discriminator_optimiser.step()

        if recipe.fresh:
            inputs = draw_inputs(recipe, feed.other, world, state.images, "generator")
        loss_g = phases.generator(state, inputs, p)
        world.average_gradients(state.generator)
        state.generator_optimiser.step()

    sums = torch.stack([terms.loss, loss_g, terms.norms * recipe.penalty_every, torch.ones_like(loss_g)])
    state.losses += world.mean(sums)
    if recipe.augment_mode == "adaptive":
        steer_augmentation(state, recipe, world, terms.signs)
    end_step(state, recipe)


def fit(run: Run, bank: Bank, setup: Setup, feed: Feed, world: World, display: Training, wish: StopRequest) -> bool:
    """Train until the recipe's budget is spent or somebody wishes to stop. Returns whether it was spent.

    On return the run folder holds everything: state, averaged generator, discriminator, pictures, events. Raises
    InputError if training diverges again and again, OSError if the disk is full; the last good state stays. Of several
    processes the first looks, writes and tells; all of them take the same steps and stop at the same one.
    """
    recipe, state, phases = setup
    clock = Clock(state.seconds)
    tick, calibrated = schedule.tick_images(recipe), OBJECTIVES[recipe.objective].calibrated
    reals, held_out = reading_batches(feed, bank, recipe.seed)
    z = codes.draw(READING_PICTURES, recipe.code_size, recipe.prior, generator_at(recipe.seed, "watched")).to(
        feed.device
    )
    readings = _readings(run)
    scorer = Scorer(run, bank, recipe, feed.device) if world.leads else None
    last_tick = last_state = clock.seconds()
    tick_began, pace = state.images, Pace(state.images, last_tick)

    if state.images == 0 and world.leads:
        keep_snapshot(run, state, clock)
        keep_state(run, state, clock)
    keeping = clock.seconds() - last_state  # what keeping all at the end will take belongs to the budget too

    while True:
        closing = keeping + (scorer.closing if scorer else 0.0)
        spent = world.any_process(is_spent(recipe, state.images, clock.seconds() + closing))
        if spent or world.any_process(bool(wish)):
            break
        train_step(state, phases, recipe, feed, world)
        display.progress(state.images, clock.seconds())

        at_tick = state.images % tick == 0
        at_snapshot = schedule.is_snapshot(recipe, state.images)
        at_save = world.any_process(clock.seconds() - last_state >= recipe.save_seconds)
        if (at_tick or at_snapshot or at_save) and not all_finite(state):
            roll_back(run, state, world, clock, display)
            readings = _readings(run)
            if scorer is not None:
                scorer.reload()
            continue
        if at_save:
            last_state = clock.seconds()
        if (
            recipe.seconds
            and at_tick
            and world.any_process(clock.seconds() - pace.seconds >= REPLAN_SHARE * recipe.seconds)
        ):
            before, pace = pace, Pace(state.images, clock.seconds())
            if (again := replanned(recipe, before, pace, world)) != recipe:
                run.recipe = recipe = again
                tick = schedule.tick_images(recipe)
        if scorer is None:  # the first process looks and writes for all
            state.losses.mul_(0.0 if at_tick else 1.0)
            continue
        if at_tick:
            with (
                autocast_for(recipe.precision, feed.device.type),
                local_statistics(state.generator, state.discriminator),
            ):
                readings.append(read(state.generator, state.discriminator, reals, held_out, z, calibrated))
            event = {
                "event": "tick", "images": state.images, "seconds": round(clock.seconds(), 2),
                **_rates(state, recipe), **_losses_and_norms(state), **readings[-1].as_event(),
                "images_per_second": round((state.images - tick_began) / (clock.seconds() - last_tick), 1),
                "memory_mb": memory_mb(feed.device), **({"processes": world.size} if world.size > 1 else {}),
            }  # fmt: skip
            event["diagnosis"] = [*diagnose(readings), *hints(recipe, [*run.events("tick"), event])]
            run.log(event)
            display.tick(event)
            last_tick, tick_began = clock.seconds(), state.images
        if at_snapshot:
            keep_snapshot(run, state, clock)
            if scorer.is_due(recipe, state.images, clock.seconds()):
                keep_score(run, scorer, state, clock, display)
        if at_save:
            keep_state(run, state, clock)

    if not all_finite(state):
        roll_back(run, state, world, clock, display)
    state.seconds = clock.seconds()
    if scorer is not None:
        keep_state(run, state, clock)
        if spent and state.images not in run.pictures():
            keep_snapshot(run, state, clock)
            if scorer.closing:
                keep_score(run, scorer, state, clock, display)
    return spent


# ---- what is kept --------------------------------------------------------------------------------------------------


# ---- what is looked at ---------------------------------------------------------------------------------------------


def reading_batches(feed: Feed, bank: Bank, seed: int) -> tuple[Batch, Batch]:
    """The training and the held-out reals of every reading: the same all through a run."""
    random = np.random.default_rng(seed_at(seed, "watched"))
    chosen = [torch.from_numpy(random.permutation(part)[:READING_PICTURES]) for part in (bank.train, bank.held_out)]
    reals, held_out = (Batch(feed.pictures(which), feed.classes(which)) for which in chosen)
    return reals, held_out


def memory_mb(device: torch.device) -> int:
    """MiB in use: this process's, or on a GPU the most that tensors took there."""
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20)
    return round(psutil.Process().memory_info().rss / 2**20)


def _rates(state: TrainState, recipe: Recipe) -> dict[str, float]:
    """What the schedule and the game have set by now; γ and augmentation only where they are played with."""
    rates, set_now = schedule.rates(recipe, state.images), {"lr": state.learning_rate}
    if recipe.gamma:
        set_now["gamma"] = round(rates.gamma, 6)
    if recipe.augment != "none":
        p = float(state.augment_p) if recipe.augment_mode == "adaptive" else rates.augment_p
        set_now["augment_p"] = round(p, 4)
    return set_now


def _losses_and_norms(state: TrainState) -> dict[str, float]:
    """Means since the last tick, which are then begun anew: losses, and ‖∇D‖² at pictures, of which R1 and R2 are made.

    And the norms of the last gradients with respect to weights.
    """
    loss_d, loss_g, squared = (state.losses[:3] / state.losses[3]).tolist()
    state.losses.zero_()
    return {
        "loss_discriminator": round(loss_d, 5),
        "loss_generator": round(loss_g, 5),
        "squared_gradient": round(squared, 6),
        "norm_discriminator": _gradient_norm(state.discriminator_optimiser),
        "norm_generator": _gradient_norm(state.generator_optimiser),
    }


def _gradient_norm(optimiser: torch.optim.Adam) -> float:
    gradients = [p.grad for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
    return round(float(torch.stack(torch._foreach_norm(gradients)).norm()), 5) if gradients else 0.0


def _readings(run: Run) -> list[Reading]:
    return [Reading(**{f.name: event[f.name] for f in fields(Reading)}) for event in run.events("tick")]


# ---- the parts of a step -------------------------------------------------------------------------------------------


def end_step(state: TrainState, recipe: Recipe) -> None:
    """Count the images, and let the average follow."""
    state.images += recipe.images_a_step
    half_life = schedule.rates(recipe, state.images).half_life
    ema.update(state.average, state.generator, ema.decay(half_life, recipe.images_a_step))


def steer_augmentation(state: TrainState, recipe: Recipe, world: World, signs: Tensor) -> None:
    """Move the probability of augmentation by D's signs on reals, every few steps: section 3.1 of arXiv 2006.06676."""
    state.signs += world.mean(signs)
    if (state.images // recipe.images_a_step + 1) % SIGNS_STEPS == 0:
        moved = adapted_probability(
            state.augment_p, state.signs / SIGNS_STEPS, recipe.augment_target, SIGNS_STEPS * recipe.batch
        )
        state.augment_p.copy_(moved)
        state.signs.zero_()


def _dropout(recipe: Recipe, images: int, rank: int) -> AbstractContextManager[Any]:
    """Dropout draws from torch's global state, the one thing that does: seed it for this step, and leave it as it was."""
    return _seeded_globally(seed_at(recipe.seed, "dropout", images, rank)) if recipe.dropout else nullcontext()


@contextmanager
def _seeded_globally(seed: int) -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
