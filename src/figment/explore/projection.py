"""Real pictures back into the code space: does the generator hold more than what it was shown?

A generator that covers what its pictures vary in rebuilds held-out pictures as well as those that it was trained on; one
that knows its pictures by heart rebuilds those and no others (Webster et al., arXiv 1901.03396). What the search misses
by itself is told by the generator's own samples, which have a perfect answer.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from figment.common.progress import Progress
from figment.errors import InputError
from figment.explore.inversion import Inversions, invert
from figment.features.perceptual import PIXELS, PerceptualLoss
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.strips import Row, strips
from figment.metrics.two_samples import chance_below, mann_whitney

DEFAULT_RESTARTS, DEFAULT_STEPS = 2, 300  # on faces nearer than 4 of 150, at the same cost
OWN_SAMPLES = "own samples"
MAX_OWN_SAMPLES = 8  # of the generator's samples, as a floor
MAX_TITLED_COLUMNS = 12  # columns
MIN_COMPARED_PICTURES = 5  # pictures in a group, below which groups aren't compared
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


def project(
    generator: Generator,
    groups: Mapping[str, Tensor],
    perceptual: PerceptualLoss = PIXELS,
    restarts: int = DEFAULT_RESTARTS,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    names: Mapping[str, list[str]] | None = None,
    progress: Progress | None = None,
) -> Finding:
    """Groups of real pictures, uint8 (N, C, H, W), rebuilt by the generator, beside its nearest samples.

    Where groups are called "held-out" and "training", it is told whether one is rebuilt better. perceptual: what is
    looked at beside pixels. restarts, steps: descents a picture, and how long each is. names: of a group's pictures.
    Raises InputError where there are no pictures, ValueError for pictures of another shape than the generator's.
    """
    reals = {name: pictures for name, pictures in groups.items() if len(pictures)}
    if not reals:
        raise InputError("there are no pictures to look for in the code space: name some, or give -n 1 or more.")
    draws = restarts * steps
    count = min(MAX_OWN_SAMPLES, max(map(len, reals.values())))
    own, own_labels = (
        generator.codes(count, seed, draws),
        generator.labels(count, seed, draws),
    )  # starts are those before
    wanted = reals | {OWN_SAMPLES: generator.decode(own, own_labels)}
    found, nearest = invert(generator, torch.cat(list(wanted.values())), perceptual, restarts, steps, seed, progress)
    places = dict(zip(wanted, torch.arange(len(found.codes)).split(list(map(len, wanted.values()))), strict=True))
    close = {name: closeness(found[place], nearest[place]) for name, place in places.items()}

    rows: list[Row] = []
    shown: list[tuple[Tensor, Tensor | None]] = []
    for name, place in places.items():
        rows.append((name, wanted[name]))
        shown += [(own, own_labels)] if name == OWN_SAMPLES else []
        for what, its in (("rebuilt", found[place]), (f"nearest of {draws} samples", nearest[place])):
            rows.append((what, its.pictures))
            shown.append((its.codes, its.labels))
    titled = len(reals) == 1 and len(found.rms) - count <= MAX_TITLED_COLUMNS
    titles = [f"off by {rms:.0f}" for rms in found.rms[:-count].tolist()] if titled else []
    return Finding(
        "project",
        sentence(found, places, close, draws),
        {
            "": Sheet(
                strips(rows, titles),
                f"Pictures, what the generator makes of them (the best of {restarts} descents of {steps} steps each, by "
                f"pixels{'' if perceptual is PIXELS else f' and {perceptual.name} features'}), and the nearest of {draws} "
                f"samples of seed {seed}; below, the same of the generator's own samples.",
                "compositeWithTrainedAlgorithmicMedia",
            )
        },
        {
            "seed": seed, "restarts": restarts, "steps": steps, "features": perceptual.name, "draws": draws,
            "groups": {name: asdict(its) for name, its in close.items()},
            "pictures": [
                {
                    "group": name, "name": names[name][i] if names and name in names else None,
                    "rms": found.rms[at].item(), "distance": found.distance[at].item(),
                    "nearest_sample_rms": nearest.rms[at].item(),
                    "nearest_sample_distance": nearest.distance[at].item(),
                }
                for name, place in places.items() for i, at in enumerate(place.tolist())
            ],
        },
        ("pictures", "number", "RMS of 255", f"distance ({perceptual.name})", "nearest sample's RMS", "distance"),
        tuple(
            (name, str(its.pictures), _with_error(its.rms, its.rms_error, 1), _with_error(its.distance, its.distance_error, 3),
             f"{its.nearest_sample_rms:.1f}", f"{its.nearest_sample_distance:.3f}")
            for name, its in close.items()
        ),
        torch.cat([z for z, _ in shown]),
        torch.cat([labels for _, labels in shown if labels is not None]) if generator.classes else None,
    )  # fmt: skip


def closeness(found: Inversions, nearest: Inversions) -> Closeness:
    """The means of one group."""
    several = len(found.rms) > 1
    rms, distance = found.rms.double(), found.distance.double()
    errors = [float(x.std() / math.sqrt(len(x))) if several else None for x in (rms, distance)]
    return Closeness(
        len(rms), float(rms.mean()), errors[0], float(distance.mean()), errors[1],
        float(nearest.rms.double().mean()), float(nearest.distance.double().mean()),
    )  # fmt: skip


def sentence(found: Inversions, places: Mapping[str, Tensor], close: Mapping[str, Closeness], draws: int) -> str:
    """What the closeness says, in words."""
    name = next(iter(close))
    its, floor = close[name], close[OWN_SAMPLES]
    what = "The picture is" if its.pictures == 1 and name == "given" else f"{name.capitalize()} pictures are"
    text = (
        f"{what} rebuilt to within {_with_error(its.rms, its.rms_error, 1)} levels of 255 (root mean square), where the "
        f"nearest of {draws} samples lies {its.nearest_sample_rms:.1f} off"
    )
    way, perfect = its.nearest_sample_rms - its.rms, its.nearest_sample_rms - floor.rms
    if floor.rms > floor.nearest_sample_rms / 2:
        text += (
            f". The search itself fails: even the generator's own samples are only rebuilt to within {floor.rms:.1f}, so "
            "this says little of what the generator holds; more --steps may help."
        )
    elif perfect <= 0:
        text += f" and the generator's own samples are rebuilt to within {floor.rms:.1f}."
    else:
        text += (
            f" and the generator's own samples are rebuilt to within {floor.rms:.1f}: {max(0, 100 * way / perfect):.0f} % "
            "of the way to a perfect answer."
        )
    if {"held-out", "training"} <= set(places):
        text += " " + _compared(found.rms[places["held-out"]].double(), found.rms[places["training"]].double())
    return text


def _compared(held_out: Tensor, training: Tensor) -> str:
    """Whether training pictures are rebuilt better, by Mann and Whitney's test."""
    if min(len(held_out), len(training)) < MIN_COMPARED_PICTURES:
        return f"Too few to compare held-out with training pictures: {MIN_COMPARED_PICTURES} of each are needed."
    by = float(held_out.mean() - training.mean())
    error = float((held_out.var() / len(held_out) + training.var() / len(training)).sqrt())
    z = mann_whitney(training.numpy(), held_out.numpy())
    chance = min(1.0, 2 * chance_below(-abs(z)))
    told = f"(difference {by:+.1f} ± {error:.1f}, p = {chance:.2g})"
    if chance >= MAX_P_VALUE:
        return (
            f"Held-out pictures are rebuilt as well as training pictures {told}: no sign of learning by heart, as far as "
            f"{len(held_out)} and {len(training)} pictures tell."
        )
    if z < 0:
        return f"Training pictures are rebuilt more closely than held-out ones {told}: a sign of learning by heart."
    return f"Held-out pictures are even rebuilt more closely than training ones {told}: no sign of learning by heart."


def _with_error(mean: float, error: float | None, digits: int) -> str:
    return f"{mean:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")
