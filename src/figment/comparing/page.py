"""A comparison as one HTML file that holds all it shows and asks nobody for anything."""

from collections.abc import Sequence
from typing import Any

from figment.common.progress import Progress, Say
from figment.comparing import table
from figment.comparing.curves import charts, style_of
from figment.comparing.same_codes import SEED, TILES, Moment, draw_alike, moments
from figment.comparing.scored import ComparedScore
from figment.comparing.settings import Difference, Setting
from figment.comparing.words import how_much
from figment.media import pages
from figment.media.images import encode, grid
from figment.media.watermark import Mark

MAX_CONTRASTS = 60  # rows of the table of pairs


def page(
    settings: Sequence[Setting], found: Sequence[Difference], scores: Sequence[ComparedScore],
    judge: ComparedScore | None, sentences: Sequence[str], command: str | None = None, progress: Progress | None = None,
    say: Say | None = None,
) -> str:  # fmt: skip
    """The page as HTML; the same runs give the same bytes. command: that measures all of them in the same way."""
    shown = contents(settings, found, scores, judge, sentences, progress, say) | {"command": command}
    return pages.rendered("compare.html.j2", shown, "trainedAlgorithmicMedia" if shown["moments"] else None)


def contents(
    settings: Sequence[Setting], found: Sequence[Difference], scores: Sequence[ComparedScore],
    judge: ComparedScore | None, sentences: Sequence[str], progress: Progress | None = None, say: Say | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All that the page shows, as plain values."""
    first, *more = sentences
    return {
        "title": " · ".join(setting.label for setting in settings[:3]) + (" …" if len(settings) > 3 else ""),
        "first": first,
        "sentences": more,
        "settings": [
            {
                "label": setting.label, "colour": style_of(place)[0], "dashed": bool(style_of(place)[1]),
                "runs": [(run.name, run.seed) for run in setting.runs],
            }
            for place, setting in enumerate(settings)
        ],
        "differences": found,
        "scores": [
            {
                "title": score.title, "meaning": score.meaning, "better": "less" if score.better == "lower" else "more",
                "cells": [table.cell(score, setting) for setting in settings],
                "floor": str(next(iter(score.readings.values())).floor),
            }
            for score in scores
        ],
        "judge": judge.title if judge else None,
        "pairs": [(one.first, one.second, how_much(one), one.is_sure and one.way != "one seed")
                  for one in (judge.contrasts[:MAX_CONTRASTS] if judge else ())],
        "runs": table.run_table(settings, scores),
        "charts": charts(settings),
        "moments": [_shown(moment) for moment in moments(settings, progress, say)],
        "alike": draw_alike(settings),
        "tiles": TILES, "code_seed": SEED,
    }  # fmt: skip


def _shown(moment: Moment) -> dict[str, Any]:
    return {
        "title": moment.title,
        "equal": moment.are_equal,
        "strips": [
            {
                "name": strip.name, "colour": style_of(strip.place)[0], "images": f"{strip.images:,}",
                "src": pages.data_url(encode(grid(strip.pictures, TILES), "JPEG", mark=Mark()), "jpeg"),
            }
            for strip in moment.strips
        ],
    }  # fmt: skip
