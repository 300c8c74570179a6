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
from figment.augment.pipeline import adapted
from figment.common.progress import Training
from figment.common.seeds import generator_at, seed_at
from figment.common.signals import Wish
from figment.data.bank.bank import Bank
from figment.game.objectives import OBJECTIVES
from figment.game.phase_losses import Shown
from figment.recipe import Recipe
from figment.run import Run
from figment.training import ema, schedule
from figment.training.diagnosis import diagnose, hints
from figment.training.distributed import World
from figment.training.inputs import Phases, deal
from figment.training.keep import keep_score, keep_snapshot, keep_state, take_back
from figment.training.loader import Feed
from figment.training.monitor import Reading, look
from figment.training.pace import Clock, Pace, is_spent, replanned
from figment.training.phases import Game, arithmetic
from figment.training.scoring import Scorer
from figment.training.state import Players, all_finite
from figment.training.sync_batch_norm import apart

WATCHED = 256  # pictures of each kind that are shown to D for a reading
SIGNS_OVER = 4  # steps over which D's signs on reals are averaged (arXiv 2006.06676)
STRETCH = 0.1  # share of a time budget over which its pace is measured, before each new look at the plan


def play(players: Players, phases: Phases, recipe: Recipe, feed: Feed, world: World) -> None:
    """One step, in place: D's phases, then G's, then the average. The losses are added to players.losses.

    Of several processes each plays with its share of the batch; the gradients are averaged before they are followed.
    """
    rates = schedule.rates(recipe, players.images)
    p = players.augment_p if recipe.augment_mode == "adaptive" else rates.augment_p
    lr = rates.lr * 0.5**players.setbacks
    players.set_rates(lr, lr * recipe.lr_discriminator, rates.beta2)
    with _dropout(recipe, players.images, world.rank):
        for k in range(recipe.discriminator_steps):
            seen = players.images + k * recipe.batch
            hand = deal(recipe, feed, world, seen)
            gamma = None
            if schedule.penalty_is_due(recipe, seen):
                gamma = torch.full((), rates.gamma * recipe.penalty_every, device=feed.device)
            verdict = phases.discriminator(players, hand, p, gamma)
            world.average_gradients(players.discriminator)
            players.discriminator_optimiser.step()

        if recipe.fresh:
            hand = deal(recipe, feed.other, world, players.images, "generator")
        loss_g = phases.generator(players, hand, p)
        world.average_gradients(players.generator)
        players.generator_optimiser.step()

    sums = torch.stack([verdict.loss, loss_g, verdict.norms * recipe.penalty_every, torch.ones_like(loss_g)])
    players.losses += world.mean(sums)
    if recipe.augment_mode == "adaptive":
        steer_augmentation(players, recipe, world, verdict.signs)
    end_step(players, recipe)


def fit(run: Run, bank: Bank, game: Game, feed: Feed, world: World, display: Training, wish: Wish) -> bool:
    """Train until the recipe's budget is spent or somebody wishes to stop. Returns whether it was spent.

    On return the run folder holds everything: state, averaged generator, discriminator, pictures, events. Raises
    InputError if training diverges again and again, OSError if the disk is full; the last good state stays. Of several
    processes the first looks, writes and tells; all of them take the same steps and stop at the same one.
    """
    recipe, players, phases = game
    clock = Clock(players.seconds)
    tick, calibrated = schedule.tick_images(recipe), OBJECTIVES[recipe.objective].calibrated
    reals, held_out = watched(feed, bank, recipe.seed)
    z = codes.draw(WATCHED, recipe.code_size, recipe.prior, generator_at(recipe.seed, "watched")).to(feed.device)
    readings = _readings(run)
    scorer = Scorer(run, bank, recipe, feed.device) if world.leads else None
    last_tick = last_state = clock.seconds()
    tick_began, pace = players.images, Pace(players.images, last_tick)

    if players.images == 0 and world.leads:
        keep_snapshot(run, players, clock)
        keep_state(run, players, clock)
    keeping = clock.seconds() - last_state  # what keeping all at the end will take belongs to the budget too

    while True:
        closing = keeping + (scorer.closing if scorer else 0.0)
        spent = world.agreed(is_spent(recipe, players.images, clock.seconds() + closing))
        if spent or world.agreed(bool(wish)):
            break
        play(players, phases, recipe, feed, world)
        display.progress(players.images, clock.seconds())

        at_tick = players.images % tick == 0
        at_snapshot = schedule.is_snapshot(recipe, players.images)
        at_save = world.agreed(clock.seconds() - last_state >= recipe.save_seconds)
        if (at_tick or at_snapshot or at_save) and not all_finite(players):
            take_back(run, players, world, clock, display)
            readings = _readings(run)
            if scorer is not None:
                scorer.take_up()
            continue
        if at_save:
            last_state = clock.seconds()
        if recipe.seconds and at_tick and world.agreed(clock.seconds() - pace.seconds >= STRETCH * recipe.seconds):
            before, pace = pace, Pace(players.images, clock.seconds())
            if (again := replanned(recipe, before, pace, world)) != recipe:
                run.recipe = recipe = again
                tick = schedule.tick_images(recipe)
        if scorer is None:  # the first process looks and writes for all
            players.losses.mul_(0.0 if at_tick else 1.0)
            continue
        if at_tick:
            with arithmetic(recipe.precision, feed.device.type), apart(players.generator, players.discriminator):
                readings.append(look(players.generator, players.discriminator, reals, held_out, z, calibrated))
            event = {
                "event": "tick", "images": players.images, "seconds": round(clock.seconds(), 2),
                **_rates(players, recipe), **_losses_and_norms(players), **readings[-1].as_event(),
                "images_per_second": round((players.images - tick_began) / (clock.seconds() - last_tick), 1),
                "memory_mb": memory_mb(feed.device), **({"processes": world.size} if world.size > 1 else {}),
            }  # fmt: skip
            event["diagnosis"] = [*diagnose(readings), *hints(recipe, [*run.events("tick"), event])]
            run.log(event)
            display.tick(event)
            last_tick, tick_began = clock.seconds(), players.images
        if at_snapshot:
            keep_snapshot(run, players, clock)
            if scorer.is_due(recipe, players.images, clock.seconds()):
                keep_score(run, scorer, players, clock, display)
        if at_save:
            keep_state(run, players, clock)

    if not all_finite(players):
        take_back(run, players, world, clock, display)
    players.seconds = clock.seconds()
    if scorer is not None:
        keep_state(run, players, clock)
        if spent and players.images not in run.pictures():
            keep_snapshot(run, players, clock)
            if scorer.closing:
                keep_score(run, scorer, players, clock, display)
    return spent


# ---- what is kept --------------------------------------------------------------------------------------------------


# ---- what is looked at ---------------------------------------------------------------------------------------------


def watched(feed: Feed, bank: Bank, seed: int) -> tuple[Shown, Shown]:
    """The training and the held-out reals of every reading: the same all through a run."""
    random = np.random.default_rng(seed_at(seed, "watched"))
    chosen = [torch.from_numpy(random.permutation(part)[:WATCHED]) for part in (bank.train, bank.held_out)]
    reals, held_out = (Shown(feed.pictures(which), feed.classes(which)) for which in chosen)
    return reals, held_out


def memory_mb(device: torch.device) -> int:
    """MiB in use: this process's, or on a GPU the most that tensors took there."""
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20)
    return round(psutil.Process().memory_info().rss / 2**20)


def _rates(players: Players, recipe: Recipe) -> dict[str, float]:
    """What the schedule and the game have set by now; γ and augmentation only where they are played with."""
    rates, set_now = schedule.rates(recipe, players.images), {"lr": players.learning_rate}
    if recipe.gamma:
        set_now["gamma"] = round(rates.gamma, 6)
    if recipe.augment != "none":
        p = float(players.augment_p) if recipe.augment_mode == "adaptive" else rates.augment_p
        set_now["augment_p"] = round(p, 4)
    return set_now


def _losses_and_norms(players: Players) -> dict[str, float]:
    """Means since the last tick, which are then begun anew: losses, and ‖∇D‖² at pictures, of which R1 and R2 are made.

    And the norms of the last gradients with respect to weights.
    """
    loss_d, loss_g, squared = (players.losses[:3] / players.losses[3]).tolist()
    players.losses.zero_()
    return {
        "loss_discriminator": round(loss_d, 5),
        "loss_generator": round(loss_g, 5),
        "squared_gradient": round(squared, 6),
        "norm_discriminator": _gradient_norm(players.discriminator_optimiser),
        "norm_generator": _gradient_norm(players.generator_optimiser),
    }


def _gradient_norm(optimiser: torch.optim.Adam) -> float:
    gradients = [p.grad for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
    return round(float(torch.stack(torch._foreach_norm(gradients)).norm()), 5) if gradients else 0.0


def _readings(run: Run) -> list[Reading]:
    return [Reading(**{f.name: event[f.name] for f in fields(Reading)}) for event in run.events("tick")]


# ---- the parts of a step -------------------------------------------------------------------------------------------


def end_step(players: Players, recipe: Recipe) -> None:
    """Count the images, and let the average follow."""
    players.images += recipe.images_a_step
    half_life = schedule.rates(recipe, players.images).half_life
    ema.update(players.average, players.generator, ema.decay(half_life, recipe.images_a_step))


def steer_augmentation(players: Players, recipe: Recipe, world: World, signs: Tensor) -> None:
    """Move the probability of augmentation by D's signs on reals, every few steps: section 3.1 of arXiv 2006.06676."""
    players.signs += world.mean(signs)
    if (players.images // recipe.images_a_step + 1) % SIGNS_OVER == 0:
        moved = adapted(players.augment_p, players.signs / SIGNS_OVER, recipe.augment_target, SIGNS_OVER * recipe.batch)
        players.augment_p.copy_(moved)
        players.signs.zero_()


def _dropout(recipe: Recipe, images: int, rank: int) -> AbstractContextManager[Any]:
    """Dropout draws from torch's global state, the one thing that does: seed it for this step, and leave it as it was."""
    return _seeded_globally(seed_at(recipe.seed, "dropout", images, rank)) if recipe.dropout else nullcontext()


@contextmanager
def _seeded_globally(seed: int) -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
