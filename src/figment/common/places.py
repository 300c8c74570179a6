"""Places: ~ in their names; those for what is made are checked before any work is done: hours of it mustn't be lost on a name."""

import errno
import os
from pathlib import Path

from figment.common.addresses import elsewhere
from figment.common.parts import part_beside, sweep_parts
from figment.common.refusals import naming_refusals
from figment.errors import InputError

# What file systems answer that can't flush a file or a folder: network disks, shared folders, container mounts.
NO_FLUSH_ERRORS = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM}
TRIED_BYTES = 4096  # of a file that shows whether a place can be written to: a block

ROOM_CHARACTERS = 64  # of a path's length that stay free below a folder, for the files in it
PATH_BYTES, NAME_BYTES = 4095, 255  # that systems take which don't tell


def expanded(path: Path | str) -> Path:
    """A path with a home folder in the place of its ~; as it is where there is no home, as in containers."""
    return Path(os.path.expanduser(path))


def check_file(path: Path, option: str = "--out") -> None:
    """Raise InputError where no file of this name can be written, which is tried; what killed processes have left there
    is swept up."""
    _check_name(path, option, "a file", 0)
    if path.is_dir():
        raise InputError(f"{option} {path} is a folder: name a file.")
    _check_parent(path.absolute().parent, path, option, "another place")
    sweep_parts(path.absolute().parent)


def check_folder(path: Path, option: str = "--out") -> None:
    """Raise InputError where no folder of this name can be made or written to, which is tried; what killed processes have
    left in it is swept up."""
    _check_name(path, option, "a folder", ROOM_CHARACTERS)
    if path.exists() and not path.is_dir():
        raise InputError(f"{option} {path} is a file: name a folder.")
    _check_parent(path.absolute(), path, option, "another folder")
    sweep_parts(path)


def _check_name(path: Path, option: str, kind: str, room: int) -> None:
    """Whether any system, and this one, could have a file of such a name."""
    text = str(path)
    if "\0" in text:
        raise InputError(f"{option} holds a NUL character, which no name can: name {kind} without it.")
    if elsewhere(text) and not os.path.lexists(path):
        raise InputError(f"{option} {text} isn't on this machine's disks, where figment writes: name {kind} on them.")
    try:
        whole = os.fsencode(os.path.abspath(path))
    except UnicodeEncodeError:
        raise InputError(f"{option} {text!a} isn't text that can be a name here: name {kind}.") from None
    longest, most = _limits(path)
    for part in whole.split(os.fsencode(os.sep)):
        if len(part) > longest:
            shown = os.fsdecode(part[:20])
            raise InputError(
                f"{option}: the name {shown}… has {len(part):,} bytes, and {longest} are possible: name {kind} with fewer."
            )
    if len(whole) > most - room:
        raise InputError(
            f"{option}: the path has {len(whole):,} bytes, and {most - room:,} are possible: name {kind} with fewer."
        )


def _limits(path: Path) -> tuple[int, int]:
    """Bytes that a name and a path can have where path will lie."""
    place = os.path.abspath(path)
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    try:
        return os.pathconf(place, "PC_NAME_MAX"), os.pathconf(place, "PC_PATH_MAX") - 1
    except (OSError, ValueError, AttributeError):  # not told here
        return NAME_BYTES, PATH_BYTES


def _check_parent(folder: Path, path: Path, option: str, mend: str) -> None:
    """Whether something can be put into a folder, which may have to be made."""
    place = next(parent for parent in (folder, *folder.parents) if os.path.lexists(parent))
    if not place.is_dir():
        gone = "a link that leads nowhere" if place.is_symlink() else "a file"
        raise InputError(f"{option} {path}: {place} is {gone}: name {mend}.")
    with naming_refusals(f"{option} {path}", elsewhere=f"name {mend}"):
        try_writing(place)


def try_writing(folder: Path) -> None:
    """Raise OSError where nothing can be written into a folder: only trying tells of a full disk."""
    if folder.is_dir():
        refuse_forbidden(folder)
    with part_beside(folder / "tried") as part, part.open("r+b") as file:
        file.write(bytes(TRIED_BYTES))
        file.flush()
        flush(file.fileno())


def refuse_forbidden(folder: Path) -> None:
    """Raise OSError where the system lets nothing be put into a folder: by its permissions, or as its disk may only be read."""
    if not os.access(folder, os.W_OK | os.X_OK):
        read_only = hasattr(os, "ST_RDONLY") and os.statvfs(folder).f_flag & os.ST_RDONLY
        number = errno.EROFS if read_only else errno.EACCES
        raise OSError(number, os.strerror(number), str(folder))


def flush(handle: int) -> None:
    """Have the system write an open file to the disk now, as far as its file system can. Raises OSError for a full disk."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_FLUSH_ERRORS:
            raise
