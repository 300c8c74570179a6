"""Real pictures back into the code space: does the generator hold more than what it was shown?

A generator that covers what its pictures vary in rebuilds held-out pictures as well as those that it was trained on; one
that knows its pictures by heart rebuilds those and no others (Webster et al., arXiv 1901.03396). What the search misses
by itself is told by the generator's own samples, which have a perfect answer.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from figment.common.progress import Progress, Say
from figment.common.rehearsal import SEARCH_STEPS, at_most
from figment.data.bank.bank import Bank
from figment.data.decoding.depth import Ranges
from figment.data.decoding.fit import Target
from figment.errors import InputError
from figment.explore.inversion import Inversions, invert
from figment.features.perceptual import PIXELS, PerceptualLoss
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.strips import Row
from figment.metrics.resemblance import Resemblance, doubt
from figment.metrics.two_samples import mann_whitney, normal_cdf
from figment.reals import read_files, sample_rows

DEFAULT_RESTARTS, DEFAULT_STEPS = 2, 300  # on faces nearer than 4 restarts of 150 steps, at the same cost
OWN_SAMPLES = "own samples"
MAX_OWN_SAMPLES = 8  # of the generator's, as a floor
MAX_TITLED_COLUMNS = 12
MIN_COMPARED_PICTURES = 5  # in a group, below which groups aren't compared
MAX_P_VALUE = 0.05  # below which a difference is taken for one


@dataclass(frozen=True)
class Closeness:
    """How near pictures of a group are rebuilt, means over them with standard errors (None for a single picture).

    rms: of the pixels' differences, in levels of 255. distance: in features, as a share of what random samples differ by.
    nearest_sample_…: the same of the nearest random samples.
    """

    pictures: int
    rms: float
    rms_error: float | None
    distance: float
    distance_error: float | None
    nearest_sample_rms: float
    nearest_sample_distance: float


@dataclass(frozen=True, eq=False)
class Projection:
    """Pictures that the generator has rebuilt, and how near it came.

    targets: uint8 (N, C, H, W) by group, the last group being the generator's own samples. found, nearest: what descents made of
    all targets in turn, and the nearest samples. own_codes, float32 (n, code_size), own_labels, int64 (n,) or None: of the own
    samples. names: of a group's pictures, where these have some. features: what was looked at beside pixels, by name.
    restarts, steps: descents a picture, and how long each is. resemblance: whether samples look like the pictures; None where
    nobody told.
    """

    seed: int
    restarts: int
    steps: int
    features: str
    targets: dict[str, Tensor]
    names: Mapping[str, list[str]]
    own_codes: Tensor
    own_labels: Tensor | None
    found: Inversions
    nearest: Inversions
    resemblance: Resemblance | None = None

    @property
    def draws(self) -> int:
        """Samples among which the nearest was looked for."""
        return self.restarts * self.steps

    @property
    def places(self) -> dict[str, Tensor]:
        """Rows of found and nearest by group, int64 (N,) each."""
        sizes = list(map(len, self.targets.values()))
        return dict(zip(self.targets, torch.arange(sum(sizes)).split(sizes), strict=True))

    @property
    def closeness(self) -> dict[str, Closeness]:
        """By group."""
        return {name: closeness(self.found[place], self.nearest[place]) for name, place in self.places.items()}

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a sheet that holds the real pictures, too; name: tells it from others of its kind."""
        close, shown = self.closeness, _shown_codes(self)
        return Finding(
            "project",
            sentence(self.found, self.places, close, self.draws, self.features, self.resemblance),
            {"": _sheet(self)},
            {
                "seed": self.seed, "restarts": self.restarts, "steps": self.steps, "features": self.features,
                "draws": self.draws, "groups": {group: asdict(its) for group, its in close.items()},
                "pictures": _records(self),
                "resemblance": None if self.resemblance is None else asdict(self.resemblance),
            },
            ("pictures", "number", "RMS of 255", f"distance ({self.features})", "nearest sample's RMS", "distance"),
            tuple(
                (group, str(its.pictures), _with_error(its.rms, its.rms_error, 1),
                 _with_error(its.distance, its.distance_error, 3),
                 f"{its.nearest_sample_rms:.1f}", f"{its.nearest_sample_distance:.3f}")
                for group, its in close.items()
            ),
            torch.cat([z for z, _ in shown]),
            None if self.own_labels is None else torch.cat([labels for _, labels in shown if labels is not None]),
            name,
        )  # fmt: skip


def project(
    generator: Generator,
    groups: Mapping[str, Tensor],
    perceptual: PerceptualLoss = PIXELS,
    restarts: int = DEFAULT_RESTARTS,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    names: Mapping[str, list[str]] | None = None,
    progress: Progress | None = None,
    resemblance: Resemblance | None = None,
) -> Projection:
    """Groups of real pictures rebuilt by the generator, beside its nearest samples.

    Parameters
    ----------
    generator : Generator
    groups : mapping of str to Tensor
        Pictures, uint8 (N, C, H, W), of the generator's shape: see given_pictures and pictures_of_bank. Where groups are called
        "held-out" and "training", it is told whether one is rebuilt better.
    perceptual : PerceptualLoss
        What is looked at beside pixels.
    restarts, steps : int
        Descents a picture, and how long each is.
    seed : int
        Of the samples that descents start from.
    names : mapping of str to list of str, optional
        Of a group's pictures.
    progress : callable, optional
        Told what is done, of how much.
    resemblance : Resemblance, optional
        Whether samples look like the pictures: without it no verdict is given.

    Returns
    -------
    Projection

    Raises
    ------
    InputError
        Where there are no pictures.
    ValueError
        For pictures of another shape than the generator's.
    """
    reals = {name: pictures for name, pictures in groups.items() if len(pictures)}
    if not reals:
        raise InputError("there are no pictures to look for in the code space: name some, or give -n 1 or more.")
    steps = at_most(steps, SEARCH_STEPS)
    count, draws = min(MAX_OWN_SAMPLES, max(map(len, reals.values()))), restarts * steps
    own, own_labels = (
        generator.codes(count, seed, draws),
        generator.labels(count, seed, draws),
    )  # starts are those before
    targets = reals | {OWN_SAMPLES: generator.decode(own, own_labels)}
    found, nearest = invert(generator, torch.cat(list(targets.values())), perceptual, restarts, steps, seed, progress)
    return Projection(
        seed, restarts, steps, perceptual.name, targets, names or {}, own, own_labels, found, nearest, resemblance
    )


def given_pictures(
    generator: Generator, files: Sequence[Path], say: Say, known: Ranges | None = None
) -> tuple[dict[str, Tensor], dict[str, list[str]]]:
    """Pictures from files of any size as a group to project, and their names. Arguments and errors as of read_files."""
    recipe = generator.recipe
    target = Target(*recipe.shape, int(recipe.channels), recipe.fit)
    return {"given": torch.from_numpy(read_files(files, target, say, known))}, {"given": [file.name for file in files]}


def pictures_of_bank(bank: Bank, count: int, seed: int = 0) -> tuple[dict[str, Tensor], dict[str, list[str]]]:
    """Held-out and training pictures of a run, at most count of each, as groups to project, and their names."""
    rows = {
        part: sample_rows(all_rows, count, seed, place)
        for place, (part, all_rows) in enumerate({"held-out": bank.held_out, "training": bank.train}.items())
    }
    pictures = {part: torch.from_numpy(bank.pictures[chosen]) for part, chosen in rows.items()}
    return pictures, {part: [bank.names[row] for row in chosen] for part, chosen in rows.items()}


def closeness(found: Inversions, nearest: Inversions) -> Closeness:
    """The means of one group."""
    several = len(found.rms) > 1
    rms, distance = found.rms.double(), found.distance.double()
    errors = [float(x.std() / math.sqrt(len(x))) if several else None for x in (rms, distance)]
    return Closeness(
        len(rms), float(rms.mean()), errors[0], float(distance.mean()), errors[1],
        float(nearest.rms.double().mean()), float(nearest.distance.double().mean()),
    )  # fmt: skip


def _sheet(its: Projection) -> Sheet:
    rows: list[Row] = []
    for name, place in its.places.items():
        rows += [
            (name, its.targets[name]),
            ("rebuilt", its.found.pictures[place]),
            (f"nearest of {its.draws} samples", its.nearest.pictures[place]),
        ]
    reals = its.found.rms[: -len(its.own_codes)].tolist()
    titled = len(its.targets) == 2 and len(reals) <= MAX_TITLED_COLUMNS
    looked_at = "" if its.features == PIXELS.name else f" and {its.features} features"
    return Sheet.of_strips(
        rows,
        f"Pictures, what the generator makes of them (the best of {its.restarts} descents of {its.steps} steps each, by "
        f"pixels{looked_at}), and the nearest of {its.draws} samples of seed {its.seed}; below, the same of the generator's "
        "own samples.",
        "compositeWithTrainedAlgorithmicMedia",
        [f"off by {rms:.0f}" for rms in reals] if titled else [],
    )


def _shown_codes(its: Projection) -> list[tuple[Tensor, Tensor | None]]:
    """Codes and classes of the sheet's generated pictures, row by row."""
    shown = []
    for name, place in its.places.items():
        shown += [(its.own_codes, its.own_labels)] if name == OWN_SAMPLES else []
        shown += [(rows.codes, rows.labels) for rows in (its.found[place], its.nearest[place])]
    return shown


def _records(its: Projection) -> list[dict[str, Any]]:
    """Of each picture how near it was rebuilt."""
    return [
        {
            "group": name, "name": its.names[name][i] if name in its.names else None,
            "rms": its.found.rms[at].item(), "distance": its.found.distance[at].item(),
            "nearest_sample_rms": its.nearest.rms[at].item(),
            "nearest_sample_distance": its.nearest.distance[at].item(),
        }
        for name, place in its.places.items() for i, at in enumerate(place.tolist())
    ]  # fmt: skip


def sentence(
    found: Inversions, places: Mapping[str, Tensor], close: Mapping[str, Closeness], draws: int, features: str = PIXELS.name,
    resemblance: Resemblance | None = None,
) -> str:  # fmt: skip
    """What the closeness says, in words: a verdict only where samples look like the pictures.

    Blots come near in pixels, too, and a face without eyes is near to one with eyes.
    """
    name = next(iter(close))
    its, floor, unsure = close[name], close[OWN_SAMPLES], doubt(resemblance)
    what = "The picture is" if its.pictures == 1 and name == "given" else f"{name.capitalize()} pictures are"
    text = (
        f"{what} rebuilt to within {_with_error(its.rms, its.rms_error, 1)} levels of 255 (root mean square of pixels), where "
        f"the nearest of {draws} samples lies {its.nearest_sample_rms:.1f} off"
    )
    if floor.rms > floor.nearest_sample_rms / 2:
        text += (
            f". The search itself fails: even the generator's own samples are only rebuilt to within {floor.rms:.1f}, so "
            "this says little of what the generator holds; more --steps may help."
        )
    else:
        text += f" and the generator's own samples are rebuilt to within {floor.rms:.1f}"
        way = None if unsure else _way(its, floor, features)
        text += f": {way}." if way else "."
    if unsure:
        text += f" Whether it holds such pictures that doesn't say: {unsure}."
    if {"held-out", "training"} <= set(places):
        text += " " + _compared(
            found.rms[places["held-out"]].double(), found.rms[places["training"]].double(), unsure is None
        )
    return text


def _way(its: Closeness, floor: Closeness, features: str) -> str | None:
    """How far pictures come from the nearest sample towards a perfect answer, which the generator's own samples have."""
    in_pixels = _share_of_way(its.nearest_sample_rms, its.rms, floor.rms)
    if in_pixels is None:
        return None
    text = f"{in_pixels:.0f} % of the way from the nearest sample to a perfect answer in pixels"
    seen = _share_of_way(its.nearest_sample_distance, its.distance, floor.distance)
    return text if features == PIXELS.name or seen is None else f"{text}, {seen:.0f} % in what {features} sees"


def _share_of_way(start: float, end: float, best: float) -> float | None:
    """How much of the way from start to best, in percent, end has come; None where there is no way to go."""
    return 100 * min(max((start - end) / (start - best), 0), 1) if start > best else None


def _compared(held_out: Tensor, training: Tensor, alike: bool) -> str:
    """Whether training pictures are rebuilt better, by Mann and Whitney's test; alike: whether samples look like them."""
    if min(len(held_out), len(training)) < MIN_COMPARED_PICTURES:
        return f"Too few to compare held-out with training pictures: {MIN_COMPARED_PICTURES} of each are needed."
    by = float(held_out.mean() - training.mean())
    error = float((held_out.var() / len(held_out) + training.var() / len(training)).sqrt())
    z = mann_whitney(training.numpy(), held_out.numpy())
    chance = min(1.0, 2 * normal_cdf(-abs(z)))
    told = f"(difference {by:+.1f} ± {error:.1f}, p = {chance:.2g})"
    if chance < MAX_P_VALUE and z < 0:
        return f"Training pictures are rebuilt more closely than held-out ones {told}: a sign of learning by heart."
    how = "even rebuilt more closely than" if chance < MAX_P_VALUE else "rebuilt as closely as"
    text = f"Held-out pictures are {how} training ones {told}"
    if not alike:
        return f"{text}."
    if chance < MAX_P_VALUE:
        return f"{text}: no sign of learning by heart."
    return f"{text}: no sign of learning by heart, as far as {len(held_out)} and {len(training)} pictures tell."


def _with_error(mean: float, error: float | None, digits: int) -> str:
    return f"{mean:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")
