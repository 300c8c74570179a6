"""The scores that runs have, as far as they were taken in one and the same way, and how settings stand to each other by them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from figment.common.jsontext import are_missing
from figment.comparing.intervals import LEVEL, Contrast, Interval, Scored, contrast, of_seeds
from figment.comparing.settings import Setting
from figment.comparing.trained import Trained
from figment.metrics.estimate import Estimate
from figment.metrics.scores import KINDS

NEEDED = ("value", "floor", "n", "title", "better")  # of a record, to be compared
WATCHED = "watched"  # the score that a run was watched by while it trained
JUDGED_BY = ("kid", "fd", WATCHED)  # the first that there is: settled before any number is looked at
Way = tuple[Any, ...]  # all that has to be the same for two numbers to be comparable


@dataclass(frozen=True, eq=False)
class Reading:
    """A run's score. floor: what reals reach in its place; images: seen when it was taken; record: as it was kept."""

    value: Estimate
    floor: Estimate
    images: int | None
    record: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class ComparedScore:
    """A score of several runs, taken of all of them in the same way. readings: by the runs' names.

    over_seeds: by the settings' labels; contrasts: of every two settings that have it, with intervals that hold all together.
    """

    kind: str
    title: str
    better: str
    meaning: str
    readings: dict[str, Reading]
    over_seeds: dict[str, Interval]
    contrasts: tuple[Contrast, ...]

    def best(self) -> str:
        """The label of the setting whose mean is the best."""
        sign = 1 if self.better == "lower" else -1
        return min(self.over_seeds, key=lambda label: sign * self.over_seeds[label].mean)

    def between(self, first: str, second: str) -> Contrast:
        """How much more the first setting has than the second."""
        for found in self.contrasts:
            if (found.first, found.second) == (first, second):
                return found
            if (found.first, found.second) == (second, first):
                return Contrast(first, second, -found.difference, found.half, found.seeds, found.way)
        raise KeyError((first, second))


def compared_scores(settings: Sequence[Setting]) -> list[ComparedScore]:
    """All scores that two runs or more have of the same way, in the order of `measure`; then the one they were watched by."""
    runs = [run for setting in settings for run in setting.runs]
    measured = {run.name: _measured(run) for run in runs}
    found = []
    for kind in dict.fromkeys(kind for its in measured.values() for kind, _ in its):
        way = _commonest(way for its in measured.values() for other, way in its if other == kind)
        readings = {name: its[kind, way] for name, its in measured.items() if (kind, way) in its}
        found.append(_compared(kind, readings, settings))
    watched = {run.name: _watched(run) for run in runs if run.looks}
    if watched:
        way = _commonest(way for way, _ in watched.values())
        readings = {name: reading for name, (other, reading) in watched.items() if other == way}
        found.append(_compared(WATCHED, readings, settings))
    return [score for score in found if len(score.readings) > 1]


def judging(scores: Sequence[ComparedScore]) -> ComparedScore | None:
    """The score that the sentence goes by: the first of JUDGED_BY that two settings or more have; of one setting, that it has."""
    most = max((len(score.over_seeds) for score in scores), default=0)
    by_kind = {score.kind: score for score in scores if len(score.over_seeds) == most}
    return next((by_kind[kind] for kind in JUDGED_BY if kind in by_kind), None)


def _compared(kind: str, readings: dict[str, Reading], settings: Sequence[Setting]) -> ComparedScore:
    by_setting = {setting.label: scored for setting in settings if (scored := _by_seed(setting, readings))}
    pairs = list(combinations(by_setting.items(), 2))
    level = 1 - (1 - LEVEL) / max(len(pairs), 1)  # Bonferroni: all of them hold in 95 of 100 cases
    record = next(iter(readings.values())).record
    return ComparedScore(
        kind, _title(kind, record), record.get("better") or "lower", _meaning(kind, record), readings,
        {label: of_seeds(scored) for label, scored in by_setting.items()},
        tuple(contrast(first, second, level) for first, second in pairs),
    )  # fmt: skip


def _by_seed(setting: Setting, readings: Mapping[str, Reading]) -> Scored:
    found: dict[int, list[Estimate]] = {}
    for run in setting.runs:
        if run.name in readings:
            found.setdefault(run.seed, []).append(readings[run.name].value)
    return found


def _measured(run: Trained) -> dict[tuple[str, Way], Reading]:
    """A run's measured scores by kind and way: of each the last that was taken."""
    found = {}
    for record in run.measures:
        if not are_missing(NEEDED, record):
            found[record["score"], _way(record)] = Reading(
                _estimate(record, "value", "error"),
                _estimate(record, "floor", "floor_error"),
                record.get("images"),
                record,
            )
    return found


def _way(record: Mapping[str, Any]) -> Way:
    """How a score was taken: of which pictures, how many, through which eyes."""
    features = record.get("features") or ""
    network = (record.get("networks") or {}).get(features, {})
    return (
        features, network.get("digest"), network.get("resize"), record["codec"], str(record["data"]),
        record.get("fingerprint"), record["n"], record.get("reference"), str(record.get("size")), record.get("pick") or 1,
    )  # fmt: skip


def _watched(run: Trained) -> tuple[Way, Reading]:
    """The last look at a run while it trained."""
    look = run.looks[-1]
    way = look["title"], look.get("features"), look.get("samples"), look.get("reals"), *run.pictures()
    return way, Reading(_estimate(look, "fd", "error"), Estimate(look["floor"]), look["images"], look)


def _estimate(record: Mapping[str, Any], value: str, error: str) -> Estimate:
    return Estimate(record[value], known if (known := record.get(error)) is not None else float("nan"))


def _commonest(ways: Iterable[Way]) -> Way:
    """The way that most runs have; of equally many the one that comes last, which is newer in a run's file."""
    counts: dict[Way, int] = {}
    for way in ways:
        counts[way] = counts.pop(way, 0) + 1
    return max(reversed(counts), key=counts.__getitem__)


def _title(kind: str, record: Mapping[str, Any]) -> str:
    title = str(record["title"])
    if kind == WATCHED:
        return f"{title} while it trained"
    return f"{title} ({record.get('features')})" if ":" in kind and not title.startswith(("FD-", "FID")) else title


def _meaning(kind: str, record: Mapping[str, Any]) -> str:
    if kind == WATCHED:
        return "distance of few samples from training pictures, at the last look while it trained"
    known = KINDS.get(kind.partition(":")[0])
    return str(record.get("meaning") or (known.meaning if known else ""))
