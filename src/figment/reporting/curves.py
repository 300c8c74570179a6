"""The curves of a run: its readings over images seen, as SVG and as plain values."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from figment.media import pages
from figment.media.pages import COLOURS
from figment.reporting import scores
from figment.reporting.charts import Chart, Line, words_over_time

SMOOTHING_SHARE = 1 / 15  # of the readings are averaged into the dark line


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
    title, reading = words_over_time(looks[-1])
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
