"""What a detector is worth on pictures: accuracy with intervals, when it had better say nothing, and under which conditions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.common import sizes
from figment.common.bars import Shown, shown_on
from figment.common.jsontext import without_nan
from figment.common.machine import this_machine
from figment.common.progress import Agree, Preparing
from figment.common.rehearsal import at_most
from figment.forensics.accuracy import Accuracy, Roc, accuracy, reliability, roc, selective_risk
from figment.forensics.conditions import SWEEP, Condition, applied
from figment.forensics.detector import Detector, Readings
from figment.forensics.gathering import Set, gathered

DEFAULT_PICTURES = 1000  # of each kind
SWEEP_PICTURES = 200  # of each kind, in a sweep over conditions
FAKES_SEED = 2**38  # added to a seed: samples that no training with the same seed has seen
REHEARSED_PICTURES = 20
CURVE_POINTS = 101  # of a curve as it is kept


@dataclass(frozen=True, eq=False)
class Told:
    """What a detector says of pictures of known kinds, (N,) each: scores and P(fake) of one of its readings.

    known: which are like those that it knows.
    """

    scores: NDArray[np.float64]
    p_fake: NDArray[np.float64]
    is_fake: NDArray[np.bool_]
    known: NDArray[np.bool_]
    groups: list[str]

    def accuracy(self, seed: int, only_known: bool = False) -> Accuracy | None:
        """Of all, or of those that are like the known ones; None where one kind isn't among them."""
        here = self.known if only_known else np.ones(len(self.known), bool)
        if len(np.unique(self.is_fake[here])) < 2:
            return None
        groups = [group for group, is_here in zip(self.groups, here, strict=True) if is_here]
        return accuracy(self.scores[here], self.p_fake[here], self.is_fake[here], groups, seed)

    @property
    def roc(self) -> Roc:
        return roc(self.scores, self.is_fake, np.ones((1, len(self.scores))))

    @property
    def risk(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return selective_risk(self.p_fake, self.is_fake, self.known)

    @property
    def answered(self) -> dict[str, float]:
        """Shares of the real and of the made pictures that are like the known ones."""
        return {
            name: float(self.known[self.is_fake == kind].mean()) for name, kind in (("real", False), ("fake", True))
        }

    def thinned(self) -> dict[str, list[list[float]]]:
        """Its curves, at most 101 points each: false alarms and found, answered and wrong, P(fake) and share of fakes."""
        curve, (answered, wrong) = self.roc, self.risk
        return {
            "roc": _thinned(curve.alarms[0], curve.found[0]),
            "risk": _thinned(answered, wrong),
            "reliability": [list(map(float, row)) for row in reliability(self.p_fake, self.is_fake)],
        }


@dataclass(frozen=True, eq=False)
class Examination:
    """What was found. readings: by what the detector reads by; sweep: by condition, of the reading that speaks. sets: of what.

    seen: names of sets that the detector had learnt from; of these only pictures that it hadn't were taken.
    """

    readings: Mapping[str, Told]
    default: str
    sweep: Mapping[str, Told]
    sets: Sequence[Mapping[str, Any]]
    seen: Sequence[str]
    size: tuple[int, int]
    seed: int

    @property
    def told(self) -> Told:
        """By the reading that speaks."""
        return self.readings[self.default]

    def as_record(self) -> dict[str, Any]:
        """All of it, as JSON holds it."""
        rows = {name: _record(told, self.seed) | {"curves": told.thinned()} for name, told in self.readings.items()}
        found = {
            "default": self.default, "size": list(self.size), "seed": self.seed, "sets": list(self.sets), "seen": list(self.seen),
            "readings": rows, "sweep": {name: _record(told, self.seed) for name, told in self.sweep.items()},
        }  # fmt: skip
        return dict(without_nan(found))


def examine(
    detector: Detector, real: Sequence[str], fake: Sequence[str], *, n: int = DEFAULT_PICTURES, seed: int = 0,
    size: int | tuple[int, int] | None = None, group: str | None = None, sweep: int = SWEEP_PICTURES, device: str = "auto",
    agree: Agree | None = None, display: Shown = "auto",
) -> Examination:  # fmt: skip
    """Try a detector on real pictures and made ones: see `figment detect test`.

    sweep: pictures of each kind that are tried under other conditions, too; 0 for none. Raises InputError for what can't be used.
    """
    where = str(this_machine(device).device)
    with shown_on(display) as shown:
        asked = None if size is None else sizes.shape(size)
        sets = gathered(real, fake, n, seed + FAKES_SEED, asked, group, where, agree, shown)
        return examined(detector, sets, seed, sweep, shown)


def examined(
    detector: Detector, sets: Sequence[Set], seed: int, sweep: int, display: Preparing
) -> Examination:  # fmt: skip
    """Of sets of both kinds. Of one that the detector learnt from only groups that it was tested on count."""
    learnt = {one["fingerprint"] for one in detector.card.get("sets", ()) if one["made_by"] in ("", one["name"])}
    sets, seen = zip(*(_unseen(one, learnt, display) for one in sets), strict=True)
    pictures = [picture for one in sets for picture in one.pictures]
    is_fake = np.concatenate([np.full(len(one.pictures), one.is_fake) for one in sets])
    groups = [group for one in sets for group in one.groups]
    stage = display.stage("looking at pictures")
    readings = detector.read(_told_of(pictures, stage))
    found = {name: _told(detector, readings, name, is_fake, groups) for name in detector.curves}
    swept: dict[str, Told] = {}
    if sweep:
        rows = _some_of_each(is_fake, at_most(sweep, REHEARSED_PICTURES), seed)
        some, their = is_fake[rows], [groups[row] for row in rows]
        stage = display.stage("under other conditions")
        for number, (name, condition) in enumerate(SWEEP.items()):
            stage(number, len(SWEEP))
            read = detector.read(_under([pictures[row] for row in rows], condition))
            swept[name] = _told(detector, read, detector.default, some, their)
    told = [
        {"name": one.name, "kind": "fake" if one.is_fake else "real", "pictures": len(one.pictures)} for one in sets
    ]
    height, width = sets[0].pictures.shape[2:]
    return Examination(
        found,
        detector.default,
        swept,
        told,
        [one.name for one, was in zip(sets, seen, strict=True) if was],
        (height, width),
        seed,
    )


def _unseen(one: Set, learnt: set[str], display: Preparing) -> tuple[Set, bool]:
    """Of a set that was learnt from the part that was tested on: its groups' hashes tell which that is."""
    # A generator's samples are fresh: made_by is its recipe.
    if one.fingerprint not in learnt or one.made_by not in ("", one.name):
        return one, False
    rows = np.flatnonzero(one.roles == "test")
    display.say(
        f"{one.name}: the detector has learnt from it; the {len(rows):,} pictures are taken that it hasn't seen"
    )
    return one.rows(rows), True


def _told(
    detector: Detector, readings: Readings, name: str, is_fake: NDArray[np.bool_], groups: list[str]
) -> Told:  # fmt: skip
    scores = readings.scores(name)
    return Told(scores, detector.curves[name].p_fake(scores), is_fake, detector.knows(readings), groups)


def _told_of(pictures: Sequence[NDArray[np.uint8]], stage: Any) -> Iterator[NDArray[np.uint8]]:
    for number, picture in enumerate(pictures):
        stage(number, len(pictures))
        yield picture


def _under(pictures: Sequence[NDArray[np.uint8]], condition: Condition) -> Iterator[NDArray[np.uint8]]:
    return (applied(picture, condition, number) for number, picture in enumerate(pictures))


def _some_of_each(is_fake: NDArray[np.bool_], count: int, seed: int) -> NDArray[np.int64]:
    random = np.random.default_rng([seed, 36])
    return np.concatenate([random.permutation(np.flatnonzero(is_fake == kind))[:count] for kind in (False, True)])


def _record(told: Told, seed: int) -> dict[str, Any]:
    whole, known = told.accuracy(seed), told.accuracy(seed, only_known=True)
    return {
        "worth": None if whole is None else whole.as_record(), "answered": told.answered,
        "worth_of_answers": None if known is None else known.as_record(),
    }  # fmt: skip


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[list[float]]:
    rows = np.unique(np.linspace(0, len(x) - 1, CURVE_POINTS).round().astype(int))
    return [[float(x[row]), float(y[row])] for row in rows]
