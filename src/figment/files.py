"""Writing files so that a reader never sees half of one."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from figment.errors import InputError

DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write content under a temporary name, flush it to the disk, then rename: the file is whole or as it was before.

    Raises OSError when the disk is full; the temporary file is gone by then.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def write_output(path: Path, content: bytes | str) -> None:
    """Write what a command makes where the user wants it; its folder is made if need be.

    The file is whole or as it was before. Raises InputError where the place can't be written, OSError when the disk is
    full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise cannot_write(path, error) from None


def cannot_write(path: Path, error: OSError) -> Exception:
    """What to raise when an output can't be written: the error itself for a full disk, else a sentence for the user."""
    if error.errno in DISK_FULL:
        return error
    return InputError(f"{path} can't be written ({error.strerror or error}): name a place that can.")


@contextmanager
def naming_full_disk(what: str, mend: str) -> Iterator[None]:
    """Turn "no space left" into a sentence that says what could not be written and what to do.

    Raises InputError in place of an OSError of a full disk or a quota; other errors pass.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise InputError(f"The disk is full: {what} could not be written. {mend}") from error
