"""What the first signal wishes, and what the next ones do."""

import signal

import pytest

from figment.common.signals import stop_requested


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_wish_and_the_next_ctrl_c_interrupts(number: int) -> None:
    with stop_requested() as wish:
        assert not wish
        signal.raise_signal(number)
        assert wish
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_job_that_is_ended_sends_sigterm_more_than_once() -> None:
    with stop_requested() as wish:
        for _ in range(3):
            signal.raise_signal(signal.SIGTERM)
        assert wish
