"""Ctrl-C and SIGTERM, taken as a request to stop soon and lose nothing."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = [signal.SIGINT, signal.SIGTERM]


class StopRequest:
    """Whether somebody has asked to stop, and how."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


@contextmanager
def stop_requested() -> Iterator[StopRequest]:
    """Within, the first Ctrl-C or SIGTERM only sets the request, to be looked at between steps; the next Ctrl-C interrupts.

    The next SIGTERM doesn't: who ends a job sends it to all of its processes, and a launcher passes on its own.
    Outside the main thread, where Python allows no handlers, the request is never set.
    """
    request = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        if request and number == signal.SIGINT:
            raise KeyboardInterrupt
        request.signal = signal.Signals(number)

    with _handled(handle):
        yield request


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Within, SIGTERM (a cloud machine being taken away) raises KeyboardInterrupt, as Ctrl-C does."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled(handle):
        yield


@contextmanager
def _handled(handle: "signal._HANDLER") -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(s, handle) for s in SIGNALS]
    try:
        yield
    finally:
        for s, handler in zip(SIGNALS, before, strict=True):
            signal.signal(s, handler)
