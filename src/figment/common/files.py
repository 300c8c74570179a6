"""Writing files so that a reader never sees half of one, and so that none takes another's place unasked."""

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from filecmp import cmp
from pathlib import Path

from figment.common.parts import part_beside
from figment.common.places import check_file, flush
from figment.common.refusals import naming_refusals
from figment.errors import InputError

# What tells a page or a list of figment's own, which may be overwritten.
PAGE_MARK = b"figment</title>"
LIST_STARTS = b'{\n "format": 1,\n "source": ', b'{\n "format": 1,\n "what": ', b"what,score,title,"


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write content beside its place, flush it to the disk, then rename: the file is whole or as it was before.

    Raises OSError, which names the path, where it can't be written; nothing is left of it then.
    """
    write_together({path: content})


def write_unflushed(path: Path, content: str) -> None:
    """As write_atomically, but without waiting for the disk: for what is soon written again, and may be lost in a power cut."""
    with part_beside(path) as part, _naming(path):
        part.write_bytes(content.encode())
        part.replace(path)


def write_together(contents: Mapping[Path, bytes | str]) -> None:
    """Write several files, each whole or as it was before; none is touched until all could be written.

    They take their names in the order given. Raises OSError, which names the first path that can't be written.
    """
    with ExitStack() as parts:
        written = []
        for path, content in contents.items():
            with _naming(path):
                part = parts.enter_context(part_beside(path))
                with part.open("r+b") as file:
                    file.write(content.encode() if isinstance(content, str) else content)
                    file.flush()
                    flush(file.fileno())
            written.append((part, path))
        for part, path in written:
            with _naming(path):
                part.replace(path)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an OSError name the path that is meant, not the part."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def names_from(place: Path, suffix: str = "") -> Iterator[Path]:
    """The place, then NAME-2, NAME-3 … of it, without end. suffix: the part of its name that stays behind the number."""
    yield place
    stem = place.name.removesuffix(suffix)
    for number in itertools.count(2):
        yield place.with_name(f"{stem}-{number}{suffix}")


def free_name(place: Path, suffix: str = "") -> Path:
    """The first of these names that nothing has."""
    return next(path for path in names_from(place, suffix) if not os.path.lexists(path))


def without_copy(made: Path, place: Path, suffix: str = "") -> Path:
    """A file that was just made under a free name of a place; where an earlier one of them holds the same, that one alone."""
    for path in itertools.takewhile(lambda path: path != made, names_from(place, suffix)):
        if path.is_file() and cmp(path, made, shallow=False):
            made.unlink()
            return path
    return made


def flush_to_disk(path: Path) -> None:
    """Have the system write a file, or a folder's entries, to the disk now, as far as it can: a power cut may come.

    A folder that can't be flushed by itself, as on some network and shared disks, is left to the system. Raises OSError
    where there is no such path, or the disk is full or fails.
    """
    folder = path.is_dir()
    if folder and os.name != "posix":
        return
    try:
        handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    except PermissionError:
        if folder:  # that may be written to, but not listed
            return
        raise
    try:
        flush(handle)
    finally:
        os.close(handle)


def write_output(path: Path, content: bytes | str) -> None:
    """Write what a command makes where the user wants it; its folder is made if need be.

    The file is whole or as it was before. Raises InputError where it can't be written.
    """
    write_outputs(path.parent, {path.name: content})


def write_outputs(folder: Path, contents: Mapping[str, bytes | str]) -> None:
    """Write what a command makes as several files of a folder, by name: all of them or, as write_output raises, none."""
    with naming_refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_together({folder / name: content for name, content in contents.items()})


def check_output(path: Path, suffix: str | tuple[str, ...], sources: Sequence[str]) -> None:
    """Raise InputError, before any work is done, where a page or list can't be written or would destroy something else.

    Its name must have the suffix, or one of them, and what lies there must be figment's own.
    """
    check_file(path)
    suffixes = (suffix,) if isinstance(suffix, str) else suffix
    if path.suffix.lower() not in suffixes:
        raise InputError(f"--out {path}: let it end in {' or '.join(suffixes)}.")
    if path.exists() and (str(path) in sources or not _is_ours(path)):
        raise InputError(f"--out {path} exists and isn't a page or list that figment wrote: name another file.")


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    return PAGE_MARK in start or start.startswith(LIST_STARTS)
