"""Directions found and shown: what each of them does to pictures, and how much else comes along."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from figment.attributes.predictor import AttributePredictor
from figment.common.progress import Stage
from figment.errors import InputError
from figment.explore.attribute_directions import AttributeSlopes, attribute_group, conditional_direction, fit_slopes
from figment.explore.direction_file import MAX_DEVIATIONS, Direction, unit_direction
from figment.explore.direction_samples import DirectionSamples, centre_by_class, draw_samples
from figment.explore.effects import PLACES, DirectionEffect, measure_effect, places_along
from figment.explore.ganspace import ganspace
from figment.explore.groups import Group, mean_code, refuse_single
from figment.explore.sefa import sefa
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.strips import Row, strips
from figment.nets.hooks import entries

METHODS = ("labelled", "principal", "factorised")
MIN_SAMPLES = 100  # samples that directions are found from
MEASURED_SAMPLES, SHOWN_SAMPLES = 64, 2  # samples that an effect is measured on, and that are shown
# A direction is said to move an attribute from this correlation on, and to leave others alone below this share of its shift.
MIN_CLEAR_CORRELATION, MAX_SIDE_SHARE = 0.8, 0.5
PLACE_TITLES = [
    f"{place:+.0f}σ".replace("+0", "0").replace("-", "−")
    for place in np.linspace(-MAX_DEVIATIONS, MAX_DEVIATIONS, PLACES)
]


def directions(
    generator: Generator, hows: Sequence[str] = METHODS, count: int = 6, predictor: AttributePredictor | None = None,
    attributes: Sequence[str] = (), samples: int = 4000, seed: int = 0, label: str | None = None, name: str = "",
    groups: tuple[Group, Group] | None = None, stage: Stage | None = None,
) -> tuple[Finding, list[Direction]]:  # fmt: skip
    """Directions of a generator, with strips from −3σ to 3σ and what a predictor reads along them.

    hows: "principal", "factorised" (count of each) and "labelled" (one for each of attributes, by default all that the predictor
    reads, but for single values of a category). groups: instead of these a direction called name, from the mean of the first
    group to that of the second. samples: of the seed, from which directions are found; effects are measured on the next 64.
    A generator with classes keeps the class that label names, or that of each sample. Raises InputError for labelled
    directions without a predictor, an unknown attribute, groups of fewer than two, or more directions than a code has numbers.
    """
    code_size, prior = generator.recipe.code_size, generator.recipe.prior
    _check(hows, count, code_size, samples, predictor, groups)
    if predictor and attributes:
        names = [predictor.check(attribute, "--attributes ") for attribute in attributes]
    else:
        names = plain_attributes(predictor, generator.classes)
    if "labelled" in hows and predictor and not names:
        raise InputError(
            "--how labelled: what can be read from these pictures are the generator's own classes, which no direction changes: "
            "ask for them with figment sample --label, or give --labels of something else."
        )
    survey = draw_samples(generator, predictor, samples, seed, label, "principal" in hows and not groups, stage)
    found = [_between(name, *groups, prior)] if groups else _found(generator, hows, count, names, survey)
    z, labels = (
        generator.codes(MEASURED_SAMPLES, seed, samples),
        generator.labels(MEASURED_SAMPLES, seed, samples, label),
    )
    deviations = {attribute: float(scores.std()) for attribute, scores in survey.scores.items()}
    progress, effects = stage("measuring directions") if stage else None, []
    for i, one in enumerate(found):
        effects.append(measure_effect(generator, one.vector, z, labels, predictor, deviations))
        if progress:
            progress(i + 1, len(found))
    found = [_told(one, its) for one, its in zip(found, effects, strict=True)]
    first, own = generator.codes(SHOWN_SAMPLES, seed), generator.labels(SHOWN_SAMPLES, seed, label=label)
    shown = torch.cat([places_along(first, one.vector, prior) for one in found])
    classes = None if own is None else own.repeat_interleave(PLACES).repeat(len(found))
    strip = generator.decode(shown, classes).split(SHOWN_SAMPLES * PLACES)
    columns, rows = table(found, effects)
    finding = Finding(
        "directions",
        sentence(found, effects),
        _sheets(found, strip),
        {
            "seed": seed, "samples": samples, "measured": MEASURED_SAMPLES, "shown": list(range(SHOWN_SAMPLES)),
            "class": label, "judge": predictor.about if predictor else None,
            "directions": [{"name": d.name, "how": d.how, **d.facts} for d in found],
            "effects": [{"correlation": e.correlation, "shift": e.shift, "change": e.change} for e in effects],
        },
        columns,
        rows,
        shown,
        classes,
        name,
    )  # fmt: skip
    return finding, found


def plain_attributes(predictor: AttributePredictor | None, classes: Sequence[str] = ()) -> list[str]:
    """The attributes that a predictor reads, single values of categories left out where there are others, and a generator's own
    classes, which no direction changes."""
    names = [name for name in predictor.names if name not in classes] if predictor else []
    return [name for name in names if attribute_group(name) == name] or list(names)


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
        other = its.next_to(moves)
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
            "--labels, or look at the strips."
        )
    if len(found) == 1:
        (one,), (its,) = found, effects
        moves = one.facts["moves"]
        other = its.next_to(moves)
        along = f"; with it {other[0]} moves {other[1]:.0%} as far" if other else ""
        return (
            f"From −3σ to 3σ along {one.name} {moves} moves by {its.shift[moves]:.1f} deviations, with a correlation of "
            f"{its.correlation[moves]:+.2f}{along}."
        )
    clear = [its for one, its in zip(found, effects, strict=True) if _clear(one, its)]
    alone = [one for one, its in zip(found, effects, strict=True) if _clear(one, its) and _alone(one, its)]
    which = f" ({', '.join(one.name for one in alone)})" if 0 < len(alone) <= 8 else ""
    return (
        f"Of {counted} {len(clear)} move{'s' * (len(clear) == 1)} an attribute with a correlation of {MIN_CLEAR_CORRELATION} or more, and "
        f"{len(alone)}{which} of these all others less than half as far."
    )


def _check(
    hows: Sequence[str],
    count: int,
    code_size: int,
    samples: int,
    predictor: AttributePredictor | None,
    groups: tuple[Group, Group] | None,
) -> None:
    if groups:
        for option, group in zip(("--from", "--to"), groups, strict=True):
            refuse_single(option, group)
    elif unknown := [how for how in hows if how not in METHODS]:
        raise InputError(f"--how {unknown[0]}: no way to find directions; there are {', '.join(METHODS)} and all.")
    elif not 1 <= count <= code_size and set(hows) != {"labelled"}:
        raise InputError(f"--count {count}: codes have {code_size} numbers: give 1 to {code_size}.")
    elif "labelled" in hows and predictor is None:
        raise InputError("--how labelled: nothing reads attributes from these pictures: give --labels.")
    if samples < max(MIN_SAMPLES, count + 1):
        raise InputError(
            f"--samples {samples}: too few to find directions from: give {max(MIN_SAMPLES, count + 1)} or more."
        )


def _found(
    generator: Generator, hows: Sequence[str], count: int, names: Sequence[str], survey: DirectionSamples
) -> list[Direction]:
    found = []
    if "labelled" in hows:
        scores = {name: centre_by_class(read, survey.classes) for name, read in survey.scores.items()}
        model = fit_slopes(survey.gaussian, scores)
        found += [_labelled(model, attribute) for attribute in names]
    if "principal" in hows:
        vectors = ganspace(centre_by_class(survey.activations, survey.classes), survey.gaussian, count)
        found += [unit_direction(f"principal-{i + 1}", torch.from_numpy(v), "principal") for i, v in enumerate(vectors)]
    if "factorised" in hows:
        weights = entries(generator.net, generator.recipe.code_size)
        found += [unit_direction(f"factorised-{i + 1}", v, "factorised") for i, v in enumerate(sefa(weights, count))]
    return found


def _labelled(model: AttributeSlopes, attribute: str) -> Direction:
    vector = torch.from_numpy(conditional_direction(model, attribute))
    return unit_direction(attribute, vector, "labelled", predicted=model.predicted[attribute])


def _between(name: str, first: Group, second: Group, prior: str) -> Direction:
    difference = mean_code(second.codes, prior) - mean_code(first.codes, prior)
    if not float(difference.norm()) > 0:
        raise InputError("--from and --to have the same mean: give two groups that differ.")
    return unit_direction(
        name, difference, "groups", between=[first.name, second.name], length=float(difference.norm())
    )


def _told(one: Direction, its: DirectionEffect) -> Direction:
    """A direction with its effect: of a labelled one on its own attribute, of another on the one that it moves most."""
    moves = one.name if one.how == "labelled" else its.most
    facts = {} if moves is None else {"moves": moves, "correlation": its.correlation[moves], "shift": its.shift[moves]}
    return Direction(one.name, one.vector, one.how, {**one.facts, **facts, "change": its.change})


def _clear(one: Direction, its: DirectionEffect) -> bool:
    return abs(its.correlation[one.facts["moves"]]) >= MIN_CLEAR_CORRELATION


def _alone(one: Direction, its: DirectionEffect) -> bool:
    other = its.next_to(one.facts["moves"])
    return other is None or other[1] < MAX_SIDE_SHARE


def _sheets(found: Sequence[Direction], strip: Sequence[Tensor]) -> dict[str, Sheet]:
    """A sheet for each way of finding directions, the main one for the first."""
    hows, sheets = list(dict.fromkeys(one.how for one in found)), {}
    for how in hows:
        rows: list[Row] = []
        for one, pictures in zip(found, strip, strict=True):
            moves = one.facts.get("moves")
            title = one.name if moves in (None, one.name) else f"{one.name}\n(moves {moves})"
            if one.how == how:
                room = torch.full_like(pictures[:1], 255)
                rows.append((title, torch.cat([pictures[:PLACES], room, pictures[PLACES:]])))
        caption = f"Two samples along each {CAPTIONS[how]}, in steps of one deviation."
        sheets["" if how == hows[0] else how] = Sheet(strips(rows, [*PLACE_TITLES, "", *PLACE_TITLES]), caption)
    return sheets


CAPTIONS = {
    "labelled": "direction that a linear model of codes finds for an attribute, with the other attributes held",
    "principal": "of the first layer's principal components, taken back to codes",
    "factorised": "of the directions that the weights by which the code enters stretch most",
    "groups": "direction from one group's mean code to the other's",
}
