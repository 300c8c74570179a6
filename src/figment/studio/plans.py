"""Plans before a training: `figment train … --dry-run` in a process of its own, so that the server stays light. One at a time."""

import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figment.common.text import printable
from figment.errors import InputError
from figment.studio import jobs
from figment.studio.in_page import in_page
from figment.studio.studio import Missing, Studio

LOOK_SECONDS = 0.2  # between two looks whether the studio ends
MAX_LINES = 200


@dataclass
class Plan:
    """place: a scratch folder, where what it prints lies."""

    id: str
    process: "subprocess.Popen[bytes]"
    place: Path

    @property
    def printed(self) -> Path:
        return self.place / "printed"

    @property
    def told(self) -> Path:
        return self.place / "told"


def begin(studio: Studio, arguments: list[str]) -> str:
    """Begin to make a plan; those before are given up. Gives its id."""
    folder = studio.scratch_folder("figment-plan-")
    with studio.lock:
        for before in list(studio.plans):
            end(studio, before)
        try:
            process = jobs.spawn([sys.executable, "-m", "figment", *arguments], folder / "printed", folder / "told")
        except InputError:
            studio.remove(folder)
            raise
        plan = Plan(secrets.token_hex(6), process, folder)
        studio.plans[plan.id] = plan
    threading.Thread(target=_end_with, args=(studio, plan), daemon=True).start()
    return plan.id


def _end_with(studio: Studio, plan: Plan) -> None:
    """A plan is of no use to anybody once the studio is gone."""
    while plan.process.poll() is None:
        if studio.closing.wait(LOOK_SECONDS):
            plan.process.terminate()
            return


def described(studio: Studio, id: str) -> dict[str, Any]:
    """state: working, done or refused; lines: the plan; said: what is being done; error: why it can't be trained.

    All in the page's words: what figment train prints names its options.
    """
    plan = _find(studio, id)
    status, said = plan.process.poll(), jobs.last_words(plan.told)
    if status is None:
        return {"state": "working", "lines": [], "said": in_page(said), "error": None}
    if status:
        error = jobs.why_it_failed(plan.told, said) or "The plan was given up."
        return {"state": "refused", "lines": [], "said": in_page(said), "error": error}
    lines = [in_page(printable(line)) for line in plan.printed.read_text(errors="replace").splitlines()]
    told = [in_page(printable(line)) for line in jobs.tail(plan.told).splitlines() if line.strip()]
    return {"state": "done", "lines": lines[:MAX_LINES], "notes": told[-MAX_LINES:], "said": "", "error": None}


def end(studio: Studio, id: str) -> dict[str, Any]:
    """Make it no further, and forget it."""
    with studio.lock:
        plan = _find(studio, id)
        del studio.plans[id]
    plan.process.terminate()
    plan.process.wait()
    studio.remove(plan.place)
    return {}


def _find(studio: Studio, id: str) -> Plan:
    plan = studio.plans.get(id)
    if plan is None:
        raise Missing("This plan is no longer made: ask for it again.")
    return plan
