"""Plan: what a budget buys on this machine; and the run as it will be, before it is."""

from collections.abc import Callable

from figment import recipe as recipes
from figment.augment.pipeline import MAX_FIXED_P, MAX_RISEN_P, augmentation_share
from figment.common.machine import Machine
from figment.data.bank.bank import MANY
from figment.errors import InputError
from figment.features.registry import default_network
from figment.recipe import Recipe
from figment.training import schedule

OVERHEAD_SHARE = 0.03  # of a run's time goes into readings and snapshots


def settled_by_data(recipe: Recipe, channels: int, classes: Callable[[], tuple[str, ...]], count: int) -> Recipe:
    """The recipe with all settled that the pictures decide: grey or colour, classes, order and augmentation for so many.

    classes gives their names; it is asked only where labels are wanted, and may raise InputError.
    """
    names = classes() if recipe.labels else ()
    order = recipe.order if recipe.order != "auto" else "formula" if count >= MANY else "list"
    return recipes.changed(recipe, channels=channels, classes=names, order=order, **augmentation(recipe, count))


def augmentation(recipe: Recipe, count: int) -> dict[str, str | float]:
    """How much augmentation a training set of so many pictures gets, where the recipe leaves it to their number.

    Where D's signs steer it, it may start from nothing.
    """
    if recipe.augment not in {"auto", "few"}:
        return {}
    share = augmentation_share(count, few=recipe.augment == "few")
    happens = share > 0 and (recipe.augment_p > 0 or recipe.augment_mode == "adaptive")
    return {"augment": "full" if happens else "none", "augment_p": recipe.augment_p * share}


def leaks(recipe: Recipe) -> list[str]:
    """That samples will show what only augmentation did to the pictures, and what would do instead; nothing where they won't."""
    fixed = recipe.augment_mode == "fixed"
    most = MAX_FIXED_P if fixed else MAX_RISEN_P
    if recipe.augment not in {"auto", "few", "full"} or recipe.augment_p <= most:
        return []
    or_else = f", or --set augment_mode=ramp with {MAX_RISEN_P:g} or less" if fixed else ""
    return [
        f"augment_p={recipe.augment_p:g} will leak: samples come out turned and recoloured themselves; take {most:g} or "
        f"less{or_else}"
    ]


def settled_by_machine(recipe: Recipe, machine: Machine) -> Recipe:
    """Every "auto" of the machine's settled without a stopwatch: under an image budget nothing that changes numbers is timed."""
    settled = {
        "precision": _precision(recipe, machine),
        "compile": _compile(recipe, machine),
        "planned_images": recipe.planned_images or recipe.images or 0,
    }
    return recipes.changed(recipe, **settled)


def settled_judge(recipe: Recipe) -> Recipe:
    """The recipe with the network settled that scores the run, by what is installed."""
    return recipes.changed(recipe, scores=default_network()) if recipe.scores == "auto" else recipe


def _precision(recipe: Recipe, machine: Machine) -> str:
    if recipe.precision == "auto":
        return "bf16" if machine.bf16 == "fast" else "fp32"
    return recipe.precision


def _compile(recipe: Recipe, machine: Machine) -> str:
    # Compiling costs half a minute and is slower at small widths; torch.compile can't differentiate a penalty twice.
    if not machine.compiler or recipe.gradient_penalty:
        return "off"
    if recipe.compile == "auto":
        return "on" if recipe.width >= 48 and (recipe.images or 0) >= 500_000 else "off"
    return recipe.compile


def images_for(recipe: Recipe, images_per_second: float, spent: float) -> int:
    """Images that a time budget is good for, at the measured speed of training, after the seconds that measuring took.

    Raises InputError where it is good for none.
    """
    images = int(schedule.images_in(recipe, (recipe.seconds or 0) - spent, images_per_second) * (1 - OVERHEAD_SHARE))
    if images < recipe.images_a_step:
        step = recipe.images_a_step / images_per_second
        raise InputError(
            f"--for {recipe.seconds:g}s: too short: measuring this machine took {spent:.1f} s of it, and a step takes "
            f"{step:.1f} s: give it minutes."
        )
    return images


def fallbacks(recipe: Recipe, machine: Machine) -> list[str]:
    """What this machine or recipe rules out and what is done in its place, a line each; nothing where all is there."""
    lines = []
    if recipe.precision == "auto" and machine.bf16 == "slow":
        lines.append("training in fp32, numbers of 32 bits: this device has no fast bf16, of 16")
    if recipe.precision == "auto" and machine.bf16 == "perhaps" and recipe.images is not None:
        lines.append("training in fp32: a budget of images measures no speeds; --set precision=bf16 may be faster")
    if recipe.compile != "off" and not machine.compiler:
        lines.append("no compiler for torch.compile here: training without it")
    if recipe.compile == "on" and recipe.gradient_penalty:
        lines.append("torch.compile can't differentiate a gradient penalty twice: training without it")
    if recipe.scores == "auto":
        default_network(lines.append)
    return lines
