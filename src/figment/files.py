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
