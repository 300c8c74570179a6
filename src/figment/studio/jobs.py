"""Trainings that the studio started: each a process of its own, which outlives the page and the studio.

A record and what it prints lie in the cache, so that a studio that is started anew knows them. A process is taken for a job's
only where its number, its start and its command are the job's.
"""

import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import psutil
from pydantic import Field

from figment.common.cache import cache_folder, naming_cache
from figment.common.files import write_atomically
from figment.common.jsontext import parsed
from figment.common.refusals import naming_refusals
from figment.common.text import printable
from figment.errors import InputError
from figment.run import Run
from figment.run_files import Record, Text
from figment.studio.in_page import in_page
from figment.studio.standing import word
from figment.studio.studio import Missing, Studio, id_of

MAX_AT_ONCE = 8  # trainings that one may start: more of them is a mistake, or somebody's mischief
KEPT_SECONDS = 30 * 86_400  # of records of jobs that have ended
CLOCK_SECONDS = 2.0  # by which the start of a process may seem to move when the machine's clock is set
COMMAND_TRIES, COMMAND_SECONDS = 20, 0.01  # between looks at a command that isn't told yet
SAID_BYTES = 8192  # of what it printed, in which its last words are looked for
REFUSAL = "figment: "  # how the command line's last line begins where it ends without having done its work
STOPPED = "Interrupted"  # and where it was stopped before there was anything to be saved
FAULT = "Traceback (most recent call last)"
LOST_WORDS = (
    "It ended before it could save or say why: killed, perhaps by the system for want of memory, or by a power cut."
)


class Job(Record):
    """run: the folder that it makes or goes on with. command: whole, as the process has it. started: of the process, by psutil;
    asked: Unix seconds."""

    format: Literal[1] = 1
    id: Annotated[str, Field(pattern="^[0-9a-f]{12}$")]
    kind: Literal["train", "resume"]
    run: Text
    command: list[Text]
    pid: int
    started: float
    asked: float

    @property
    def record_file(self) -> Path:
        return _folder() / f"{self.id}.json"

    @property
    def log_file(self) -> Path:
        return _folder() / f"{self.id}.log"

    def process(self) -> psutil.Process | None:
        """The process, while it lives."""
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            is_its = abs(process.create_time() - self.started) < CLOCK_SECONDS
            if is_its and process.status() != psutil.STATUS_ZOMBIE and _command_of(process)[1:] == self.command[1:]:
                return process
        return None


def _command_of(process: psutil.Process) -> list[str]:
    """A process's command. For an instant after its start the system has none to tell."""
    for _ in range(COMMAND_TRIES):
        if words := process.cmdline():
            return list(words)
        time.sleep(COMMAND_SECONDS)
    return []


def _folder() -> Path:
    return cache_folder() / "studio" / "jobs"


def start(kind: Literal["train", "resume"], run: Path, arguments: Sequence[str]) -> Job:
    """Start `figment ARGUMENTS`. run: what it makes or goes on with. Raises InputError where too many are under way."""
    sweep()
    if sum(job.process() is not None for job in known()) >= MAX_AT_ONCE:
        raise InputError(f"{MAX_AT_ONCE} trainings are under way already: wait for one, or stop it.")
    id, command = secrets.token_hex(6), [sys.executable, "-m", "figment", *arguments]
    with naming_cache(cache_folder(), "the record of a training"):
        _folder().mkdir(parents=True, exist_ok=True)
        process = spawn(command, _folder() / f"{id}.log")
        started = time.time()
        with suppress(psutil.Error):  # it may have ended already
            started = psutil.Process(process.pid).create_time()
        job = Job(id=id, kind=kind, run=str(run), command=command, pid=process.pid, started=started, asked=time.time())
        try:
            write_atomically(job.record_file, json.dumps(job.model_dump()) + "\n")
        except OSError:
            process.terminate()  # nobody would know of it
            raise
    return job


def spawn(command: list[str], log: Path, errors: Path | None = None) -> "subprocess.Popen[bytes]":
    """A process that no signal to ours reaches, and that is waited for, so that nothing of it stays behind.

    log: what it prints; errors: where its messages go, to the log by default. Raises InputError where it can't be started.
    """
    refused = naming_refusals("the process", done="started", elsewhere="start it by hand")
    with refused, log.open("wb") as out, (errors or log).open("ab") as told:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT if errors is None else told,
            start_new_session=True,
        )  # fmt: skip
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def known() -> list[Job]:
    """The jobs that have a record, newest first; a damaged one is left out."""
    found = []
    for file in _folder().glob("*.json"):
        with suppress(OSError, ValueError):  # a ValidationError is one
            job = Job.model_validate(parsed(file.read_bytes()))
            if job.id == file.stem:
                found.append(job)
    return sorted(found, key=lambda job: job.asked, reverse=True)


def of(studio: Studio) -> list[Job]:
    """Those whose runs lie below the studio's folders."""
    roots = [folder.resolve() for folder in studio.folders]
    return [job for job in known() if any(Path(job.run).is_relative_to(root) for root in roots)]


def job(studio: Studio, id: str) -> Job:
    """One of these by its id. Raises Missing."""
    found = next((job for job in of(studio) if job.id == id), None)
    if found is None:
        raise Missing("This training is no longer known.")
    return found


def forget(job: Job) -> None:
    """Remove the record of a job that has ended."""
    for file in (job.record_file, job.log_file):
        file.unlink(missing_ok=True)


def forget_run(folder: Path) -> None:
    """Remove the records of a run that is gone, or goes by another name."""
    for job in known():
        if Path(job.run) == folder and job.process() is None:
            forget(job)


def sweep() -> None:
    """Remove records of jobs that ended long ago."""
    for job in known():
        if job.asked < time.time() - KEPT_SECONDS and job.process() is None:
            forget(job)


def described(job: Job) -> dict[str, Any]:
    """How a job stands. state: preparing, training, finishing; ended, failed (error: why) or killed. said: its last words."""
    lives, said, run = job.process() is not None, last_words(job.log_file), Path(job.run)
    run_state, error = _run_state(run), None
    if lives:
        state = word(run_state, True, (run / "report.html").exists())
    elif (is_over := run_state in ("finished", "interrupted")) and _has_gone_on(run, job.log_file):
        state = "ended"
    else:
        error = why_it_failed(job.log_file, said)
        is_over = is_over or said.startswith(STOPPED)
        state = "failed" if error else "ended" if is_over else "killed"
        if state == "killed":
            error = LOST_WORDS
    return {
        "id": job.id, "kind": job.kind, "name": run.name, "run": id_of(run), "state": state,
        "has_run": run_state is not None, "said": in_page(said), "error": error, "asked": job.asked,
    }  # fmt: skip


def why(run: Path, known: Sequence[Job]) -> str | None:
    """Why the last training of a run that was started here ended badly; None where it didn't, or there was none."""
    last = next((job for job in known if job.run == str(run)), None)
    return None if last is None else described(last)["error"]


def _has_gone_on(run: Path, log: Path) -> bool:
    """Whether somebody has trained a run since a job said its last words."""
    with suppress(OSError):
        return (run / "run.json").stat().st_mtime > log.stat().st_mtime
    return False


def _run_state(folder: Path) -> str | None:
    """As its run.json has it; None where there is no run yet, or none that can be read."""
    with suppress(InputError, OSError):
        return Run(folder).state
    return None


def last_words(log: Path) -> str:
    """The last line that isn't empty."""
    lines = [line.strip() for line in tail(log).splitlines() if line.strip()]
    return printable(lines[-1]) if lines else ""


def why_it_failed(log: Path, said: str) -> str | None:
    """The sentence with which a command ended that couldn't do its work, in the page's words; None where it could. said: its
    last words."""
    if said.startswith(REFUSAL):
        return in_page(said.removeprefix(REFUSAL))
    return f"This is a fault of figment's ({said}): {log} tells more." if FAULT in tail(log) else None


def tail(file: Path) -> str:
    """The end of what was printed."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, opened.seek(0, 2) - SAID_BYTES))
            return opened.read().decode(errors="replace")
    except OSError:
        return ""
