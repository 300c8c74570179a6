"""A folder of picture files."""

import hashlib
import os
import stat
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

from figment.common.folders import made_up_devices
from figment.common.pointers import FETCH, IS_POINTER, is_pointer
from figment.common.refusals import refusal
from figment.data.decoding.decode import Broken
from figment.data.sources.aside import Aside, Places, asides, sort_out, told_places
from figment.data.sources.base import (
    Chunks,
    ColumnReader,
    Listing,
    Skipped,
    Source,
    chunked,
    has_picture_suffix,
    hash_texts,
    is_film,
    is_hidden,
    is_picture,
    read_bounded,
)
from figment.data.sources.content import START_BYTES, may_be_picture, starts_picture
from figment.data.sources.group_tables import table_columns
from figment.data.sources.labels import find_labels, is_table, unreadable
from figment.errors import InputError, MissingData

IN_ICLOUD = "only in iCloud, not on this machine"
LAST_TIME = 2**63  # ns: the first that a column's number can't hold


class Folder(Source):
    """Picture files in a folder and its sub-folders, labelled as `figment.data.sources.labels` says."""

    lists_at_once = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        self.display = path.resolve().name or "pictures"
        self._began: FolderContent | None = None

    @cached_property
    def listing(self) -> Listing:
        found = self._found()
        if not found.names and not found.skipped:
            if not found.ignored and not found.aside and not found.films:
                raise MissingData(f"{self.path} has nothing in it: name a folder that holds pictures", str(self.path))
            content = f"no pictures among its {found.ignored + len(found.films)} files"
            if found.films:
                what = f"{len(found.films)} film{'s' * (len(found.films) != 1)} and no pictures"
                raise InputError(f"{self.path} has {what}: give --video 16x12 to train on clips of films")
            if found.aside:
                content = f"no pictures of its own, but {', '.join(told_places(found.aside))}"
            raise InputError(f"{self.path} has {content}: name a folder that holds pictures")
        labels = find_labels(found.names, found.tables, {}, self.where)
        return Listing(
            found.names,
            labels.labels,
            found.ignored,
            found.skipped,
            found.aside,
            labels.notes + films_told(len(found.films)),
            found.tables,
        )

    def fingerprint(self) -> str:
        found = find_content(self.path)
        self._began = self._began or found  # pictures listed from now on are those of this moment
        # Other files don't count: a desktop that leaves its own file in the folder doesn't change the pictures.
        tables = (f"{name}\0{hashlib.sha256(table).hexdigest()}" for name, table in found.tables.items())
        skipped = (f"{item.name}\0{item.reason}" for item in found.skipped)
        rows = zip(found.names, found.sizes, found.times, strict=True)
        return hash_texts(chain(["folder"], tables, skipped, (f"{name}\0{size}\0{time}" for name, size, time in rows)))

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        found = self._found()
        slots = range(len(found.names)) if only is None else sorted(only)
        return chunked((slot, f"{self.path}/{found.names[slot]}", found.sizes[slot]) for slot in slots)

    def columns(self) -> Mapping[str, ColumnReader]:
        return table_columns(self.listing.names, self.listing.tables)

    def _found(self) -> "FolderContent":
        self._began = self._began or find_content(self.path)
        return self._began


@dataclass
class FolderContent:
    """What lies below a folder, sorted by name. Columns, since a million rows would take three times the memory."""

    names: list[str] = field(default_factory=list)
    sizes: "array[int]" = field(default_factory=lambda: array("q"))  # bytes
    times: "array[int]" = field(default_factory=lambda: array("q"))  # of the last change, in ns
    ignored: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    tables: dict[str, bytes] = field(default_factory=dict)  # contents of labels files
    aside: list[Aside] = field(default_factory=list)
    films: list[tuple[str, int, int]] = field(default_factory=list)  # name, size and time of each, sorted


def find_content(root: Path) -> FolderContent:
    found, places = FolderContent(), Places(root.resolve().name)
    hidden: Counter[tuple[str, str]] = Counter()  # in folders that hide themselves, and whose kind we know
    for name, entry in walk(root):
        places.note(name)
        if isinstance(entry, str):
            if not places.of(name + "/"):
                found.skipped.append(Skipped(name, entry))
        elif is_picture_file(name, entry):
            _add(found, name, entry)
        elif is_table(name) and (root / name).is_file():  # a pipe would keep us waiting
            found.tables[name] = _table(root / name)
        elif real := in_icloud(name):
            found.skipped.append(Skipped(real, IN_ICLOUD))
        elif is_film(name) and entry.is_file():
            found.films.append((name, *_facts(entry)))
        elif has_picture_suffix(name) and is_hidden(name) and (aside := places.of(name)):
            hidden[aside] += 1
        else:
            found.ignored += 1
    places = places.settled()
    kept, found.aside = sort_out(found.names, places)
    found.aside = asides(hidden) + found.aside
    order = sorted(kept, key=found.names.__getitem__)
    found.names = [found.names[place] for place in order]
    found.sizes = array("q", (found.sizes[place] for place in order))
    found.times = array("q", (found.times[place] for place in order))
    found.skipped = sorted((item for item in found.skipped if not places.of(item.name)), key=lambda item: item.name)
    films = [film for film in sorted(found.films) if not places.of(film[0])]
    found.ignored += len(found.films) - len(films)
    found.films = films
    found.tables = {name: table for name, table in sorted(found.tables.items()) if not places.of(name)}
    return found


def in_icloud(name: str) -> str | None:
    """The name of the picture for which a file stands that iCloud has taken off this machine: .x.jpg.icloud is x.jpg."""
    folder, slash, last = name.rpartition("/")
    real = folder + slash + last[1:].removesuffix(".icloud")
    return real if last.startswith(".") and last.endswith(".icloud") and is_picture(real) else None


def _add(found: FolderContent, name: str, entry: "os.DirEntry[str]") -> None:
    try:
        status = entry.stat()
    except FileNotFoundError:
        gone = "a link that leads nowhere" if entry.is_symlink() else "gone while the folder was read"
        found.skipped.append(Skipped(name, gone))
    except OSError as error:
        loop = entry.is_symlink()
        found.skipped.append(Skipped(name, "a link that leads nowhere" if loop else f"no access: {error.strerror}"))
    else:
        if stat.S_ISREG(status.st_mode):
            found.names.append(name)
            found.sizes.append(status.st_size)
            found.times.append(_time(status))
        else:
            found.skipped.append(Skipped(name, "not a regular file"))


def _time(status: os.stat_result) -> int:
    """Of a file's last change, in ns. A date may lie thousands of years away, beyond what a column's number holds: then any
    other will do."""
    return (status.st_mtime_ns + LAST_TIME) % (2 * LAST_TIME) - LAST_TIME


def _facts(entry: "os.DirEntry[str]") -> tuple[int, int]:
    """Size and time of a file; zeros where it is gone, which is told when it is read."""
    try:
        status = entry.stat()
    except OSError:
        return 0, 0
    return status.st_size, _time(status)


def films_told(films: int) -> list[str]:
    """What is to be said of films among pictures."""
    are = "film is" if films == 1 else "films are"
    return [f"{films:,} {are} here, too: --video 16x12 trains on clips."] if films else []


def _table(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = read_bounded(opened)
    except OSError as error:
        raise unreadable(str(file), error.strerror or str(error)) from None
    if isinstance(content, Broken):
        raise unreadable(str(file), content.reason)
    if is_pointer(content):
        raise InputError(f"{file} is {IS_POINTER}: {FETCH}")
    return content


def is_picture_file(name: str, entry: "os.DirEntry[str]") -> bool:
    """Whether a file is a picture by its name; by its first bytes where that tells nothing."""
    if is_picture(name) or not may_be_picture(name):
        return is_picture(name)
    try:
        if not entry.is_file():  # a pipe would keep us waiting
            return False
        with open(entry.path, "rb", buffering=0) as file:
            return starts_picture(file.read(START_BYTES))
    except OSError:
        return False


def walk(root: Path) -> Iterator[tuple[str, "os.DirEntry[str] | str"]]:
    """Every file below root as (name, its entry), and folders that can't be read as (name, the reason); in no order.

    Links to folders are followed, after everything that lies here itself; no folder is entered twice, so loops end.
    """
    entered: set[tuple[int, int]] = set()
    waiting: list[str] = [""]
    links: list[str] = []
    while waiting or links:
        links.sort()
        folder = waiting.pop() if waiting else links.pop(0)
        path, prefix = (f"{root}/{folder}", f"{folder}/") if folder else (str(root), "")
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) in entered or status.st_dev in made_up_devices():
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                for entry in entries:
                    name = prefix + entry.name
                    if _is_folder(entry):
                        (links if entry.is_symlink() else waiting).append(name)
                    else:
                        yield name, entry
        except OSError as error:
            if not folder and isinstance(error, FileNotFoundError):
                raise MissingData(f"{root} is gone: give the path where it is now", str(root)) from None
            if not folder:
                raise refusal(root, error, done="read") from None
            yield folder, f"a folder that can't be read: {error.strerror}"


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
