"""Archives of picture files: zip and tar, read from front to back by one reader, for a packed one can't be read else.

Nothing is ever extracted, so names with `..` in them, absolute ones and links lead nowhere.
"""

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np

from figment.common.units import as_bytes
from figment.data.decoding.decode import MAX_PICTURE_BYTES, TOO_MANY_BYTES, Broken
from figment.data.sources.aside import Places, sort_out, told_places
from figment.data.sources.base import (
    READ_BYTES,
    Chunks,
    ColumnReader,
    FileSource,
    Listing,
    chunked,
    is_picture,
    payload_bytes,
    read_bounded,
    relative_name,
)
from figment.data.sources.content import START_BYTES, may_be_picture, starts_picture
from figment.data.sources.group_tables import table_columns
from figment.data.sources.labels import find_labels, is_sidecar, is_table, sample_key, sidecar_label, unreadable
from figment.data.sources.zip_members import reason_unread, start_of, unpack
from figment.data.sources.zip_names import names_of
from figment.errors import InputError

MAX_SIDECAR_BYTES = 2**20  # of a file beside a picture that are searched for a label
MAX_EXPANSION = 50  # times its own size, and 1 GB, that a file may unpack to: pictures hardly shrink at all
EXPANSION_SLACK_BYTES = 2**30  # the 1 GB


class Archive(FileSource):
    """Picture files in an archive, with the tables that lie beside them there."""

    def columns(self) -> Mapping[str, ColumnReader]:
        return table_columns(self.listing.names, self.listing.tables)


class Zip(Archive):
    """Picture files in a zip archive."""

    kind = "zip archive"
    _guess: str | None = None  # what is said where names had to be guessed

    @cached_property
    def listing(self) -> Listing:
        names = ArchiveNames(self.where)
        with self._opened() as (archive, members):
            for name, member in members.items():
                names.add(
                    name, is_picture(name) or (may_be_picture(name) and starts_picture(start_of(archive, member)))
                )
                if is_table(name):
                    names.add_table(name, unpack(archive, member))
            listing = names.listing()
            self._check([members[name] for name in listing.names])
        listing.notes += [f"{self.display}: {self._guess}."] if self._guess else []
        return listing

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        names = self.listing.names
        slots = range(len(names)) if only is None else sorted(only)
        with self._opened() as (archive, members):
            contents = ((slot, unpack(archive, members.get(names[slot]))) for slot in slots)
            yield from chunked((slot, content, payload_bytes(content)) for slot, content in contents)

    @contextmanager
    def _opened(self) -> Iterator[tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]]:
        """The archive, and its files by name; of several of one name the last, as unzip has it."""
        with self.naming_damage(), zipfile.ZipFile(self.path) as archive:
            members = [info for info in archive.infolist() if info.filename and not info.is_dir()]
            names, self._guess = names_of(members)
            yield archive, dict(zip(map(relative_name, names), members, strict=True))

    def _check(self, pictures: list[zipfile.ZipInfo]) -> None:
        """Raise InputError where the pictures are a bomb, or none of them can be unpacked."""
        sizes = (member.file_size for member in pictures)
        check_expansion(self.path, sum(size for size in sizes if size <= MAX_PICTURE_BYTES))  # others aren't read
        if all(reason_unread(member) for member in pictures):
            reason = reason_unread(pictures[0])
            raise InputError(f"{self.path} is {reason}: unpack it with the program that made it, and give the folder")


class Tar(Archive):
    """Picture files in a tar archive, packed or not; the .cls and .json files of WebDataset beside them label them."""

    kind = "tar archive"

    @cached_property
    def listing(self) -> Listing:
        return self._read[0]

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        _, starts = self._read
        # Those first in the file at the end; several names may share a content, by hard links.
        waiting = [(start, slot) for slot, start in enumerate(starts.tolist()) if only is None or slot in only]
        waiting.sort(reverse=True)
        with self.opened() as archive:
            yield from chunked(
                (slot, content, payload_bytes(content))
                for member in tar_members(archive)
                if (slots := _take_due(waiting, member.offset_data))
                for content in [_content(archive, member)]
                for slot in slots
            )

    @contextmanager
    def opened(self) -> Iterator[tarfile.TarFile]:
        """The archive; whatever is raised inside because it is damaged becomes an InputError."""
        with (
            self.naming_damage(),
            self.path.open("rb") as packed,
            _unpacked(packed, self.path) as file,
            tarfile.open(fileobj=BoundedFile(file, self.path), mode="r:") as archive,  # type: ignore[call-overload]
        ):
            yield archive

    @cached_property
    def _read(self) -> tuple[Listing, np.ndarray]:
        """The listing, and where in the unpacked file each picture starts: int64 (N,)."""
        names = ArchiveNames(self.where)
        starts: dict[str, int] = {}  # of several members of one name tar means the last
        taken: set[str] = set()  # keys of pictures in the tars that stand before this one in the file
        number = 1  # of the tar
        with self.opened() as archive:
            for member in tar_members(archive):
                if archive.fileobj.number > number:  # type: ignore[attr-defined]
                    number += 1
                    taken |= set(map(sample_key, names.pictures))
                name = _set_apart(relative_name(member.name), taken, number)
                link = _set_apart(relative_name(member.linkname), taken, number)
                linked = starts.get(link) if member.islnk() else None
                picture = is_picture(name) or (
                    may_be_picture(name) and (linked or starts_picture(_start(archive, member)))
                )
                names.add(name, bool(picture))
                if picture:
                    starts[name] = member.offset_data if linked is None else linked
                elif is_table(name):
                    names.add_table(name, _content(archive, member))
                elif is_sidecar(name) and member.size <= MAX_SIDECAR_BYTES:
                    names.add_sidecar(name, _content(archive, member))
        listing = names.listing()
        return listing, np.array([starts[name] for name in listing.names], np.int64)


class ArchiveNames:
    """Names of an archive's files, sorted out."""

    def __init__(self, where: str) -> None:
        self.where = where  # for messages
        self.pictures: set[str] = set()
        self.tables: dict[str, bytes] = {}
        self.sidecar_labels: dict[str, str] = {}
        self.others = 0
        self.places = Places()

    def add(self, name: str, picture: bool) -> None:
        self.places.note(name)
        if picture:
            self.pictures.add(name)
        else:
            self.others += 1

    def add_table(self, name: str, content: bytes | Broken) -> None:
        if isinstance(content, Broken):
            raise unreadable(f"{self.where}: {name}", content.reason)
        self.tables[name] = content
        self.others -= 1

    def add_sidecar(self, name: str, content: bytes | Broken) -> None:
        label = sidecar_label(name, content) if isinstance(content, bytes) else None
        if label is not None:
            self.others -= 1
            if name.endswith(".cls"):
                self.sidecar_labels[sample_key(name)] = label
            else:
                self.sidecar_labels.setdefault(sample_key(name), label)

    def listing(self) -> Listing:
        """Of all that was added. Raises InputError where there are no pictures, or labels that can't be used."""
        found = sorted(self.pictures)
        kept, aside = sort_out(found, self.places)
        names = [found[place] for place in kept]
        if not names:
            content = f"no pictures among its {self.others} files" if self.others else "nothing in it"
            if aside:
                content = f"no pictures of its own, but {', '.join(told_places(aside))}"
            raise InputError(f"{self.where} has {content}: name an archive that holds pictures")
        tables = {name: table for name, table in self.tables.items() if not self.places.of(name)}
        labels, notes = find_labels(names, tables, self.sidecar_labels, self.where)
        return Listing(names, labels, self.others, aside=aside, notes=notes, tables=tables)


class BoundedFile:
    """A file that refuses to be a bomb: no single read of a huge size, and no end that lies absurdly far away."""

    def __init__(self, file: Any, path: Path) -> None:
        self.file = file
        self.path = path
        self.last = b""  # what was read last
        self.again = False  # whether it is to be read once more
        self.number = 1  # of the tar that is being read, where several stand one behind the other

    def read(self, size: int) -> bytes:
        if not 0 <= size <= READ_BYTES:
            raise tarfile.ReadError("declares too much")
        if self.again and size == len(self.last):
            self.again = False
            return self.last
        check_expansion(self.path, self.file.tell() + size)
        self.last = self.file.read(size)
        return self.last

    def unread(self) -> None:
        """Have the last read done over: a packed file can't go back."""
        self.again = True

    def seek(self, place: int) -> int:
        check_expansion(self.path, place)
        self.again = False
        return int(self.file.seek(place))

    def tell(self) -> int:
        return int(self.file.tell()) - (len(self.last) if self.again else 0)


def check_expansion(path: Path, size: int) -> None:
    """Raise InputError where a file would unpack to so many bytes that it can only be a bomb."""
    most = EXPANSION_SLACK_BYTES + MAX_EXPANSION * path.stat().st_size
    if size > most:
        raise bomb(path, most)


def bomb(path: Path, most: int) -> InputError:
    """What is said of a file that would unpack to more than so many bytes."""
    held = f"claims to hold more than {as_bytes(most)}, over {MAX_EXPANSION} times its own size"
    return InputError(f"{path} {held}: unpack it yourself if you trust it, and give the folder")


def tar_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """All files of a tar, and of those that stand behind its end, as `cat a.tar b.tar` makes them.

    Raises EOFError where it ends too early: tarfile takes any end for the end, but without the mark, a block of zeros,
    who knows how many files are missing. tarfile would remember each member, a kilobyte a picture, so it is made to
    forget.
    """
    reader: Any = archive  # offset and members are tarfile's own
    going_on = True
    while going_on:
        while (member := archive.next()) is not None:
            reader.members.clear()
            if member.size < 0 or reader.offset <= member.offset:
                raise tarfile.ReadError("leads back to where it was")
            if not member.isdir():
                yield member
        if reader.fileobj.last != bytes(tarfile.BLOCKSIZE):
            raise EOFError
        going_on = _next_archive(reader)


def _next_archive(reader: Any) -> bool:
    """Go on to the tar behind the end of one. Otherwise the file is read to its end: compressors check their sum there."""
    file: BoundedFile = reader.fileobj
    while block := file.read(tarfile.BLOCKSIZE):
        if block.count(0) < len(block):
            break
    try:
        tarfile.TarInfo.frombuf(block, reader.encoding, reader.errors)
    except (tarfile.TarError, ValueError):  # nothing, or what isn't ours to read
        while file.read(2**16):
            pass
        return False
    file.unread()
    file.number += 1
    reader.offset = file.tell()
    reader.pax_headers.clear()  # the other tar's
    return True


def _set_apart(name: str, taken: set[str], number: int) -> str:
    """A name in one of several tars in a file, where those before it have a sample of the same: all begin at 000000."""
    key = sample_key(name) if taken else ""
    return f"{key}-{number}{name.removeprefix(key)}" if key in taken else name


def _take_due(waiting: list[tuple[int, int]], start: int) -> list[int]:
    """Take the slots that start here off the end of those waiting."""
    slots = []
    while waiting and waiting[-1][0] <= start:
        place, slot = waiting.pop()
        slots += [slot] if place == start else []
    return slots


def _start(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    return file.read(START_BYTES) if file else b""


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | Broken:
    if member.size > MAX_PICTURE_BYTES:
        return Broken(TOO_MANY_BYTES)
    file = archive.extractfile(member) if member.isreg() else None
    return read_bounded(file) if file else Broken("not a regular file")


def _unpacked(file: IO[bytes], path: Path) -> Any:
    """What a tar's compressor made of it, told by its first bytes."""
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if start == b"\xfd7zXZ\0" or start.startswith(b"]\0\0"):
        return lzma.LZMAFile(file)
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstandard(path).ZstdDecompressor().stream_reader(file, read_across_frames=True, closefd=False)
    return file


def _zstandard(path: Path) -> Any:
    try:
        import zstandard
    except ImportError:
        raise InputError(f"{path} is packed by zstd, which needs zstandard: pip install zstandard") from None
    return zstandard
