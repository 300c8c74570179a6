"""Writing files so that a reader never sees half of one."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from figment.common.parts import part_beside
from figment.common.places import check_file
from figment.errors import InputError

# What tells a page or a list of figment's own, which may be overwritten.
PAGE_MARK = b"figment</title>"
LIST_STARTS = b'{\n "format": 1,\n "source": ', b'{\n "format": 1,\n "what": '
DISK_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # of an OSError
CANT_FLUSH_ERRORS = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EACCES}  # of fsync


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write content beside its place, flush it to the disk, then rename: the file is whole or as it was before.

    Raises OSError when the disk is full; nothing is left of it then.
    """
    write_together({path: content})


def write_together(contents: Mapping[Path, bytes | str]) -> None:
    """Write several files, each whole or as it was before; none is touched until all could be written.

    They take their names in the order given. Raises OSError.
    """
    with ExitStack() as parts:
        written = [(parts.enter_context(part_beside(path)), path) for path in contents]
        for part, path in written:
            content = contents[path]
            with part.open("r+b") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
        for part, path in written:
            part.replace(path)


def flush_to_disk(path: Path) -> None:
    """Have the system write a file, or a folder's entries, to the disk now: a power cut may come.

    A folder that can't be flushed by itself, as on some network and shared disks, is left to the system.
    """
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in CANT_FLUSH_ERRORS:
            raise
    finally:
        os.close(handle)


def write_output(path: Path, content: bytes | str) -> None:
    """Write what a command makes where the user wants it; its folder is made if need be.

    The file is whole or as it was before. Raises InputError where the place can't be written, OSError when the disk is
    full.
    """
    write_outputs(path.parent, {path.name: content})


def write_outputs(folder: Path, contents: Mapping[str, bytes | str]) -> None:
    """Write what a command makes as several files of a folder, by name: all of them or, as write_output raises, none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_together({folder / name: content for name, content in contents.items()})
    except OSError as error:
        raise cannot_write(folder / next(iter(contents)) if len(contents) == 1 else folder, error) from None


def check_output(path: Path, suffix: str, sources: Sequence[str]) -> None:
    """Raise InputError, before any work is done, where a page or list can't be written or would destroy something else.

    Its name must have the suffix, and what lies there must be figment's own.
    """
    check_file(path)
    if path.suffix.lower() != suffix:
        raise InputError(f"--out {path}: let it end in {suffix}.")
    if path.exists() and (str(path) in sources or not _is_ours(path)):
        raise InputError(f"--out {path} exists and isn't a page or list that figment wrote: name another file.")


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    return PAGE_MARK in start or start.startswith(LIST_STARTS)


def cannot_write(path: Path, error: OSError) -> Exception:
    """What to raise when an output can't be written: the error itself for a full disk, else a sentence for the user."""
    if error.errno in DISK_FULL_ERRORS:
        return error
    return InputError(f"{path} can't be written ({error.strerror or error}): name a place that can.")


@contextmanager
def naming_full_disk(what: str, mend: str | Callable[[], str]) -> Iterator[None]:
    """Turn "no space left" into a sentence that says what could not be written and what to do then.

    Raises InputError in place of an OSError of a full disk or a quota; other errors pass.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL_ERRORS:
            raise
        mend = mend if isinstance(mend, str) else mend()
        raise InputError(f"The disk is full: {what} could not be written. {mend}") from error
