"""A study as one HTML file below 5 MB that holds all it shows and asks nobody for anything; runs are linked beside it."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from figment.common.progress import Progress, Say
from figment.common.units import as_bytes, as_images, as_time, digits
from figment.comparing.settings import plain
from figment.media import pages
from figment.metrics.estimate import Estimate
from figment.studies.analysis import Analysis, behind
from figment.studies.charts import curve_charts, effect_chart, legend, pareto_chart, search_chart
from figment.studies.effects import FactorEffect, Interaction
from figment.studies.observed import sign, title
from figment.studies.results import CellResult
from figment.studies.samples import SEED, Strip, strips, tiles_of
from figment.studies.searched import in_words, is_search
from figment.studies.settings import Setting
from figment.studies.words import signed

MAX_SHADE = 45  # per cent of colour behind a number, which stays legible


def page(
    analysis: Analysis, folder: Path | None = None, progress: Progress | None = None, say: Say | None = None
) -> str:
    """The page as HTML; the same study gives the same bytes.

    folder: the study's, in which the page will lie and runs are looked for, whose samples are drawn; None for a page without.
    progress, say: told how these are drawn, and of generators that can't be read.
    """
    drawn = {} if folder is None else strips(analysis.results.cells, folder, progress, say)
    return pages.rendered("study.html.j2", contents(analysis, drawn), "trainedAlgorithmicMedia" if drawn else None)


def contents(analysis: Analysis, drawn: Mapping[int, Strip]) -> dict[str, Any]:
    """All that the page shows, as plain values."""
    results = analysis.results
    first, *more = analysis.conclusions
    return {
        "name": results.name, "score": title(results.score), "better": "less" if sign(results.score) > 0 else "more",
        "counts": _counts(results.cells), "seeds": len(results.seeds),
        "first": first, "sentences": more, "notes": analysis.notes,
        "factors": [
            {
                "name": effect.name, "chart": effect_chart(analysis, effect), "label": _told(effect, title(results.score)),
                "pairs": [(plain(one.level), plain(one.other), *_interval(one), one.is_sure) for one in effect.differences],
            }
            for effect in analysis.effects.factors
        ],
        "searched": [
            {"name": one.factor.name, "chart": search_chart(analysis, one), "label": in_words(one)} for one in analysis.searched
        ],
        "is_search": is_search(results),
        "interactions": [_heat(analysis, one) for one in analysis.effects.interactions],
        "curves": [
            {"name": factor.name, "legend": legend(factor), "svgs": svgs}
            for factor in results.factors if factor.scale is None and (svgs := curve_charts(analysis, factor))
        ],
        "pareto": pareto_chart(analysis) if analysis.points else None,
        "front": [(as_time(p.seconds), as_images(p.images), digits(p.score), p.setting) for p in analysis.front],
        "stability": [(f"{one.factor}={plain(one.level)}", one.collapsed, one.tried) for one in analysis.stability],
        "has_collapsed": any(one.collapsed for one in analysis.stability),
        "settings": [_setting(setting) for setting in analysis.settings],
        "samples": [
            (setting.label, [_sample(cell, drawn[cell.number]) for cell in setting.cells if cell.number in drawn])
            for setting in analysis.settings if any(cell.number in drawn for cell in setting.cells)
        ],
        "tiles": tiles_of(len(results.cells)), "code_seed": SEED,
        "columns": [factor.name for factor in results.factors],
        "cells": [_cell(analysis, cell) for cell in results.cells],
        "cut": [(cell.number, cell.note) for cell in results.cells if cell.state == "cut"],
        "command": results.command, "machine": results.machine,
        "shared": [(name, plain(value)) for name, value in results.settings.items()],
    }  # fmt: skip


def _counts(cells: Sequence[CellResult]) -> str:
    """72 runs: 58 finished, 14 collapsed."""
    states = list(dict.fromkeys(cell.state for cell in cells))
    told = ", ".join(f"{sum(cell.state == state for cell in cells)} {state}" for state in states)
    return f"{len(cells)} runs: {told}"


def _told(effect: FactorEffect, kind: str) -> str:
    means = ", ".join(f"{plain(level)} {digits(mean)}" for level, mean in zip(effect.levels, effect.means, strict=True))
    return f"Mean {kind} by {effect.name}: {means}."


def _interval(one: Any) -> tuple[str, str]:
    """A difference with the interval that holds with all others, and half the one by itself."""
    if not math.isfinite(one.half):
        return digits(one.difference, 3, "+"), "–"
    return signed(one), f"± {one.half:,.2g}"


def _heat(analysis: Analysis, one: Interaction) -> dict[str, Any]:
    """A table of means; shade: per cent of colour, more where the score is better."""
    way = sign(analysis.results.score)
    low, high = float(one.means.min()), float(one.means.max())
    spread = (high - low) or 1.0
    first, second = (next(e for e in analysis.effects.factors if e.name == name) for name in (one.first, one.second))
    rows = [
        (
            plain(level),
            [
                (digits(mean), round(MAX_SHADE * ((high - mean) if way > 0 else (mean - low)) / spread))
                for mean in map(float, row)
            ],
        )
        for level, row in zip(first.levels, one.means, strict=True)
    ]
    chance = "not told" if math.isnan(one.chance) else "p < .001" if one.chance < 0.001 else f"p = {one.chance:.2g}"
    return {
        "first": one.first, "second": one.second, "heads": [plain(level) for level in second.levels], "rows": rows,
        "chance": chance, "sure": one.is_sure,
    }  # fmt: skip


def _setting(setting: Setting) -> dict[str, Any]:
    may_be = {True: "yes", False: "no", None: "not told"}[setting.may_be_best] if setting.mean is not None else "–"
    return {
        "label": setting.label, "mean": "–" if setting.mean is None else digits(setting.mean),
        "behind": behind(setting), "may_be": may_be,
        "finished": f"{setting.count('finished')} of {len(setting.cells)}", "collapsed": setting.count("collapsed"),
        "time": _or_dash(setting.average("seconds"), as_time), "images": _or_dash(setting.average("images"), as_images),
        "memory": _or_dash(setting.average("memory"), lambda m: as_bytes(round(m))),
        "parameters": _or_dash(setting.average("parameters"), lambda p: pages.short(float(f"{p:.3g}"))),
    }  # fmt: skip


def _sample(cell: CellResult, strip: Strip) -> dict[str, Any]:
    kind = "" if cell.score is None else f", {digits(cell.score)}"
    return {"src": strip.src, "href": strip.href, "title": f"run {cell.number}, seed {cell.seed}: {cell.state}{kind}"}


def _cell(analysis: Analysis, cell: CellResult) -> list[str]:
    error = math.nan if cell.error is None else cell.error
    return [
        str(cell.number), *(plain(cell.levels[factor.name]) for factor in analysis.results.factors), str(cell.seed),
        cell.state, _or_dash(cell.score, lambda score: str(Estimate(score, error))), _or_dash(cell.seconds, as_time),
        _or_dash(cell.images, as_images), _or_dash(cell.memory, lambda m: as_bytes(round(m))),
        _or_dash(cell.memorising, lambda auc: f"{auc:.2f}"), _or_dash(cell.copied, lambda share: f"{share:.1%}"),
        cell.note or "–",
    ]  # fmt: skip


def _or_dash(value: float | None, words: Any) -> str:
    return "–" if value is None else str(words(value))
