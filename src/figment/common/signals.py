"""Ctrl-C, SIGTERM and SIGHUP, taken as a request to stop soon and lose nothing."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from types import FrameType

# SIGHUP: the terminal was closed, or the connection to it is gone. Windows has none.
SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


class StopRequest:
    """Whether somebody has asked to stop, how, and when by the process's clock."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.at: float | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


@contextmanager
def stop_requested(tell: Callable[[], None] = lambda: None) -> Iterator[StopRequest]:
    """Within, the first signal only sets the request, to be looked at between steps; the next Ctrl-C interrupts.

    tell: called at once at the first signal, in a thread of its own: a handler may not print, since it may have broken into
    printing.

    The next SIGTERM or SIGHUP doesn't: who ends a job sends it to all of its processes, a launcher passes on its own,
    and a terminal that is closed tells both the shell and what runs in it, and the shell passes it on.
    Outside the main thread, where Python allows no handlers, the request is never set.
    """
    request, around = StopRequest(), signal.getsignal(signal.SIGTERM)
    telling = threading.Thread(target=tell, daemon=True)

    def handle(number: int, frame: FrameType | None) -> None:
        if request and number == signal.SIGINT:
            raise KeyboardInterrupt
        is_first = not request
        request.signal = signal.Signals(number)
        if is_first:
            request.at = monotonic()
            with suppress(RuntimeError):  # the system has no thread left to give: the request stands all the same
                telling.start()

    with _handled(handle):
        yield request
    if telling.ident is not None:
        telling.join()
    if request and isinstance(around, _Interrupting):
        around.has_raised = True  # what is still to be done has been asked for: nor may the next signal break into it


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Within, SIGTERM (a cloud machine being taken away) and SIGHUP raise KeyboardInterrupt, as Ctrl-C does.

    They do so once: what comes after the first doesn't break into the clearing up, unless it is Ctrl-C. In a block
    within such a block nothing is new.
    """
    if isinstance(signal.getsignal(signal.SIGTERM), _Interrupting):
        yield
        return
    with _handled(_Interrupting()):
        yield


class _Interrupting:
    """A handler that raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.has_raised = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT or not self.has_raised:
            self.has_raised = True
            raise KeyboardInterrupt


@contextmanager
def _handled(handle: "signal._HANDLER") -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Under nohup SIGHUP is ignored, and who asked for that wishes the work to go on without a terminal.
    heard = [s for s in SIGNALS if s in (signal.SIGINT, signal.SIGTERM) or signal.getsignal(s) != signal.SIG_IGN]
    before = [signal.signal(s, handle) for s in heard]
    try:
        yield
    finally:
        for s, handler in zip(heard, before, strict=True):
            signal.signal(s, handler)
