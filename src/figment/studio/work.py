"""Answers that take long: reckoned in a thread, while what is sent tells how far it is; given up where nobody waits any more."""

import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
from starlette.responses import StreamingResponse

from figment.common.jsontext import without_nan
from figment.common.progress import Preparing, Progress
from figment.common.text import said
from figment.errors import InputError
from figment.studio.refused import OURS, note_fault
from figment.studio.stream import message
from figment.studio.studio import Missing, Studio

POLL_SECONDS = 0.1
ONE_AT_A_TIME = threading.Lock()  # of all that is reckoned: a training beside it is to keep its speed


class GivenUp(Exception):
    """Nobody waits for it any more."""


class Telling:
    """A display for a thread's work; whoever streams looks at now, which is a title, what is done, of how much."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.is_given_up = studio, False
        self.now: tuple[str, int, int] = ("waiting for another piece of work", 0, 0)
        self.answer: tuple[str, dict[str, Any]] | None = None

    def stage(self, title: str, unit: str = "") -> Progress:
        def progress(done: int, total: int) -> None:
            self.check()
            self.now = (title, done, total)

        progress(0, 0)
        return progress

    def say(self, sentence: str) -> None:
        self.check()

    def check(self) -> None:
        if self.is_given_up or self.studio.closing.is_set():
            raise GivenUp

    def work(self, do: Callable[[Preparing], dict[str, Any]]) -> None:
        """Do it, and keep the answer, or what is said in its place."""
        try:
            while not ONE_AT_A_TIME.acquire(timeout=POLL_SECONDS):
                self.check()
            try:
                self.check()
                self.answer = "done", without_nan(do(self))
            finally:
                ONE_AT_A_TIME.release()
        except GivenUp:
            self.answer = "refused", {"error": "It was given up."}
        except (InputError, Missing) as error:
            self.answer = "refused", {"error": said(str(error))}
        except Exception:
            note_fault(self.studio, "work that takes long")
            self.answer = "refused", {"error": OURS}


def answered(studio: Studio, do: Callable[[Preparing], dict[str, Any]]) -> StreamingResponse:
    """Server-sent events: "progress" with title, done and total, then "done" with what do gives, or "refused" with the reason."""
    return StreamingResponse(
        _events(Telling(studio), do), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )


async def _events(telling: Telling, do: Callable[[Preparing], dict[str, Any]]) -> AsyncIterator[str]:
    thread = threading.Thread(target=telling.work, args=(do,), daemon=True)
    thread.start()
    sent = None
    try:
        while telling.answer is None:
            if telling.now != sent:
                sent = telling.now
                yield message("progress", dict(zip(("title", "done", "total"), sent, strict=True)))
            await anyio.sleep(POLL_SECONDS)
        kind, content = telling.answer
        yield message(kind, content)
    finally:
        telling.is_given_up = True
