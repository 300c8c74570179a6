"""A log of a hundred thousand lines opened in a moment: it is known where they lie, and only those that are wanted are read.

Of a run's events nearly all are readings of the game, of which a curve shows a part. What is rare (snapshots, scores, notes)
is read whole. A log that has grown is read from where it ended.
"""

import os
import stat
import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from figment.run_files import MAX_LINE_BYTES, events_of

TICK = (
    b'{"event": "tick"'  # as Run.log writes it; a reading that another hand wrote otherwise is read like what is rare
)
TAIL_BYTES = 256  # before a place, by which it is known whether what led there is still the same
CHUNK_BYTES = 1 << 26  # of a log, held in memory at once
MAX_LOGS = 32  # that are remembered


@dataclass(frozen=True, eq=False)
class Lines:
    """Where the whole lines of a log lie. size: bytes up to the end of the last one; tail: the checksum of what ends there.

    ticks: first and last byte of each reading, int64 (N, 2), the last exclusive. others: what the other lines hold, in order.
    """

    size: int
    tail: int
    ticks: NDArray[np.int64]
    others: tuple[dict[str, Any], ...]


NONE = Lines(0, 0, np.zeros((0, 2), np.int64), ())


def lines_in(file: Path, known: Lines = NONE) -> Lines:
    """The lines of events.jsonl. known: those of an earlier time, which are gone on from where they are still there."""
    try:
        with file.open("rb") as log:
            before = _before(log, known.size)
            if zlib.crc32(before) != known.tail:
                return lines_in(file)  # of none it is always the same
            log.seek(known.size)
            while content := log.read(CHUNK_BYTES):
                further = _gone_on(file, known, before, content)
                if further is known:
                    break
                known = further
                before = _before(log, known.size)
                log.seek(known.size)
    except FileNotFoundError:
        return NONE
    return known


def _gone_on(file: Path, known: Lines, before: bytes, content: bytes) -> Lines:
    """Lines with those of what comes after them; the same where none of these is whole. before: the end of what is known."""
    buffer = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(buffer == ord("\n")) + 1
    if not len(ends):
        if len(content) < CHUNK_BYTES:
            return known
        ends = np.array([len(content)])  # so long is no line of a log: it is damage, and passed over
    starts = np.concatenate([[0], ends[:-1]])
    short = ends - starts <= MAX_LINE_BYTES
    are_ticks = _begin_with(buffer, starts, TICK)
    read = events_of(file).record
    others = (
        read(content[start:end])
        for start, end in zip(starts[short & ~are_ticks].tolist(), ends[short & ~are_ticks].tolist(), strict=True)
    )
    whole = int(ends[-1])
    ticks = np.stack([starts[short & are_ticks], ends[short & are_ticks]], 1) + known.size
    return Lines(
        known.size + whole, zlib.crc32((before + content[:whole])[-TAIL_BYTES:]), np.concatenate([known.ticks, ticks]),
        known.others + tuple(event for event in others if event is not None),
    )  # fmt: skip


def ticks_of(file: Path, lines: Lines, most: int) -> list[dict[str, Any]]:
    """Readings, of many so many evenly picked ones, the first and last always; damaged ones are left out."""
    count = len(lines.ticks)
    places = np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).round().astype(np.int64))
    return [event for event in read_at(file, lines.ticks[places]) if event is not None and event["event"] == "tick"]


def read_at(file: Path, stretches: NDArray[np.int64]) -> list[dict[str, Any] | None]:
    """What lines hold that lie there, int64 (N, 2); None for one that can't be used, or where another file lies by now."""
    read = events_of(file).record
    if not file.is_file():  # of a pipe one would read for ever
        return []
    try:
        with file.open("rb") as log:
            return [read(_between(log, start, end)) for start, end in stretches.tolist()]
    except FileNotFoundError:
        return []


class Logs:
    """Lines of the logs that were last asked for, read on where they have grown. For several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[Path, tuple[Sequence[int], Lines]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, file: Path) -> Lines:
        try:
            status = os.stat(file)
        except OSError:
            return NONE
        if not stat.S_ISREG(status.st_mode):  # of a pipe one would read for ever
            return NONE
        now = (status.st_ino, status.st_mtime_ns, status.st_size)
        with self._lock:
            before, lines = self._known.pop(file, ((), NONE))
            if before != now:
                lines = lines_in(file, lines)
            self._known[file] = now, lines
            while len(self._known) > MAX_LOGS:
                self._known.popitem(last=False)
        return lines


LOGS = Logs()


def tail_at(file: Path, size: int) -> int | None:
    """The checksum of what ends at a place of a log; None where the log is shorter."""
    with file.open("rb") as log:
        before = _before(log, size)
        return zlib.crc32(before) if log.tell() == size else None


def _before(log: BinaryIO, size: int) -> bytes:
    return _between(log, max(0, size - TAIL_BYTES), size)


def _between(log: BinaryIO, start: int, end: int) -> bytes:
    log.seek(start)
    return log.read(end - start)


def _begin_with(buffer: NDArray[np.uint8], starts: NDArray[np.int64], beginning: bytes) -> NDArray[np.bool_]:
    wanted = np.frombuffer(beginning, np.uint8)
    fit = starts + len(wanted) <= len(buffer)
    found = np.zeros(len(starts), bool)
    found[fit] = (buffer[starts[fit, None] + np.arange(len(wanted))] == wanted).all(1)
    return found
