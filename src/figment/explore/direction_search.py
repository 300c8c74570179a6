"""Directions in the latent space: found in three ways, and measured by what they do to pictures."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor

from figment.attributes.predictor import AttributePredictor
from figment.common.progress import Stage, Tally
from figment.common.rehearsal import LOOKED_THROUGH, at_most
from figment.common.text import distinct
from figment.errors import InputError
from figment.explore.attribute_directions import AttributeSlopes, attribute_group, conditional_direction, fit_slopes
from figment.explore.direction_file import Direction, unit_direction
from figment.explore.direction_samples import DirectionSamples, centre_by_class, draw_samples
from figment.explore.direction_words import MIN_SPREAD, ONE_PICTURE, sentence, sheets, table
from figment.explore.effects import PLACES, DirectionEffect, measure_effect, places_along
from figment.explore.ganspace import ganspace
from figment.explore.groups import Group, mean_code, refuse_single
from figment.explore.sefa import sefa
from figment.finding import Finding
from figment.generator import Generator
from figment.metrics.distinct import pixel_spread
from figment.nets.hooks import entries

METHODS = ("labelled", "principal", "factorised")
USUAL_COUNT = 6  # of a method without labels, where codes have as many numbers
MIN_SAMPLES = 100  # that directions are found from
MEASURED_SAMPLES = 64  # that an effect is measured on
SHOWN_SAMPLES = 2  # in the strips


@dataclass(frozen=True, eq=False)
class DirectionSearch:
    """Directions of a generator, and what they do.

    directions: with their effects among their facts, to be kept by direction_file.save_directions. effects: of each. samples:
    of the seed, that they were found from. codes, float32 (D · 2 · 7, code_size), labels, int64, or None, and pictures, uint8
    (D · 2 · 7, C, H, W): the seed's first two samples at 7 places along each. label: class that all are drawn in, where one
    was named. read_by: what read attributes. spread: by how much a pixel differs between samples, in levels of 255.
    """

    seed: int
    samples: int
    label: str | None
    directions: tuple[Direction, ...]
    effects: tuple[DirectionEffect, ...]
    codes: Tensor
    labels: Tensor | None
    pictures: Tensor
    read_by: str | None
    spread: float

    @property
    def is_one_picture(self) -> bool:
        """Whether samples are so much alike that directions between them tell nothing."""
        return self.spread < MIN_SPREAD

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a sheet of strips for each method; name: tells it from others of its kind."""
        columns, rows = ((), ()) if self.is_one_picture else table(self.directions, self.effects)
        said = (
            ONE_PICTURE.format(spread=self.spread) if self.is_one_picture else sentence(self.directions, self.effects)
        )
        return Finding(
            "directions",
            said,
            sheets(self.directions, self.pictures.split(SHOWN_SAMPLES * PLACES)),
            {
                "seed": self.seed, "samples": self.samples, "measured": MEASURED_SAMPLES,
                "shown": list(range(SHOWN_SAMPLES)), "class": self.label, "judge": self.read_by,
                "spread": round(self.spread, 2),
                "directions": [{"name": one.name, "how": one.how, **one.facts} for one in self.directions],
                "effects": [asdict(effect) for effect in self.effects],
            },
            columns,
            rows,
            self.codes,
            self.labels,
            name,
        )  # fmt: skip


def directions(
    generator: Generator, methods: Sequence[str] = METHODS, count: int | None = None, predictor: AttributePredictor | None = None,
    attributes: Sequence[str] = (), samples: int = 4000, seed: int = 0, label: str | None = None, name: str = "",
    groups: tuple[Group, Group] | None = None, stage: Stage | None = None,
) -> DirectionSearch:  # fmt: skip
    """Directions of a generator, with strips from −3σ to 3σ and what a predictor reads along them.

    Parameters
    ----------
    generator : Generator
    methods : sequence of str
        "principal" and "factorised", count of each, and "labelled", one for each of attributes.
    count : int, optional
        Directions of each method without labels; by default 6, or as many as codes have numbers.
    predictor : AttributePredictor, optional
        Reads attributes; needed for labelled directions.
    attributes : sequence of str
        Of labelled directions; by default all that the predictor reads, but for single values of a category.
    samples : int
        Of the seed, from which directions are found; effects are measured on the next 64.
    seed : int
    label : str, optional
        Class that a generator with classes keeps; by default that of each sample.
    name : str
        Of the direction between groups.
    groups : (Group, Group), optional
        In place of methods: the direction from the first one's mean to that of the second.
    stage : callable, optional
        Told of stages of the work by their titles; gives what is told their progress.

    Returns
    -------
    DirectionSearch

    Raises
    ------
    InputError
        For labelled directions without a predictor, an unknown attribute, method or label, groups of fewer than two, too few
        samples, or more directions than a code has numbers.
    """
    count = min(USUAL_COUNT, generator.recipe.code_size) if count is None else count
    samples = at_most(samples, LOOKED_THROUGH)
    _check(methods, count, generator.recipe.code_size, samples, predictor, groups)
    names = _attribute_names(generator, methods, predictor, attributes)
    drawn = draw_samples(generator, predictor, samples, seed, label, "principal" in methods and not groups, stage)
    if groups:
        found = [_between(name, *groups, generator.recipe.prior)]
    else:
        found = _find(generator, methods, count, names, drawn)
    effects = _measure(generator, found, predictor, drawn, seed, label, stage)
    shown, classes = _codes_along(generator, found, seed, label)
    return DirectionSearch(
        seed, samples, label,
        tuple(_with_effect(one, effect) for one, effect in zip(found, effects, strict=True)), tuple(effects),
        shown, classes, generator.decode(shown, classes),
        predictor.about if predictor else None, _spread(generator, seed, label),
    )  # fmt: skip


def _spread(generator: Generator, seed: int, label: str | None) -> float:
    """By how much samples differ, in levels of 255."""
    z, labels = generator.codes(MEASURED_SAMPLES, seed), generator.labels(MEASURED_SAMPLES, seed, label=label)
    return pixel_spread(generator.decode(z, labels))


def methods_named(text: str, predictor: AttributePredictor | None, classes: Sequence[str] = ()) -> tuple[str, ...]:
    """Methods as a person names them: a few of METHODS, or "all", of which labelled is one where an attribute can be read."""
    if text != "all":
        return tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    return METHODS if plain_attributes(predictor, classes) else METHODS[1:]


def may_read(text: str) -> bool:
    """Whether methods as a person names them tell what directions do to attributes, even where nobody asks for it."""
    return text == "all" or "labelled" in text


def plain_attributes(predictor: AttributePredictor | None, classes: Sequence[str] = ()) -> list[str]:
    """The attributes that directions can be found for.

    Left out are single values of categories where there are others, and a generator's own classes, which no direction changes.
    """
    names = [name for name in predictor.names if name not in classes] if predictor else []
    return [name for name in names if attribute_group(name) == name] or list(names)


def _attribute_names(
    generator: Generator, methods: Sequence[str], predictor: AttributePredictor | None, attributes: Sequence[str]
) -> list[str]:
    if predictor and attributes:
        return [predictor.check(attribute, "--attributes ") for attribute in attributes]
    names = plain_attributes(predictor, generator.classes)
    if "labelled" in methods and predictor and not names:
        raise InputError(
            "--how labelled: what can be read from these pictures are the generator's own classes, which no direction changes: "
            "ask for them with figment sample --label, or give --labels of something else."
        )
    return names


def _check(
    methods: Sequence[str],
    count: int,
    code_size: int,
    samples: int,
    predictor: AttributePredictor | None,
    groups: tuple[Group, Group] | None,
) -> None:
    if groups:
        for option, group in zip(("--from", "--to"), groups, strict=True):
            refuse_single(option, group)
    elif unknown := [how for how in methods if how not in METHODS]:
        raise InputError(f"--how {unknown[0]}: no way to find directions; there are {', '.join(METHODS)} and all.")
    elif not 1 <= count <= code_size and set(methods) != {"labelled"}:
        raise InputError(f"--count {count}: codes have {code_size} numbers: give 1 to {code_size}.")
    elif "labelled" in methods and predictor is None:
        raise InputError("--how labelled: nothing reads attributes from these pictures: give --labels.")
    if samples < max(MIN_SAMPLES, count + 1):
        raise InputError(
            f"--samples {samples}: too few to find directions from: give {max(MIN_SAMPLES, count + 1)} or more."
        )


def _find(
    generator: Generator, methods: Sequence[str], count: int, names: Sequence[str], drawn: DirectionSamples
) -> list[Direction]:
    found = []
    if "labelled" in methods:
        scores = {name: centre_by_class(read, drawn.classes) for name, read in drawn.scores.items()}
        model = fit_slopes(drawn.gaussian, scores)
        found += [_labelled(model, attribute) for attribute in names]
    if "principal" in methods:
        vectors = ganspace(centre_by_class(drawn.activations, drawn.classes), drawn.gaussian, count)
        found += [unit_direction(f"principal-{i + 1}", torch.from_numpy(v), "principal") for i, v in enumerate(vectors)]
    if "factorised" in methods:
        weights = entries(generator.net, generator.recipe.code_size)
        found += [unit_direction(f"factorised-{i + 1}", v, "factorised") for i, v in enumerate(sefa(weights, count))]
    # They are kept by name, and a class may be called principal-1: those of the attributes, which come first, stay as they are.
    names = distinct([one.name for one in found])
    return [replace(one, name=name) for one, name in zip(found, names, strict=True)]


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


def _measure(
    generator: Generator, found: Sequence[Direction], predictor: AttributePredictor | None, drawn: DirectionSamples, seed: int,
    label: str | None, stage: Stage | None,
) -> list[DirectionEffect]:  # fmt: skip
    """The effects of directions, on the samples that follow those which they were found from."""
    start, tally = len(drawn.gaussian), Tally(stage("measuring directions") if stage else None, len(found))
    z, labels = generator.codes(MEASURED_SAMPLES, seed, start), generator.labels(MEASURED_SAMPLES, seed, start, label)
    deviations = {attribute: float(scores.std()) for attribute, scores in drawn.scores.items()}
    effects = []
    for one in found:
        effects.append(measure_effect(generator, one.vector, z, labels, predictor, deviations))
        tally(1)
    return effects


def _with_effect(one: Direction, its: DirectionEffect) -> Direction:
    """A direction with its effect: of a labelled one on its own attribute, of another on the one that it moves most."""
    moves = one.name if one.how == "labelled" else its.main_attribute
    facts = {} if moves is None else {"moves": moves, "correlation": its.correlation[moves], "shift": its.shift[moves]}
    return Direction(one.name, one.vector, one.how, {**one.facts, **facts, "change": its.change})


def _codes_along(
    generator: Generator, found: Sequence[Direction], seed: int, label: str | None
) -> tuple[Tensor, Tensor | None]:
    """The seed's first samples at all places along each direction: codes (D · 2 · 7, code_size), and their classes."""
    first, own = generator.codes(SHOWN_SAMPLES, seed), generator.labels(SHOWN_SAMPLES, seed, label=label)
    shown = torch.cat([places_along(first, one.vector, generator.recipe.prior) for one in found])
    return shown, None if own is None else own.repeat_interleave(PLACES).repeat(len(found))
