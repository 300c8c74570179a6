"""The system's no as a sentence: what can't be done, why, and what helps. The one door from OSError to the user."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from figment.errors import InputError, SystemFault


def _numbers(*names: str) -> frozenset[int]:
    """Those of the errors that this system knows."""
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


# The system's own faults: nothing that the user gave is wrong.
_FAILING = _numbers(
    "EIO", "ENXIO", "ENODEV", "ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "EREMOTEIO",
    "EUCLEAN", "ESHUTDOWN", "ENOMEDIUM", "EBADMSG",
)  # fmt: skip
_SCARCE = _numbers("EMFILE", "ENFILE"), _numbers("ENOMEM", "EAGAIN")
_UNKNOWN = "try again, or {elsewhere}", "try again"
# What helps where something can't be written, and where it can't be read.
_MENDS = {
    _numbers("ENOSPC", "EDQUOT"): ("free some space, or {elsewhere}", "free some space"),
    _numbers("EFBIG"): ("its disk, or a limit, allows no file as large: {elsewhere}", "name a smaller one"),
    _numbers("EROFS"): ("its disk may only be read: {elsewhere}", "name another"),
    _numbers("EACCES", "EPERM"): ("mend its permissions, or {elsewhere}", "mend its permissions"),
    _numbers("ENOENT"): ("its folder is gone: put it back, or {elsewhere}", "put it back, or name another"),
    _numbers("ENOTDIR", "EEXIST"): ("a file stands where a folder is needed: {elsewhere}", "check its path"),
    _numbers("EISDIR"): ("a folder stands in its place: {elsewhere}", "it is a folder: name a file"),
    _numbers("ENOTEMPTY", "EBUSY", "ETXTBSY"): ("another program uses it: close that, and try again",) * 2,
    _numbers("ENAMETOOLONG"): ("choose a shorter name", "name another"),
    _numbers("EILSEQ", "EINVAL"): ("its disk doesn't take this: {elsewhere}", "name another"),
    _numbers("ELOOP"): ("it is a link to itself: {elsewhere}", "it is a link to itself: name another"),
    _FAILING: (
        "its disk fails or was taken away: copy what is on it to another, and {elsewhere}",
        "its disk fails or was taken away: copy what can be read of it to another, and name the copy",
    ),
    _SCARCE[0]: ("allow more open files (ulimit -n), and try again",) * 2,
    _SCARCE[1]: ("close other programs, and try again",) * 2,
}


def refusal(
    what: str | Path, error: OSError, *, done: str = "written", elsewhere: str = "choose another place", kept: str = ""
) -> InputError:
    """What to raise when the system says no: "WHAT can't be DONE (why): what helps. KEPT".

    what: a path, for which a file that the error names is told, or words. done: "written", "made",
    "read", … elsewhere: how another place is chosen, as part of what helps. kept: a sentence of what isn't lost, and how
    to go on. A SystemFault where what the user gave is right.
    """
    mends = next((mends for numbers, mends in _MENDS.items() if error.errno in numbers), _UNKNOWN)
    reason, mend = error.strerror or str(error), mends[done == "read"]
    if error.errno == errno.ENOSPC and _is_out_of_inodes(Path(error.filename or what)):
        reason, mend = "its disk holds no more files", "remove some there, or {elsewhere}"
    if error.errno == errno.ENOENT and error.filename and Path(os.fsdecode(error.filename)).absolute().parent.is_dir():
        done, mend = "read", "it is gone: put it back"  # what can't be written where its folder is, isn't told so
    fault = mends is _UNKNOWN or error.errno in _FAILING.union(*_SCARCE)
    sentence = f"{_named(what, error)} can't be {done} ({reason}): {mend.format(elsewhere=elsewhere)}."
    return (SystemFault if fault else InputError)(f"{sentence} {kept}".rstrip())


@contextmanager
def naming_refusals(
    what: str | Path, *, done: str = "written", elsewhere: str = "choose another place", kept: str = ""
) -> Iterator[None]:
    """Turn the system's no within into its sentence: see refusal."""
    try:
        yield
    except OSError as error:
        if not is_refusal(error):
            raise
        raise refusal(what, error, done=done, elsewhere=elsewhere, kept=kept) from error


def is_refusal(error: BaseException) -> bool:
    """Whether it is the system's no to reading or writing; not a reader or peer that went away, nor a library's own error."""
    return isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError)


def _named(what: str | Path, error: OSError) -> str:
    return error.filename if isinstance(what, Path) and isinstance(error.filename, str) else str(what)


def _is_out_of_inodes(path: Path) -> bool:
    """Whether a path's disk has room for bytes, but for no further file."""
    for place in (path, *path.absolute().parents):
        try:
            disk = os.statvfs(place)
        except (OSError, AttributeError):  # Windows has none
            continue
        return disk.f_files > 0 and disk.f_favail == 0 and disk.f_bavail > 0
    return False
