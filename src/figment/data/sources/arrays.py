"""Arrays of pictures: .npy and .npz files."""

import math
import warnings
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import IO

import numpy as np

from figment.data.decoding.chunks import StoredChunk
from figment.data.decoding.decode import MAX_PICTURE_BYTES
from figment.data.sources.archives import check_expansion
from figment.data.sources.base import (
    CHUNK_BYTES,
    CHUNK_PICTURES,
    MAX_PICTURES,
    Chunks,
    FileSource,
    Listing,
    read_at_most,
)
from figment.data.sources.zip_members import open_member
from figment.errors import InputError

BYTES = np.dtype(np.uint8)
HEADER_BYTES = 2**16  # that an array's header has at most: one that claims more isn't read into memory
HEADER_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class ArrayHeader:
    """What an array file says of one array."""

    shape: tuple[int, ...]
    kind: np.dtype
    by_columns: bool = False  # Fortran's order, in which no picture lies in one piece

    def holds_pictures(self) -> bool:
        """Whether these are N pictures of numbers, grey or with 1 to 4 channels first or last."""
        sides = self.shape[1:]
        grey = len(sides) == 2 and sides[-1] > 4
        coloured = len(sides) == 3 and (sides[-1] in range(1, 5) or sides[0] in range(1, 5))
        if self.kind.kind not in "buif" or self.kind.itemsize > 8 or self.by_columns or not (grey or coloured):
            return False
        size = math.prod(sides) * self.kind.itemsize
        return min(self.shape) > 0 and self.shape[0] <= MAX_PICTURES and size <= MAX_PICTURE_BYTES

    def holds_labels(self) -> bool:
        """Whether this is a column of whole numbers."""
        return len(self.shape) == 1 and self.kind.kind in "iu"

    def __str__(self) -> str:
        order = " in Fortran's order" if self.by_columns else ""
        return f"{self.kind} {'×'.join(map(str, self.shape))}{order}"


class Arrays(FileSource):
    """Arrays N×H×W, N×H×W×C or N×C×H×W of uint8, or of deeper numbers, in an .npy or .npz file.

    Of an .npz: the first array of pictures, of uint8 if there is one, and all others with pictures of the same shape and
    type (train and test, say), labelled by the integer arrays of the same lengths. Nothing is unpickled.
    """

    kind = "array file"

    @cached_property
    def _headers(self) -> dict[str, ArrayHeader]:
        """Shape and type of every array, by its key; an .npy has one, under the key ''."""
        with self.naming_damage():
            return {key: self._header(key) for key in self._keys()}

    @cached_property
    def _pictures(self) -> dict[str, ArrayHeader]:
        """The arrays that hold pictures, by key."""
        found = {key: header for key, header in self._headers.items() if header.holds_pictures()}
        if not found:
            held = ", ".join(f"{key} {header}".strip() for key, header in self._headers.items()) or "nothing"
            wanted = "uint8 N×H×W, N×H×W×C or N×C×H×W"
            raise InputError(f"{self.path} holds no array of pictures, but {held}: save them as {wanted}")
        first = next((its for its in found.values() if its.kind == np.uint8), next(iter(found.values())))
        alike = (first.kind, first.shape[1:])
        found = {key: its for key, its in found.items() if (its.kind, its.shape[1:]) == alike}
        check_expansion(self.path, sum(its.kind.itemsize * math.prod(its.shape) for its in found.values()))
        return found

    @cached_property
    def listing(self) -> Listing:
        names: list[str] = []
        labels: list[str | None] = []
        columns = {key: header.shape for key, header in self._headers.items() if header.holds_labels()}
        for key, header in self._pictures.items():
            count = header.shape[0]
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
        for key, header in self._pictures.items():
            with self.naming_damage(), self._opened(key) as (file, size):
                _read_header(file, size)
                yield from row_chunks(file, header.shape, start, only, header.kind)
                start += header.shape[0]

    def _header(self, key: str) -> ArrayHeader:
        with self._opened(key) as (file, size):
            return _read_header(file, size)

    def _keys(self) -> list[str]:
        if self.path.suffix.lower() == ".npy":
            return [""]
        with zipfile.ZipFile(self.path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]

    def _column(self, key: str) -> np.ndarray:
        with self.naming_damage(), self._opened(key) as (file, size):
            header = _read_header(file, size)
            content = read_at_most(file, header.kind.itemsize * math.prod(header.shape))
            return np.frombuffer(content, header.kind, math.prod(header.shape))

    @contextmanager
    def _opened(self, key: str) -> Iterator[tuple[IO[bytes], int]]:
        """An array as a file, and how many bytes it ought to have."""
        if not key:
            with self.path.open("rb") as file:
                yield file, self.path.stat().st_size
            return
        with zipfile.ZipFile(self.path) as archive:
            member = archive.getinfo(f"{key}.npy")
            with open_member(archive, member) as unpacked:
                yield unpacked, member.file_size


def _read_header(file: IO[bytes], size: int) -> ArrayHeader:
    """Read to where an array's data start. Raises ValueError where the file of `size` bytes is too short for them."""
    start = BytesIO(file.read(HEADER_BYTES))
    version = np.lib.format.read_magic(start)
    if version not in HEADER_READERS:
        return ArrayHeader((), np.dtype(object))
    with warnings.catch_warnings():  # Python's remarks on odd literals
        warnings.simplefilter("ignore")
        shape, by_columns, kind = HEADER_READERS[version](start)
    if not kind.hasobject and size < start.tell() + kind.itemsize * math.prod(shape):
        raise ValueError("cut short")
    file.seek(start.tell())
    return ArrayHeader(shape, kind, by_columns and len(shape) > 1)


def row_chunks(
    file: IO[bytes], shape: tuple[int, ...], start: int, only: Collection[int] | None, kind: np.dtype = BYTES
) -> Chunks:
    """Chunks of the pictures in `only` of an array of this shape and type, whose first slot is start."""
    for rows in read_rows(file, shape, kind):
        slots = [slot for slot in range(start, start + len(rows)) if only is None or slot in only]
        if slots:
            yield StoredChunk(slots, [_as_picture(rows[slot - start]) for slot in slots])
        start += len(rows)


def read_rows(file: IO[bytes], shape: tuple[int, ...], kind: np.dtype = BYTES) -> Iterator[np.ndarray]:
    """Read an array a few rows at a time, (n, *shape[1:]) of its type. Raises EOFError where rows are missing."""
    row = math.prod(shape[1:]) * kind.itemsize
    step = max(1, min(CHUNK_PICTURES, CHUNK_BYTES // row))
    for start in range(0, shape[0], step):
        count = min(step, shape[0] - start)
        content = read_at_most(file, count * row)
        if len(content) < count * row:
            raise EOFError
        yield np.frombuffer(content, kind).reshape(count, *shape[1:])


def _as_picture(row: np.ndarray) -> np.ndarray:
    """One row as H×W or H×W×C, as Pillow takes it."""
    if row.ndim == 3 and row.shape[-1] > 4:
        row = row.transpose(1, 2, 0)
    row = row[:, :, 0] if row.ndim == 3 and row.shape[-1] == 1 else row
    return np.ascontiguousarray(row)
