"""Runs of one setting, which differ by their seeds alone, taken together; and what differs between settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from figment.common.text import distinct, shown
from figment.common.units import as_time
from figment.comparing.trained import Trained
from figment.recipe import Recipe

MAX_LABELLED = 3  # fields that a setting is called by
MAX_VALUES = 4  # different values of the runs of one setting that are listed
ABSENT = "–"
DATA = {
    "source": "what the pictures are called",
    "pictures": "how many there are",
    "trained_on": "how many of them it is trained on",
    "held_out": "how many are held back to judge by",
    "group": "the pattern of names by which pictures are held back together",
    "drop": "what was left out of them",
    "fingerprint": "which pictures they are, prepared: the same letter, the same pictures",
}
BROUGHT_TO = {"size", "channels", "fit"}  # what pictures are brought to: with it a fingerprint changes, too
MACHINE = ("device", "name", "cores", "threads", "memory", "system")
VERSIONS = ("figment", "torch", "python")


@dataclass(frozen=True, eq=False)
class Setting:
    """Runs that differ by their seeds alone, in the order of these. label: what it is called on pages and in tables."""

    label: str
    runs: tuple[Trained, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(sorted({run.seed for run in self.runs}))


class Difference(NamedTuple):
    """A line of what differs. section: recipe, data, start, machine, versions or training; values: one for each setting."""

    section: str
    field: str
    values: tuple[str, ...]
    meaning: str = ""


def grouped(runs: Sequence[Trained]) -> list[Setting]:
    """The settings of some runs, in the order in which they first come, each called by what differs."""
    groups: list[list[Trained]] = []
    for run in runs:
        known = next((group for group in groups if run.is_repetition_of(group[0])), None)
        if known is None:
            groups.append([run])
        else:
            known.append(run)
    ordered = [tuple(sorted(group, key=lambda run: run.seed)) for group in groups]
    return [Setting(label, group) for label, group in zip(_labels(ordered), ordered, strict=True)]


def _labels(groups: Sequence[Sequence[Trained]]) -> list[str]:
    """A single run is called by its name; groups by the fields in which they differ, where these are few."""
    if all(len(group) == 1 for group in groups):
        return [group[0].name for group in groups]
    if len(groups) == 1:
        return [groups[0][0].recipe.name]
    firsts = [group[0] for group in groups]
    fields = _differing(firsts)
    if not 0 < len(fields) <= MAX_LABELLED:
        return distinct(
            [f"{first.name} …" if len(group) > 1 else first.name for first, group in zip(firsts, groups, strict=True)]
        )
    return distinct([", ".join(f"{field}={plain(first.choices().get(field))}" for field in fields) for first in firsts])


def _differing(runs: Sequence[Trained]) -> list[str]:
    """Fields of the recipe in which runs differ, in the recipe's order."""
    found = [run.choices() for run in runs]
    return [
        field
        for field in Recipe.model_fields
        if len({plain(choices[field]) for choices in found if field in choices}) > 1
    ]


def things_apart(first: Trained, second: Trained) -> int:
    """How many things were chosen otherwise for two runs: fields of the recipe, the pictures, the start."""
    fields = _differing([first, second])
    alike = 1 if BROUGHT_TO.intersection(fields) else 0  # then a fingerprint, which comes first, tells nothing
    return len(fields) + (first.pictures()[alike:] != second.pictures()[alike:]) + (first.start() != second.start())


def differences(settings: Sequence[Setting]) -> list[Difference]:
    """What differs between settings, and between the runs of one: recipe, data, start, machine, versions, training."""
    every = [run for setting in settings for run in setting.runs]
    descriptions = {name: field.description or "" for name, field in Recipe.model_fields.items()}
    readers: list[tuple[str, str, str, Callable[[Trained], Any]]] = [
        ("recipe", name, descriptions[name], lambda run, name=name: run.choices().get(name, ABSENT))  # type: ignore[misc]
        for name in _differing(every)
    ]
    prepared_alike = not BROUGHT_TO.intersection(_differing(every))
    told = [name for name in DATA if name != "fingerprint"]
    readers += [("data", name, DATA[name], lambda run, name=name: run.facts.get(name)) for name in told]  # type: ignore[misc]
    if prepared_alike:
        prints = list(dict.fromkeys(run.facts.get("fingerprint") for run in every))
        readers += [
            (
                "data",
                "fingerprint",
                DATA["fingerprint"],
                lambda run: _letter(prints.index(run.facts.get("fingerprint"))),
            )
        ]
    readers += [("start", "nets", "what it started from", _started)]
    readers += [("machine", name, "", lambda run, name=name: _of(run, "machine", name)) for name in MACHINE]  # type: ignore[misc]
    readers += [("versions", name, "", lambda run, name=name: _of(run, "versions", name)) for name in VERSIONS]  # type: ignore[misc]
    readers += [
        ("training", "seed", "", lambda run: run.seed),
        ("training", "images seen", "", lambda run: run.images),
        ("training", "time", "", lambda run: None if run.seconds is None else as_time(run.seconds)),
        ("training", "state", "", lambda run: run.facts.get("state")),
    ]
    found = []
    for section, field, meaning, read in readers:
        if len({plain(read(run)) for run in every}) > 1:
            values = tuple(_listed([plain(read(run)) for run in setting.runs]) for setting in settings)
            found.append(Difference(section, field.replace("_", " ") if section == "data" else field, values, meaning))
    return found


def _letter(place: int) -> str:
    """A, B, … Z, AA, …"""
    return (_letter(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _started(run: Trained) -> str | None:
    origin = run.facts.get("from")
    if not isinstance(origin, dict):
        return "nothing"
    seen = f" at {images:,} images" if isinstance(images := origin.get("images"), int) else ""
    return f"{origin.get('name')}{seen}"


def _of(run: Trained, table: str, name: str) -> Any:
    return (run.facts.get(table) or {}).get(name)


def _listed(values: Sequence[str]) -> str:
    """Values of the runs of a setting: one where they are the same."""
    several = list(dict.fromkeys(values))
    return ", ".join(several[:MAX_VALUES]) + (", …" if len(several) > MAX_VALUES else "")


def plain(value: Any) -> str:
    """A value of a recipe or of run.json for people."""
    if value is None or value == ():
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return shown(", ".join(map(str, value)))
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else shown(value)
