"""What a run that starts from known nets takes over from them, and when such a start is made unasked."""

from pathlib import Path
from typing import Any, NamedTuple

from figment import starts
from figment.common import sizes
from figment.common.machine import Machine
from figment.data.sources.base import Source
from figment.data.sources.open import holds_drawn
from figment.errors import InputError
from figment.nets import FAMILIES
from figment.presets import CLIPS, LEAST_CHANNELS, MOTION_SIZE, PRESETS, make
from figment.recipe import Recipe
from figment.run import Run
from figment.starts.asked import NOTHING, SHIPPED
from figment.training.distributed import World
from figment.training.origin import Origin, shared_origin

# What decides whether a weight means the same: a recipe that is named mustn't change it.
SETTLED = ("nets", "prior", "activation", "upsampling", "modulated", "discriminator_norm", "blocks", "group_channels")
FOLLOWED = (*SETTLED, "width", "widths", "discriminator_width", "code_size", "initial_weights")


class StartRule(NamedTuple):
    """Where the shipped nets were measured to help: up to such a budget, and in which words that is told."""

    most_images: int
    most_seconds: float
    why: str


# CelebA for 10 minutes and to 160,000 images seen, three other sets to 30,000: LOG 90. Beyond them nothing was tried.
AUTO_STARTS = (StartRule(160_000, 600, "pictures come sooner"),)
# Of clips, two sets for 20 minutes of a core: LOG 126.
CLIP_STARTS = (StartRule(70_000, 1200, "frames come sooner"),)
# What may be chosen beside "auto" and leaves its game and nets as they were measured from the shipped nets.
NEUTRAL = {
    "size", "channels", "fit", "pictures", "flips", "labels", "seed", "snapshots", "precision", "compile", "scores",
    "save_seconds", "frames", "fps",
}  # fmt: skip
SHIPPED_RECIPE = "dcgan-r1"  # that the shipped nets were trained by
MOST_DOUBLINGS = 4  # 64 px and sizes about it, where the shipped nets were measured


def asked_origin(asked: str | Path | Run | None, world: World) -> Origin | None:
    """The known nets that were asked for, in every process; None where none were, or NOTHING."""
    return None if asked is None or asked == NOTHING else shared_origin(asked, world)


def usual_origin(
    name: str, choices: dict[str, Any], recipe: Recipe, machine: Machine, source: Source, world: World
) -> tuple[Origin, str] | None:
    """The shipped nets and why they are started from, where nobody said from what and they are known to help.

    name, choices: the recipe as it was asked for. recipe: what came of it, with its budget.
    """
    if name != "auto" or machine.kind != "cpu" or choices.keys() - NEUTRAL:
        return None
    if not any(start.file.is_file() for start in starts.STARTS):
        return None
    rule = usual_start(recipe, holds_drawn(source))
    if rule is None:
        return None
    learnt = starts.shipped().learnt
    return shared_origin(SHIPPED, world), f"starting from nets that know {learnt}: {rule.why}; --from none turns it off"


def usual_start(recipe: Recipe, drawn: bool) -> StartRule | None:
    """The rule by which a run starts from the shipped nets unasked; None where it doesn't.

    recipe: with its budget; drawn: whether figment draws some of the pictures itself, of which the shipped nets have seen
    others of the same kind: it would be a trick.
    """
    if drawn or sizes.start_grid(*recipe.shape).doublings > MOST_DOUBLINGS:
        return None
    within = (
        rule
        for rule in (CLIP_STARTS if recipe.frames else AUTO_STARTS)
        if (recipe.images or 0) <= rule.most_images and (recipe.seconds or 0) <= rule.most_seconds
    )
    return next(within, None)


def may_start(recipe: Recipe, drawn: bool) -> bool:
    """Whether a run of a recipe could begin from the shipped nets, if it was asked to. drawn: as usual_start() takes it."""
    if drawn or not any(start.file.is_file() for start in starts.STARTS):
        return False
    known = make(SHIPPED_RECIPE)
    fits = all(getattr(recipe, field) == getattr(known, field) for field in SETTLED)
    return fits and sizes.start_grid(*recipe.shape).doublings <= MOST_DOUBLINGS


def followed(name: str, choices: dict[str, Any], origin: Origin) -> tuple[str, dict[str, Any]]:
    """The recipe's name and fields for a run from known nets: theirs where nobody has said otherwise.

    With "auto", or the name of their own recipe, it is that recipe with all that their nets depend on; another recipe
    that is named keeps its widths and code, and mustn't give the weights another meaning. Of another size the stages that both
    have keep their widths, and each new one above has half of the one below. Raises InputError for a recipe of other nets.
    """
    source = origin.recipe
    family = choices.get("nets") or (source if name == "auto" else make(name)).nets
    if family != source.nets:
        raise InputError(
            f"--from {origin.name}: its nets are of another family ({source.nets} there, {family} here): leave out --recipe "
            "and --set nets, and they are followed."
        )
    own = source.name if source.name in PRESETS else _nearest(source)
    if name not in ("auto", own):
        _refuse_conflict(name, make(name, **choices), choices, origin)
        return name, choices
    taken = {field: getattr(source, field) for field in FOLLOWED if field not in choices}
    taken = {"size": source.size} | taken | choices
    if choices.get("frames") and "code_size" not in choices:
        # Nets of a run know these pictures already; those that figment brings along know others.
        taken["images_first"] = choices.get("images_first", CLIPS["images_first"] if origin.asked == SHIPPED else 0.0)
        still = source.code_size - source.motion_size
        taken["motion_size"] = taken.get("motion_size", source.motion_size or MOTION_SIZE)
        taken["code_size"] = still + taken["motion_size"]
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
