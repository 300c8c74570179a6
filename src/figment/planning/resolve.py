"""One chain from a recipe as asked for to the nets and phases that are trained: for train, resume and --dry-run alike."""

from functools import partial
from typing import Any

from figment.common.machine import Machine
from figment.common.progress import Preparing
from figment.data.bank.bank import Bank
from figment.planning import plan
from figment.planning.autotune import autotune, build
from figment.planning.choose import candidates
from figment.recipe import Recipe
from figment.training.clip_feed import ClipFeed
from figment.training.dealt import dealt
from figment.training.distributed import World
from figment.training.loader import Feed
from figment.training.order import Order
from figment.training.origin import Origin
from figment.training.phases import Setup

APART = 0.5  # seconds


def settled_by_data(recipe: Recipe, bank: Bank) -> Recipe:
    """The recipe with all settled that the pictures decide.

    Frames that are APART from each other count as pictures do, and a clip as one at least: so the moving portraits, 903 clips of
    three seconds, aren't augmented, which cost them half of what they learnt (LOG 124).
    """
    count = bank.trained_on
    if bank.clips:
        count = max(len(bank.clips.of(bank.train)), int(count / recipe.fps / APART))
    return plan.settled_by_data(recipe, bank.channels, lambda: bank.classes[0], count)


def loader_for(bank: Bank, recipe: Recipe, world: World) -> Feed:
    """This process's feed of the training pictures, or clips."""
    classes, part = bank.classes[1] if recipe.classes else None, (world.row, world.size)
    by_formula = recipe.order == "formula"
    if recipe.frames:
        assert bank.clips is not None
        ranges, order = bank.clips.ranges(), Order(bank.clips.of(bank.train), recipe.seed, by_formula)
        return ClipFeed(
            bank.pictures, ranges, order, recipe.frames, recipe.seed, recipe.flips, world.device, part, classes
        )
    if recipe.parts > 1:
        pictures, order_of_parts = dealt([bank, *bank.beside], recipe)
        return Feed(pictures, order_of_parts, recipe.seed, recipe.flips, world.device, part)
    order = Order(bank.train, recipe.seed, by_formula)
    return Feed(bank.pictures, order, recipe.seed, recipe.flips, world.device, part, classes)


def resolve(
    asked: dict[str, Any], recipe: Recipe, bank: Bank, machine: Machine, world: World, display: Preparing,
    origin: Origin | None = None,
) -> tuple[Setup, Feed]:  # fmt: skip
    """The setup of a recipe that settled_by_data has been through, and what feeds it pictures.

    asked: recipe and choices, as train() was given them. origin: what the nets of a new run begin as. With images planned,
    which is so under an image budget and in every resumed run, nothing is measured; under a time budget the machine is, and
    "auto" takes what pays. Says what it took and why. Raises InputError where the budget or the memory is too small for a step.
    """
    feed = loader_for(bank, recipe, world)
    if recipe.planned_images:
        setup = build(recipe, machine, feed, world, display, origin)
    else:
        tried = candidates(asked, recipe, machine, partial(settled_by_data, bank=bank), origin)
        setup = autotune(tried, machine, feed, world, display, origin)
    return setup._replace(recipe=plan.settled_judge(setup.recipe)), feed
