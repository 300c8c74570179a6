"""Which recipe is meant by what the user asks for: a name or "auto", choices of fields, a budget of time or images."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from figment import presets
from figment import recipe as recipes
from figment.common import units
from figment.common.machine import Machine
from figment.data.decoding.fit import check_fit
from figment.data.sources.base import Source
from figment.errors import InputError
from figment.planning import plan
from figment.planning.freezing import notes_of_frozen
from figment.planning.in_small import budget_in_small, choices_in_small, notes_of_rehearsal, recipe_in_small
from figment.planning.starting import followed, usual_origin
from figment.recipe import Recipe
from figment.run import Run
from figment.training.distributed import World
from figment.training.origin import Origin
from figment.training.state import counters

DEFAULT_TIME = "10m"


class Candidate(NamedTuple):
    """A recipe that "auto" may take, and the images seen from which it beats the smaller one before it."""

    recipe: str
    worth_from: int
    why: str


# On a CPU the wider nets were better at 150,000 images seen, and on portraits at 32 px from 90,000 (LOG 33, 40). On a GPU
# (H100) "dcgan" was better by the eye than "dcgan-r1" at its widths (LOG 48); from where on R3GAN is worth it there is
# an estimate.
WITHOUT_GPU = "without a GPU, small fast nets give better pictures than wide slow ones"
AUTO_RECIPES = {
    "cpu": (
        Candidate("dcgan-r1-small", 0, WITHOUT_GPU),
        Candidate("dcgan-r1", 60_000, WITHOUT_GPU),
    ),
    "gpu": (
        Candidate("dcgan", 0, "a GPU carries the article's widths"),
        Candidate("r3gan-hour", 1_000_000, "nets without normalisation under R1 + R2, which go on improving"),
        Candidate("r3gan", 20_000_000, "the full nets of R3GAN"),
    ),
    "clips": (
        Candidate("video-small", 0, "clips"),
        Candidate("video", 60_000, "clips"),
    ),
}  # fmt: skip


def auto_recipes(machine: Machine, clips: bool = False) -> tuple[Candidate, ...]:
    """The recipes that "auto" chooses from on a machine, smallest first."""
    return AUTO_RECIPES["clips" if clips else "cpu" if machine.kind == "cpu" else "gpu"]


def auto_for_images(machine: Machine, images: int, clips: bool = False) -> Candidate:
    """What "auto" takes for so many images seen: under an image budget nothing is chosen by stopwatch."""
    return [candidate for candidate in auto_recipes(machine, clips) if candidate.worth_from <= images][-1]


def choose(
    name: str, machine: Machine, time: str | None, images: str | int | None, choices: dict[str, Any],
    origin: Origin | None = None,
) -> tuple[Recipe, list[str]]:  # fmt: skip
    """The recipe for what was asked, with its budget; and why it is that one, with what this machine lacks, a line each.

    origin: the nets that are started from, whose family and widths "auto" follows.
    """
    for field in {"name", "images", "seconds", "planned_images"} & choices.keys():
        raise InputError(f"--set {field}: not to be set by hand: --recipe, --for and --images are for that.")
    budget, choices = _budget(time, images), choices_in_small(choices, origin)
    clips = bool(choices.get("frames"))
    candidate, why = auto_recipes(machine, clips)[0], ""  # told when the machine is measured
    if "images" in budget:
        candidate = auto_for_images(machine, budget["images"], clips)
        why = f"recipe {candidate.recipe}: {candidate.why}"
    if origin is None:
        taken, fields = (candidate.recipe if name == "auto" else name), choices
    else:
        taken, fields = followed(name, choices, origin)
        why = f"recipe {taken}: that of {origin.name}, which it starts from"
    recipe = recipe_in_small(presets.make(taken, **fields, **budget), origin)
    if origin is not None:
        origin.compared(recipe)  # refused now where nothing fits
    recipe = recipes.changed(recipe, fit=check_fit(recipe.fit))
    why = why if name == "auto" else f"recipe {name}, as asked"
    notes = [*([why] if why else []), *plan.fallbacks(recipe, machine)]
    notes += notes_of_rehearsal(recipe)
    notes += notes_of_frozen(recipe, origin)
    if recipe.seconds is not None:
        return recipe, notes
    recipe = plan.settled_by_machine(recipe, machine)
    return recipe, [*notes, *plan.leaks(recipe)]


def choose_usual_start(
    name: str, machine: Machine, time: str | None, images: str | int | None, choices: dict[str, Any],
    recipe: Recipe, source: Source, world: World,
) -> tuple[Origin, Recipe, list[str]] | None:  # fmt: skip
    """The nets that a run starts from where nobody said from what, with its recipe and what is said of both.

    recipe: what choose() took without them. None where the run begins from nothing.
    """
    if (usual := usual_origin(name, choices, recipe, machine, source, world)) is None:
        return None
    origin, why = usual
    recipe, notes = choose(name, machine, time, images, choices, origin)
    return origin, recipe, [*notes, why]


def candidates(
    asked: dict[str, Any], recipe: Recipe, machine: Machine, fit_to_data: Callable[[Recipe], Recipe],
    origin: Origin | None = None,
) -> list[tuple[Candidate, Recipe]]:  # fmt: skip
    """The recipes that a time budget may go to, smallest first: "auto" has several, every other name itself, and known
    nets have theirs."""
    if asked["recipe"] != "auto" or origin is not None:
        return [(Candidate(recipe.name, 0, ""), recipe)]
    asked_for = {**asked.get("choices", {}), "seconds": recipe.seconds}
    return [
        (candidate, fit_to_data(presets.make(candidate.recipe, **asked_for)))
        for candidate in auto_recipes(machine, bool(recipe.frames))
    ]


def _budget(time: str | None, images: str | int | None) -> dict[str, Any]:
    if time is not None and images is not None:
        raise InputError("--for and --images can't both be the budget: give one of them.")
    if images is not None:
        return budget_in_small({"images": units.images(str(images))})
    return budget_in_small({"seconds": units.seconds(time or DEFAULT_TIME)})


def with_further_budget(run: Run, world: World, time: str | None, images: str | int | None) -> Recipe:
    """The run's recipe with a budget that lasts so much longer than its state; a finished run's schedules are at their end."""
    budget, recipe = _budget(time, images), run.recipe
    seen = json.loads(world.share_text("how far it has come", lambda: json.dumps(_seen(run))))
    if run.state == "finished":
        planned = min(recipe.planned_images, seen["images"]) or _planned_for(budget, recipe)
        recipe = recipes.changed(recipe, planned_images=planned)
    if "images" in budget:
        return recipes.changed(recipe, images=seen["images"] + budget["images"], seconds=None)
    return recipes.changed(recipe, images=None, seconds=seen["seconds"] + budget["seconds"])


def _planned_for(budget: dict[str, Any], recipe: Recipe) -> int:
    """The images of a further budget for a run whose time was over before its first step: at the speed of its plan."""
    if "images" in budget:
        return int(budget["images"])
    share = budget["seconds"] / recipe.seconds if recipe.seconds else 1.0
    return max(round(share * recipe.planned_images), 1)


def _seen(run: Run) -> dict[str, Any]:
    return counters(run.state_file).model_dump() if run.state_file.exists() else {"images": 0, "seconds": 0.0}
