"""Films of walks, made one after another in a thread of their own: a page asks how far its film is, or how many come first."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from figment.common.text import said
from figment.errors import InputError
from figment.studio.in_page import in_page
from figment.studio.play.asked import Film
from figment.studio.refused import OURS, note_fault
from figment.studio.studio import Missing, Studio

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from figment.generator import Generator
    from figment.run import Run

THREAD = ThreadPoolExecutor(1, "figment-film")  # one film at a time, of all who play: each takes all processors
MOST_WAITING = 100  # films
MOST_KEPT = 4  # films that are done and that nobody has fetched
STOPPED = "The film was stopped."
FORGOTTEN_SECONDS = 180  # without a question, after which nobody waits for a film; a hidden page asks once a minute


class Stopped(Exception):
    """The film is no longer wanted."""


@dataclass
class Walk:
    """What is to be filmed: a walk past keyframes, (K, code_size), in a class or none."""

    generator: Generator
    keyframes: Tensor
    label: int | None


@dataclass
class Export:
    """A film on its way. state: waiting, working, done, stopped or failed; done, total: frames; told: why there is no film."""

    run: Run
    asked: Film
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    state: str = "waiting"
    done: int = 0
    total: int = 0
    told: str = ""
    content: bytes = b""
    stopped: threading.Event = field(default_factory=threading.Event)
    asked_at: float = field(default_factory=time.monotonic)

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "working")


class Films:
    """The films of this server, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.lock, self.by_id = threading.Lock(), dict[str, Export]()

    def start(self, studio: Studio, run: Run, asked: Film) -> dict[str, Any]:
        """Raises InputError for one that can't be drawn, and where too many wait."""
        walk = walk_of(run, asked)
        export = Export(run, asked)
        with self.lock:
            if sum(it.is_open for it in self.by_id.values()) >= MOST_WAITING:
                raise InputError(f"{MOST_WAITING} films are waited for already: wait for some, or stop them.")
            self._drop()
            self.by_id[export.id] = export
        THREAD.submit(make, studio, export, walk)
        return self.told(export)

    def told(self, export: Export) -> dict[str, Any]:
        """How far it is. before: films that come first."""
        with self.lock:
            export.asked_at = time.monotonic()
            before = 0
            for other in self.by_id.values():
                if other is export:
                    break
                before += other.is_open
        return {
            "id": export.id, "state": export.state, "before": before if export.state == "waiting" else 0,
            "done": export.done, "total": export.total, "told": export.told,
        }  # fmt: skip

    def of(self, run: Run, id: str) -> Export:
        """One of a run's, by its id. Raises Missing."""
        with self.lock:
            export = self.by_id.get(id)
        if export is None or export.run.folder != run.folder:
            raise Missing("This film is no longer known: ask for it again.")
        return export

    def stop(self, export: Export) -> dict[str, Any]:
        """Make it no further. One that waits ends at once, not only in its turn."""
        export.stopped.set()
        with self.lock:
            if export.state == "waiting":
                export.state, export.told = "stopped", STOPPED
        return self.told(export)

    def forget(self, export: Export) -> None:
        """Make it no further, and keep nothing of it."""
        export.stopped.set()
        with self.lock:
            self.by_id.pop(export.id, None)

    def _drop(self) -> None:
        """Room for another: the oldest of those that have ended go."""
        ended = [id for id, it in self.by_id.items() if not it.is_open]
        for id in ended[: max(0, len(ended) - MOST_KEPT + 1)]:
            del self.by_id[id]


FILMS = Films()


def walk_of(run: Run, asked: Film) -> Walk:
    """Raises InputError for what can't be drawn."""
    from figment.studio.play.looks import codes_of, labels_of
    from figment.studio.play.players import generator_of

    generator = generator_of(run, asked.net)
    labels = labels_of(generator, asked.keyframes[:1], asked.label)
    return Walk(generator, codes_of(generator, asked.keyframes), None if labels is None else int(labels[0]))


def make(studio: Studio, export: Export, walk: Walk) -> None:
    """Make a film, and note in export how it went; in the thread for films."""

    def advance(done: int, total: int) -> None:
        if export.stopped.is_set() or studio.closing.is_set():
            raise Stopped
        if time.monotonic() - export.asked_at > FORGOTTEN_SECONDS:
            raise Stopped
        export.done, export.total = done, total

    try:
        advance(0, 0)
        export.state = "working"
        export.content = written(studio, export.asked, walk, advance)
        export.state = "done"
    except Stopped:
        export.state, export.told = "stopped", STOPPED
    except InputError as error:
        export.state, export.told = "failed", in_page(said(str(error)))
    except Exception:
        note_fault(studio, "Film")
        export.state, export.told = "failed", OURS


def written(studio: Studio, asked: Film, walk: Walk, advance: Callable[[int, int], None]) -> bytes:
    """The film as a file's content. Raises InputError where it can't be written."""
    from figment.common.cache import cache_folder, naming_cache

    cache = cache_folder()
    with naming_cache(cache, "the film"):
        cache.mkdir(parents=True, exist_ok=True)
        with studio.scratch("film-", cache) as folder:
            path = folder / f"walk.{asked.ending}"
            write_film(path, asked, walk, advance)
            return path.read_bytes()


def write_film(path: Path, asked: Film, walk: Walk, advance: Callable[[int, int], None]) -> None:
    """Write it, marked. Raises InputError where it is too short for its keyframes."""
    from figment.common.rehearsal import FILM_SECONDS, at_most
    from figment.explore.walk import write_loop
    from figment.media.endings import USUAL_FPS

    seconds, fps = at_most(asked.seconds, FILM_SECONDS), USUAL_FPS[path.suffix]
    write_loop(walk.generator, path, walk.keyframes, seconds, fps, walk.label, progress=advance)
