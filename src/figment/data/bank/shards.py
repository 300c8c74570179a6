"""Pictures in files of bounded size, memory-mapped and read like one uint8 array.

Bounded files can be written, copied to several machines and gone on with one by one, and no file system finds them too
big. Mapped, they cost no memory of their own: what is read often stays in the system's cache as long as there is room.
"""

import errno
import mmap
import os
from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

import numpy as np

from figment.common.in_use import InUse
from figment.common.mapping import mapped
from figment.common.open_files import allow_open_files

SHARD_BYTES = 1 << 30  # at most
# What file systems answer that can't reserve space: network disks, shared folders, container mounts.
NO_RESERVE_ERRORS = {
    errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENODEV, errno.EPERM, errno.EBADF, errno.ESPIPE,
}  # fmt: skip

Shape = tuple[int, int, int]  # C, H, W


def pictures_per_shard(shape: Shape) -> int:
    """How many pictures of a shape go into one file."""
    return max(1, SHARD_BYTES // int(np.prod(shape)))


def shard_name(number: int) -> str:
    """File name of a shard, which holds N×C×H×W bytes and nothing else."""
    return f"pictures-{number:05d}.uint8"


class Shards:
    """uint8 pictures (N, C, H, W) in the shards of a folder, read-only.

    Takes an index, a slice or an integer array, like numpy's first axis, and gives a copy. Raises OSError or ValueError
    where the files don't hold what they should.
    """

    def __init__(self, folder: Path, count: int, shape: Shape, per_shard: int) -> None:
        self.shape = (count, *shape)
        self.nbytes = count * int(np.prod(shape))
        self._per_shard = per_shard
        self._picture_bytes = int(np.prod(shape))
        self._use = InUse(folder / "bank.json")  # by which cleaning the cache knows
        self._maps: list[mmap.mmap | None] = []
        self._arrays: list[np.ndarray | _ReadShard] = []
        sizes = _sizes(count, per_shard)
        allow_open_files(len(sizes))  # a map holds its file open
        for number, size in enumerate(sizes):
            file = folder / shard_name(number)
            content = self._mapped(file, size)
            self._maps.append(content)
            if content is not None:
                self._arrays.append(np.frombuffer(content, np.uint8).reshape(-1, *shape))
            else:
                self._arrays.append(_ReadShard(file, size, shape))

    @property
    def mapped(self) -> bool:
        """Whether all files are mapped; where the file system maps none, pictures are read one by one."""
        return None not in self._maps

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: "int | slice | np.ndarray") -> np.ndarray:
        if isinstance(which, int | np.integer):
            return self[np.array([which])][0]
        places = np.arange(*which.indices(len(self))) if isinstance(which, slice) else np.asarray(which)
        if len(places) and not -len(self) <= places.min() <= places.max() < len(self):
            raise IndexError(f"pictures {places.min()} to {places.max()} of {len(self)}")
        places = places % len(self)
        if len(self._arrays) == 1:
            return self._arrays[0][places]
        found = np.empty((len(places), *self.shape[1:]), np.uint8)
        numbers = places // self._per_shard
        for number in np.unique(numbers):
            here = numbers == number
            found[here] = self._arrays[number][places[here] - number * self._per_shard]
        return found

    def __iter__(self) -> Iterator[np.ndarray]:
        return (picture for array in self._arrays for picture in array)

    def prefetch(self, places: np.ndarray) -> None:
        """Tell the system that these pictures are wanted soon.

        It reads them side by side, where a map faults in one page after the other.
        """
        if not hasattr(mmap, "MADV_WILLNEED"):
            return
        for place in places.tolist():
            number, row = divmod(place, self._per_shard)
            start = row * self._picture_bytes
            page = start - start % mmap.PAGESIZE
            content = self._maps[number]
            if content is not None:
                content.madvise(mmap.MADV_WILLNEED, page, start + self._picture_bytes - page)

    def _mapped(self, file: Path, pictures: int) -> mmap.mmap | None:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_size != pictures * self._picture_bytes:
                raise ValueError(f"{file.name} hasn't the right size")
            content = mapped(opened.fileno())
        if content is not None and hasattr(mmap, "MADV_RANDOM"):
            content.madvise(mmap.MADV_RANDOM)  # read-ahead around each picture would crowd out others from the cache
        return content


class _ReadShard:
    """The pictures of a file that can't be mapped, each read when it is asked for; indexed as an array is."""

    def __init__(self, file: Path, count: int, shape: Shape) -> None:
        self._file, self._count, self._shape = FileIO(file), count, shape

    def __del__(self) -> None:
        self._file.close()

    def __getitem__(self, places: np.ndarray) -> np.ndarray:
        found = np.empty((len(places), *self._shape), np.uint8)
        size = int(np.prod(self._shape))
        for picture, place in zip(found, places.tolist(), strict=True):
            content = os.pread(self._file.fileno(), size, place * size)  # from any thread
            if len(content) != size:
                raise OSError(errno.EIO, os.strerror(errno.EIO), self._file.name)
            picture[:] = np.frombuffer(content, np.uint8).reshape(self._shape)
        return found

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[np.array([place])][0] for place in range(self._count))


class ShardWriter:
    """Writes pictures at their places among the shards, which exist already, by plain writes.

    On a full disk they raise OSError, where writing to a memory map would end the process. A context manager.
    """

    def __init__(self, folder: Path, picture_bytes: int, per_shard: int) -> None:
        self._folder, self._picture_bytes, self._per_shard = folder, picture_bytes, per_shard
        self._files: dict[int, FileIO] = {}
        self._open = ExitStack()

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def write(self, place: int, picture: bytes) -> None:
        file, left = self._seek(place), memoryview(picture)
        while left:  # on a disk that is nearly full a part may be written; the next try raises
            left = left[file.write(left) :]

    def read(self, place: int) -> bytes:
        return self._seek(place).read(self._picture_bytes)

    def _seek(self, place: int) -> FileIO:
        number, row = divmod(place, self._per_shard)
        if number not in self._files:
            opened = (self._folder / shard_name(number)).open("r+b", buffering=0)
            self._files[number] = self._open.enter_context(opened)
        self._files[number].seek(row * self._picture_bytes)
        return self._files[number]


def allocate(folder: Path, count: int, picture_bytes: int, per_shard: int) -> None:
    """Make the shards for so many pictures and reserve their space, so that a full disk shows now and not in an hour."""
    for number, pictures in enumerate(_sizes(count, per_shard)):
        with (folder / shard_name(number)).open("wb") as opened:
            _reserve(opened.fileno(), pictures * picture_bytes)


def compact(folder: Path, kept: np.ndarray, picture_bytes: int, per_shard: int, count: int) -> None:
    """Move the kept pictures, given by their places in ascending order, to the front, and cut the rest off."""
    with ShardWriter(folder, picture_bytes, per_shard) as shards:
        for place, old in enumerate(kept.tolist()):
            if place != old:
                shards.write(place, shards.read(old))
    sizes = _sizes(len(kept), per_shard)
    for number, _ in enumerate(_sizes(count, per_shard)):
        file = folder / shard_name(number)
        if number < len(sizes):
            os.truncate(file, sizes[number] * picture_bytes)
        else:
            file.unlink()


def _sizes(count: int, per_shard: int) -> list[int]:
    """Pictures in each shard."""
    return [min(per_shard, count - start) for start in range(0, count, per_shard)]


def _reserve(handle: int, size: int) -> None:
    if not size or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        if error.errno not in NO_RESERVE_ERRORS:
            raise
