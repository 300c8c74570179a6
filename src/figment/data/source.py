"""Where pictures come from: a folder, an archive, an array file, or the built-in portraits.

A source lists its pictures by name and hands them out in chunks, still encoded: whoever prepares them decodes. Archives
are read by one reader from front to back, because a compressed tar can't be read otherwise.
"""

import hashlib
import math
import os
import stat
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from lzma import LZMAError
from pathlib import Path
from typing import IO

import numpy as np

from figment.data.decode import Broken, Chunk, Drawn, Payload, Stored
from figment.errors import InputError

_SUFFIXES = "jpg jpeg jpe jfif png webp gif bmp dib tif tiff ppm pgm pbm pnm tga jp2 j2k avif pcx"
PICTURE_SUFFIXES = frozenset(f".{suffix}" for suffix in _SUFFIXES.split())
File = tuple[str, int, int]  # name, bytes, time of the last change in ns
Chunks = Generator[Chunk, None, None]
PORTRAITS = 10_000  # how many built-in portraits stand in where no data are given
CHUNK_PICTURES = 64
CHUNK_BYTES = 2**20
READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
MOST_BYTES = 2**28  # of one picture in an archive; more is a bomb or no picture


@dataclass(frozen=True)
class Skipped:
    """A picture that can't be used, and the reason in one short sentence."""

    name: str
    reason: str


@dataclass
class Listing:
    """What a source holds. A picture's slot is its place in `names`."""

    names: list[str]
    labels: list[str | None]
    ignored: int = 0  # files that aren't pictures by their names
    skipped: list[Skipped] = field(default_factory=list)  # pictures that show without reading that they can't be used


class Source(ABC):
    """Something that holds pictures."""

    display: str  # its name for people; never an absolute path
    where: str  # as the user gave it, for messages

    @abstractmethod
    def fingerprint(self) -> str:
        """Hash that changes when the pictures change, found without reading them."""

    @cached_property
    @abstractmethod
    def listing(self) -> Listing:
        """Names in a fixed order, and labels. Raises InputError where the source as a whole can't be read."""

    @abstractmethod
    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        """The pictures (of the slots in `only`), encoded, in chunks of bounded size. Raises InputError as listing."""


def open_source(data: str | Path | Source | None) -> Source:
    """Find out what kind of source data is: a path, a source already, or None for the built-in portraits.

    Raises InputError where there is nothing, or nothing that we can read.
    """
    if isinstance(data, Source):
        return data
    if data is None:
        return Portraits()
    path = Path(data).expanduser()
    name = path.name.lower()
    if not path.exists():
        raise InputError(f"{data} doesn't exist: check the path, or leave it out to use the built-in portraits")
    if not os.access(path, os.R_OK):
        raise InputError(f"{data} can't be read: mend its permissions")
    if path.is_dir():
        return Folder(path)
    if name.endswith((".npy", ".npz")):
        return Arrays(path)
    if name.endswith(".zip") or zipfile.is_zipfile(path):
        return Zip(path)
    if ".tar" in name or name.endswith((".tgz", ".tbz2", ".txz")):
        return Tar(path)
    kinds = "a folder, a .zip or .tar archive, or an .npy or .npz file"
    raise InputError(f"{data} holds no set of pictures that we can read: give {kinds}")


class Folder(Source):
    """Picture files in a folder and its sub-folders; the first level of sub-folders labels them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        self.display = path.resolve().name or "pictures"

    @cached_property
    def _found(self) -> tuple[list[File], int, list[Skipped]]:
        """Picture files sorted by name, the number of other files, and what shows unread that it can't be used."""
        pictures, ignored, skipped = [], 0, []
        for name, status in _walk(self.path):
            if isinstance(status, str):
                skipped.append(Skipped(name, status))
            elif not _is_picture(name):
                ignored += 1
            elif stat.S_ISLNK(status.st_mode):
                skipped.append(Skipped(name, "a link that leads nowhere"))
            elif not stat.S_ISREG(status.st_mode):
                skipped.append(Skipped(name, "not a regular file"))
            else:
                pictures.append((name, status.st_size, status.st_mtime_ns))
        if not pictures and not skipped:
            content = f"no pictures among its {ignored} files" if ignored else "nothing in it"
            raise InputError(f"{self.path} has {content}: training needs a folder of at least 32 pictures")
        return sorted(pictures), ignored, sorted(skipped, key=lambda item: item.name)

    @cached_property
    def listing(self) -> Listing:
        pictures, ignored, skipped = self._found
        names = [name for name, _, _ in pictures]
        return Listing(names, [_first_folder(name) for name in names], ignored, skipped)

    def fingerprint(self) -> str:
        pictures, _, skipped = self._found
        # Other files don't count: a desktop that leaves its own file in the folder doesn't change the pictures.
        lines = [f"{name}\0{size}\0{time}" for name, size, time in pictures]
        return _hash(["folder", *(f"{item.name}\0{item.reason}" for item in skipped), *lines])

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        pictures = self._found[0]
        slots = range(len(pictures)) if only is None else sorted(only)
        return _gather((slot, str(self.path / pictures[slot][0]), pictures[slot][1]) for slot in slots)


class Zip(Source):
    """Picture files in a zip archive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        self.display = path.name

    def fingerprint(self) -> str:
        return _file_fingerprint(self.path)

    @cached_property
    def _members(self) -> dict[str, zipfile.ZipInfo]:
        with self._opened() as archive:
            return {_member_name(info.filename): info for info in archive.infolist() if not info.is_dir()}

    @cached_property
    def listing(self) -> Listing:
        return _archive_listing(self.path, self._members)

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        with self._opened() as archive:
            yield from _gather(
                (slot, content, _weight(content))
                for slot, name in enumerate(self.listing.names)
                if only is None or slot in only
                for content in [self._content(archive, self._members[name])]
            )

    @staticmethod
    def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | Broken:
        try:
            with archive.open(member) as file:
                return _read_bounded(file)
        except RuntimeError:
            return Broken("encrypted")
        except _DAMAGE as error:
            return Broken(f"broken in the archive: {error}")

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except _DAMAGE:
            raise _cut(self.path, "zip archive") from None


class Tar(Source):
    """Picture files in a tar archive, compressed or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        self.display = path.name

    def fingerprint(self) -> str:
        return _file_fingerprint(self.path)

    @cached_property
    def _offsets(self) -> dict[str, int]:
        """Where each file starts. Of several of one name tar means the last."""
        with self._opened() as archive:
            found = {_member_name(member.name): member.offset_data for member in _tar_members(archive)}
            # tarfile takes any end for the end. Without the mark, a block of zeros, who knows how many are missing; and
            # what a compressor has to say about its stream comes last.
            assert archive.fileobj is not None
            archive.fileobj.seek(archive.offset)
            if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise EOFError
            while archive.fileobj.read(CHUNK_BYTES):
                pass
            return found

    @cached_property
    def listing(self) -> Listing:
        return _archive_listing(self.path, self._offsets)

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        slots = {self._offsets[name]: slot for slot, name in enumerate(self.listing.names)}
        with self._opened() as archive:
            yield from _gather(
                (slot, content, _weight(content))
                for member in _tar_members(archive)
                if (slot := slots.get(member.offset_data)) is not None and (only is None or slot in only)
                for content in [self._content(archive, member)]
            )

    @staticmethod
    def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | Broken:
        file = archive.extractfile(member) if member.isreg() else None
        return _read_bounded(file) if file else Broken("not a regular file")

    @contextmanager
    def _opened(self) -> Iterator[tarfile.TarFile]:
        try:
            with tarfile.open(self.path) as archive:
                yield archive
        except _DAMAGE:
            raise _cut(self.path, "tar archive") from None


@dataclass(frozen=True)
class Header:
    """What an array file says of one array."""

    shape: tuple[int, ...]
    kind: np.dtype
    by_columns: bool = False  # Fortran's order, in which no picture lies in one piece

    def holds_pictures(self) -> bool:
        """Whether these are N pictures of 8 bits, grey or with 1 to 4 channels first or last."""
        sides = self.shape[1:]
        grey = len(sides) == 2 and sides[-1] > 4
        coloured = len(sides) == 3 and (sides[-1] in range(1, 5) or sides[0] in range(1, 5))
        return self.kind == np.uint8 and not self.by_columns and 0 not in self.shape and (grey or coloured)

    def holds_labels(self) -> bool:
        """Whether this is a column of whole numbers."""
        return len(self.shape) == 1 and self.kind.kind in "iu"

    def __str__(self) -> str:
        order = " in Fortran's order" if self.by_columns else ""
        return f"{self.kind} {'×'.join(map(str, self.shape))}{order}"


class Arrays(Source):
    """uint8 arrays N×H×W, N×H×W×C or N×C×H×W in an .npy or .npz file.

    Of an .npz: the first array of pictures and all others with pictures of the same shape (train and test, say),
    labelled by the integer arrays of the same lengths. Nothing is unpickled.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        self.display = path.name

    def fingerprint(self) -> str:
        return _file_fingerprint(self.path)

    @cached_property
    def _headers(self) -> dict[str, Header]:
        """Shape and type of every array, by its key; an .npy has one, under the key ''."""
        try:
            keys = [""] if self.path.suffix.lower() == ".npy" else self._keys()
            return {key: self._header(key) for key in keys}
        except (*_DAMAGE, ValueError):
            raise _cut(self.path, "array file") from None

    @cached_property
    def _pictures(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays that hold pictures, by key."""
        found = {key: header.shape for key, header in self._headers.items() if header.holds_pictures()}
        if not found:
            held = ", ".join(f"{key} {header}".strip() for key, header in self._headers.items()) or "nothing"
            wanted = "uint8 N×H×W, N×H×W×C or N×C×H×W"
            raise InputError(f"{self.path} holds no array of pictures, but {held}: save them as {wanted}")
        first = next(iter(found.values()))
        return {key: shape for key, shape in found.items() if shape[1:] == first[1:]}

    @cached_property
    def listing(self) -> Listing:
        names: list[str] = []
        labels: list[str | None] = []
        columns = {key: header.shape for key, header in self._headers.items() if header.holds_labels()}
        for key, (count, *_) in self._pictures.items():
            names += [f"{key}/{index:06d}" if key else f"{index:06d}" for index in range(count)]
            column = next((name for name, shape in columns.items() if shape == (count,)), None)
            if column is None:
                labels += [None] * count
            else:
                # Taken out, so that of two pairs of equal length the second labels go to the second pictures.
                del columns[column]
                labels += map(str, self._column(column))
        return Listing(names, labels)

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        start = 0
        for key, shape in self._pictures.items():
            try:
                file, size = self._opened(key)
                with file:
                    _read_header(file, size)
                    for rows in _rows(file, shape):
                        slots = [slot for slot in range(start, start + len(rows)) if only is None or slot in only]
                        if slots:
                            yield Stored(slots, [_as_picture(rows[slot - start]) for slot in slots])
                        start += len(rows)
            except _DAMAGE:
                raise _cut(self.path, "array file") from None

    def _header(self, key: str) -> Header:
        file, size = self._opened(key)
        with file:
            return _read_header(file, size)

    def _keys(self) -> list[str]:
        with zipfile.ZipFile(self.path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]

    def _column(self, key: str) -> np.ndarray:
        with np.load(self.path, allow_pickle=False) as arrays:
            return np.asarray(arrays[key])

    def _opened(self, key: str) -> tuple[IO[bytes], int]:
        """An array as a file, and how many bytes it ought to have."""
        if not key:
            return self.path.open("rb"), self.path.stat().st_size
        with zipfile.ZipFile(self.path) as archive:
            member = archive.getinfo(f"{key}.npy")
            return archive.open(member), member.file_size


class Portraits(Source):
    """The built-in portraits: drawn, not stored, so they come at any size and cost nobody a download."""

    def __init__(self, count: int = PORTRAITS, seed: int = 0) -> None:
        self.count = count
        self.seed = seed
        self.display = self.where = "portraits"

    @cached_property
    def listing(self) -> Listing:
        return Listing([f"portrait-{index:06d}" for index in range(self.count)], [None] * self.count)

    def fingerprint(self) -> str:
        # The code that draws them stands for the pictures: a portrait drawn otherwise is another picture.
        code = [file.read_text("utf-8") for file in sorted(Path(__file__).parent.glob("portrait*.py"))]
        return _hash(["portraits", str(self.count), str(self.seed), *code])

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        if only is not None:
            return (Drawn(slot, slot + 1, self.seed) for slot in sorted(only))
        starts = range(0, self.count, CHUNK_PICTURES)
        return (Drawn(start, min(start + CHUNK_PICTURES, self.count), self.seed) for start in starts)


# Everything that the readers of archives raise at damaged ones.
_DAMAGE = (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError, NotImplementedError)


def _cut(path: Path, kind: str) -> InputError:
    return InputError(f"{path} isn't a readable {kind}, it may be cut short: download or copy it again")


def _hash(lines: Iterable[str]) -> str:
    # File names may hold bytes that aren't text; Python carries them as surrogates.
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def _file_fingerprint(path: Path) -> str:
    """Size, time, and both ends of a file: a zip's end lists its content, and copying tools keep the time."""
    status = path.stat()
    with path.open("rb") as file:
        head = file.read(2**16)
        file.seek(max(0, status.st_size - 2**16))
        ends = head + file.read(2**16)
    return _hash(["file", str(status.st_size), str(status.st_mtime_ns), hashlib.sha256(ends).hexdigest()])


def _gather(pictures: Iterable[tuple[int, Payload, int]]) -> Chunks:
    """Put (slot, payload, bytes) together into chunks, bounded in number and in bytes."""
    slots: list[int] = []
    payloads: list[Payload] = []
    size = 0
    for slot, payload, weight in pictures:
        slots.append(slot)
        payloads.append(payload)
        size += weight
        if len(slots) == CHUNK_PICTURES or size >= CHUNK_BYTES:
            yield Stored(slots, payloads)
            slots, payloads, size = [], [], 0
    if slots:
        yield Stored(slots, payloads)


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result | str]]:
    """Every file below root as (name, its status or the reason why it has none).

    Links to folders are followed, after everything that lies here itself; no folder is entered twice, so loops end.
    """
    entered: set[tuple[int, int]] = set()
    waiting: list[str] = [""]
    links: list[str] = []
    while waiting or links:
        folder = waiting.pop() if waiting else links.pop(0)
        try:
            status = os.stat(root / folder)
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(root / folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not folder:
                raise InputError(f"{root} can't be read ({error.strerror}): mend its permissions") from None
            yield folder, f"a folder that can't be read: {error.strerror}"
            continue
        for entry in found:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if _is_folder(entry):
                (links if entry.is_symlink() else waiting).append(name)
            else:
                yield name, _status(entry)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _status(entry: "os.DirEntry[str]") -> os.stat_result:
    """Status of a file, or of the link itself where it leads nowhere."""
    try:
        return entry.stat()
    except OSError:
        return entry.stat(follow_symlinks=False)


def _is_picture(name: str) -> bool:
    """Whether a name is a picture's: by its suffix, and with nothing hidden on the way to it."""
    parts = name.split("/")
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not hidden and os.path.splitext(parts[-1])[1].lower() in PICTURE_SUFFIXES


def _first_folder(name: str) -> str | None:
    return name.split("/", 1)[0] if "/" in name else None


def _archive_listing(path: Path, members: Iterable[str]) -> Listing:
    """Sort out the files of an archive. A single folder that wraps others (pets/cats, pets/dogs) labels nothing."""
    members = list(members)
    names = sorted(name for name in members if _is_picture(name))
    if not names:
        content = f"no pictures among its {len(members)} files" if members else "nothing in it"
        raise InputError(f"{path} has {content}: training needs an archive of at least 32 pictures")
    inner = [name.split("/", 1)[-1] for name in names]
    wrapped = len({_first_folder(name) for name in names}) == 1 and any("/" in name for name in inner)
    return Listing(names, [_first_folder(name) for name in (inner if wrapped else names)], len(members) - len(names))


def _member_name(name: str) -> str:
    """A member's name as a folder would give it: ./a/b.jpg and a\\b.jpg are a/b.jpg."""
    return name.replace("\\", "/").removeprefix("./").lstrip("/")


def _tar_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """All files of a tar. tarfile would remember each, a kilobyte a picture, so it is made to forget."""
    while (member := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]
        if not member.isdir():
            yield member


def _weight(content: bytes | Broken) -> int:
    return len(content) if isinstance(content, bytes) else 0


def _read_bounded(file: IO[bytes]) -> bytes | Broken:
    content = file.read(MOST_BYTES + 1)
    return content if len(content) <= MOST_BYTES else Broken(f"more than {MOST_BYTES >> 20} MB of data")


def _read_header(file: IO[bytes], size: int) -> Header:
    """Read to where an array's data start. Raises ValueError where the file of `size` bytes is too short for them."""
    version = np.lib.format.read_magic(file)
    if version not in READERS:
        return Header((), np.dtype(object))
    shape, by_columns, kind = READERS[version](file)
    if not kind.hasobject and size < file.tell() + kind.itemsize * math.prod(shape):
        raise ValueError("cut short")
    return Header(shape, kind, by_columns and len(shape) > 1)


def _rows(file: IO[bytes], shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Read an array's pictures a few at a time."""
    row = math.prod(shape[1:])
    step = max(1, min(CHUNK_PICTURES, CHUNK_BYTES // row))
    for start in range(0, shape[0], step):
        count = min(step, shape[0] - start)
        content = file.read(count * row)
        if len(content) < count * row:
            raise EOFError
        yield np.frombuffer(content, np.uint8).reshape(count, *shape[1:])


def _as_picture(row: np.ndarray) -> np.ndarray:
    """One row as H×W or H×W×C, as Pillow takes it."""
    if row.ndim == 3 and row.shape[-1] > 4:
        row = row.transpose(1, 2, 0)
    row = row[:, :, 0] if row.ndim == 3 and row.shape[-1] == 1 else row
    return np.ascontiguousarray(row)
