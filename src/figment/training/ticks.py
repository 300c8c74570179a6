"""What is told at every tick of a run: readings of both nets, losses and norms since the last one, speed, memory, in words."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import psutil
import torch

from figment import codes
from figment.common.jsontext import are_missing
from figment.common.seeds import generator_at, seed_at
from figment.data.bank.bank import Bank
from figment.game.phase_losses import Batch
from figment.recipe import Recipe
from figment.run_files import NEEDED
from figment.training import schedule
from figment.training.appearance import look
from figment.training.calibration import Calibrator
from figment.training.clip_motion import ClipMotion
from figment.training.diagnosis import KEPT_READINGS, Outlook, diagnose
from figment.training.few import few
from figment.training.loader import Feed
from figment.training.look_sizes import in_view
from figment.training.monitor import ROUNDED_DIGITS, read
from figment.training.pace import Clock
from figment.training.phases import autocast_for
from figment.training.state import TrainState
from figment.training.sync_batch_norm import local_statistics

READING_PICTURES = 256  # pictures of each kind that are shown to D for a reading, of large ones fewer


class Ticks:
    """Reads a run at every tick, on pictures and codes that stay the same all through it.

    Of what was read it keeps the last few and the widest spread: a tick costs the same, however many there were.
    """

    def __init__(
        self, events: Iterable[dict[str, Any]], bank: Bank, recipe: Recipe, feed: Feed, state: TrainState, clock: Clock
    ) -> None:
        self.feed, self.clock = feed, clock
        self.calibrator = Calibrator(bank, recipe, feed.device)
        self.reals, self.held_out = reading_batches(feed, bank, recipe)
        self.seen = look(self.reals.pictures)
        random = generator_at(recipe.seed, "watched")
        self.z = codes.draw(in_view(READING_PICTURES, recipe), recipe.code_size, recipe.prior, random).to(feed.device)
        self.motion = ClipMotion.of(bank, recipe, feed) if recipe.frames else None
        self.events: deque[dict[str, Any]] = deque(maxlen=KEPT_READINGS)
        self.widest = 0.0
        self.plan(recipe)
        self.reload(state, events)

    def plan(self, recipe: Recipe) -> None:
        """Go by the recipe's plan from here on."""
        self.images_a_step, self.length = recipe.images_a_step, schedule.tick_images(recipe)

    def is_due(self, images: int) -> bool:
        """Whether to read the run after so many images: at whole ticks, and so at a whole tick at least from the last one.

        Where the plan has changed, the next whole tick of the new one may be a step away, and of one step no mean tells
        anything.
        """
        return images % self.length == 0 and images - self.closed_images >= self.length

    def close(self, state: TrainState) -> None:
        """Begin the means of losses and norms, and of the speed, anew."""
        state.losses.zero_()
        self.closed_images = state.images
        self._count_speed(state)

    def reload(self, state: TrainState, events: Iterable[dict[str, Any]]) -> None:
        """Take up what state and events hold, at the beginning and after training has gone back to an earlier state."""
        self.closed_images = state.images - round(float(state.losses[3])) * self.images_a_step
        whole = [event for event in events if event["event"] == "tick" and not are_missing(NEEDED["tick"], event)]
        self.events = deque(whole[-KEPT_READINGS:], maxlen=KEPT_READINGS)
        self.widest = max((event["spread"] for event in whole), default=0.0)
        self._count_speed(state)

    def event(
        self, state: TrainState, recipe: Recipe, processes: int, scores: Sequence[dict[str, Any]] = ()
    ) -> dict[str, Any]:
        """The tick's event. scores: the run's, up to now, which are told of in its words."""
        with (
            autocast_for(recipe.precision, self.feed.device.type),
            local_statistics(state.generator, state.discriminator),
        ):
            reading = read(state.generator, state.discriminator, self.reals, self.held_out, self.z, self.seen)
            moves = self._motion(state, recipe)
        reading = replace(reading, **self.calibrator.reading(state))
        self.widest = max(self.widest, reading.spread)
        seconds = self.clock.seconds()
        speed = (state.images - self.began_images) / max(seconds - self.began_seconds, 1e-3)
        event = {
            "event": "tick", "images": state.images, "seconds": round(seconds, 2),
            **_rates(state, recipe), **_losses_and_norms(state), **reading.as_event(), **moves,
            "images_per_second": round(speed, 1),
            "memory_mb": memory_mb(self.feed.device), **({"processes": processes} if processes > 1 else {}),
        }  # fmt: skip
        self.events.append(event)
        event["diagnosis"] = diagnose(Outlook(list(self.events), recipe, scores, self.widest))
        return event

    def _motion(self, state: TrainState, recipe: Recipe) -> dict[str, float | None]:
        """How much clips move, as a share of reals'; nothing yet while single frames are learnt."""
        if self.motion is None:
            return {}
        share = None if schedule.is_still(recipe, state.images) else self.motion.share(state.generator)
        return {"motion": None if share is None else round(share, ROUNDED_DIGITS)}

    def _count_speed(self, state: TrainState) -> None:
        """Count images and seconds from here on for the next tick's speed."""
        self.began_images, self.began_seconds = state.images, self.clock.seconds()


def reading_batches(feed: Feed, bank: Bank, recipe: Recipe) -> tuple[Batch, Batch]:
    """The training and the held-out reals of every reading: the same all through a run."""
    random, count = np.random.default_rng(seed_at(recipe.seed, "watched")), in_view(READING_PICTURES, recipe)
    chosen = [torch.from_numpy(few(random, part, count)) for part in (bank.train, bank.held_out)]
    reals, held_out = (Batch(feed.pictures(which), feed.classes(which)) for which in chosen)
    return reals, held_out


def memory_mb(device: torch.device) -> int:
    """MiB in use: this process's, or on a GPU the most that tensors took there."""
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20)
    return round(psutil.Process().memory_info().rss / 2**20)


def _rates(state: TrainState, recipe: Recipe) -> dict[str, float]:
    """What the schedule and the signs of D have set by now; γ and augmentation only where there are any."""
    rates, set_now = schedule.rates(recipe, state.images), {"lr": state.learning_rate}
    if recipe.gamma:
        set_now["gamma"] = round(rates.gamma, 6)
    if recipe.augment != "none":
        p = float(state.augment_p) if recipe.augment_mode == "adaptive" else rates.augment_p
        set_now["augment_p"] = round(p, 4)
    return set_now


def _losses_and_norms(state: TrainState) -> dict[str, float]:
    """Means since the last tick: losses, and ‖∇D‖² at pictures, of which R1 and R2 are made.

    And the norms of the last gradients with respect to weights.
    """
    loss_d, loss_g, squared = (state.losses[:3] / state.losses[3]).tolist()
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
