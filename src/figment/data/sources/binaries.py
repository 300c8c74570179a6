"""The binary files of MNIST and its kin (idx) and of CIFAR-10 and CIFAR-100."""

import gzip
import math
import re
import struct
from collections.abc import Collection, Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np

from figment.data.decoding.chunks import StoredChunk
from figment.data.decoding.decode import MAX_PICTURE_BYTES
from figment.data.sources.archives import Tar, check_expansion, tar_members
from figment.data.sources.arrays import read_rows, row_chunks
from figment.data.sources.base import MAX_PICTURES, Chunks, FileSource, Listing, file_fingerprint, hash_texts
from figment.errors import InputError

IDX_NAME = re.compile(r"images?[-._]idx[34][-.]ubyte(\.gz)?", re.IGNORECASE)
IDX_BYTES = b"\0\0\x08"  # then comes the number of dimensions
CIFAR_10 = re.compile(r"(data_batch_\d+|test_batch)\.bin")
CIFAR_100 = re.compile(r"(train|test)\.bin")
CIFAR_NAMES = ("batches.meta.txt", "fine_label_names.txt")
CIFAR_SHAPE = (3, 32, 32)


def is_idx(name: str) -> bool:
    """Whether a file is, by its name, an idx file of pictures."""
    return IDX_NAME.search(name.rpartition("/")[2]) is not None


def is_cifar(name: str) -> bool:
    """Whether a file is, by its name, one of CIFAR's binary files."""
    last = name.rpartition("/")[2]
    return bool(CIFAR_10.fullmatch(last) or CIFAR_100.fullmatch(last))


class Idx(FileSource):
    """Pictures in an idx file, N×H×W or N×H×W×C bytes, packed by gzip or not; labels in the idx1 file beside it."""

    kind = "idx file"

    @cached_property
    def listing(self) -> Listing:
        count = self._shape[0]
        return Listing([f"{index:06d}" for index in range(count)], self._labels(count))

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        with self.naming_damage(), closing(_opened(self.path)) as file:
            file.read(4 + 4 * len(self._shape))
            yield from row_chunks(file, self._shape, 0, only)

    def fingerprint(self) -> str:
        labels = self._labels_file()
        return hash_texts([super().fingerprint(), "" if labels is None else file_fingerprint(labels)])

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        with self.naming_damage(), closing(_opened(self.path)) as file:
            shape = _idx_header(file)
            if len(shape) not in (3, 4) or 0 in shape:
                raise EOFError
            if shape[0] > MAX_PICTURES or math.prod(shape[1:]) > MAX_PICTURE_BYTES:
                raise EOFError
            check_expansion(self.path, math.prod(shape))
            for _ in read_rows(file, shape):  # a header is quickly written, and gzip tells no size
                pass
        return shape

    def _labels(self, count: int) -> list[str | None]:
        path = self._labels_file()
        if path is None:
            return [None] * count
        with Idx(path).naming_damage(), closing(_opened(path)) as file:
            (declared,) = _idx_header(file)
            labels = file.read(count + 1)
        if not len(labels) == declared == count:
            raise InputError(
                f"{path} has {declared} labels for the {count} pictures of {self.display}: give both of one set"
            )
        return [str(label) for label in labels]

    def _labels_file(self) -> Path | None:
        name = re.sub(r"image(s?[-._])idx[34]", r"label\1idx1", self.path.name).removesuffix(".gz")
        files = [self.path.with_name(name + suffix) for suffix in ("", ".gz") if "idx1" in name]
        return next((file for file in files if file.is_file()), None)


class Cifar(FileSource):
    """One of CIFAR's binary files, or a tar that holds them: rows of a label (CIFAR-100: two) and 3×32×32 bytes."""

    kind = "binary file of CIFAR"

    @cached_property
    def listing(self) -> Listing:
        names: list[str] = []
        numbers: list[int] = []
        classes: list[str] = []
        with self.naming_damage():
            for file_name, file, size in self._files():
                if file_name in CIFAR_NAMES:
                    classes = [line.strip() for line in file.read(2**16).decode("utf-8", "replace").split("\n")]
                elif is_cifar(file_name):
                    first = len(names)
                    for labels, _ in _cifar_rows(file_name, file, size):
                        numbers += labels
                    prefix = "" if file_name == self.path.name else f"{file_name}/"
                    names += [f"{prefix}{index:05d}" for index in range(len(numbers) - first)]
        words = {number: classes[number] for number in set(numbers) if number < len(classes) and classes[number]}
        return Listing(names, [words.get(number, str(number)) for number in numbers])

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        start = 0
        with self.naming_damage():
            for file_name, file, size in self._files():
                if is_cifar(file_name):
                    for labels, pictures in _cifar_rows(file_name, file, size):
                        slots = [slot for slot in range(start, start + len(labels)) if only is None or slot in only]
                        if slots:
                            yield StoredChunk(slots, [np.ascontiguousarray(pictures[slot - start]) for slot in slots])
                        start += len(labels)

    def fingerprint(self) -> str:
        return hash_texts([super().fingerprint(), *map(file_fingerprint, self._beside())])

    def _files(self) -> Iterator[tuple[str, IO[bytes], int]]:
        """Each file as (name, itself, bytes): this one and those with the names of the classes, or a tar's members."""
        if not is_cifar(self.path.name):
            with Tar(self.path).opened() as archive:
                for member in tar_members(archive):
                    if (file := archive.extractfile(member) if member.isreg() else None) is not None:
                        yield member.name.rpartition("/")[2], file, member.size
            return
        for path in [*self._beside(), self.path]:
            with path.open("rb") as file:
                yield path.name, file, path.stat().st_size

    def _beside(self) -> list[Path]:
        if not is_cifar(self.path.name):
            return []
        name = CIFAR_NAMES[0] if CIFAR_10.fullmatch(self.path.name) else CIFAR_NAMES[1]
        return [file for file in [self.path.with_name(name)] if file.is_file()]


def _cifar_rows(name: str, file: IO[bytes], size: int) -> Iterator[tuple[list[int], np.ndarray]]:
    """Labels and pictures, uint8 (n, 32, 32, 3), a few at a time. Raises EOFError where the size is no CIFAR file's."""
    numbers = 1 if CIFAR_10.fullmatch(name) else 2  # CIFAR-100 has the coarse class before the fine one
    row = numbers + math.prod(CIFAR_SHAPE)
    if not size or size % row:
        raise EOFError
    for rows in read_rows(file, (size // row, row)):
        yield rows[:, numbers - 1].tolist(), rows[:, numbers:].reshape(-1, *CIFAR_SHAPE).transpose(0, 2, 3, 1)


def _idx_header(file: IO[bytes]) -> tuple[int, ...]:
    """Shape of an idx file of bytes. Raises EOFError where it is none."""
    start = file.read(4)
    if start[:3] != IDX_BYTES or len(start) < 4:
        raise EOFError
    sides = file.read(4 * start[3])
    if len(sides) < 4 * start[3]:
        raise EOFError
    return struct.unpack(f">{start[3]}I", sides)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]
