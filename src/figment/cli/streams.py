"""Standard input, output and error as commands have them: closed, narrow, or lost on the way, they cost no work.

Whoever reads may go away (`| head`), the disk of a log may fill up, a terminal may be closed: from the first write that
fails on nothing more is said there, and the work goes on to its end.
"""

import codecs
import io
import os
import select
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from figment.common.terminals import is_terminal, wrapped

TRAINED = "trained"  # what a command gives back whose result is a run, whoever has read what it printed
# How figment's own signs are written where an encoding lacks them.
PLAIN = {
    "→": "->", "←": "<-", "∞": "inf", "×": "x", "·": "-", "…": "...", "–": "-", "—": "-", "−": "-", "±": "+-",
    "≤": "<=", "≥": ">=", "½": "1/2", "σ": "sigma", "γ": "gamma", "β": "beta", "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip


@contextmanager
def standard_streams() -> Iterator[Callable[[], Exception | None]]:
    """Within, sys.stdout and sys.stderr never fail: what their encoding lacks is written plainly, what is lost is let go.

    Gives a function that flushes both, and tells the error by which standard output was lost, or None. Streams that
    have no file below them, as in notebooks, stay as they are.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = lasting(sys.stdout), lasting(sys.stderr)
    out, err = sys.stdout, sys.stderr

    def lost() -> Exception | None:
        out.flush()
        err.flush()
        return out.loss if isinstance(out, _Text) else None

    try:
        yield lost
    finally:
        lost()
        sys.stdout, sys.stderr = before


def lasting(stream: TextIO) -> TextIO:
    """The stream, over the same file, so that no write to it ever fails; itself where it has no file below it."""
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # python -u has no buffer between
    if not isinstance(raw, io.RawIOBase) or isinstance(raw, _Lasting):
        return stream
    stream.flush()
    return _Text(_Lasting(raw), stream)


def fitting(line: str, stream: Any) -> str:
    """A line as a stream shows it: in a terminal that is too narrow for it, broken between words; elsewhere as it is."""
    if not is_terminal(stream):
        return line
    return wrapped(line, shutil.get_terminal_size().columns)


def _open_closed() -> None:
    """Have the null device where the shell closed a stream (`>&-`), or the next file to be opened would take its number."""
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    if not closed:
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for name in closed:
        setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115


class _Lasting(io.RawIOBase):
    """What lies below a stream: quiet for good from the first write on that fails."""

    def __init__(self, below: io.RawIOBase) -> None:
        self.below = below
        self.loss: Exception | None = None

    def write(self, data: Any) -> int:
        if self.loss is None:
            try:
                while (written := self.below.write(data)) is None:  # a pipe that doesn't wait, and is full
                    select.select([], [self.below], [])
                return written
            except (OSError, ValueError) as error:
                self.loss = error
        return len(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.below.fileno()

    def isatty(self) -> bool:
        return is_terminal(self.below)


class _Text(io.TextIOWrapper):
    """Text over what lasts, in the encoding of the stream that it stands for."""

    def __init__(self, below: _Lasting, stream: TextIO) -> None:
        at_once = getattr(stream, "line_buffering", False) or getattr(stream, "write_through", False)
        super().__init__(io.BufferedWriter(below), stream.encoding, "figment.plain", line_buffering=at_once)
        self.below = below

    @property
    def buffer(self) -> Any:  # click writes UTF-8 into it where the encoding is ASCII, which someone asked for
        return None

    @property
    def loss(self) -> Exception | None:
        return self.below.loss


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Characters that an encoding lacks by plain signs, or by their escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    words = (PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in missing)
    return "".join(words), error.end


codecs.register_error("figment.plain", _plain)
