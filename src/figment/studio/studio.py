"""Studio: the folders that were named, what runs and studies lie in them, and a lock for what only one may do at a time."""

import hashlib
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from figment.common.folders import EndlessWalk, Walk

if TYPE_CHECKING:
    from figment.run import Run
MAX_ENTRIES = 200_000  # that are looked at below the folders given
RUN_FILES, STUDY_FILE = ("recipe.json", "run.json"), "study.json"


class Missing(Exception):
    """What was asked for isn't there (any more); the message is a sentence."""


@dataclass(frozen=True)
class Place:
    """A run or a study. id: what addresses name it by; where: its path, shown from the folder given that it was found in."""

    id: str
    folder: Path
    kind: Literal["run", "study"]
    where: str


@dataclass
class Studio:
    """folders: those that were given; no run outside of them is read, changed or listed. home: where the studio was started,
    below which pictures to train on are offered. closing: set as the server ends.

    Requests come in threads: what they change is changed under lock.
    """

    folders: tuple[Path, ...]
    home: Path = field(default_factory=Path.cwd)
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)
    plans: dict[str, Any] = field(default_factory=dict)  # under way or made, by their ids: see plans.py
    _places: dict[str, Place] = field(default_factory=dict)

    def places(self) -> list[Place]:
        """The runs and studies that are there now, by name; runs within a study are its cells, which stand there, too."""
        found = {place.id: place for folder in self.folders for place in found_in(folder)}
        with self.lock:
            self._places = found
        return sorted(found.values(), key=lambda place: place.where)

    def place(self, id: str) -> Place:
        """A run or study by its id. Only what was found below the folders has one. Raises Missing."""
        with self.lock:
            place = self._places.get(id)
        if place is None or not is_place(place.folder) or place.folder.resolve() != place.folder:
            place = next((place for place in self.places() if place.id == id), None)
        if place is None:
            raise Missing("This run is no longer there: it may have been deleted, moved or renamed.")
        return place

    def run(self, id: str) -> "Run":
        """A run by its id. Raises Missing."""
        from figment.run import Run

        place = self.place(id)
        if place.kind != "run":
            raise Missing("This is a study, not a run.")
        return Run(place.folder)


def found_in(folder: Path) -> list[Place]:
    """The folder itself, or the runs and studies below it. Links aren't followed out of it."""
    inside: list[Place] = []
    root = folder.resolve()
    walk = Walk(MAX_ENTRIES)
    waiting = [root]
    try:
        while waiting:
            here = waiting.pop()
            kind = kind_of(here)
            if kind:
                where = folder.name or str(folder) if here == root else str(here.relative_to(root))
                inside.append(Place(id_of(here), here, kind, where))
            if kind != "run":  # a run holds no other
                waiting += [Path(it.path) for it in walk.entries(str(here)) if _is_own_folder(it)]
    except EndlessWalk:
        pass  # what was found up to then is shown
    return inside


def kind_of(folder: Path) -> Literal["run", "study"] | None:
    if all((folder / name).is_file() for name in RUN_FILES):
        return "run"
    return "study" if (folder / STUDY_FILE).is_file() else None


def in_study(run: Path) -> bool:
    """Whether a run folder is a cell of a study, which needs it where and as it is."""
    return (run.parent.parent / STUDY_FILE).is_file()


def is_place(folder: Path) -> bool:
    return kind_of(folder) is not None


def own_file(run: "Run", file: Path) -> bool:
    """Whether a file of a run's is one: no pipe, and no link that leads out of the run."""
    return file.is_file() and file.resolve().is_relative_to(run.folder.resolve())


def id_of(folder: Path) -> str:
    """Of a resolved path: the same as long as it stays where it is, and nothing that a path could be made of."""
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]


def _is_own_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
    except OSError:
        return False
