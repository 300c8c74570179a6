"""Locks on files: the system's, which it takes from the dead; where a file system has none, a marker with the holder's name.

A marker is taken from the dead by who comes next, on the same machine. Of a holder on another machine nobody can know
whether it lives: then the sentence names it.
"""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from figment.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# What network disks, shared folders and container mounts answer that can't lock.
NO_LOCK_ERRORS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
MARKER_SUFFIX = ".held"  # after the lock's own name
MARKER_SECONDS = 60.0  # that a marker of another machine is waited for


class Held(Exception):
    """Somebody else holds the lock. holder, mend: who, where a marker tells, and what can be done, for a sentence."""

    def __init__(self, marker: Path | None = None) -> None:
        process, host = _note(marker) if marker else (0, "")
        self.holder = f"process {process} on {host.partition('?')[0]}" if process else "another process"
        self.mend = "wait for it, or stop it first" + (f"; if it is gone, remove {marker}" if process else "")
        super().__init__(self.holder)


@contextmanager
def lock_held(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a file; whoever else wants it waits, or without wait gets Held.

    The lock's file stays where it is. Raises OSError where it can't be made, and InputError where it has been waited for
    long for a holder on another machine that may be gone.
    """
    lock = _acquired(path, wait)
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock of a file, as far as can be told from here; nothing is made or written.

    A marker of another machine counts as held: nobody can know better.
    """
    process, host = _note(marker := path.with_name(path.name + MARKER_SUFFIX))
    if process:
        return host.partition("?")[0] != socket.gethostname() or _lives_here(marker)
    if fcntl is None:
        return path.is_file() and _is_held_by_trying(path)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe in its place would be waited for
    except OSError:
        return False
    try:  # a shared lock, for an instant: many may look at once
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def _is_held_by_trying(path: Path) -> bool:
    try:
        with lock_held(path, wait=False):
            return False
    except Held:
        return True
    except OSError:
        return False


def _acquired(path: Path, wait: bool) -> BaseFileLock:
    try:
        _try_unlocking(path)
        native = FileLock(path)
        native.acquire(blocking=wait)
        return native
    except Timeout:
        raise Held from None
    except OSError as error:
        if error.errno not in NO_LOCK_ERRORS:
            raise
    marker = path.with_name(path.name + MARKER_SUFFIX)
    lock = SoftFileLock(marker)
    while True:
        try:
            lock.acquire(timeout=MARKER_SECONDS if wait else 0)
            return lock
        except Timeout:
            held = Held(marker)
            if not wait:
                raise held from None
            if not _lives_here(marker):
                raise InputError(f"{path} is locked by {held.holder}: {held.mend}.") from None


def _try_unlocking(path: Path) -> None:
    """Raise OSError where the system has no locks at all, for which filelock would do something of its own."""
    if fcntl is None:
        return
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)  # a link would make a file elsewhere
    try:
        fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def _lives_here(marker: Path) -> bool:
    """Whether the holder is a living process of this machine; so, too, where nobody holds it any more."""
    process, host = _note(marker)
    return not process or (host.partition("?")[0] == socket.gethostname() and psutil.pid_exists(process))


def _note(marker: Path) -> tuple[int, str]:
    """The process and the machine that filelock notes in a marker, after a "?" more of it; 0 where it can't be read."""
    if not marker.is_file():  # a pipe in its place would be waited for
        return 0, ""
    try:
        process, host = marker.read_text(errors="replace").split()[:2]
        return int(process), host
    except (OSError, ValueError):
        return 0, ""
