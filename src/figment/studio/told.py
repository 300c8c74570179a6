"""How a run stands, as every page says it: standing(), with why its last training ended badly and what it goes on from."""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from figment.common.units import as_time
from figment.errors import InputError
from figment.run import Run
from figment.run_files import Counters
from figment.studio import jobs
from figment.studio.standing import standing
from figment.studio.studio import in_study

BUSY = ("preparing", "training", "finishing")


def told(run: Run, known: Sequence[jobs.Job] | None = None) -> dict[str, Any]:
    """A run in short. Raises InputError or OSError where its files can't be read. known: the jobs, where somebody has read them.

    Beside what standing() has: why its last training ended badly, or null; saved: how far it was then saved, images and seconds.
    """
    row = standing(run) | {"why": None, "saved": None}
    if row["standing"] in BUSY:
        return row
    error = jobs.why(run.folder, jobs.known() if known is None else known)
    if error and error != jobs.LOST_WORDS:
        row["standing"] = "failed"
    elif row["standing"] == "killed" or error:
        error = jobs.LOST_WORDS
    if error:
        saved = _saved(run)
        row |= {"why": error, "saved": saved and {"images": saved.images, "seconds": saved.seconds}}
        if not in_study(run.folder):  # its runs go on where the study does
            row["why"] = f"{error} {_goes_on(saved)}"
    return row


def _goes_on(saved: Counters | None) -> str:
    if saved is None:
        return "Nothing of it was saved yet."
    return f"“Go on …” takes it up from what was saved after {saved.images:,} images ({as_time(saved.seconds)})."


def _saved(run: Run) -> Counters | None:
    with suppress(OSError, InputError):
        status = run.state_file.stat()
        return _counters(run.state_file, status.st_mtime_ns)
    return None


@lru_cache(1000)
def _counters(file: Path, changed: int) -> Counters:
    from figment.training.state import counters  # it brings torch, which most runs needn't wait for

    return counters(file)
