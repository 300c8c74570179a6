"""Parts: what is being written lies beside its place, as .NAME.TOKEN.part, until it is whole and takes the name.

Whoever makes a part holds a lock on it, which the system takes from the dead. So a part that nobody holds was left by a
killed process, and the next one that writes there sweeps it up.
"""

import os
import platform
import re
import shutil
import stat
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where a part that is held open couldn't be renamed
    fcntl = None  # type: ignore[assignment]

NAME_CHARACTERS = 40  # of a name in its part's, so that a part can be named wherever its file can
# Ours, and those of earlier versions: a process number for the token, and a film's with its suffix.
PART = re.compile(r"\..*\.([0-9a-f]{8}|[0-9]{1,7})\.part(\.mp4)?")
# Untouched for so long, a part is taken for left behind where its lock tells nothing: on a file system without locks,
# or on a network disk, to which another machine may be writing without ours hearing of its locks.
QUIET_SECONDS = 600


@contextmanager
def part_beside(path: Path, folder: bool = False) -> Iterator[Path]:
    """A new part of path, an empty file or folder, to be filled and renamed; what wasn't renamed is removed.

    The first part in a folder sweeps up what killed processes have left there. Raises OSError where there can be none.
    """
    _sweep_once(path.absolute().parent)
    part, handle = _new_part(path, folder)
    try:
        yield part
    finally:
        if handle is not None:
            os.close(handle)
        with suppress(OSError):
            _remove(part)


def sweep_parts(folder: Path) -> None:
    """Remove the parts that killed processes have left in a folder; those of living ones stay."""
    with suppress(OSError), os.scandir(folder) as entries:
        left = [Path(entry.path) for entry in entries if PART.fullmatch(entry.name)]
        for part in left:
            with suppress(OSError):
                _sweep(part)


@cache
def _sweep_once(folder: Path) -> None:
    """Once a process: a folder that thousands of files are written to isn't listed for each of them."""
    sweep_parts(folder)


def _new_part(path: Path, folder: bool) -> tuple[Path, int | None]:
    """A part, and the open file by which it is locked, where there is such a thing."""
    while True:
        part = path.with_name(f".{path.name[:NAME_CHARACTERS]}.{_machine()}{os.urandom(2).hex()}.part")
        try:
            if folder:
                part.mkdir(parents=True)
            else:
                part.touch(exist_ok=False)
        except FileExistsError:
            continue
        if fcntl is None:
            return part, None
        try:
            handle = os.open(part, os.O_RDONLY if folder else os.O_RDWR)
        except FileNotFoundError:
            continue  # swept up, just made as it is
        if _lock(handle) is not False and part.exists():
            return part, handle
        os.close(handle)  # it is being swept up
        with suppress(OSError):
            _remove(part)


def _sweep(part: Path) -> None:
    status = part.lstat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return
    handle = os.open(part, os.O_RDONLY if stat.S_ISDIR(status.st_mode) else os.O_RDWR)
    try:
        token = part.name.removesuffix(".mp4").split(".")[-2]
        believed = len(token) != 8 or token.startswith(_machine())
        free = _lock(handle)
        if free is False:
            return
        if (free and believed) or time.time() - status.st_mtime > QUIET_SECONDS:
            _remove(part)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool | None:
    """Whether the lock of an open part could be had; None where that can't be known."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink()


def _machine() -> str:
    """Four digits by which a machine knows the parts that were made on it."""
    return f"{zlib.crc32(platform.node().encode()) & 0xFFFF:04x}"
