"""Measured once at the start of a run with a time budget: which arithmetic is fastest here, and how fast it is."""

from dataclasses import dataclass

import torch

from figment import nets
from figment import recipe as recipes
from figment.common import run_time
from figment.common.machine import Machine
from figment.common.progress import Progress
from figment.recipe import Recipe
from figment.training.distributed import World
from figment.training.inputs import Phases
from figment.training.loader import Feed
from figment.training.loop import train_step
from figment.training.phases import phases_of
from figment.training.state import TrainState, clone_tensors, restore

COMPILE_FROM_SECONDS = {"cpu": 900.0, "cuda": 300.0}  # seconds of budget from which half a minute of compiling can pay
BY_BF16 = {"fast": ["bf16"], "perhaps": ["fp32", "bf16"], "slow": ["fp32"]}
WARM_UP_STEPS = {"cpu": 2, "mps": 2, "cuda": 4}  # steps until nets are compiled and phases recorded
COMPILE_FROM_WIDTH = 32  # below this width a compiled net was never faster on a CPU (LOG 1, 39)


@dataclass(frozen=True)
class Trial:
    """How fast one way of doing the arithmetic is."""

    precision: str
    compile: str
    images_per_second: float

    def __str__(self) -> str:
        return f"{self.precision}{' compiled' if self.compile == 'on' else ''} {self.images_per_second:,.0f} images/s"


def ways(recipe: Recipe, machine: Machine) -> list[tuple[str, str]]:
    """Ways that may be fastest, among those that the recipe leaves open and the machine can do: precision and compile."""
    precisions = [recipe.precision] if recipe.precision != "auto" else BY_BF16[machine.bf16]
    can = machine.compiler and not recipe.gradient_penalty
    pays = (recipe.seconds or 0) >= COMPILE_FROM_SECONDS.get(
        machine.kind, float("inf")
    ) and recipe.width >= COMPILE_FROM_WIDTH
    ways = {"on": ["on"], "off": ["off"], "auto": ["off", "on"] if pays else ["off"]}
    compiles = ways[recipe.compile] if can else ["off"]
    return [(p, c) for c in compiles for p in (precisions if c == "off" else precisions[-1:])]


def measure_ways(
    recipe: Recipe, machine: Machine, state: TrainState, feed: Feed, world: World, seconds: float,
    progress: Progress = lambda done, total: None, most: float = float("inf"),
) -> list[tuple[Trial, Phases]]:  # fmt: skip
    """Train for some seconds in each way, and put the state back as it was. Returns the trials, fastest first.

    most: seconds that all ways may take together, but for a step to warm up and one to measure, which each of them takes;
    compiling isn't counted.
    A way that fails here (a compiler that doesn't work, say) is left out; plain float32 never is. Raises
    torch.OutOfMemoryError where a batch is too large for the device.
    """
    before, images = clone_tensors(state), state.images
    trials, tried = [], ways(recipe, machine)
    for number, (precision, compiled) in enumerate(tried):
        progress(number, len(tried))
        this = recipes.changed(recipe, precision=precision, compile=compiled)
        try:
            phases = phases_of(state, this)
            limit = most / len(tried) if compiled == "off" else float("inf")
            rate = _rate(state, phases, this, feed, world, seconds, limit)
        except torch.OutOfMemoryError:
            raise
        except Exception:
            if compiled == "off":
                raise
            continue
        finally:
            restore(state, before)
            state.images = images
            nets.let_learn(state.discriminator, recipe.frozen_stages)
        trials.append((Trial(precision, compiled, rate), phases))
    progress(len(tried), len(tried))
    return sorted(trials, key=lambda t: -t[0].images_per_second)


def _rate(
    state: TrainState, phases: Phases, recipe: Recipe, feed: Feed, world: World, seconds: float, most: float
) -> float:
    """Images seen a second, after some steps to warm up; two steps are measured at least, one where `most` seconds are over.

    Of several processes all take the same steps, and the first one's rate holds.
    """
    began = run_time.now()
    for _ in range(WARM_UP_STEPS[feed.device.type]):
        train_step(state, phases, recipe, feed, world)
        if world.any_process(run_time.now() - began >= most / 2):
            break
    synchronise(feed.device)
    start, steps, is_over = run_time.now(), 0, False
    while not is_over:
        train_step(state, phases, recipe, feed, world)
        steps += 1
        now = run_time.now()
        is_over = world.any_process((steps > 1 and now - start >= seconds) or now - began >= most)
    synchronise(feed.device)  # not after each step: in a run the host is some steps ahead of a GPU, too
    rate = torch.tensor(steps * recipe.images_a_step / (run_time.now() - start), dtype=torch.float64)
    world.broadcast([rate])
    return float(rate)


def synchronise(device: torch.device) -> None:
    """Until the device has done all that it was asked to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
