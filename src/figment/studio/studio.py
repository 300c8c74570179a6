"""Studio: the folders that were named, what runs and studies lie in them, and a lock for what only one may do at a time."""

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from figment.common.folders import EndlessWalk, Walk

if TYPE_CHECKING:
    from figment.run import Run
MAX_ENTRIES = 200_000  # that are looked at below the folders given
RUN_FILES, STUDY_FILE = ("recipe.json", "run.json"), "study.json"
# What else lies in a run: other programs have a run.json, too.
RUN_SIGNS = ("events.jsonl", "pictures", "snapshots", "state")
SETTLED_SECONDS = 10  # without a change, from which on a folder with one of the two files is no run that is being made


class Missing(Exception):
    """What was asked for isn't there (any more); the message is a sentence."""


@dataclass(frozen=True)
class Place:
    """A run or a study. id: what addresses name it by; where: its path, shown from the folder given that it was found in.

    lacks: the file without which a run can't be read, where it lacks one.
    """

    id: str
    folder: Path
    kind: Literal["run", "study"]
    where: str
    lacks: str | None = None


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
    _scratch: set[Path] = field(default_factory=set)

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

    def scratch_folder(self, prefix: str, within: Path | None = None) -> Path:
        """A folder for what is made on the way: until remove() is called, or the studio ends. Raises OSError."""
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=within))
        self._scratch.add(folder)
        return folder

    def remove(self, folder: Path) -> None:
        """Remove a scratch folder."""
        shutil.rmtree(folder, ignore_errors=True)
        self._scratch.discard(folder)

    @contextmanager
    def scratch(self, prefix: str, within: Path | None = None) -> Iterator[Path]:
        """A scratch folder that is gone afterwards."""
        folder = self.scratch_folder(prefix, within)
        try:
            yield folder
        finally:
            self.remove(folder)

    def clear(self) -> None:
        """Remove all scratch folders. It takes no lock: what is left behind at the end may hold it."""
        for folder in tuple(self._scratch):
            self.remove(folder)

    def run(self, id: str) -> "Run":
        """A run by its id. Raises Missing."""
        from figment.run import Run

        place = self.place(id)
        if place.kind != "run":
            raise Missing("This is a study, not a run.")
        if place.lacks:
            raise Missing(lacking_words(place.lacks))
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
            kind, lacks = kind_of(here), None
            if kind is None and (lacks := lacking_in(here)) and _is_settled(here):
                kind = "run"
            if kind:
                where = folder.name or str(folder) if here == root else str(here.relative_to(root))
                inside.append(Place(id_of(here), here, kind, where, lacks))
            if kind != "run":  # a run holds no other
                waiting += [Path(it.path) for it in walk.entries(str(here)) if _is_own_folder(it)]
    except EndlessWalk:
        pass  # what was found up to then is shown
    return inside


def kind_of(folder: Path) -> Literal["run", "study"] | None:
    if all((folder / name).is_file() for name in RUN_FILES):
        return "run"
    return "study" if (folder / STUDY_FILE).is_file() else None


def lacking_in(folder: Path) -> str | None:
    """Of the two files that make a run the one that isn't there; None of a whole run, and of what is none."""
    missing = [name for name in RUN_FILES if not (folder / name).is_file()]
    is_half = len(missing) == 1 and any((folder / name).exists() for name in RUN_SIGNS)
    return missing[0] if is_half else None


def lacking_words(file: str) -> str:
    holds = "every choice that it was trained with" if file == "recipe.json" else "its pictures and how far it has come"
    return f"This run has no {file}, which tells {holds}: put that back from a copy of the run."


def _is_settled(folder: Path) -> bool:
    try:
        age = time.time() - folder.stat().st_mtime
    except OSError:
        return False
    return not 0 <= age < SETTLED_SECONDS


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
