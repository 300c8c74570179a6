"""What a run tells of itself up to now, thinned to what a page can show; and its state, in a few numbers and words."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from PIL import Image, UnidentifiedImageError

from figment.common.jsontext import without_nan
from figment.reporting.charts import CHARTS, Chart, Line, words_over_time
from figment.run import Run
from figment.studio.lines import LOGS, Lines, ticks_of
from figment.studio.meanings import TABLE, meanings
from figment.studio.operation import Operation
from figment.studio.studio import Studio, in_study, own_file
from figment.studio.told import told
from figment.training.best import comparison, looks

MAX_POINTS = 2_000  # of a curve: more than a screen has pixels for
GAP = 2  # pixels between two pictures of a sheet: see media.images.grid
MAX_SCORES, MAX_NOTES = 1_000, 200  # the last ones
GRADIENTS = Chart(
    "Size of the gradients",
    "How strongly each net is pulled at each step (norm of the gradient of all its weights). Level or falling is usual; one that"
    " leaps up by a factor of ten, again and again, shows steps that are too large.",
    (Line("norm_discriminator", "discriminator", "first"), Line("norm_generator", "generator", "second")),
)
WATCHED = (*CHARTS[:-1], GRADIENTS, CHARTS[-1])
LOGARITHMIC = {GRADIENTS.title}
FIELDS = tuple(dict.fromkeys(line.field for chart in WATCHED for line in chart.lines))
SAID = {
    "preparing": "getting ready", "training": "training", "finishing": "at its end: measuring and writing the report",
    "begun": "begun, and never trained", "stopped": "stopped, with everything saved", "done": "done",
    "killed": "ended before it could save", "failed": "failed",
}  # fmt: skip


def history(studio: Studio, id: str) -> dict[str, Any]:
    """All that the page Watch shows of a run at first; what comes later it is told by the stream of events.

    after: where that stream is to begin. ticks: columns, MAX_POINTS long at most. words: the trainer's, wherever they changed
    between these. meanings: of all that it may come to say, by a stretch of each.
    """
    run = studio.run(id)
    lines = LOGS.of(run.events_file)
    ticks, scores = ticks_of(run.events_file, lines, MAX_POINTS), looks(lines.others)
    columns = {name: [_digits(tick.get(name)) for tick in ticks] for name in FIELDS}
    return {
        "after": f"{lines.size}-{lines.tail:08x}", "readings": len(lines.ticks),
        "ticks": {
            "images": [tick["images"] for tick in ticks], "seconds": [tick.get("seconds") for tick in ticks],
            **{name: values for name, values in columns.items() if any(value is not None for value in values)},
        },
        "charts": [_chart(chart) for chart in WATCHED],
        "words": words(ticks), "meanings": TABLE, "scores": without_nan(scores[-MAX_SCORES:]),
        "score_words": dict(zip(("title", "reading"), words_over_time(scores[-1]), strict=True)) if scores else None,
        "sheets": sheets(run, lines), "snapshots": sorted(run.snapshots()), "grid": grid_of(run), "notes": notes(lines),
        "shape": list(run.recipe.shape), "classes": list(run.recipe.classes), "seed": run.recipe.seed,
        "frames": run.recipe.frames,
        "starts_known": isinstance(run.facts.get("from"), dict), "ends": ends(run, lines),
    }  # fmt: skip


def words(ticks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the trainer said, from when on: where it is other than at the reading before."""
    found: list[dict[str, Any]] = []
    for tick in ticks:
        said = tick.get("diagnosis") or []
        if said and (not found or found[-1]["texts"] != said):
            found.append({"images": tick["images"], "texts": said})
    return [{"images": it["images"], "said": meanings(it["texts"])} for it in found]


def sheets(run: Run, lines: Lines) -> list[dict[str, Any]]:
    """The run's sheets by images seen, with the seconds of training that they were made after, where that is known.

    The one of a run that was stopped between two of them is the last.
    """
    seconds = {event["images"]: event.get("seconds") for event in lines.others if event["event"] == "snapshot"}
    return [{"images": images, "seconds": seconds.get(images)} for images in all_sheets(run)]


def all_sheets(run: Run) -> dict[int, Any]:
    found, stopped = run.pictures(), int(run.facts.get("images") or 0)
    if run.stopped_file.is_file() and stopped not in found:
        found[stopped] = run.stopped_file
    return dict(sorted(found.items()))


def grid_of(run: Run) -> list[int]:
    """Rows and columns of the run's sheets; one of each where they are no sheets of such pictures."""
    for file in run.pictures().values():
        if not own_file(run, file):
            continue
        with suppress(OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
            with Image.open(file) as image:
                width, height = image.size
            parts = [divmod(side + GAP, own + GAP) for side, own in zip((height, width), run.recipe.shape, strict=True)]
            return [1, 1] if any(left for _, left in parts) else [count for count, _ in parts]
    return [1, 1]


def notes(lines: Lines) -> list[dict[str, Any]]:
    """Whatever else was said while it trained."""
    told = [event for event in lines.others if event.get("text")]
    return [{key: event.get(key) for key in ("event", "images", "seconds", "text")} for event in told[-MAX_NOTES:]]


def ends(run: Run, lines: Lines) -> str | None:
    """What is said where a run that nobody trains has come further than its log tells; None where the log is whole."""
    if run.facts.get("state") not in ("finished", "interrupted"):
        return None
    ticks = ticks_of(run.events_file, replace(lines, ticks=lines.ticks[-1:]), 1)
    last = max((event["images"] for event in (*ticks, *lines.others)), default=0)
    seen = run.facts.get("images") or 0
    if last >= seen:
        return None
    return f"The readings end at {last:,} images, the run at {seen:,}: events.jsonl is damaged there, or was cut off."


def state(studio: Studio, id: str) -> dict[str, Any]:
    """How a run stands now: as in the list of runs, with its state in words, the best look's sentence and the last diagnosis.

    films: of a run of clips, after how many images it kept one, round and round.

    in_study: whether it is to be stopped and resumed where its study is.
    """
    run = studio.run(id)
    now, lines = told(run), LOGS.of(run.events_file)
    last = next(iter(ticks_of(run.events_file, replace(lines, ticks=lines.ticks[-1:]), 1)), {})
    return now | {
        "name": run.name, "in_study": in_study(run.folder), "said": SAID[now["standing"]],
        "sentence": comparison(looks(lines.others)), "said_last": meanings(last.get("diagnosis") or []),
        "films": [images for images, file in run.films().items() if own_file(run, file)],
    }  # fmt: skip


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "title": chart.title, "reading": chart.reading, "limits": chart.limits, "guide": chart.guide,
        "log": chart.title in LOGARITHMIC, "lines": [line._asdict() for line in chart.lines],
    }  # fmt: skip


def _digits(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


OPERATIONS = (
    Operation("GET", "/api/runs/{id}/history", history, "A run's readings, scores, sheets and words up to now"),
    Operation("GET", "/api/runs/{id}/state", state, "How a run stands: state, speed, time left, best score"),
)
