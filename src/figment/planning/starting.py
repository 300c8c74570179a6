"""What a run that starts from known nets takes over from them, and when such a start is made unasked."""

from typing import Any, NamedTuple

from figment import starts
from figment.common import sizes
from figment.errors import InputError
from figment.nets import FAMILIES
from figment.presets import PRESETS, make
from figment.recipe import Recipe
from figment.training.origin import NOTHING, SHIPPED, Origin

# What decides whether a weight means the same: a recipe that is named mustn't change it.
SETTLED = ("nets", "prior", "activation", "upsampling", "modulated", "discriminator_norm", "blocks", "group_channels")
FOLLOWED = (*SETTLED, "width", "widths", "discriminator_width", "code_size", "initial_weights")
LEAST_CHANNELS = 8  # of a stage that is added above the source's


class StartRule(NamedTuple):
    """Where the shipped nets were measured to help: up to so many images seen, for up to so many pictures."""

    most_images: int
    most_pictures: int
    why: str


AUTO_STARTS: tuple[StartRule, ...] = ()  # none: no starting nets are shipped yet


def default_start(images: int, pictures: int, portraits: bool) -> str:
    """What is started from where nobody says: SHIPPED or NOTHING.

    images: that are planned, or a guess at it; pictures: to train on; portraits: whether they are the built-in ones, of
    which shipped nets have seen others of the same kind: it would be a trick.
    """
    if portraits or not any(start.file.is_file() for start in starts.STARTS):
        return NOTHING
    helps = any(images <= rule.most_images and pictures <= rule.most_pictures for rule in AUTO_STARTS)
    return SHIPPED if helps else NOTHING


def followed(name: str, choices: dict[str, Any], origin: Origin) -> tuple[str, dict[str, Any]]:
    """The recipe's name and fields for a run from known nets: theirs where nobody has said otherwise.

    With "auto", or the name of their own recipe, it is that recipe with all that their nets depend on; another recipe
    that is named keeps its widths and code, and mustn't give the weights another meaning. Of another size the stages that both
    have keep their widths, and each new one above has half of the one below. Raises InputError for a recipe of other nets.
    """
    source = origin.recipe
    own = source.name if source.name in PRESETS else _nearest(source)
    if name not in ("auto", own):
        _refuse_conflict(name, make(name, **choices), choices, origin)
        return name, choices
    taken = {field: getattr(source, field) for field in FOLLOWED if field not in choices}
    taken = {"size": source.size} | taken | choices
    if "width" in choices and "widths" not in choices:
        taken["widths"] = ()
    elif "widths" not in choices and (widths := _widths(source, taken)) is not None:
        taken["widths"] = widths
    return own, taken


def _widths(source: Recipe, taken: dict[str, Any]) -> tuple[int, ...] | None:
    """The channels of each stage at the size that is asked for; None where it has as many stages as the source."""
    size = sizes.parse(taken.get("size", source.size))
    before = list(FAMILIES[source.nets].stage_widths(source))
    try:
        more = sizes.start_grid(*sizes.shape(size)).doublings - sizes.start_grid(*source.shape).doublings  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None  # told where the recipe is made
    if not more:
        return None
    for _ in range(more):
        before.append(max(LEAST_CHANNELS, before[-1] // 2))
    return tuple(before[:more] if more < 0 else before)


def _nearest(source: Recipe) -> str:
    """A recipe with such nets, for one that has no name here."""
    return "r3gan" if source.nets == "r3gan" else "dcgan" if source.discriminator_norm == "batch" else "dcgan-r1"


def _refuse_conflict(name: str, recipe: Recipe, choices: dict[str, Any], origin: Origin) -> None:
    relevant = [field for field in SETTLED if recipe.nets == "r3gan" or field not in ("blocks", "group_channels")]
    other = [
        field for field in relevant if getattr(recipe, field) != getattr(origin.recipe, field) and field not in choices
    ]
    if other:
        told = ", ".join(
            f"{field} {getattr(origin.recipe, field)} there, {getattr(recipe, field)} here" for field in other
        )
        raise InputError(
            f"--recipe {name} has other nets than {origin.name} ({told}): leave out --recipe, or name {origin.recipe.name}."
        )
