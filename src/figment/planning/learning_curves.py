"""When pictures begin to show, and when they are good, by curves that were measured: what a plan may promise.

learning_curves.json holds them (benchmarks/learning_curves.py); what none of them tells isn't promised.
"""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from figment import recipe as recipes
from figment.common import units
from figment.planning.starting import NEUTRAL
from figment.presets import PRESETS, make
from figment.recipe import Recipe

FILE = Path(__file__).with_suffix(".json")
# Images seen before which pictures hardly ever show what they are meant to be, whatever they are: from nets that have learnt
# nothing (LOG 29), and from those that figment brings along (LOG 97).
SHOWN_FROM_NOTHING, SHOWN_FROM_START = 50_000, 12_000
MOST_TIMES = 4  # more or fewer pictures than a curve's that it may still speak for
# What may differ from a curve's recipe: what was chosen beside its game, the budget, and what the data or the machine settle.
FREE = NEUTRAL | {"classes", "images", "seconds", "planned_images", "augment", "augment_p"}


@dataclass(frozen=True)
class Curve:
    """What a run's pictures were worth after so many images.

    set, pictures: what it learned from, how many of them. start: whether it began from the nets that figment brings along. log:
    entries of LOG.md that hold the figures. points: (images seen, KID ×1000), in order. shown: images by which pictures showed
    what they are meant to be, by the eye, where the levels, which are those of faces in photographs, can't tell.
    """

    set: str
    recipe: str
    size: int
    pictures: int
    start: bool
    log: list[int]
    points: list[tuple[int, float]]
    shown: int | None = None

    def reaches(self, level: float) -> tuple[int, bool] | None:
        """Images seen at which a level is reached, and whether it was reached at the first look already, or before.

        Between two points by a line through their logarithms; None where the curve ends above the level.
        """
        before = None
        for images, value in self.points:
            if value <= level:
                return (images, True) if before is None else (_between(before, (images, value), level), False)
            before = (images, value)
        return None

    def shows(self) -> tuple[int, bool] | None:
        """Images seen at which pictures began to show, as reaches() gives them; None where they didn't, or nobody knows."""
        return self.reaches(levels()[self.size].get("show", 0)) if self.shown is None else (self.shown, True)


def _between(one: tuple[int, float], other: tuple[int, float], level: float) -> int:
    share = math.log(one[1] / level) / math.log(one[1] / other[1])
    return round(one[0] * (other[0] / one[0]) ** share)


@cache
def curves() -> tuple[Curve, ...]:
    """All that were measured."""
    return tuple(
        Curve(**its | {"points": [(images, value) for images, value in its["points"]]})
        for its in json.loads(FILE.read_text("utf-8"))["curves"]
    )


@cache
def levels() -> dict[int, dict[str, float]]:
    """By size in pixels: KID ×1000 below which pictures show what they are meant to be, and are good.

    By the eye (LOG 79, 91): of samples that "show" about half are faces; "good" ones are those of docs/minutes.md after ten
    minutes. Where a size lacks a level, nothing that good was seen.
    """
    return {int(size): its for size, its in json.loads(FILE.read_text("utf-8"))["levels"].items()}


def curve_for(recipe: Recipe, pictures: int, start: bool) -> Curve | None:
    """The curve that speaks for a training: of the same recipe, size and start, and of about as many pictures."""
    if recipe.name not in PRESETS or _differs(recipe):
        return None
    found = [
        curve
        for curve in curves()
        if (curve.recipe, curve.size, curve.start) == (recipe.name, recipe.size, start)
        and _times(curve, pictures) <= MOST_TIMES
    ]

    # Of curves of about as many pictures the one that tells most, then the nearest.
    def rank(curve: Curve) -> tuple[bool, float]:
        return len(curve.points) > 1 or curve.shown is not None, -_times(curve, pictures)

    return max(found, key=rank, default=None)


def _times(curve: Curve, pictures: int) -> float:
    return max(curve.pictures / max(pictures, 1), pictures / curve.pictures)


def _differs(recipe: Recipe) -> bool:
    """Whether anything of the game or the nets is other than its name says."""
    usual = make(recipe.name, size=recipe.size)
    return any(
        getattr(recipe, name) != getattr(usual, name) for name in recipes.Recipe.model_fields if name not in FREE
    )


def promise(recipe: Recipe, pictures: int, start: bool | None, speed: float = 0.0) -> str:
    """When pictures begin to show and when they are good, in a sentence; "" where nothing was measured that tells.

    start: whether it begins from the nets that figment brings along; None from others, of which nothing is known. speed: images a
    second here; 0 where that isn't known, and images are told.
    """
    curve = None if start is None else curve_for(recipe, pictures, start)
    if curve is None:
        return ""
    show, good = curve.shows(), curve.reaches(levels()[curve.size].get("good", 0))
    if show is None:
        return ""
    text = f"pictures begin to show {_when(show, speed)}"
    if good is not None:
        text += f", good ones {_when(good, speed)}"
    elif curve.points:
        text += f"; good ones hadn't come by {_time(curve.points[-1][0], speed)}, the last measured"
    text += f" (measured on {curve.set}; others may take longer)"
    return text + _too_little(recipe, show[0], speed)


def expected(recipe: Recipe, pictures: int, start: bool | None, speed: float = 0.0, may_start: bool = False) -> str:
    """What promise() tells; where no curve does, what is said of a budget that is too small for anything to show, or that
    this isn't known.

    Arguments as promise() takes them. may_start: whether the nets that figment brings along could be started from. "" where
    there is nothing to say.
    """
    if told := promise(recipe, pictures, start, speed):
        return told
    if start is None:
        return ""
    least = SHOWN_FROM_START if start else SHOWN_FROM_NOTHING
    if 0 < _planned(recipe) < least:
        known = "" if start else f", or known nets to start from: --from {'start' if may_start else 'RUN'}"
        return f"pictures begin to show after about {_time(least, speed)}{_too_little(recipe, least, speed)}{known}"
    if (curve := curve_for(recipe, pictures, start)) is None:
        return ""
    return (
        f"when pictures begin to show isn't known for about so many: {curve.pictures:,} ({curve.set}) were watched for "
        f"{_time(curve.points[-1][0], speed)} only"
    )


def lacking(recipe: Recipe, pictures: int, start: bool | None, seen: int, seconds: float) -> str | None:
    """The further budget by which the pictures of a run begin to show, as an option; None where they do, or nobody knows.

    recipe, pictures, start: as promise() takes them. seen: images, in so many seconds.
    """
    if start is None:
        return None
    curve = curve_for(recipe, pictures, start)
    known = curve.shows() if curve else None
    least = known[0] if known else SHOWN_FROM_START if start else SHOWN_FROM_NOTHING
    if seen >= least or (recipe.seconds and not seen):
        return None
    return _budget(recipe, least - seen, seen / seconds if recipe.seconds else 0.0)


def _planned(recipe: Recipe) -> int:
    return recipe.planned_images or recipe.images or 0


def _too_little(recipe: Recipe, least: int, speed: float) -> str:
    """That a budget ends before so many images, and which wouldn't; "" where it doesn't, or nobody knows."""
    if not 0 < _planned(recipe) < least or (recipe.seconds and not speed):
        return ""
    return f"; this budget ends before: give it {_budget(recipe, least, speed)} or more"


def _budget(recipe: Recipe, images: int, speed: float) -> str:
    """So many images as a budget of the kind that a recipe has."""
    if not recipe.seconds:
        return f"--images {math.ceil(images / 1000)}k"
    minutes = images / speed / 60
    return f"--for {math.ceil(minutes)}m" if minutes < 100 else f"--for {math.ceil(minutes / 60)}h"


def speed_of(recipe: Recipe) -> float:
    """Images a second, by the plan that was measured; 0 under a budget of images."""
    return recipe.planned_images / recipe.seconds if recipe.seconds else 0.0


def _when(reached: tuple[int, bool], speed: float) -> str:
    images, at_once = reached
    return f"{'within' if at_once else 'after about'} {_time(images, speed)}"


def _time(images: int, speed: float) -> str:
    if not speed:
        return (
            units.as_images(images).replace(" kimg", ",000 images")
            if images < 1000
            else f"{round(images, -3):,} images"
        )
    minutes = images / speed / 60
    if minutes < 1:
        return "a minute"
    return f"{math.ceil(minutes)} min" if minutes < 100 else f"{minutes / 60:.1f} h"
