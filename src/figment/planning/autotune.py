"""Before the first step: which recipe, with what arithmetic, for how many images. Under a time budget it is measured."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from figment import recipe as recipes
from figment.common import run_time
from figment.common.machine import Machine
from figment.common.progress import Preparing
from figment.common.units import as_time
from figment.errors import InputError
from figment.planning import memory, plan
from figment.planning.choose import Candidate
from figment.planning.trials import Trial, measure_ways, ways
from figment.recipe import Recipe
from figment.training.distributed import World
from figment.training.inputs import Phases
from figment.training.loader import Feed
from figment.training.origin import Origin, begin_from
from figment.training.phases import Setup, phases_of
from figment.training.state import TrainState, new_state

MIN_TRIAL_SECONDS, MAX_TRIAL_SECONDS = 0.3, 2.0  # seconds that one way of doing the arithmetic is tried
MEASURING_SHARE = 0.1  # of a time budget that measuring may take, as far as two steps of a recipe do
SPEED_BATCH, SPEED_PARAMETERS = 32, 20_000_000  # images at once, and of both nets on a CPU, where only a time is told


class MeasuredCandidate(NamedTuple):
    """One candidate, its setup, and how fast each way of doing its arithmetic is here, fastest first."""

    candidate: Candidate
    setup: Setup
    trials: list[Trial]


def build(
    recipe: Recipe, machine: Machine, feed: Feed, world: World, display: Preparing, origin: Origin | None = None
) -> Setup:
    """The setup of a recipe whose images are planned already: nothing is measured, but that a step can be made is tried."""
    recipe, trials, state, phases = _tried_out(recipe, machine, feed, world, 0.0, display, origin)
    if not trials:
        display.say("torch.compile doesn't work here: training without it")
        return build(recipes.changed(recipe, compile="off"), machine, feed, world, display, origin)
    return Setup(recipe, state, phases[0])


def autotune(
    candidates: Sequence[tuple[Candidate, Recipe]],
    machine: Machine,
    feed: Feed,
    world: World,
    display: Preparing,
    origin: Origin | None = None,
) -> Setup:
    """Go from the smallest candidate as far as the time budget carries it, measuring each. Says what it took and why.

    The seconds that this takes are counted as training. Raises InputError where the budget is shorter than a step.
    """
    began, tried = run_time.now(), list[MeasuredCandidate]()
    for candidate, recipe in candidates:
        if tried and tried[-1].setup.recipe.planned_images < candidate.worth_from:
            break  # of larger nets fewer images would be seen
        budget = recipe.seconds or 0.0
        seconds = min(max(budget / 100, MIN_TRIAL_SECONDS), MAX_TRIAL_SECONDS)
        most = max(MEASURING_SHARE * budget - (run_time.now() - began), 0.0)
        recipe, trials, state, phases = _tried_out(recipe, machine, feed, world, seconds, display, origin, most)
        if not trials:
            display.say("torch.compile doesn't work here: training without it")
            recipe = recipes.changed(recipe, compile="off")
            recipe, trials, state, phases = _tried_out(recipe, machine, feed, world, seconds, display, origin, most)
        spent = _of_the_first(world, run_time.now() - began)
        planned = plan.images_for(recipe, trials[0].images_per_second, spent)
        setup = Setup(_settled(recipe, trials[0], planned), state, phases[0])
        setup.state.seconds = spent
        tried.append(MeasuredCandidate(candidate, setup, trials))
    chosen = [one for one in tried if one.setup.recipe.planned_images >= one.candidate.worth_from][-1]
    untried = [candidate for candidate, _ in candidates[len(tried) :]]
    for line in explained(chosen, tried, untried):
        display.say(line)
    return chosen.setup


def speed_here(
    recipe: Recipe, machine: Machine, feed: Feed, world: World, display: Preparing, origin: Origin | None = None
) -> float:
    """About how many images a second a recipe sees here, by small batches: to tell a time, never to choose by.

    0 where that would take minutes: large nets on a CPU.
    """
    recipe = recipes.changed(recipe, planned_images=0, batch=min(recipe.batch, SPEED_BATCH))
    if machine.kind == "cpu" and memory.parameters(recipe) > SPEED_PARAMETERS:
        return 0.0
    _, trials, _, _ = _tried_out(recipe, machine, feed, world, MIN_TRIAL_SECONDS, display, origin)
    return trials[0].images_per_second * (1 - plan.OVERHEAD_SHARE) if trials else 0.0


def explained(
    chosen: MeasuredCandidate, tried: Sequence[MeasuredCandidate], untried: Sequence[Candidate] = ()
) -> list[str]:
    """The choice in three lines: what, how fast here, and what that buys. untried: candidates that this is too little for."""
    recipe = chosen.setup.recipe
    rates = [f"{one.candidate.recipe} {' or '.join(map(str, one.trials))}" for one in tried]
    passed_over = [one for one in tried if one is not chosen]
    why = "".join(
        f"; {one.candidate.recipe} would see {one.setup.recipe.planned_images:,} and pays from {one.candidate.worth_from:,} on"
        for one in passed_over
        if one.setup.recipe.planned_images < one.candidate.worth_from
    )
    why += "".join(f"; {one.recipe} pays from {one.worth_from:,} on" for one in untried[:1])
    return [
        *([f"recipe {recipe.name}: {chosen.candidate.why}"] if chosen.candidate.why else []),
        f"measured, in {as_time(math.ceil(tried[-1].setup.state.seconds))} of the time: {', '.join(rates)}",
        f"planned: {recipe.planned_images:,} images shown to the discriminator{why}",
        *plan.leaks(recipe),
    ]


def _settled(recipe: Recipe, fastest: Trial, planned: int) -> Recipe:
    return recipes.changed(recipe, precision=fastest.precision, compile=fastest.compile, planned_images=planned)


def _tried_out(
    recipe: Recipe, machine: Machine, feed: Feed, world: World, seconds: float, display: Preparing,
    origin: Origin | None, most: float = float("inf"),
) -> tuple[Recipe, list[Trial], TrainState, list[Phases]]:  # fmt: skip
    """A new state, of known nets where there are some, tried out; with half the batch, and half again, where the device's
    memory is too small for a step. seconds, most: as measure_ways() takes them."""
    asked, recipe = recipe, memory.fitting_memory(recipe, machine)
    if recipe.batch != asked.batch:
        display.say(f"a step with batches of {asked.batch} doesn't fit the memory here: going on with {recipe.batch}")
    while True:
        world.check_batch(recipe.batch)
        is_sure = bool(recipe.planned_images and recipe.compile == "off" and machine.kind == "cpu")
        progress = display.stage("measuring this machine" if seconds else "trying a step")
        if not is_sure:
            progress(0, len(ways(recipe, machine)))  # before the nets, which take seconds to begin with
        state = new_state(recipe, world)
        if origin is not None:
            begin_from(state, recipe, origin, world)
        if is_sure:
            return recipe, [Trial(recipe.precision, "off", 0.0)], state, [phases_of(state, recipe)]
        try:
            measured = measure_ways(recipe, machine, state, feed, world, seconds, progress, most)
            return recipe, [trial for trial, _ in measured], state, [phases for _, phases in measured]
        except torch.OutOfMemoryError:
            recipe = with_less_memory(recipe, world, display.say)


def with_less_memory(recipe: Recipe, world: World, say: Callable[[str], None]) -> Recipe:
    """The recipe with half the batch, after the device ran out of memory. Raises InputError where that can't be."""
    if world.size > 1 or recipe.batch < 4:
        raise InputError(
            f"--set batch={recipe.batch}: the device's memory is too small for a step: take a smaller batch, "
            "a smaller --size or a narrower recipe."
        )
    if world.device.type == "cuda":
        torch.cuda.empty_cache()
    recipe = memory.halved_batch(recipe)
    say(f"out of memory: going on with batches of {recipe.batch}")
    return recipe


def _of_the_first(world: World, value: float) -> float:
    """The first process's number, for all."""
    told = torch.tensor(value, dtype=torch.float64)
    world.broadcast([told])
    return float(told)
