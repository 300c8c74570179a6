"""Whether the stages of the discriminator that a run keeps as they begin know anything (FreezeD, arXiv 2002.10964)."""

from figment.errors import InputError
from figment.recipe import Recipe
from figment.training.origin import Origin


def notes_of_frozen(recipe: Recipe, origin: Origin | None) -> list[str]:
    """What is to be said of frozen stages: nothing where known nets bring them along.

    Raises InputError where a run starts from known nets that lack them.
    """
    if not recipe.frozen_stages:
        return []
    option = f"--set frozen_stages={recipe.frozen_stages}"
    if origin is None:
        return [
            f"{option} keeps weights that have learnt nothing: it is for runs that start from known nets, with --from"
        ]
    # Of other sizes it is the stages at the picture's side, of which D's are the first, that are new.
    if "discriminator" not in origin.parts or origin.compared(recipe).new:
        raise InputError(
            f"{option}: these stages would be new, not those of {origin.name}: leave it out, or keep its size."
        )
    return []
