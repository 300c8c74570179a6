"""How long a run has trained, how fast it is, and whether its budget is spent."""

from typing import NamedTuple

import torch

from figment import recipe as recipes
from figment.common import run_time
from figment.recipe import Recipe
from figment.training import schedule
from figment.training.distributed import World

REPLAN_TOLERANCE = 0.03  # share by which a plan may be off before it is made anew
REPLAN_SHARE = 0.1  # share of a time budget over which its pace is measured, before each new look at the plan


class Clock:
    """Seconds of training, over all the times that a run was started: those in which the process ran."""

    def __init__(self, before: float) -> None:
        self.start = run_time.now() - before

    def seconds(self) -> float:
        return run_time.now() - self.start


class Pace(NamedTuple):
    """How far a run was at a moment: images seen, seconds of training."""

    images: int
    seconds: float


def replanned(recipe: Recipe, before: Pace, now: Pace, world: World) -> Recipe:
    """The recipe with the images that its time budget will be good for at the pace since a moment before, if misjudged.

    Other work on the machine comes and goes: a plan that is kept ends its schedules too early or not at all. Beyond the
    planned end, where the final rates are held, nothing is planned.
    """
    seconds = recipe.seconds or 0
    pace = (now.images - before.images) / (now.seconds - before.seconds)
    expected = schedule.images_after(recipe, now.images, seconds - now.seconds, pace)
    if schedule.is_still(recipe, before.images) != schedule.is_still(recipe, now.images):
        expected = recipe.planned_images  # a stretch of both single frames and clips tells the pace of neither
    told = torch.tensor([expected, now.seconds < seconds], dtype=torch.float64)
    world.broadcast([told])  # the first one's clock holds
    planned, may = int(told[0]), bool(told[1]) and before.images < recipe.planned_images
    if not may or abs(planned - recipe.planned_images) < REPLAN_TOLERANCE * recipe.planned_images:
        return recipe
    return recipes.changed(recipe, planned_images=planned)


class Replanner:
    """Looks at a time budget's plan anew, whenever a tenth of the budget is gone since the last look."""

    def __init__(self, recipe: Recipe, images: int, seconds: float) -> None:
        self.pace, self.interval = Pace(images, seconds), REPLAN_SHARE * (recipe.seconds or 0.0)

    def renewed(self, recipe: Recipe, images: int, seconds: float, world: World) -> Recipe:
        """The recipe with a new plan, if it is time for one and the last one was misjudged; else as it is."""
        if not recipe.seconds or not world.any_process(seconds - self.pace.seconds >= self.interval):
            return recipe
        before, self.pace = self.pace, Pace(images, seconds)
        return replanned(recipe, before, self.pace, world)


def is_spent(recipe: Recipe, images: int, seconds: float, world: World, share: float = 1.0) -> bool:
    """Whether the budget, or such a share of it, is used up: of images, or of seconds.

    The first one's clock holds, as it does for the plan: another's may have gone on while the first stood still.
    """
    budget, spent = (recipe.images, float(images)) if recipe.images is not None else (recipe.seconds or 0.0, seconds)
    return world.any_process(world.leads and spent >= share * budget)
