"""The cache folder: the one place outside run folders and --out that figment and its libraries write to.

What is made there is made under a lock file, which the system takes from the dead: so a lock that is free belongs to
nobody alive, and what lies beside it half made can be swept up.
"""

import errno
import logging
import os
import shutil
import stat
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

from platformdirs import user_cache_dir

from figment.common.parts import sweep_parts
from figment.common.places import expanded, refuse_forbidden
from figment.common.refusals import naming_refusals, refusal
from figment.errors import InputError, Notice

ELSEWHERE = "set FIGMENT_CACHE to a folder elsewhere"


def cache_folder() -> Path:
    """Where banks, downloads and weights live: FIGMENT_CACHE where it is set, else the platform's cache folder.

    Where neither that is nor could be made, as for a user without a home, a folder among the temporary files takes its
    place: a Notice tells of it.
    """
    if given := os.environ.get("FIGMENT_CACHE"):
        return expanded(given)
    try:
        folder = expanded(user_cache_dir("figment"))
    except RuntimeError:  # no home to be found
        return _temporary()
    return folder if _may_be(folder) else _temporary()


def _may_be(folder: Path) -> bool:
    """Whether a folder is there already, or could be made."""
    if not folder.is_absolute():  # ~ stands for nothing here
        return False
    place = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    return place == folder or os.access(place, os.W_OK | os.X_OK)


@cache
def _temporary() -> Path:
    """A cache folder among the temporary files that belongs to this user alone. Raises InputError if there can be none."""
    mend = "set FIGMENT_CACHE to a folder where you may write"
    try:
        folder = Path(tempfile.gettempdir(), f"figment-{os.getuid()}" if os.name == "posix" else "figment")
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise InputError(
            f"there is no home folder for the cache, nor another place ({error.strerror}): {mend}"
        ) from None
    others_may_write = os.name == "posix" and (found.st_uid != os.getuid() or found.st_mode & 0o022)
    if not stat.S_ISDIR(found.st_mode) or others_may_write:  # they could put anything there
        raise InputError(f"there is no home folder for the cache, and {folder} isn't yours alone: {mend}")
    notice = f"there is no home folder for the cache: it is kept in {folder}; set FIGMENT_CACHE to a folder that stays"
    warnings.warn(notice, Notice, stacklevel=3)
    return folder


def point_libraries_at_cache() -> None:
    """Have the compiler and the charts keep their caches there too. To be called before either is first used.

    What they say about their caches on the way isn't for those who wait for a training.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / "compiled"))
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "charts"))


def training_mark(cache: Path) -> Path:
    """What every training holds while it runs, so that nothing of the cache is cleaned away under it."""
    return cache / "banks" / "trainings.lock"


@contextmanager
def training_here() -> Iterator[None]:
    """Within, a training runs that uses the cache."""
    from figment.common.in_use import InUse

    mark = training_mark(cache_folder())
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    held = InUse(mark)
    try:
        yield
    finally:
        held.close()


@contextmanager
def locked(lock: Path, cache: Path, content: str = "") -> Iterator[None]:
    """Hold a lock file of the cache; its folder is made if need be, and whoever else wants the lock waits.

    cache: the folder that messages name. content: what is to be written there, for these. Raises InputError where the
    lock's folder can't be written to.
    """
    from figment.common.locks import lock_held

    with ExitStack() as held:
        with naming_cache(cache, content):
            lock.parent.mkdir(parents=True, exist_ok=True)
            refuse_forbidden(lock.parent)
            held.enter_context(lock_held(lock))
        sweep_parts(lock.parent)
        yield


@contextmanager
def naming_cache(cache: Path, content: str) -> Iterator[None]:
    """Turn the system's no to writing something into the cache into a sentence. cache: the folder that it names."""
    told = f"{content} in the cache folder {cache}" if content else f"the cache folder {cache}"
    with naming_refusals(told, done="written" if content else "written to", elsewhere=ELSEWHERE):
        yield


def no_room(cache: Path, content: str, reason: str) -> InputError:
    """The same for a disk that would be full."""
    return refusal(f"{content} in the cache folder {cache}", OSError(errno.ENOSPC, reason), elsewhere=ELSEWHERE)


def sweep(folder: Path, lock: Path, with_lock: bool = False) -> None:
    """Remove a folder that a dead process has left, and its lock file too if so asked; a living one holds the lock."""
    from figment.common.locks import Held, lock_held

    with suppress(Held, OSError), lock_held(lock, wait=False):
        shutil.rmtree(folder, ignore_errors=True)
        if with_lock:
            lock.unlink()
