"""What a rehearsal makes of a training that is asked for: the same in small (common/rehearsal.py says how small)."""

from typing import Any

from figment import recipe as recipes
from figment.common import rehearsal
from figment.recipe import Recipe
from figment.starts.asked import SHIPPED
from figment.training.origin import Origin


def budget_in_small(budget: dict[str, Any]) -> dict[str, Any]:
    """A recipe's budget; in a rehearsal a few images, whether images or time were asked for."""
    if not rehearsal.rehearsing():
        return budget
    return {"images": min(budget.get("images", rehearsal.IMAGES), rehearsal.IMAGES)}


def choices_in_small(choices: dict[str, Any], origin: Origin | None) -> dict[str, Any]:
    """A recipe's fields as asked for; in a rehearsal with a smaller size. Where a run is gone on from, that is small already."""
    asked = choices.get("size", 64 if origin is None or origin.asked == SHIPPED else None)
    return choices if asked is None or not rehearsal.rehearsing() else choices | {"size": rehearsal.smaller(asked)}


def recipe_in_small(recipe: Recipe, origin: Origin | None) -> Recipe:
    """The recipe; in a rehearsal with narrow nets, unless known nets say how wide they are, and small batches."""
    if not rehearsal.rehearsing() or origin is not None or recipe.nets != "dcgan":
        return recipe
    narrow = {"width": min(recipe.width, rehearsal.WIDTH), "batch": min(recipe.batch, rehearsal.BATCH), "widths": ()}
    return recipes.changed(recipe, **narrow)


def notes_of_rehearsal(recipe: Recipe) -> list[str]:
    """That this is one, so that nobody takes its result for more."""
    if not rehearsal.rehearsing():
        return []
    return [f"{rehearsal.VARIABLE} is set, so this is done in small: {recipe.images:,} images, narrow nets"]
