"""Curves of several runs over one another, by images seen and by time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from figment.comparing.settings import Setting
from figment.comparing.trained import Trained
from figment.media import pages
from figment.media.pages import COLOURS

RUN_COLOURS = ("first", "second", "third", "fourth", "fifth", "sixth")  # of settings, on charts and pages
DASHES = ((), (4, 2), (1, 1.5))  # of further settings
MAX_POINTS = 60  # of a curve, each the mean of as many readings
MIN_LOG_RATIO = 20  # times the least that the largest value has to be for a logarithmic scale
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Curve:
    """What is drawn. field: of ticks, or "fd", of the looks while training. guide: a dashed line across, such as the reals'."""

    field: str
    title: str
    reading: str
    guide: float | None = None


class Points(NamedTuple):
    """A run's readings, (N,) each. seconds are nan where they aren't known; errors where there are none."""

    images: np.ndarray
    seconds: np.ndarray
    values: np.ndarray
    errors: np.ndarray


CURVES = (
    Curve("fd", "Distance from reals", "Fréchet distance at the looks while they trained, with two errors: less is better."),
    Curve(
        "separation", "Telling fakes from reals",
        "The chance that the discriminator ranks a real picture above a generated one (AUC): at ½ (dashed) it is guessing.", 0.5,
    ),
    Curve(
        "spread", "Variety",
        "How far samples lie from each other, as a share of the reals' (dashed): near 0 they are all alike.", 1.0,
    ),
    Curve(
        "detail", "Detail",
        "Contrast between neighbouring pixels as a share of the reals' (dashed): below it is blur, above it noise.", 1.0,
    ),
    Curve("distance", "Composition and colour", "Energy distance of small pictures from reals: less is better."),
)  # fmt: skip


def charts(settings: Sequence[Setting]) -> list[dict[str, Any]]:
    """All curves that a run has a value for, each by images and by time, with their words."""
    found = []
    for curve in CURVES:
        points = {
            run.name: its for setting in settings for run in setting.runs if len((its := points_of(run, curve)).images)
        }
        if points:
            timed = any(np.isfinite(its.seconds).any() for its in points.values())
            by_time = [_chart(curve, settings, points, "seconds")] if timed else []
            found.append({
                "title": curve.title, "reading": curve.reading, "label": _last_values(curve, points),
                "svgs": [_chart(curve, settings, points, "images"), *by_time],
            })  # fmt: skip
    return found


def points_of(run: Trained, curve: Curve) -> Points:
    """A run's readings of a curve, of many the means of MAX_POINTS parts one after the other; its looks as they are."""
    events = run.looks if curve.field == "fd" else run.ticks
    rows = [
        (event["images"], event.get("seconds"), event[curve.field], event.get("error") if curve.field == "fd" else None)
        for event in events
        if event.get(curve.field) is not None
    ]
    table = np.array(rows, np.float64).reshape(-1, 4)
    if curve.field != "fd" and len(table) > MAX_POINTS:
        table = np.array([part.mean(0) for part in np.array_split(table, MAX_POINTS)])
    return Points(*table.T)


def style_of(place: int) -> tuple[str, tuple[float, ...]]:
    """The colour's name and the dashes of a setting by its place."""
    return RUN_COLOURS[place % len(RUN_COLOURS)], DASHES[place // len(RUN_COLOURS) % len(DASHES)]


def _chart(curve: Curve, settings: Sequence[Setting], points: dict[str, Points], over: str) -> Markup:
    return pages.chart(f"{curve.title} {over}", 2.9, lambda axes: _draw(axes, curve, settings, points, over))


def _draw(axes: Axes, curve: Curve, settings: Sequence[Setting], points: dict[str, Points], over: str) -> None:
    longest = max((np.nanmax(its.seconds, initial=0) for its in points.values()), default=0)
    unit, name = (HOUR, "hours of training") if longest > 2 * HOUR else (MINUTE, "minutes of training")
    for place, setting in enumerate(settings):
        colour, dashes = style_of(place)
        for run in setting.runs:
            if run.name not in points:
                continue
            its = points[run.name]
            across = its.images if over == "images" else its.seconds / unit
            axes.errorbar(
                across, its.values, None if np.isnan(its.errors).all() else 2 * its.errors, color=COLOURS[colour],
                linewidth=1.6, elinewidth=0.8, marker="o" if len(across) < 12 else None, markersize=3,
                linestyle=(0, dashes) if dashes else "-", alpha=0.9,
            )  # fmt: skip
    if curve.guide is not None:
        axes.axhline(curve.guide, color=COLOURS["ink"], linewidth=1, linestyle=(0, (4, 3)), alpha=0.7)
    values = np.concatenate([its.values for its in points.values()])
    if curve.field == "fd" and values.min() > 0 and values.max() > MIN_LOG_RATIO * values.min():
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=min(0.0, float(values.min())))
        axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(pages.COUNTS)
    axes.set_xlabel("images seen" if over == "images" else name)
    axes.grid(alpha=0.5, linewidth=0.6)
    axes.tick_params(length=0)


def _last_values(curve: Curve, points: dict[str, Points]) -> str:
    last = ", ".join(f"{name} {its.values[-1]:.3g}" for name, its in points.items())
    return f"{curve.title}, over images seen and over time. Last values: {last}."
