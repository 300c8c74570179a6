"""The part of a run's report that says how good it is: scores with floors, scores over time, originality, attributes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from figment.common.jsontext import are_missing
from figment.common.progress import Say
from figment.media import pages
from figment.media.choosing import choice
from figment.media.pages import COLOURS
from figment.media.provenance import DigitalSourceType
from figment.metrics.asked import CLIP_COPYING
from figment.metrics.estimate import Estimate
from figment.metrics.kept import latest
from figment.metrics.verdicts import as_sentence
from figment.reporting.charts import words_over_time
from figment.reporting.pictures import fitted, read_picture, webp_url
from figment.run import Run
from figment.run_files import measures_of
from figment.training.best import best, comparison, looks

ROW = ("value", "floor", "n", "title", "better", "meaning", "verdict")  # what a score needs to be shown
OLDER = "measured by an older figment, whose verdicts aren't repeated: measure again"
MAX_POINTS = 400  # of a curve: what the eye can take, at two a pixel of a phone
PAIRS_BYTES = 90_000  # of the picture of closest pairs
PAIRS_MARK: DigitalSourceType = "compositeWithTrainedAlgorithmicMedia"  # of the same
MIN_LOG_RATIO = 20  # times the least that the largest value has to be for a logarithmic scale


def contents(run: Run, say: Say | None = None) -> dict[str, Any] | None:
    """The last measurement of a run as plain values; None where it was never measured.

    say: told how many lines are damaged and left out.
    """
    log = measures_of(run.measures_file)
    records = latest(log.records(), run.facts.get("source"))
    if say and (damage := log.damage()) is not None:
        say(damage)
    if not records:
        return None
    by_name = {record["score"]: record for record in records}
    copying, of_clips, attributes, truth, summary = (
        by_name.pop(name, None) for name in ("copying", CLIP_COPYING, "attributes", "truth", "summary")
    )
    return {
        "summary": as_sentence((summary or {}).get("summary") or OLDER),
        "about": _about(records[0]),
        "rows": [_row(record) for record in by_name.values() if not are_missing(ROW, record)],
        "copying": " ".join(told["verdict"] for told in (copying, of_clips) if told and told.get("verdict")) or None,
        "pairs": _picture(run) if copying is not None and copying.get("closest") else None,
        "attributes": [_bars(marginal) for marginal in (attributes or {}).get("marginals", [])],
        "told": (attributes or truth or {}).get("sentences", []),
    }


def over_time(run: Run, events: Sequence[dict[str, Any]] | None = None) -> dict[str, Any] | None:
    """The scores that were taken while the run trained, as a chart; None where there are none.

    events: the run's, where they have been read already.
    """
    events = looks(run.events() if events is None else events)
    if not events:
        return None
    last, found, compared = events[-1], best(events) or events[-1], comparison(events)
    title, reading = words_over_time(last)
    events = [events[place] for place in evenly(len(events), MAX_POINTS)]
    return {
        "title": title,
        "reading": f"{reading} The bars are two standard errors."
        + (f" {compared[0].upper()}{compared[1:]}." if compared else ""),
        "legend": [],
        "label": f"{title}, over images seen. Last value {last['fd']:.3g}, best {found['fd']:.3g} at {found['images']:,}"
        f" images; reals {last['floor']:.3g}.",
        "svg": pages.chart(title, 2.9, lambda axes: _draw_scores(axes, events)),
    }


def evenly(count: int, most: int) -> list[int]:
    """Places 0 … count - 1, or as many of them as are wanted at most, evenly picked, the first and last always."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))})


def _draw_scores(axes: Axes, events: Sequence[dict[str, Any]]) -> None:
    images = [event["images"] for event in events]
    axes.errorbar(
        images, [event["fd"] for event in events], [2 * event["error"] for event in events], color=COLOURS["second"],
        linewidth=2, elinewidth=1, marker="o", markersize=3,
    )  # fmt: skip
    axes.axhline(events[-1]["floor"], color=COLOURS["ink"], linewidth=1, linestyle=(0, (4, 3)), alpha=0.7)
    axes.set_xlim(0, 1.03 * max(*images, 1))
    values = [event["fd"] for event in events]
    if min(values) > 0 and max(values) > MIN_LOG_RATIO * min(values):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=min(0, *values))
    axes.xaxis.set_major_formatter(pages.COUNTS)
    axes.set_xlabel("images seen")
    axes.grid(alpha=0.5, linewidth=0.6)
    axes.tick_params(length=0)


def _about(record: dict[str, Any]) -> str:
    networks = "; ".join(f"{name}, pictures resized: {facts['resize']}" for name, facts in record["networks"].items())
    codec = "" if record["codec"] == "none" else f" Both sides went through {record['codec']}."
    seen = "" if record.get("images") is None else f" after {record['images']:,} images"
    chosen = f" Samples: {choice(record['pick'])}." if (record.get("pick") or 1) > 1 else ""
    return f"Measured{seen} against {record['data']}, seed {record['seed']}. Features: {networks or 'none'}.{codec}{chosen}"


def _row(record: dict[str, Any]) -> dict[str, str]:
    value, floor = (
        str(Estimate(record[key], np.nan if record.get(error) is None else record[error]))
        for key, error in (("value", "error"), ("floor", "floor_error"))
    )
    against = f" against {record['reference']:,} reals" if record.get("reference") else ""
    title = record["title"]
    if ":" in record["score"] and not title.startswith(("FD-", "FID")):
        title = f"{title} ({record.get('features') or '?'})"
    return {
        "title": title, "value": value, "floor": floor,
        "verdict": "" if record.get("difference") is None else record["verdict"],
        "meaning": record["meaning"], "better": "less" if record["better"] == "lower" else "more",
        "counted": f"{record['n']:,} samples{against}",
    }  # fmt: skip


def _picture(run: Run) -> str | None:
    if not run.pairs_file.is_file() or (picture := read_picture(run.pairs_file)) is None:
        return None
    return webp_url(fitted([picture], PAIRS_MARK, PAIRS_BYTES)[0])


def _bars(marginal: dict[str, Any]) -> dict[str, Any]:
    """One attribute's spread: bars of the truth and of the samples side by side."""
    title = str(marginal["name"]).replace("_", " ")
    told = ", ".join(
        f"{label} {found:.0%} ({truth:.0%})"
        for label, found, truth in zip(marginal["labels"], marginal["found"], marginal["truth"], strict=True)
    )
    distance = marginal["distance"]
    return {
        "title": title,
        "note": f"apart by {distance['value']:.2f}, reals by {distance['floor']:.2f}",
        "label": f"{title}: share among samples, in brackets among reals: {told}.",
        "svg": pages.chart(f"attribute {title}", 2.0, lambda axes: _draw_bars(axes, marginal)),
    }


def _draw_bars(axes: Axes, marginal: dict[str, Any]) -> None:
    places = np.arange(len(marginal["labels"]))
    axes.bar(places - 0.2, marginal["truth"], 0.4, color=COLOURS["first"])
    axes.bar(places + 0.2, marginal["found"], 0.4, color=COLOURS["second"])
    if len(edges := marginal.get("edges", ())) > 2:  # of many bins only the ends and the middle are named
        axes.set_xticks(
            [-0.5, len(places) / 2 - 0.5, len(places) - 0.5], [f"{edges[i]:g}" for i in (0, len(edges) // 2, -1)]
        )
    else:
        axes.set_xticks(places, [pages.on_axis(str(label)) for label in marginal["labels"]])
    axes.tick_params(length=0, labelsize=8)
    axes.yaxis.set_major_formatter(pages.PERCENT)
