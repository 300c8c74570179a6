"""A run's events as they come, as server-sent events whose ids are places in events.jsonl: a lost connection misses nothing.

An id is the byte after a line, and a checksum of what stands before it. A browser that connects again sends the last one it
had; where the log is no longer the same up to there, as after a resume that dropped lines, it is told to begin anew.
"""

import json
import os
import re
import stat
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from figment.common.jsontext import without_nan
from figment.errors import InputError
from figment.run import Run
from figment.run_files import events_of
from figment.studio.lines import TAIL_BYTES, tail_at
from figment.studio.operation import Asked, Operation
from figment.studio.studio import Studio, is_place
from figment.studio.told import told

POLL_SECONDS = 0.5
STATE_SECONDS = 3.0  # between two looks at whether a run still trains
ALIVE_SECONDS = 15.0  # after which something is sent, so that nothing between takes the connection for dead
CHUNK_BYTES = 1 << 20  # read at once
PLACE = re.compile(r"(\d{1,18})-([0-9a-f]{8})", re.ASCII)


class After(Asked):
    """after: the place to begin at, as history and ids tell it; the beginning without it."""

    after: str = ""


class Events(Response):
    """The stream. last-event-id, which a browser sends when it connects again, goes before after."""

    media_type = "text/event-stream"

    def __init__(self, studio: Studio, run: Run, after: str) -> None:
        super().__init__()
        self.studio, self.run, self.after = studio, run, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = Headers(scope=scope).get("last-event-id") or self.after
        parts = events(self.studio, self.run, place)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        await StreamingResponse(parts, media_type=self.media_type, headers=headers)(scope, receive, send)


def stream(studio: Studio, id: str, query: After) -> Response:
    return Events(studio, studio.run(id), query.after)


async def events(studio: Studio, run: Run, place: str) -> AsyncIterator[str]:
    """What is sent: events by their ids; "state" where that changed; at the end "anew" or "gone"; nothing as the server ends."""
    found = PLACE.fullmatch(place)
    log = Tail(run.events_file, int(found[1]), int(found[2], 16)) if found else Tail(run.events_file, 0, 0)
    state, looked, sent = None, 0.0, monotonic()
    yield "retry: 1000\n\n"
    while not studio.closing.is_set():
        parts = []
        if not await anyio.to_thread.run_sync(is_place, run.folder):
            yield message("gone", {"text": f"The run {run.name} is no longer there: deleted, moved or renamed."})
            return
        lines = await anyio.to_thread.run_sync(log.more)
        if lines is None:
            yield message("anew", {})
            return
        parts += [message("", event, place) for event, place in lines]
        if monotonic() - looked >= STATE_SECONDS or any(event["event"] == "end" for event, _ in lines):
            looked, now = monotonic(), await anyio.to_thread.run_sync(told_state, run)
            if now != state:
                state = now
                parts.append(message("state", {"state": now}))
        if not parts and monotonic() - sent >= ALIVE_SECONDS:
            parts.append(": alive\n\n")
        if parts:
            sent = monotonic()
            yield "".join(parts)
        if not lines:
            await anyio.sleep(POLL_SECONDS)


def message(kind: str, content: dict[str, Any], place: str = "") -> str:
    """One server-sent event; JSON holds no line end."""
    text = json.dumps(content)
    return "".join([f"id: {place}\n" if place else "", f"event: {kind}\n" if kind else "", f"data: {text}\n\n"])


def told_state(run: Run) -> str:
    try:
        return str(told(run)["standing"])
    except (InputError, OSError) as error:
        return str(error)


class Tail:
    """A log from a place on. size: bytes that were read; tail: the checksum of what ends there."""

    def __init__(self, file: Path, size: int, tail: int) -> None:
        self.file, self.size, self.tail = file, size, tail
        self._seen: tuple[int, ...] = ()

    def more(self) -> list[tuple[dict[str, Any], str]] | None:
        """Events that are new, each with the place after it; None where the log isn't the same any more up to where it was read.

        A last line without an end is left for later.
        """
        try:
            status = os.stat(self.file)
            if not stat.S_ISREG(status.st_mode):  # of a pipe one would read for ever
                return []
            now = (status.st_ino, status.st_mtime_ns, status.st_size)
            if now == self._seen:
                return []
            if tail_at(self.file, self.size) != self.tail:
                return None
            with self.file.open("rb") as log:
                log.seek(max(0, self.size - TAIL_BYTES))
                before = log.read(min(self.size, TAIL_BYTES))
                content = log.read(CHUNK_BYTES)
        except FileNotFoundError:
            return [] if not self.size else None
        whole = content[: content.rfind(b"\n") + 1]
        if len(content) < CHUNK_BYTES:
            self._seen = now
        elif not whole:  # so long is no line of a log: it is damage, and passed over
            whole = content
        return self._read(before, whole)

    def _read(self, before: bytes, content: bytes) -> list[tuple[dict[str, Any], str]]:
        read, found = events_of(self.file).record, []
        for start, end in line_ends(content):
            line = content[start:end]
            before = (before + line)[-TAIL_BYTES:]
            self.size, self.tail = self.size + len(line), zlib.crc32(before)
            if (event := read(line)) is not None:
                found.append((without_nan(event), f"{self.size}-{self.tail:08x}"))
        return found


def line_ends(content: bytes) -> Iterator[tuple[int, int]]:
    """First and last byte of each line, the last exclusive; what follows the last line end is a line, too."""
    start = 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        yield start, end
        start = end


OPERATIONS = (
    Operation(
        "GET",
        "/api/runs/{id}/events",
        stream,
        "A run's events as they come (server-sent)",
        After,
        gives="text/event-stream",
    ),
)
