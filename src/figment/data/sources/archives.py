"""Archives of picture files: zip and tar, read from front to back by one reader, for a packed tar can't be read else.

Nothing is ever extracted, so names with `..` in them, absolute ones and links lead nowhere.
"""

import bz2
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np

from figment.data.decoding.decode import MAX_PICTURE_BYTES, TOO_MANY_BYTES, Broken
from figment.data.sources.base import (
    Chunks,
    FileSource,
    Listing,
    chunked,
    is_picture,
    payload_bytes,
    read_bounded,
    relative_name,
)
from figment.data.sources.labels import find_labels, is_sidecar, is_table, sample_key, sidecar_label, unreadable
from figment.errors import InputError

# Everything that the readers of archives raise at damaged ones.
DAMAGE_ERRORS = (
    OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, NotImplementedError,
)  # fmt: skip
MAX_SIDECAR_BYTES = 2**20  # of a file beside a picture that are searched for a label
MAX_EXPANSION = 200  # times its own size, and 4 GB, that a tar may unpack to: pictures hardly shrink at all
EXPANSION_SLACK_BYTES = 2**32  # the 4 GB


class Zip(FileSource):
    """Picture files in a zip archive."""

    kind = "zip archive"

    @cached_property
    def listing(self) -> Listing:
        names = ArchiveNames(self.where)
        with self._opened() as archive:
            for name, member in _zip_members(archive).items():
                names.add(name)
                if is_table(name):
                    names.add_table(name, _unpack(archive, member))
        return names.listing()

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        names = self.listing.names
        slots = range(len(names)) if only is None else sorted(only)
        with self._opened() as archive:
            members = _zip_members(archive)
            contents = ((slot, _unpack(archive, members.get(names[slot]))) for slot in slots)
            yield from chunked((slot, content, payload_bytes(content)) for slot, content in contents)

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            archive = zipfile.ZipFile(self.path)
        except (*DAMAGE_ERRORS, ValueError, struct.error):
            raise self.damaged() from None
        with archive:
            yield archive


class Tar(FileSource):
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
        try:
            with (
                self.path.open("rb") as packed,
                _unpacked(packed, self.path) as file,
                tarfile.open(fileobj=BoundedFile(file, self.path), mode="r:") as archive,  # type: ignore[call-overload]
            ):
                yield archive
        except _tar_damage():
            raise self.damaged() from None

    @cached_property
    def _read(self) -> tuple[Listing, np.ndarray]:
        """The listing, and where in the unpacked file each picture starts: int64 (N,)."""
        names = ArchiveNames(self.where)
        starts: dict[str, int] = {}  # of several members of one name tar means the last
        with self.opened() as archive:
            for member in tar_members(archive):
                name = relative_name(member.name)
                names.add(name)
                if is_picture(name):
                    linked = starts.get(relative_name(member.linkname)) if member.islnk() else None
                    starts[name] = member.offset_data if linked is None else linked
                elif is_table(name):
                    names.add_table(name, _content(archive, member))
                elif is_sidecar(name) and member.size <= MAX_SIDECAR_BYTES:
                    names.add_sidecar(name, _content(archive, member))
            check_end(archive)
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

    def add(self, name: str) -> None:
        if is_picture(name):
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
        names = sorted(self.pictures)
        if not names:
            content = f"no pictures among its {self.others} files" if self.others else "nothing in it"
            raise InputError(f"{self.where} has {content}: training needs an archive of at least 32 pictures")
        # A single folder that wraps others (pets/cats, pets/dogs) labels nothing.
        wrap = names[0].partition("/")[0] + "/"
        wrapped = any("/" in name[len(wrap) :] for name in names) and all(name.startswith(wrap) for name in names)
        inner = [name[len(wrap) :] for name in names] if wrapped else names
        root = wrap if wrapped else ""
        tables = {name.removeprefix(root): table for name, table in self.tables.items()}
        sidecars = {name.removeprefix(root): label for name, label in self.sidecar_labels.items()}
        return Listing(names, find_labels(inner, tables, sidecars, self.where), self.others)


class BoundedFile:
    """A file that refuses to be a bomb: no single read of a huge size, and no end that lies absurdly far away."""

    def __init__(self, file: Any, path: Path) -> None:
        self.file = file
        self.path = path
        self.max_bytes = EXPANSION_SLACK_BYTES + MAX_EXPANSION * path.stat().st_size
        self.last = b""  # what was read last

    def read(self, size: int) -> bytes:
        self._check(self.file.tell() + size, size)
        self.last = self.file.read(size)
        return self.last

    def seek(self, place: int) -> int:
        self._check(place)
        return int(self.file.seek(place))

    def tell(self) -> int:
        return int(self.file.tell())

    def _check(self, place: int, size: int = 0) -> None:
        if size > MAX_PICTURE_BYTES + 1:
            raise tarfile.ReadError("declares too much")
        if place > self.max_bytes:
            held = f"claims to hold more than {self.max_bytes >> 30} GB, over {MAX_EXPANSION} times its own size"
            raise InputError(f"{self.path} {held}: unpack it yourself if you trust it, and give the folder")


def tar_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """All files of a tar. tarfile would remember each, a kilobyte a picture, so it is made to forget."""
    while (member := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]
        if not member.isdir():
            yield member


def check_end(archive: tarfile.TarFile) -> None:
    """Raise EOFError where a tar, read to its end, ends too early.

    tarfile takes any end for the end. Without the mark, a block of zeros, who knows how many files are missing; and
    what a compressor has to say about its stream comes last.
    """
    file: Any = archive.fileobj
    if file.last != bytes(tarfile.BLOCKSIZE):
        raise EOFError
    while file.read(2**16):
        pass


def _take_due(waiting: list[tuple[int, int]], start: int) -> list[int]:
    """Take the slots that start here off the end of those waiting."""
    slots = []
    while waiting and waiting[-1][0] <= start:
        place, slot = waiting.pop()
        slots += [slot] if place == start else []
    return slots


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | Broken:
    file = archive.extractfile(member) if member.isreg() else None
    return read_bounded(file) if file else Broken("not a regular file")


def _zip_members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Files by name; of several of one name the last, as unzip has it."""
    return {relative_name(info.filename): info for info in archive.infolist() if not info.is_dir()}


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo | None) -> bytes | Broken:
    if member is None:
        return Broken("gone from the archive while it was read")
    if member.flag_bits & 1:
        return Broken("encrypted")
    if member.file_size > MAX_PICTURE_BYTES:
        return Broken(TOO_MANY_BYTES)
    try:
        with archive.open(member) as file:
            return read_bounded(file)
    except (*DAMAGE_ERRORS, RuntimeError, ValueError, struct.error) as error:
        return Broken(f"broken in the archive: {str(error).splitlines()[0] if str(error) else 'cut short'}")


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


def _tar_damage() -> tuple[type[Exception], ...]:
    try:
        from zstandard import ZstdError
    except ImportError:
        return DAMAGE_ERRORS
    return (*DAMAGE_ERRORS, ZstdError)
