"""Which recipe is meant by what the user asks for: a name or "auto", choices of fields, a budget of time or images."""

import json
from collections.abc import Callable
from typing import Any

from figment import recipe as recipes
from figment.common import units as budgets
from figment.common.machine import Machine
from figment.data.decoding.fit import check_fit
from figment.errors import InputError
from figment.planning import plan
from figment.recipe import Recipe
from figment.run import Run
from figment.training.distributed import World
from figment.training.state import counters

DEFAULT_TIME = "10m"


def choose(
    name: str, machine: Machine, time: str | None, images: str | int | None, choices: dict[str, Any]
) -> tuple[Recipe, list[str]]:
    """The recipe for what was asked, with its budget; and why it is that one, with what this machine lacks, a line each."""
    for field in {"name", "images", "seconds", "planned_images"} & choices.keys():
        raise InputError(f"--set {field}: not to be set by hand: --recipe, --for and --images are for that.")
    budget = _budget(time, images)
    rung, why = plan.ladder(machine)[0], "auto: measuring what this machine can do in that time"
    if "images" in budget:
        rung = plan.by_images(machine, budget["images"])
        why = f"recipe {rung.recipe}: {rung.why}"
    recipe = recipes.make(rung.recipe if name == "auto" else name, **choices, **budget)
    recipe = recipes.changed(recipe, fit=check_fit(recipe.fit))
    notes = [why if name == "auto" else f"recipe {name}, as asked", *plan.fallbacks(recipe, machine)]
    if recipe.seconds is not None:
        return recipe, notes
    recipe = plan.by_rule(recipe, machine)
    return recipe, [*notes, *plan.warnings(recipe)]


def climb(
    asked: dict[str, Any], recipe: Recipe, machine: Machine, fit_to_data: Callable[[Recipe], Recipe]
) -> list[tuple[plan.Rung, Recipe]]:
    """The recipes that a time budget may go to, smallest first: "auto" has its ladder, every other name itself."""
    if asked["recipe"] != "auto":
        return [(plan.Rung(recipe.name, 0, ""), recipe)]
    rungs = [
        (rung, recipes.make(rung.recipe, **asked["choices"], seconds=recipe.seconds)) for rung in plan.ladder(machine)
    ]
    return [(rung, fit_to_data(one)) for rung, one in rungs]


def _budget(time: str | None, images: str | int | None) -> dict[str, Any]:
    if time is not None and images is not None:
        raise InputError("--for and --images can't both be the budget: give one of them.")
    if images is not None:
        return {"images": budgets.images(str(images))}
    return {"seconds": budgets.seconds(time or DEFAULT_TIME)}


def with_further_budget(run: Run, world: World, time: str | None, images: str | int | None) -> Recipe:
    """The run's recipe with a budget that lasts so much longer than its state; a finished run's schedules are at their end."""
    budget, recipe = _budget(time, images), run.recipe
    seen = json.loads(world.told("how far it has come", lambda: json.dumps(_seen(run))))
    if run.facts["state"] == "finished":
        recipe = recipes.changed(recipe, planned_images=min(recipe.planned_images, seen["images"]))
    if "images" in budget:
        return recipes.changed(recipe, images=seen["images"] + budget["images"], seconds=None)
    return recipes.changed(recipe, images=None, seconds=seen["seconds"] + budget["seconds"])


def _seen(run: Run) -> dict[str, Any]:
    return counters(run.state_file) if run.state_file.exists() else {"images": 0, "seconds": 0.0}
