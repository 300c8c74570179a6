"""Time in which this process ran: not that in which it was stopped (Ctrl-Z, SIGSTOP, a paused container) or asleep.

A thread looks at the clock ten times a second. It goes on while the others compute, or wait for a disk or a GPU; it
stands still only where the whole process does, or where somebody holds the interpreter's lock, which takes time of the
CPU. So a long gap between two looks, in which hardly any time of the CPU was used, is a standstill.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

LOOK_SECONDS = 0.1  # between two looks of the thread
MIN_STANDSTILL = 2.0  # seconds; a machine with ten times more work than cores holds a thread up for less
MAX_CPU_SHARE = 0.5  # of a standstill; whoever holds the lock uses all of one core, who goes to sleep many, but shortly
# Where pages come over a slow network, the lock may be held for seconds without use of the CPU, again and again: what is
# usual is no standstill. Gaps by whose median that is known, and how many times longer than it a standstill is.
USUAL_GAPS, TIMES_USUAL = 9, 10


def _clock_of_sleep() -> Callable[[], float]:
    """A clock that goes on while the machine sleeps, so that this is noticed and told; where there is none, any."""
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):  # on a Mac, the second counts on; on Linux, the first alone
        with suppress(AttributeError, OSError):
            number = getattr(time, name)
            time.clock_gettime(number)
            return lambda: time.clock_gettime(number)
    return time.monotonic


_real_now = _clock_of_sleep()


class RunTime:
    """A clock that stands still when the process does, if it is looked at often enough."""

    def __init__(self, real: Callable[[], float] = _real_now, cpu: Callable[[], float] = time.process_time) -> None:
        self.real, self.cpu = real, cpu
        self.lock = threading.Lock()  # two threads look
        self.gaps = deque([LOOK_SECONDS] * USUAL_GAPS, USUAL_GAPS)  # between looks, but for those in quick succession
        self.last_real, self.last_cpu = self.real(), self.cpu()
        self.stood_still, self.untold = 0.0, 0.0

    def now(self) -> float:
        """Seconds from any moment on in which the process ran."""
        with self.lock:
            real, cpu = self.real(), self.cpu()
            gap, worked = real - self.last_real, cpu - self.last_cpu
            self.last_real, self.last_cpu = real, cpu
            if gap >= LOOK_SECONDS:
                usual = sorted(self.gaps)[USUAL_GAPS // 2]
                self.gaps.append(gap)
                if gap >= max(MIN_STANDSTILL, TIMES_USUAL * usual) and worked <= MAX_CPU_SHARE * gap:
                    self.stood_still += gap - LOOK_SECONDS
                    self.untold += gap - LOOK_SECONDS
            return real - self.stood_still

    def standstill(self) -> float:
        """Seconds in which the process stood still since this was asked the last time."""
        self.now()
        with self.lock:
            seconds, self.untold = self.untold, 0.0
            return seconds


_watching: list[RunTime] = []


@contextmanager
def watched() -> Iterator[None]:
    """Within, now() counts the time alone in which the process ran."""
    clock, over = RunTime(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            clock.now()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    _watching.append(clock)
    try:
        yield
    finally:
        _watching.remove(clock)
        over.set()
        thread.join()


def now() -> float:
    """Seconds from any moment on; while watched() only those in which this process ran."""
    return _watching[-1].now() if _watching else _real_now()


def standstill() -> float:
    """Seconds in which this process stood still since this was asked the last time, while watched()."""
    return _watching[-1].standstill() if _watching else 0.0
