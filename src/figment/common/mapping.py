"""Files as memory: mapped, which costs none of its own, or read where their file system maps none (network disks)."""

import errno
import mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# What file systems answer that can't map a file, and systems that have no room for it among their addresses.
NO_MAP_ERRORS = {
    errno.ENODEV, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EACCES, errno.EPERM, errno.ENOMEM,
}  # fmt: skip


def mapped(handle: int) -> mmap.mmap | None:
    """An open file, mapped to be read; None where it can't be. Raises ValueError for an empty one."""
    try:
        return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    except OSError as error:
        if error.errno not in NO_MAP_ERRORS:
            raise
        return None


def mapped_array(file: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A file of uint8 as a read-only array of a shape: mapped, or else in memory."""
    if not all(shape):
        return np.zeros(shape, np.uint8)
    try:
        return np.memmap(file, np.uint8, "r", shape=shape)
    except OSError as error:
        if error.errno not in NO_MAP_ERRORS:
            raise
        return np.fromfile(file, np.uint8, int(np.prod(shape))).reshape(shape)


def mapped_npy(file: Path) -> NDArray[np.int64]:
    """An array of a .npy file, read-only: mapped, or else in memory."""
    try:
        return np.load(file, mmap_mode="r")
    except OSError as error:
        if error.errno not in NO_MAP_ERRORS:
            raise
        return np.load(file)
