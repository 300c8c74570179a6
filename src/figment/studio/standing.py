"""How a run stands, in short: what a list of many tells of each, out of small files and the ends of large ones."""

import math
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from figment.common.locks import is_held
from figment.run import Run
from figment.run_files import events_of
from figment.training.best import best, looks

TAIL_BYTES = 1 << 16  # of the events: some two hundred, the last ones
MAX_KEPT = 4000  # runs whose rows are kept until their files change


def standing(run: Run) -> dict[str, Any]:
    """A run in short. Raises InputError or OSError where its files can't be read.

    state: as run.json has it. standing: that and whether somebody holds the run, in a word. share: of the budget, 0 to 1; left:
    seconds of training until it is spent, null where nobody knows. changed: Unix seconds.
    """
    held = is_held(run.lock_file)  # first: who lets go of the run while it is read has written its state before
    row = dict(_read(run.folder, _stamps(run)))
    row["standing"] = word(row["state"], held, run.report_file.exists())
    if row["standing"] != "training":
        row |= {"left": None, "speed": None}
    return row


def word(state: str | None, held: bool, has_report: bool) -> str:
    """preparing, training, finishing; or, of a run that nobody holds: begun (and never trained), killed, stopped, done."""
    if held:
        if state == "training":
            return "training"
        return "finishing" if state in ("finished", "interrupted") and not has_report else "preparing"
    return {"new": "begun", "training": "killed", "interrupted": "stopped", "finished": "done"}.get(
        state or "", "begun"
    )


def _stamps(run: Run) -> tuple[float, ...]:
    """What changes when the run does: times and sizes of its files. Raises OSError where the run is gone."""
    found: list[float] = []
    for path in (run.facts_file, run.recipe_file, run.events_file, run.picture_file(0).parent):
        try:
            status = path.stat()
        except FileNotFoundError:
            if path == run.facts_file:
                raise
            found += [0.0, 0]
        else:
            found += [status.st_mtime, status.st_size]
    return tuple(found)


@lru_cache(MAX_KEPT)
def _read(folder: Path, stamps: tuple[float, ...]) -> dict[str, Any]:
    run = Run(folder)
    recipe, facts = run.recipe, run.facts
    events = last_events(run.events_file)
    tick: dict[str, Any] = next((event for event in reversed(events) if event["event"] == "tick"), {})
    goes_on = facts.get("state") == "training"  # then run.json tells where it began
    images = max([facts.get("images") or 0, *(event["images"] for event in events if goes_on)])
    seconds = max([facts.get("seconds") or 0.0, *(event.get("seconds") or 0.0 for event in events if goes_on)])
    speed, origin = tick.get("images_per_second"), facts.get("from") or {}
    named = name if isinstance(name := origin.get("name"), str) else None
    if recipe.images is not None:
        share, left = images / recipe.images, (recipe.images - images) / speed if speed else None
    else:
        share, left = seconds / (recipe.seconds or math.inf), (recipe.seconds or 0.0) - seconds
    return {
        "state": facts.get("state"), "images": images, "seconds": seconds, "planned": recipe.planned_images or recipe.images,
        "budget_images": recipe.images, "budget_seconds": recipe.seconds,
        "share": 1.0 if facts.get("state") == "finished" else min(max(share, 0.0), 1.0),
        "left": None if left is None else max(left, 0.0), "speed": speed,
        "recipe": recipe.name, "shape": list(recipe.shape), "classes": len(recipe.classes), "seed": recipe.seed,
        "source": facts.get("source"), "pictures": facts.get("trained_on"), "origin": named,
        "sheet": max(run.pictures(), default=None), "score": score(events),
        "words": "; ".join(tick.get("diagnosis") or []) or None, "changed": max(stamps[0::2]),
    }  # fmt: skip


def last_events(file: Path) -> list[dict[str, Any]]:
    """The last tick, the last snapshot and the scores among a log's last lines, in their order; the others aren't even parsed."""
    log, found, kinds = events_of(file), list[dict[str, Any]](), set[str]()
    for line in reversed(_last_lines(file)):
        kind = next((kind for kind in ("tick", "snapshot", "score") if f'"{kind}"'.encode() in line[:40]), None)
        if kind is None or kind in kinds:
            continue
        if (event := log.record(line)) is not None and event["event"] == kind:
            found.append(event)
            if kind != "score":
                kinds.add(kind)
    return found[::-1]


def _last_lines(file: Path) -> list[bytes]:
    """Whole lines of a file's last bytes."""
    if not file.is_file():  # of a pipe one would read for ever
        return []
    try:
        with file.open("rb") as opened:
            start = max(0, opened.seek(0, os.SEEK_END) - TAIL_BYTES)
            opened.seek(start)
            lines = opened.read(TAIL_BYTES).split(b"\n")
    except FileNotFoundError:
        return []
    return lines[1:] if start else lines


def score(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The best of a run's looks with its error and the reals' floor; None where it was never looked at.

    Where the lowest lies before the events that were read, the last look tells how far it is behind.
    """
    found = looks(events)
    if not found:
        return None
    last, chosen = found[-1], best(found) or found[-1]
    value, error, images = chosen["fd"], chosen["error"], chosen["images"]
    lowest = last.get("lowest")
    if lowest is not None and lowest < found[0]["images"] and (last.get("difference") or 0) > 0:
        value, error, images = last["fd"] - last["difference"], None, lowest
    return {
        "title": last["title"], "value": value, "error": error, "floor": last["floor"], "images": images,
        "is_last": images == last["images"],
    }  # fmt: skip
