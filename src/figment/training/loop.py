"""The training loop, from first to last step, read from top to bottom."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor

from figment.augment.pipeline import adapted_probability
from figment.common.progress import Training
from figment.common.seeds import seed_at
from figment.common.signals import StopRequest
from figment.data.bank.bank import Bank
from figment.recipe import Recipe
from figment.run import Run
from figment.training import ema, schedule
from figment.training.distributed import World
from figment.training.divergence import all_finite, roll_back
from figment.training.inputs import Phases, draw_inputs
from figment.training.keep import (
    keep_beginning,
    keep_end,
    keep_good,
    keep_score,
    keep_snapshot,
    keep_standstill,
    keep_state,
    keep_tick,
    save_seconds,
)
from figment.training.loader import Feed
from figment.training.pace import Clock, Replanner, is_spent
from figment.training.phases import Setup
from figment.training.scoring import Scorer
from figment.training.state import TrainState
from figment.training.ticks import Ticks

SIGNS_STEPS = 4  # steps over which D's signs on reals are averaged (arXiv 2006.06676)


def train_step(state: TrainState, phases: Phases, recipe: Recipe, feed: Feed, world: World) -> None:
    """One step, in place: D's phases, then G's, then the average. The losses are added to state.losses.

    Of several processes each takes its share of the batch; the gradients are averaged before they are followed.
    """
    rates = schedule.rates(recipe, state.images)
    p = state.augment_p if recipe.augment_mode == "adaptive" else rates.augment_p
    lr = rates.lr * 0.5**state.setbacks
    state.set_rates(lr, lr * recipe.lr_discriminator, rates.beta2)
    told = torch.zeros(2, device=feed.device)
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
            # Stacked, so copied: recorded phases give their terms in the same tensors again.
            told = told + torch.stack([terms.loss, terms.norms])

        if recipe.fresh:
            inputs = draw_inputs(recipe, feed.other, world, state.images, "generator")
        loss_g = phases.generator(state, inputs, p)
        world.average_gradients(state.generator)
        state.generator_optimiser.step()

    loss_d, norms = told / recipe.discriminator_steps
    sums = torch.stack([loss_d, loss_g, norms * recipe.penalty_every, torch.ones_like(loss_g)])
    state.losses += world.mean(sums)
    if recipe.augment_mode == "adaptive":
        steer_augmentation(state, recipe, world, terms.signs)
    end_step(state, recipe)


def fit(
    run: Run, bank: Bank, setup: Setup, feed: Feed, world: World, display: Training, request: StopRequest,
    pause: float = 1.0,
) -> bool:  # fmt: skip
    """Train until the recipe's budget is spent, or the share of it at which to pause, or somebody asks to stop.

    Returns whether it was spent.

    On return the run folder holds everything: state, averaged generator, discriminator, pictures, events. Raises
    InputError if training diverges again and again, OSError if the disk is full; the last good state stays. Of several
    processes the first looks, writes and tells; all of them take the same steps and stop at the same one.
    """
    recipe, state, phases = setup
    clock = Clock(state.seconds)
    events = run.events()
    ticks = Ticks(events, bank, recipe, feed, state, clock)
    calibrator = ticks.calibrator
    scorer = Scorer(run, bank, recipe, feed.device, events, display.say) if world.leads else None
    last_state = clock.seconds()
    replanner = Replanner(recipe, state.images, last_state)

    if state.images == 0 and world.leads:
        keep_beginning(run, state, clock, calibrator, events, display)
    if calibrator.lack and world.leads:
        display.say(calibrator.lack)
    del events
    keeping = clock.seconds() - last_state  # what keeping all at the end will take belongs to the budget too

    while True:
        closing = keeping + (scorer.closing if scorer else 0.0)
        spent = is_spent(recipe, state.images, clock.seconds() + closing, world)
        paused = pause < 1 and is_spent(recipe, state.images, clock.seconds(), world, pause)
        if spent or paused or world.any_process(bool(request)):
            if all_finite(state):
                break
            go_back(run, state, ticks, scorer, world, clock, display)
            continue
        train_step(state, phases, recipe, feed, world)
        display.progress(state.images, clock.seconds())

        at_tick = ticks.is_due(state.images)
        at_snapshot = schedule.is_snapshot(recipe, state.images)
        at_save = world.any_process(clock.seconds() - last_state >= save_seconds(run, recipe))
        if (at_tick or at_snapshot or at_save) and not all_finite(state):
            go_back(run, state, ticks, scorer, world, clock, display)
            continue
        if at_save:
            last_state = clock.seconds()
        if at_tick and (again := replanner.renewed(recipe, state.images, clock.seconds(), world)) != recipe:
            run.recipe = recipe = again
            ticks.plan(recipe)
        if scorer is None:  # the first process looks and writes for all
            if at_tick:
                ticks.close(state)
            continue
        keep_standstill(run, state, clock, display)
        if at_tick:
            keep_tick(run, ticks.event(state, recipe, world.size, scorer.scores), display)
            ticks.close(state)
            if schedule.is_good_point(recipe, state.images):
                keep_good(run, state, clock)
        if at_snapshot:
            keep_snapshot(run, state, clock, display)
            if scorer.is_due(recipe, state.images, clock.seconds()):
                keep_score(run, scorer, state, clock, display)
        if at_save:
            keep_state(run, state, clock, calibrator)

    state.seconds = clock.seconds()
    if scorer is not None:
        keep_end(run, state, scorer if spent else None, clock, calibrator, display)
    return spent


def go_back(
    run: Run, state: TrainState, ticks: Ticks, scorer: Scorer | None, world: World, clock: Clock, display: Training
) -> None:
    """Go on from the last good state, as if nothing after it had been read or scored."""
    roll_back(run, state, world, clock, ticks.calibrator, display)
    events = run.events()
    ticks.reload(state, events)
    if scorer is not None:
        scorer.reload(events)


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
