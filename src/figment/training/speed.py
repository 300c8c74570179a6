"""Measured once at the start of a run with a time budget: which arithmetic is fastest here, and how fast it is."""

import time
from dataclasses import dataclass

import torch

from figment import recipe as recipes
from figment.machine import Machine
from figment.recipe import Recipe
from figment.training.feed import Feed
from figment.training.loop import Nets, play
from figment.training.state import Players, remembered, restore

WORTH_COMPILING = 900.0  # seconds of budget from which half a minute of compiling can pay


@dataclass(frozen=True)
class Trial:
    """How fast one way of doing the arithmetic is."""

    precision: str
    compile: str
    images_per_second: float

    def __str__(self) -> str:
        return f"{self.precision}{' compiled' if self.compile == 'on' else ''} {self.images_per_second:,.0f} images/s"


def candidates(recipe: Recipe, machine: Machine) -> list[tuple[str, str]]:
    """Ways that may be fastest, among those that the recipe leaves open and the machine can do."""
    precisions = [recipe.precision] if recipe.precision != "auto" else ["fp32", *(["bf16"] if machine.bf16 else [])]
    can = machine.compiler and not recipe.gradient_penalty
    worth = can and (recipe.seconds or 0) >= WORTH_COMPILING and recipe.width >= 32
    ways = {"on": ["on"], "off": ["off"], "auto": ["off", "on"] if worth else ["off"]}
    compiles = ways[recipe.compile] if can else ["off"]
    return [(p, c) for c in compiles for p in (precisions if c == "off" else precisions[-1:])]


def try_out(recipe: Recipe, machine: Machine, players: Players, feed: Feed, seconds: float) -> list[tuple[Trial, Nets]]:
    """Play for some seconds in each way, and put the players back as they were. Returns the trials, fastest first.

    A way that fails here (a compiler that doesn't work, say) is left out; plain float32 never is.
    """
    before, images = remembered(players), players.images
    trials = []
    for precision, compiled in candidates(recipe, machine):
        nets = Nets.of(players, compiled == "on")
        this = recipes.changed(recipe, precision=precision, compile=compiled)
        try:
            rate = _rate(players, nets, this, feed, seconds)
        except Exception:
            if compiled == "off":
                raise
            continue
        finally:
            restore(players, before)
            players.images = images
            players.discriminator.requires_grad_(True)
        trials.append((Trial(precision, compiled, rate), nets))
    return sorted(trials, key=lambda t: -t[0].images_per_second)


def _rate(players: Players, nets: Nets, recipe: Recipe, feed: Feed, seconds: float) -> float:
    """Images seen a second, after two steps to warm up: compiled nets compile in the first."""
    for _ in range(2):
        play(players, nets, recipe, feed)
    _wait_for(feed.device)
    start, steps = time.monotonic(), 0
    while time.monotonic() - start < seconds or steps < 2:
        play(players, nets, recipe, feed)
        _wait_for(feed.device)
        steps += 1
    return steps * recipe.images_a_step / (time.monotonic() - start)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
