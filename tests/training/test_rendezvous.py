"""Processes that train together wait for one another aloud, and where signals are heard."""

import itertools
import os
import re
import signal
import socket
import threading
from collections.abc import Callable

import pytest
import torch.distributed as dist

from figment.common.launch import Launch
from figment.common.signals import sigterm_as_interrupt
from figment.errors import InputError
from figment.training import rendezvous
from figment.training.rendezvous import meet


def launches(size: int, address: str = "127.0.0.1") -> list[Launch]:
    """So many processes that meet at a port where nobody is yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return [Launch(size, rank, rank, 0, address, port) for rank in range(size)]


@pytest.fixture(autouse=True)
def says_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendezvous, "WORD_SECONDS", 0.0)
    monkeypatch.setattr(rendezvous, "_JOINED", itertools.repeat(0))  # here one process stands for several


@pytest.mark.parametrize(
    ("rank", "address", "how"),
    [
        (0, "127.0.0.1", r"1 of 3 are there"),
        (0, "the.head.node.invalid", r"1 of 3 are there"),  # where this shell's cluster was
        (1, "127.0.0.1", r"Connection refused|nobody answers"),
        (1, "nowhere.invalid", r".+"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_left_over_in_a_shell_is_named_and_the_wait_hears_signals(
    rank: int, address: str, how: str, number: int
) -> None:
    launch = launches(3, address)[rank]
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        later(lambda: os.kill(os.getpid(), number))

    with pytest.raises(KeyboardInterrupt), sigterm_as_interrupt():
        meet(launch, say)
    assert len(said) == 1
    for words in (f"WORLD_SIZE=3 and RANK={rank} are set", "unset WORLD_SIZE RANK", "torchrun", launch.place):
        assert words in said[0]
    assert re.search(rf"\(({how})\)", said[0])


def test_who_comes_late_is_waited_for() -> None:
    first, second = launches(2)
    stores: list[dist.Store] = []

    def say(sentence: str) -> None:
        assert "(1 of 2 are there)" in sentence
        coming.start()

    coming = threading.Thread(target=lambda: stores.append(meet(second, lambda sentence: None)))
    stores.append(meet(first, say))
    coming.join()
    assert [store.check(["0 is there", "1 is there"]) for store in stores] == [True, True]


def test_the_wait_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendezvous, "TIMEOUT", rendezvous.timedelta(seconds=0.2))
    launch = launches(2)[1]
    with pytest.raises(
        InputError, match=rf"process 1 can't reach the others of WORLD_SIZE=2 at {launch.place} \(.*unset"
    ):
        meet(launch, lambda sentence: None)


def test_a_place_that_is_taken_is_told() -> None:
    launch = launches(2)[0]
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", launch.port))
        taken.listen()
        with pytest.raises(InputError, match=r"process 0 can't reach the others .*unset WORLD_SIZE RANK"):
            meet(launch, lambda sentence: None)


def later(do: Callable[[], None]) -> None:
    threading.Timer(0.1, do).start()
