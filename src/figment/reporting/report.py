"""The report of a run: one HTML file that holds all it shows and asks nobody for anything."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from figment.common.files import write_atomically
from figment.common.progress import Progress, Say, Tally
from figment.common.refusals import naming_refusals
from figment.common.text import last_of_path, typed
from figment.common.units import as_time
from figment.media import pages
from figment.media.provenance import DigitalSourceType, of_all
from figment.recipe import Recipe, without_paths
from figment.reporting import curves, findings, scores, shots
from figment.reporting.charts import CHARTS
from figment.run import Run
from figment.run_files import events_of

MAX_PICTURE_BYTES = (
    1_200_000  # of all pictures together, of which the page has 4/3 as letters: under 2 MB with all else
)
MAX_NAMED_CLASSES = 20
MAX_HAPPENED = 200  # events that are told in words


def write_report(run: Run, say: Say | None = None, progress: Progress | None = None) -> Path:
    """Write report.html into the run folder and return its path; the same run gives the same bytes, under 2 MB of them.

    A run that has only begun gives a report that says so. What is damaged of pictures, events, measures and findings is left
    out; say is told, and so is who reads the page. Raises InputError if the run's other files are damaged.
    """
    found = contents(run, progress)
    run.sweep()
    with naming_refusals(run.report_file, elsewhere="report on a copy of the run"):
        write_atomically(run.report_file, pages.rendered("report.html.j2", found, mark(found)))
    if say:
        for sentence in found["damage"]:
            say(sentence)
    return run.report_file


def contents(run: Run, progress: Progress | None = None) -> dict[str, Any]:
    """All that the page shows, as plain values."""
    recipe, facts, log = without_paths(run.recipe), run.facts, events_of(run.events_file)
    events, damage = log.records(), list[str]()
    if (sentence := log.damage()) is not None:
        damage.append(sentence)
    height, width = recipe.shape
    readings = [e for e in events if e["event"] == "tick"]
    ticks = [_calibrated(tick) for tick in readings]
    seen = max((e["images"] for e in events), default=0)
    seconds = max((s for e in events if (s := e.get("seconds")) is not None), default=None)
    happened = [e for e in events if e.get("text") and e["event"] != "closing"]
    times = {e["images"]: e.get("seconds") for e in events if e["event"] == "snapshot"}
    known = isinstance(facts.get("from"), dict)
    labels = {images: shots.label(images, times.get(images), known) for images in run.pictures()}
    done = Tally(progress, min(len(labels), shots.MAX_STEPS) + len(CHARTS))
    drawn = shots.contents(run.pictures(), recipe.shape, labels, damage.append, done, bool(recipe.frames))
    films, film_bytes = shots.films(run.films(), labels, damage.append)
    measured, room = scores.contents(run, damage.append), MAX_PICTURE_BYTES - drawn.size - film_bytes
    return {
        "name": run.name,
        "source": facts.get("source"),
        "recipe_name": recipe.name,
        "start": _started_from(facts.get("from")),
        "size": f"{height}×{width}" + ("" if height == width else " (height × width)"),
        "classes": _listed(recipe.classes),
        "one_class": typed(recipe.classes[0]) if recipe.classes else None,
        "verdict": verdict(ticks, seen, seconds),
        "advice": [] if (closing := closing_words(events)) else _diagnosis(ticks)[1:],
        "closing": closing,
        "state": facts.get("state"),
        "seen": seen,
        "time": as_time(seconds) if seconds is not None else None,
        "stages": drawn.stages,
        "steps": drawn.steps,
        "films": films,
        "clips": f"{recipe.frames} frames, {recipe.fps:g} a second" if recipe.frames else None,
        "all_steps": len(labels),
        "charts": [
            *filter(None, [scores.over_time(run, events)]),
            *filter(None, (_with_progress(curves.drawn(spec, ticks), done) for spec in CHARTS)),
        ],
        "uncalibrated": ticks != readings,
        "measured": measured,
        "findings": findings.contents(run, damage.append, room),
        "damage": damage,
        "happened": happened[-MAX_HAPPENED:],
        "earlier": len(happened[:-MAX_HAPPENED]),
        "recipe": [
            (name, _chosen(getattr(recipe, name)), field.description or "", getattr(recipe, name) != field.default)
            for name, field in Recipe.model_fields.items()
        ],
        "facts": [(title, rows) for title, rows in _tables(facts) if rows],
        "skipped": facts["skipped"] if isinstance(facts.get("skipped"), list) else [],
        "command": _command(facts.get("command")),
        "folder": typed(run.folder),
    }


def mark(found: dict[str, Any]) -> DigitalSourceType | None:
    """What the page's pictures are, all together; charts are none. found: its contents."""
    sheets = [sheet for finding in found["findings"] for sheet in finding["sheets"] if sheet["rows"]]
    marks = [sheet["mark"] for sheet in sheets if sheet["mark"] or not sheet["is_chart"]]
    marks += [film["mark"] for finding in found["findings"] if (film := finding["film"]) and film["src"]]
    marks += [shots.MARK] * bool(found["stages"] or found["films"])
    if found["measured"] and found["measured"]["pairs"]:
        marks.append(scores.PAIRS_MARK)
    return of_all(marks)


def verdict(ticks: Sequence[dict[str, Any]], seen: int, seconds: float | None) -> str:
    """The latest diagnosis as one line in plain words."""
    if not ticks:
        return f"No reading yet: {seen:,} images were seen."
    after = f"After {seen:,} images" + (f" in {as_time(seconds)} of training" if seconds is not None else "")
    return f"{after}: {(_diagnosis(ticks) or ['no diagnosis was made'])[0]}."


def closing_words(events: Sequence[dict[str, Any]]) -> str | None:
    """What was said when training ended; None where it wasn't, or has gone on since."""
    last = next((event for event in reversed(events) if event["event"] in ("closing", "tick")), None)
    return last.get("text") if last and last["event"] == "closing" else None


def _with_progress(chart: dict[str, Any] | None, done: Tally) -> dict[str, Any] | None:
    done(1)
    return chart


def _calibrated(tick: dict[str, Any]) -> dict[str, Any]:
    """A tick without P(fake) where it isn't said to be fitted to anything: an older figment's was σ(−logit), no probability."""
    if tick.get("calibration_pictures"):
        return tick
    return {name: value for name, value in tick.items() if not (name.startswith("p_fake") and value is not None)}


def _diagnosis(ticks: Sequence[dict[str, Any]]) -> list[str]:
    return list(ticks[-1].get("diagnosis") or []) if ticks else []


def _started_from(origin: Any) -> str | None:
    """The nets that a run began as, in a line; None where it began from nothing."""
    if not isinstance(origin, dict):
        return None
    seen = f" at {images:,} images" if isinstance(images := origin.get("images"), int) else ""
    return f"{origin.get('name')}{seen}: {origin.get('copied')}"


def _listed(classes: Sequence[str]) -> str | None:
    """The classes in a few words, or None where there are none."""
    if not classes:
        return None
    more = f" and {len(classes) - MAX_NAMED_CLASSES:,} more" if len(classes) > MAX_NAMED_CLASSES else ""
    return f"{len(classes):,} classes: {', '.join(classes[:MAX_NAMED_CLASSES])}{more}"


def _chosen(value: Any) -> str:
    """A field's value for people; a tuple's as a list, its end left out where it is long."""
    if isinstance(value, tuple):
        more = ", …" if len(value) > MAX_NAMED_CLASSES else ""
        return ", ".join(map(str, value[:MAX_NAMED_CLASSES])) + more if value else "–"
    return "–" if value is None else str(value)


def _command(argv: Any) -> str | None:
    return " ".join(typed(str(word)) for word in argv) if isinstance(argv, list) and argv else None


def _tables(facts: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What run.json knows, as tables of names and values; what it doesn't know is left out."""
    skipped = facts.get("skipped")
    data = {
        "source": facts.get("source"),
        "as given": _given(facts.get("data")),
        "pictures": facts.get("pictures"),
        "trained on": facts.get("trained_on"),
        "held out": facts.get("held_out"),
        "duplicates left out": facts.get("duplicates"),
        "skipped": len(skipped) if isinstance(skipped, list) else skipped,
        "kept together by": facts.get("group"),
        "fingerprint": facts.get("fingerprint"),
    }
    machine = facts.get("machine")
    if isinstance(machine, dict) and isinstance(machine.get("memory"), int | float):
        machine = machine | {"memory": f"{machine['memory']:g} GiB"}
    named = [("Data", data), ("Machine", machine), ("Versions", facts.get("versions"))]
    return [(title, _rows(table)) for title, table in named if isinstance(table, dict)]


def _given(data: str | list[str] | None) -> str:
    """What a run's data were named as; of a path on this machine the last part: the page may be given to others."""
    named = [data] if isinstance(data, str) else data or []
    return " ".join(last_of_path(one) if os.path.isabs(one) else one for one in named)


def _rows(table: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(name), _shown(value)) for name, value in table.items() if value not in (None, "", [])]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
