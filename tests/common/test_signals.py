"""What the first signal wishes, and what the next ones do."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from figment.common.signals import sigterm_as_interrupt, stop_requested

BLOCKS = [stop_requested, sigterm_as_interrupt]
hangup = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
ENDS = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@pytest.fixture(autouse=True)
def handlers_as_before() -> Iterator[None]:
    """SIGHUP isn't ignored here, even where the suite runs under nohup."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDS)}
    for number in ENDS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, *ENDS])
def test_the_first_signal_is_a_wish_and_the_next_ctrl_c_interrupts(number: int) -> None:
    with stop_requested() as wish:
        assert not wish
        signal.raise_signal(number)
        assert wish
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGINT, *ENDS])
def test_the_first_signal_is_told_of_once(number: int) -> None:
    told: list[str] = []
    with stop_requested(lambda: told.append("stopping")):
        assert not told
        signal.raise_signal(number)
        for again in ENDS:
            signal.raise_signal(again)
    assert told == ["stopping"]


@pytest.mark.parametrize("number", ENDS)
def test_a_job_that_is_ended_is_told_so_more_than_once(number: int) -> None:
    with stop_requested() as wish:
        for _ in range(3):
            signal.raise_signal(number)
        assert wish


@pytest.mark.parametrize("number", ENDS)
def test_the_first_signal_interrupts_and_the_next_leaves_the_clearing_up_alone(number: int) -> None:
    cleared = 0
    with sigterm_as_interrupt():
        with pytest.raises(KeyboardInterrupt), sigterm_as_interrupt():
            signal.raise_signal(number)
        for again in ENDS:  # a shell passes on what the terminal has told its job already
            signal.raise_signal(again)
            cleared += 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert cleared == len(ENDS)


@pytest.mark.parametrize("number", ENDS)
def test_nor_is_the_end_that_was_wished_for_broken_into(number: int) -> None:
    with sigterm_as_interrupt():
        with stop_requested():
            signal.raise_signal(number)
        signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@hangup
@pytest.mark.parametrize("block", BLOCKS)
def test_nohup_is_obeyed(block: Callable[[], AbstractContextManager]) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with block() as wish:
        signal.raise_signal(signal.SIGHUP)
        assert not wish
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


@pytest.mark.parametrize("block", BLOCKS)
def test_afterwards_signals_do_what_they_did(block: Callable[[], AbstractContextManager]) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, *ENDS)]
    with block():
        assert signal.getsignal(ENDS[-1]) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, *ENDS)] == before
