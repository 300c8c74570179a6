"""Files in use: a shared lock for as long as an object lives, by which who deletes can tell; the system takes it from the dead.

Where a file system or a system has no such locks, nothing is held, and nothing can be told.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, which itself refuses to delete what is open
    fcntl = None  # type: ignore[assignment]


class InUse:
    """Holds a file, which many may do at once, and notes the moment as its time of change, as far as either can be done.

    It waits for who is just taking the file away: then it isn't there.
    """

    def __init__(self, file: Path) -> None:
        self._handle: int | None = None
        with suppress(OSError):
            self._handle = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            if fcntl is not None:
                fcntl.flock(self._handle, fcntl.LOCK_SH)
            os.utime(file)

    def close(self) -> None:
        """Let go of it."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def __del__(self) -> None:
        self.close()


@contextmanager
def free(file: Path) -> Iterator[bool]:
    """Whether nobody holds a file; within, nobody can begin to. A file that isn't there is free."""
    try:
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        yield not os.path.lexists(file)
        return
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_free = True
    except BlockingIOError:
        is_free = False
    except OSError:  # no locks here
        is_free = True
    try:
        yield is_free
    finally:
        os.close(handle)
