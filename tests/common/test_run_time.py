"""A process that stands still doesn't age; one that computes, waits or is held up does."""

import threading
import time

import pytest

from figment.common import run_time
from figment.common.run_time import LOOK_SECONDS, MIN_STANDSTILL, RunTime


class Hands:
    """The two clocks that are looked at, set by hand."""

    def __init__(self) -> None:
        self.real, self.cpu = 100.0, 7.0
        self.clock = RunTime(lambda: self.real, lambda: self.cpu)

    def pass_by(self, seconds: float, cpu: float = 0.0) -> float:
        """So much later, with so much use of the CPU: what the clock shows."""
        self.real, self.cpu = self.real + seconds, self.cpu + cpu
        return self.clock.now()

    def run(self, seconds: float, cores: float = 1.0) -> float:
        """The thread looks and looks."""
        for _ in range(round(seconds / LOOK_SECONDS)):
            self.pass_by(LOOK_SECONDS, cores * LOOK_SECONDS)
        return self.clock.now()


def test_time_that_is_looked_at_counts_whether_the_cpu_works_or_waits() -> None:
    for cores in (0.0, 0.5, 16.0):
        hands = Hands()
        assert hands.run(60, cores) == pytest.approx(160)
        assert hands.clock.standstill() == 0.0


@pytest.mark.parametrize("cores", [0.0, 1.0, 16.0])
def test_a_standstill_isn_t_counted_and_is_told_once(cores: float) -> None:
    hands = Hands()
    hands.run(4, cores)
    # Stopped just before the next look, so after a while of work; and worked a little before the first look after it.
    assert hands.pass_by(26.0, cores * LOOK_SECONDS) == pytest.approx(104, abs=2 * LOOK_SECONDS)
    assert hands.run(4, cores) == pytest.approx(108, abs=2 * LOOK_SECONDS)
    assert hands.clock.standstill() == pytest.approx(26, abs=2 * LOOK_SECONDS)
    assert hands.clock.standstill() == 0.0
    hands.pass_by(8 * 3600.0)  # a night
    assert hands.run(1, cores) == pytest.approx(109, abs=4 * LOOK_SECONDS)
    assert hands.clock.standstill() == pytest.approx(8 * 3600, abs=1)


def test_neither_a_busy_machine_nor_a_held_lock_is_a_standstill() -> None:
    hands = Hands()
    assert hands.pass_by(0.9 * MIN_STANDSTILL) == pytest.approx(100 + 0.9 * MIN_STANDSTILL)  # others had the cores
    before = hands.clock.now()
    assert hands.pass_by(30.0, cpu=29.0) == pytest.approx(before + 30)  # one long piece of work that lets nobody look
    assert hands.clock.standstill() == 0.0


def test_what_is_usual_soon_counts_so_no_run_lasts_for_ever() -> None:
    """Pictures over a slow network, read with the interpreter's lock held: three seconds a step without use of the CPU."""
    hands = Hands()
    for _ in range(1000):
        hands.pass_by(3.0)
        hands.pass_by(0.001)  # the steps themselves ask, too
    assert hands.clock.stood_still < 20


def test_watched_looks_by_itself_and_stops_doing_so() -> None:
    threads = threading.active_count()
    with run_time.watched():
        assert threading.active_count() == threads + 1
        began = run_time.now()
        time.sleep(0.01)
        assert run_time.now() >= began + 0.01
        assert run_time.standstill() == 0.0
    assert threading.active_count() == threads
    assert run_time.now() > began
    assert run_time.standstill() == 0.0
