"""Directions in words, tables and strips: what each of them moves, and how much else comes along."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from figment.explore.direction_file import MAX_DEVIATIONS, Direction
from figment.explore.effects import PLACES, DirectionEffect
from figment.finding import Sheet
from figment.media.strips import Row

# A direction is said to move an attribute from this correlation on, and to leave others alone below this share of its shift.
MIN_CORRELATION, MAX_SIDE_SHARE = 0.8, 0.5
MAX_NAMED = 8  # directions, in a sentence
# Levels of 255 by which samples differ; below, a tenth of what photographs of faces do, they are one picture.
MIN_SPREAD = 5.0
ONE_PICTURE = (
    "This generator draws all but one picture, whatever the code ({spread:.1f} of 255 levels between samples), so no direction "
    "in its codes means anything: it has collapsed, or hardly been trained."
)
PLACE_TITLES = [
    f"{place:+.0f}σ".replace("+0", "0").replace("-", "−")
    for place in np.linspace(-MAX_DEVIATIONS, MAX_DEVIATIONS, PLACES)
]
CAPTIONS = {
    "labelled": "direction that a linear model of codes finds for an attribute, with the other attributes held",
    "principal": "of the first layer's principal components, taken back to codes",
    "factorised": "of the directions that the weights by which the code enters stretch most",
    "groups": "direction from one group's mean code to the other's",
}


def table(
    found: Sequence[Direction], effects: Sequence[DirectionEffect]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Columns and rows for people: what each direction moves, how far, and what comes along."""
    if not any(its.shift for its in effects):
        plain_rows = tuple((one.name, f"{its.change:.0%}") for one, its in zip(found, effects, strict=True))
        return ("direction", "of a pixel's range changes"), plain_rows
    rows: list[tuple[str, ...]] = []
    for one, its in zip(found, effects, strict=True):
        moves = one.facts["moves"]
        other = its.side_effect(moves)
        along = (other[0], f"{other[1]:.0%}") if other else ("–", "–")
        rows.append((one.name, moves, f"{its.correlation[moves]:+.2f}", f"{its.shift[moves]:.1f}σ", *along))
    return ("direction", "moves", "correlation", "by", "comes along", "of it"), tuple(rows)


def sentence(found: Sequence[Direction], effects: Sequence[DirectionEffect]) -> str:
    """What the directions do, in words."""
    counted = f"{len(found)} direction{'s' * (len(found) > 1)}"
    if not any(its.shift for its in effects):
        changes = [its.change for its in effects]
        shares = " to ".join(dict.fromkeys(f"{share:.0%}" for share in (min(changes), max(changes))))
        return (
            f"{counted}, from −3σ to 3σ: pixels change by {shares} of their range. What that means nobody has read: give "
            "--labels or --attributes, or look at the strips."
        )
    if len(found) == 1:
        (one,), (its,) = found, effects
        moves = one.facts["moves"]
        other = its.side_effect(moves)
        along = f"; with it {other[0]} moves {other[1]:.0%} as far" if other else ""
        return (
            f"From −3σ to 3σ along {one.name} {moves} moves by {its.shift[moves]:.1f} deviations, with a correlation of "
            f"{its.correlation[moves]:+.2f}{along}."
        )
    clear = [its for one, its in zip(found, effects, strict=True) if _clear(one, its)]
    alone = [one for one, its in zip(found, effects, strict=True) if _clear(one, its) and _alone(one, its)]
    which = f" ({', '.join(one.name for one in alone)})" if 0 < len(alone) <= MAX_NAMED else ""
    return (
        f"Of {counted} {len(clear)} move{'s' * (len(clear) == 1)} an attribute with a correlation of {MIN_CORRELATION} or "
        f"more, and {len(alone)}{which} of these all others less than half as far."
    )


def _clear(one: Direction, its: DirectionEffect) -> bool:
    return abs(its.correlation[one.facts["moves"]]) >= MIN_CORRELATION


def _alone(one: Direction, its: DirectionEffect) -> bool:
    other = its.side_effect(one.facts["moves"])
    return other is None or other[1] < MAX_SIDE_SHARE


def sheets(found: Sequence[Direction], strip_of_each: Sequence[Tensor]) -> dict[str, Sheet]:
    """A sheet for each method by which directions were found, the main one for the first.

    strip_of_each: pictures of two samples along each direction, uint8 (14, C, H, W).
    """
    methods, drawn = list(dict.fromkeys(one.how for one in found)), {}
    for method in methods:
        rows: list[Row] = []
        for one, pictures in zip(found, strip_of_each, strict=True):
            if one.how == method:
                moves = one.facts.get("moves")
                title = one.name if moves in (None, one.name) else f"{one.name}\n(moves {moves})"
                room = torch.full_like(pictures[:1], 255)
                rows.append((title, torch.cat([pictures[:PLACES], room, pictures[PLACES:]])))
        caption = f"Two samples along each {CAPTIONS[method]}, in steps of one deviation."
        drawn["" if method == methods[0] else method] = Sheet.of_strips(
            rows, caption, titles=[*PLACE_TITLES, "", *PLACE_TITLES]
        )
    return drawn
