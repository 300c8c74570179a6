"""Channels of each stage, where a recipe names them."""

from figment.common import sizes
from figment.errors import InputError
from figment.recipe import Recipe


def named_widths(recipe: Recipe, stages: int) -> list[int]:
    """The recipe's widths, from the start grid up; none where it goes by width alone.

    Raises InputError unless there is one for each stage.
    """
    if recipe.widths and (len(recipe.widths) != stages or min(recipe.widths) < 1):
        given = ",".join(map(str, recipe.widths))
        raise InputError(
            f"--set widths={given}: size {sizes.as_text(recipe.size)} has {stages} stages: give as many numbers above 0, "
            "from the start grid up, or none to go by width."
        )
    return list(recipe.widths)
