"""Git-LFS pointers: what a clone holds in place of large files that weren't fetched."""

from pathlib import Path

from figment.errors import InputError

POINTER_START = b"version https://git-lfs.github.com/spec/"
IS_POINTER = "a git-LFS pointer in place of the file"
FETCH = "fetch the files themselves with git lfs pull in the clone"


def is_pointer(start: bytes) -> bool:
    """Whether a file that begins so is a pointer."""
    return start.startswith(POINTER_START)


def refuse_pointer(file: Path) -> None:
    """Raise InputError for a pointer; a file that can't be read is left to whoever reads it."""
    try:
        with file.open("rb") as opened:
            start = opened.read(len(POINTER_START))
    except OSError:
        return
    if is_pointer(start):
        raise InputError(f"{file} is {IS_POINTER}: {FETCH}.")
