"""What has changed from one reading of a run to another, in words: for lines that don't say the same thing thirty times."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

MOST = 2  # changes that are told at once


class Measure(NamedTuple):
    """What is watched: from which step on, up and down, and the words for it; value: as it is shown."""

    field: str
    step: Callable[[float, float], float]  # how far it has moved, in units of what is worth a word
    up: str
    down: str


def _by(unit: float) -> Callable[[float, float], float]:
    return lambda before, now: (now - before) / unit


def _by_share(unit: float, least: float) -> Callable[[float, float], float]:
    """In shares of what it was, and at least so much."""
    return lambda before, now: (now - before) / max(unit * max(before, now), least)


MEASURES = (
    Measure("detail", _by(0.05), "more detail: {} → {} of the reals'", "less detail: {} → {} of the reals'"),
    Measure("spread", _by(0.08), "more varied: spread {} → {}", "less varied: spread {} → {}"),
    Measure(
        "distance", _by_share(0.2, 0.02), "farther from reals: distance {} → {}", "nearer to reals: distance {} → {}"
    ),
    Measure("motion", _by(0.1), "more motion: {} → {} of the reals'", "less motion: {} → {} of the reals'"),
    Measure(
        "separation", _by(0.04), "told from reals more easily: AUC {} → {}", "harder to tell from reals: AUC {} → {}"
    ),
)


def moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The greatest changes between two ticks, "" where nothing has changed that is worth a word."""
    steps = []
    for measure in MEASURES:
        was, is_now = before.get(measure.field), now.get(measure.field)
        if was is None or is_now is None or abs(step := measure.step(was, is_now)) < 1:
            continue
        text = (measure.up if step > 0 else measure.down).format(short(was), short(is_now))
        steps.append((abs(step), text))
    return "; ".join(text for _, text in sorted(steps, reverse=True)[:MOST])


def short(value: float | None) -> str:
    """A share in two digits, near 1 in three: .58, .998, 1.2; without a zero that says nothing."""
    value = value or 0.0
    return (f"{value:.3f}" if 0.95 <= value < 1 else f"{value:.2f}").removeprefix("0")
