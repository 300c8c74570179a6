"""The cache folder: the one place outside run folders and --out that figment and its libraries write to.

What is made there is made under a lock file, which the system takes from the dead: so a lock that is free belongs to
nobody alive, and what lies beside it half made can be swept up.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_cache_dir

from figment.common.files import DISK_FULL_ERRORS
from figment.common.parts import sweep_parts
from figment.errors import InputError


def cache_folder() -> Path:
    """Where banks, downloads and weights live: FIGMENT_CACHE where it is set, else the platform's cache folder."""
    return Path(os.environ.get("FIGMENT_CACHE") or user_cache_dir("figment")).expanduser()


def point_libraries_at_cache() -> None:
    """Have the compiler and the charts keep their caches there too. To be called before either is first used."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / "compiled"))
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "charts"))


@contextmanager
def locked(lock: Path, cache: Path, content: str = "") -> Iterator[None]:
    """Hold a lock file of the cache; its folder is made if need be, and whoever else wants the lock waits.

    cache: the folder that messages name. content: what there is no room for, told of a full disk. Raises InputError
    where the lock's folder can't be written to.
    """
    from filelock import FileLock

    held = FileLock(lock)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(lock.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        held.acquire()
    except OSError as error:
        reason = error.strerror or str(error)
        if content and error.errno in DISK_FULL_ERRORS:
            raise no_room(cache, content, reason) from None
        mend = "set FIGMENT_CACHE to a folder where you may write"
        raise InputError(f"the cache folder {cache} can't be written to ({reason}): {mend}") from None
    try:
        sweep_parts(lock.parent)
        yield
    finally:
        held.release()


def sweep(folder: Path, lock: Path, with_lock: bool = False) -> None:
    """Remove a folder that a dead process has left, and its lock file too if so asked; a living one holds the lock."""
    from filelock import FileLock, Timeout

    with suppress(Timeout, OSError), FileLock(lock, blocking=False):
        shutil.rmtree(folder, ignore_errors=True)
        if with_lock:
            lock.unlink()


def no_room(folder: Path, content: str, reason: str) -> InputError:
    """What is said of a full disk."""
    mend = "free some space, or set FIGMENT_CACHE to a folder elsewhere"
    return InputError(f"{folder} has no room for {content} ({reason}): {mend}")
