"""The curves of a run: which of its readings are drawn over images seen, in which words, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from figment.media import pages
from figment.media.pages import COLOURS
from figment.reporting import scores

SMOOTHING_SHARE = 1 / 15  # of the readings are averaged into the dark line


class Line(NamedTuple):
    field: str  # of a tick in events.jsonl
    label: str
    colour: str
    dashes: tuple[float, ...] = ()  # so that a line that lies on another one lets it show


@dataclass(frozen=True)
class Chart:
    """A chart of the report; reading tells a newcomer how to read it."""

    title: str
    reading: str
    lines: tuple[Line, ...]
    limits: tuple[float | None, float | None] = (None, None)
    guide: float | None = None  # a dashed line across


CHARTS = (
    Chart(
        "Losses",
        "The two nets play against each other, so neither loss is meant to fall to zero: curves that stay level are a"
        " good sign, one that runs away shows that the other net is winning.",
        (Line("loss_discriminator", "discriminator", "first"), Line("loss_generator", "generator", "second")),
    ),
    Chart(
        "What the discriminator believes",
        "P(fake), the chance that a picture is one of this run's own fakes where half of those shown are and half are"
        " real pictures of its kind, fitted to held-out pictures: far apart it tells them well, all near ½ (dashed) it is"
        " guessing, and held-out reals well above training reals show that it knows its own pictures by heart.",
        (
            Line("p_fake_real", "training reals", "first"),
            Line("p_fake_held_out", "held-out reals", "third", (3, 2)),
            Line("p_fake_fake", "generated", "second"),
        ),
        (0, 1),
        0.5,
    ),
    Chart(
        "Telling fakes from reals",
        "The chance that it ranks a real picture above a generated one (separation AUC): at ½ (dashed) it is guessing,"
        " near 1 it always knows. Early on that is usual; it is bad where the pictures gain nothing meanwhile (detail and"
        " distance, below).",
        (Line("separation", "separation", "first"),),
        (0, 1),
        0.5,
    ),
    Chart(
        "Learning by heart",
        "The chance that it ranks a picture that it was trained on above one held back (memorising AUC): ½ (dashed) is"
        " as it should be, and well above it the discriminator remembers pictures in place of learning what is real. With"
        " few held-out pictures it wavers: a word is said only where chance would hardly do as well.",
        (Line("memorising", "memorising", "third"),),
        (0, 1),
        0.5,
    ),
    Chart(
        "Variety",
        "How far generated pictures lie from each other, as a share of the distance between reals: near 1 (dashed) they"
        " are as varied as the reals, near 0 the generator draws one picture again and again. A few pictures again and"
        " again are told in words, with their number: their spread can be near 1.",
        (Line("spread", "spread", "second"),),
        (0, None),
        1.0,
    ),
    Chart(
        "Detail",
        "Contrast between neighbouring pixels of generated pictures, as a share of that of reals: well below 1 (dashed)"
        " they are blurred, well above it they are noise, as all of them are in the beginning.",
        (Line("detail", "detail", "first"),),
        (0, None),
        1.0,
    ),
    Chart(
        "Distance",
        "How far generated pictures lie from reals in composition and colour (energy distance, as a share of the distance"
        " between reals): near 0 their kinds are as frequent as among reals, at .4 and more it is another kind of picture.",
        (Line("distance", "distance", "third"),),
        (0, None),
    ),
    Chart(
        "Speed",
        "Images seen a second: dips are other work on the machine, or pictures and states being saved.",
        (Line("images_per_second", "images a second", "third"),),
        (0, None),
    ),
)


def plain(chart: Chart, ticks: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """A chart's words and values as JSON holds them, for a page that draws them itself; None if no tick has a value for it."""
    values = {line: [_digits(tick.get(line.field)) for tick in ticks] for line in chart.lines}
    lines = [
        {"label": line.label, "colour": line.colour, "dashes": line.dashes, "values": its}
        for line, its in values.items()
        if any(value is not None for value in its)
    ]
    if not lines:
        return None
    return {
        "title": chart.title, "reading": chart.reading, "limits": chart.limits, "guide": chart.guide, "lines": lines,
        "images": [tick["images"] for tick in ticks],
    }  # fmt: skip


def plain_scores(looks: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The scores taken while a run trains, in the same form; None before the first look."""
    if not looks:
        return None
    title, reading = scores.words_over_time(looks[-1])
    line = {"label": "samples", "colour": "second", "dashes": (), "values": [_digits(look["fd"]) for look in looks]}
    return {
        "title": title, "reading": reading, "limits": (0, None), "guide": _digits(looks[-1]["floor"]), "lines": [line],
        "images": [look["images"] for look in looks],
    }  # fmt: skip


def drawn(chart: Chart, ticks: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """A chart as SVG with its words, or None if no tick has a value for it."""
    series = {line: _values(ticks, line.field) for line in chart.lines}
    series = {line: values for line, values in series.items() if np.isfinite(values).any()}
    if not series:
        return None
    images = np.array([tick["images"] for tick in ticks])
    last = [f"{line.label} {values[np.isfinite(values)][-1]:.3g}" for line, values in series.items()]
    return {
        "title": chart.title,
        "reading": chart.reading,
        "legend": [(line.label, line.colour) for line in series] if len(chart.lines) > 1 else [],
        "label": f"{chart.title}, over images seen. Last values: {', '.join(last)}.",
        "svg": pages.chart(chart.title, 2.9, lambda axes: _draw(axes, chart, images, series)),
    }


def _draw(axes: Axes, chart: Chart, images: np.ndarray, series: dict[Line, np.ndarray]) -> None:
    window = max(1, round(len(images) * SMOOTHING_SHARE))
    shown = scores.evenly(len(images), scores.MAX_POINTS)
    for line, values in series.items():
        colour, few = COLOURS[line.colour], len(images) < 4
        axes.plot(images[shown], values[shown], color=colour, alpha=0.35, linewidth=1, marker="o" if few else None)
        axes.plot(
            images[shown],
            moving_average(values, window, shown),
            color=colour,
            linewidth=2,
            linestyle=(0, line.dashes) if line.dashes else "-",
        )
    if chart.guide is not None:
        axes.axhline(chart.guide, color=COLOURS["ink"], linewidth=1, linestyle=(0, (4, 3)), alpha=0.7)
    axes.set_xlim(0, max(images.max(), 1))
    low, high = chart.limits
    largest = max(float(np.nanmax(values)) for values in series.values())
    axes.set_ylim(low, high if high is not None or low is None else 1.1 * max(largest, chart.guide or 0, 1e-9))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(pages.COUNTS)
    axes.set_xlabel("images seen")
    axes.grid(alpha=0.5, linewidth=0.6)
    axes.tick_params(length=0)


def _digits(value: float | None) -> float | None:
    """As many digits as a curve needs; None for what is no number."""
    return float(f"{value:.4g}") if value is not None and np.isfinite(value) else None


def _values(ticks: Sequence[dict[str, Any]], field: str) -> np.ndarray:
    return np.array([tick.get(field) for tick in ticks], np.float64)  # None becomes NaN


def moving_average(values: np.ndarray, window: int, places: Sequence[int] | None = None) -> np.ndarray:
    """Mean over a window centred on each value, cut off at the ends, of what is a number; float (N,) → float (N,).

    places: of the values for which it is wanted, if not for all.
    """
    reach = window // 2
    cuts = [values[max(0, i - reach) : i + reach + 1] for i in (range(len(values)) if places is None else places)]
    return np.array([cut[np.isfinite(cut)].mean() if np.isfinite(cut).any() else np.nan for cut in cuts])
