"""The search for directions: figment explore directions in a thread, whose progress a page asks for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from figment.common.text import said
from figment.errors import InputError
from figment.studio.refused import OURS

if TYPE_CHECKING:
    from figment.common.progress import Progress
    from figment.run import Run

SAMPLES = 4000  # that directions are found from, as the command has it


class Cancelled(Exception):
    """The search was called off."""


@dataclass
class Search:
    """A search for a run's directions. state: running, done, cancelled or failed. told: what was found, or why nothing was."""

    state: str = "running"
    stage: str = "starting"
    done: int = 0
    total: int = 0
    told: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("state", "stage", "done", "total", "told")}


class Watched:
    """A display that notes in a search how far it is, and ends the work where it was called off."""

    def __init__(self, search: Search, is_closing: Callable[[], bool]) -> None:
        self.search, self.is_closing = search, is_closing

    def stage(self, title: str, unit: str = "") -> Progress:
        self.search.stage, self.search.done, self.search.total = title, 0, 0

        def advance(done: int, total: int) -> None:
            if self.search.stopped.is_set() or self.is_closing():
                raise Cancelled
            self.search.done, self.search.total = done, total

        advance(0, 0)
        return advance

    def say(self, sentence: str) -> None:
        self.search.told = said(sentence)


def find(run: Run, search: Search, is_closing: Callable[[], bool]) -> None:
    """Search, keep what is found in the run, and note in search how it went."""
    from figment.explore.direction_file import save_directions
    from figment.explore.direction_search import directions, methods_named
    from figment.workbench import Workbench

    try:
        at = Workbench(run.folder, "cpu", Watched(search, is_closing))
        predictor = at.predictor_if_any()
        methods = methods_named("all", predictor, at.generator.classes)
        found = directions(at.generator, methods, None, predictor, samples=SAMPLES, stage=at.display.stage)
        finding = found.finding()
        finding.save(
            at.findings, run.facts.get("images"), ["figment", "explore", "directions", run.name], at.generator.mark
        )
        save_directions(run.directions_file, found.directions, at.generator)
        search.told, search.state = finding.sentence, "done"
    except Cancelled:
        search.told, search.state = "The search was called off.", "cancelled"
    except (InputError, OSError) as error:
        search.told, search.state = said(str(error)), "failed"
    except BaseException:
        search.told, search.state = OURS, "failed"
        raise


class Searches:
    """The searches of this server, one a run."""

    def __init__(self) -> None:
        self.lock, self.by_folder = threading.Lock(), dict[str, Search]()

    def start(self, run: Run, is_closing: Callable[[], bool]) -> Search:
        """Begin one, or give the one that is under way."""
        key = str(run.folder)
        with self.lock:
            search = self.by_folder.get(key)
            if search is None or search.state != "running":
                search = self.by_folder[key] = Search()
                threading.Thread(target=find, args=(run, search, is_closing), name="figment-find", daemon=True).start()
        return search

    def of(self, run: Run) -> Search | None:
        return self.by_folder.get(str(run.folder))


SEARCHES = Searches()
