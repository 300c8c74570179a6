"""A comparison as tables: lines for a person, a line a run and score for programs."""

import csv
import io
from collections.abc import Sequence

from figment.common.units import as_time
from figment.comparing.intervals import Interval
from figment.comparing.scored import ComparedScore, Reading
from figment.comparing.settings import ABSENT, Difference, Setting

FIELDS = (
    "setting", "run", "seed", "images", "seconds", "score", "title", "better", "value", "error", "floor", "floor_error", "n",
    "reference", "features", "measured_after",
)  # fmt: skip


def score_table(settings: Sequence[Setting], scores: Sequence[ComparedScore]) -> list[list[str]]:
    """A head, and a row for each score: its title, what each setting has, and what reals reach in their place."""
    rows = [["score", *(setting.label for setting in settings), "reals"]]
    for score in scores:
        cells = [cell(score, setting) for setting in settings]
        floor = next(iter(score.readings.values())).floor
        rows.append([score.title, *cells, str(floor)])
    return rows


def cell(score: ComparedScore, setting: Setting) -> str:
    """What a setting has: the mean over seeds with half its interval; of one seed the value with its error of measuring."""
    readings = [score.readings[run.name] for run in setting.runs if run.name in score.readings]
    if not readings:
        return ABSENT
    interval: Interval = score.over_seeds[setting.label]
    return f"{readings[0].value} (one seed)" if len(readings) == 1 else str(interval)


def run_table(settings: Sequence[Setting], scores: Sequence[ComparedScore]) -> list[list[str]]:
    """A head, and a row for each run: its seed, how long it was trained, and its scores with their errors of measuring."""
    rows = [["run", "seed", "images seen", "time", *(score.title for score in scores)]]
    for setting in settings:
        for run in setting.runs:
            time = ABSENT if run.seconds is None else as_time(run.seconds)
            values = [str(s.readings[run.name].value) if run.name in s.readings else ABSENT for s in scores]
            rows.append([run.name, str(run.seed), f"{run.images:,}", time, *values])
    return rows


def difference_table(settings: Sequence[Setting], found: Sequence[Difference]) -> list[list[str]]:
    """A head, and a row for all that differs."""
    head = ["differs", *(setting.label for setting in settings)]
    return [head, *([f"{one.section}: {one.field}", *one.values] for one in found)]


def as_csv(settings: Sequence[Setting], scores: Sequence[ComparedScore]) -> str:
    """A line for each run and score, under a head; an empty cell for what isn't known. Of a run without scores one line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    for setting in settings:
        for run in setting.runs:
            about = {
                "setting": setting.label,
                "run": run.name,
                "seed": run.seed,
                "images": run.images,
                "seconds": run.seconds,
            }
            found = [(score, score.readings[run.name]) for score in scores if run.name in score.readings]
            writer.writerows([about | _columns(score, reading) for score, reading in found] or [about])
    return text.getvalue()


def _columns(score: ComparedScore, reading: Reading) -> dict[str, object]:
    record = reading.record
    numbers = {
        "value": reading.value.value, "error": reading.value.error, "floor": reading.floor.value,
        "floor_error": reading.floor.error,
    }  # fmt: skip
    return {
        "score": score.kind, "title": score.title, "better": score.better,
        "n": record.get("n", record.get("samples")), "reference": record.get("reference", record.get("reals")),
        "features": record.get("features"), "measured_after": reading.images,
    } | {name: "" if value != value else value for name, value in numbers.items()}  # fmt: skip
