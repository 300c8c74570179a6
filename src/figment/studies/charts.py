"""Charts of a study: what each factor does, how all cells learned, which setting is the best for how much time."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from figment.comparing.curves import HOUR, MIN_LOG_RATIO, MINUTE, style_of
from figment.comparing.settings import plain
from figment.media import pages
from figment.media.pages import COLOURS
from figment.studies.analysis import Analysis
from figment.studies.costs import Point
from figment.studies.effects import FactorEffect
from figment.studies.observed import sign, title
from figment.studies.results import CellResult, Factor
from figment.studies.searched import Searched

MAX_BANDS = 150  # cells whose curves have bands, and are drawn over time, too: of more a page would grow too large
MOST_DECADES = 2  # of a logarithmic axis that has three ticks each
JITTER = 0.16  # of a level's place, to both sides: where single cells' points lie


def effect_chart(analysis: Analysis, effect: FactorEffect) -> Markup:
    """The mean score of each level; whiskers: of its difference from the best level, whose mean is a dashed line."""
    return pages.chart(f"effect of {effect.name}", 2.9, lambda axes: _draw_effect(axes, analysis, effect))


def curve_charts(analysis: Analysis, factor: Factor) -> list[Markup]:
    """Learning curves of all cells in the colours of a factor's levels, over images seen and over time."""
    cells = [cell for cell in analysis.results.cells if cell.marks]
    overs = ("images", "seconds") if len(cells) <= MAX_BANDS else ("images",)
    return [
        pages.chart(f"{factor.name} {over}", 3.1, lambda axes, over=over: _draw_curves(axes, analysis, factor, cells, over))  # type: ignore[misc]
        for over in overs
    ] if cells else []  # fmt: skip


def pareto_chart(analysis: Analysis) -> Markup:
    """What settings had come to after how much time, and the front that none beats."""
    return pages.chart(
        "pareto", 3.4, lambda axes: _draw_front(axes, analysis.points, analysis.front, title(analysis.results.score))
    )


def search_chart(analysis: Analysis, one: Searched) -> Markup:
    """The score of every setting over a factor's level; the best settings stand out."""
    return pages.chart(
        f"search {one.factor.name}", 2.9, lambda axes: _draw_search(axes, one, title(analysis.results.score))
    )


def legend(factor: Factor) -> list[dict[str, Any]]:
    """A factor's levels and their colours."""
    return [
        {"label": plain(level), "colour": style_of(place)[0], "dashed": bool(style_of(place)[1])}
        for place, level in enumerate(factor.levels)
    ]


def _draw_effect(axes: Axes, analysis: Analysis, effect: FactorEffect) -> None:
    best = effect.best(sign(analysis.results.score))
    seen = analysis.seen
    place = [factor.name for factor in seen.factors].index(effect.name)
    for level in range(len(effect.levels)):
        values = np.sort(analysis.effects.adjusted[seen.codes[:, place] == level])
        across = level + JITTER * np.resize([-1, 1, -0.5, 0.5, 0], len(values))
        axes.plot(across, values, ".", color=COLOURS["ink"], alpha=0.35, markersize=4)
        apart = effect.between(effect.levels[level], best)
        half = apart.half_together if apart and math.isfinite(apart.half_together) else None
        worse = apart is not None and apart.is_sure
        axes.errorbar(
            level, effect.means[level], half, fmt="o", color=COLOURS["second" if worse else "first"], capsize=5, elinewidth=2,
            markersize=7,
        )  # fmt: skip
    axes.axhline(effect.means[effect.levels.index(best)], color=COLOURS["ink"], linewidth=1, linestyle=(0, (4, 3)))
    axes.set_xticks(range(len(effect.levels)), [pages.on_axis(plain(level)) for level in effect.levels])
    axes.set_xlim(-0.6, len(effect.levels) - 0.4)
    axes.set_xlabel(pages.on_axis(effect.name))
    axes.set_ylabel(title(analysis.results.score))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    _plain(axes)


def _draw_search(axes: Axes, one: Searched, kind: str) -> None:
    named = one.factor.scale is None
    across = [one.factor.levels.index(level) if named else float(level) for level in one.levels]  # type: ignore[arg-type]
    axes.plot(across[one.best :], one.scores[one.best :], "o", color=COLOURS["ink"], alpha=0.4, markersize=5)
    axes.plot(across[: one.best], one.scores[: one.best], "o", color=COLOURS["first"], markersize=7)
    if named:
        axes.set_xticks(range(len(one.factor.levels)), [pages.on_axis(plain(level)) for level in one.factor.levels])
        axes.set_xlim(-0.6, len(one.factor.levels) - 0.4)
    elif one.factor.scale == "log":
        axes.set_xscale("log")
        decades = math.log10(max(across) / min(across))
        axes.xaxis.set_major_locator(LogLocator(subs=(1,) if decades > MOST_DECADES else (1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(pages.on_axis(one.factor.name))
    axes.set_ylabel(kind)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    _plain(axes)


def _draw_curves(axes: Axes, analysis: Analysis, factor: Factor, cells: Sequence[CellResult], over: str) -> None:
    unit, name = (1.0, "images seen") if over == "images" else _time(max(cell.marks[-1].seconds for cell in cells))
    for cell in cells:
        colour, dashes = style_of(factor.levels.index(cell.levels[factor.name]))
        across = np.array([getattr(mark, over) for mark in cell.marks]) / unit
        scores = np.array([mark.score for mark in cell.marks])
        errors = np.array([mark.error for mark in cell.marks])
        axes.plot(
            across, scores, color=COLOURS[colour], linewidth=1.1, alpha=0.75, linestyle=(0, dashes) if dashes else "-",
            marker="." if len(scores) < 12 else None, markersize=4,
        )  # fmt: skip
        if len(cells) <= MAX_BANDS and np.isfinite(errors).all():
            axes.fill_between(
                across, scores - 2 * errors, scores + 2 * errors, color=COLOURS[colour], alpha=0.1, linewidth=0
            )
        if cell.state in ("collapsed", "failed"):
            axes.plot(across[-1], scores[-1], "x", color=COLOURS[colour], markersize=8, markeredgewidth=2)
    _scale(axes, np.array([mark.score for cell in cells for mark in cell.marks]))
    axes.set_xlabel(name)
    axes.set_ylabel(title(analysis.results.score))
    axes.xaxis.set_major_formatter(pages.COUNTS)


def _draw_front(axes: Axes, points: Sequence[Point], front: Sequence[Point], kind: str) -> None:
    unit, name = _time(max(point.seconds for point in points))
    axes.plot([p.seconds / unit for p in points], [p.score for p in points], ".", color=COLOURS["ink"], alpha=0.35)
    axes.step(
        [p.seconds / unit for p in front], [p.score for p in front], where="post", color=COLOURS["first"], linewidth=1.8,
        marker="o", markersize=5,
    )  # fmt: skip
    _scale(axes, np.array([point.score for point in points]))
    axes.set_xlabel(name)
    axes.set_ylabel(f"{kind}, mean over seeds")


def _scale(axes: Axes, scores: np.ndarray) -> None:
    if scores.min() > 0 and scores.max() > MIN_LOG_RATIO * scores.min():
        axes.set_yscale("log")
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.grid(alpha=0.5, linewidth=0.6)
    axes.tick_params(length=0)


def _time(longest: float) -> tuple[float, str]:
    """The unit that so many seconds are told in."""
    return (HOUR, "hours of training") if longest > 2 * HOUR else (MINUTE, "minutes of training")
