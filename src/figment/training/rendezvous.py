"""How processes that train together find one another.

torch's own rendezvous waits for fifteen minutes without a word, and in C++, where Python hears no signal: whoever has
WORLD_SIZE left over in a shell would take it for a hang. Here all waiting is done in Python, and says what it waits for.
"""

import itertools
import os
import re
import socket
import threading
import time
from datetime import timedelta

import torch.distributed as dist

from figment.common.launch import MEND, Launch
from figment.common.progress import Say
from figment.errors import InputError

TIMEOUT = timedelta(minutes=15)  # for a process that says nothing: the first may be drawing or measuring meanwhile
POLL_SECONDS = 0.05
WORD_SECONDS = 3.0  # of waiting, before a word is said
CONNECT = timedelta(seconds=10)  # to a server that answers
_JOINED = itertools.count()  # times that this process has: what was said the last time mustn't be heard


def meet(launch: Launch, say: Say) -> dist.Store:
    """The store that all processes of a launch share, when all of them are there.

    Says after a while what it waits for. Raises InputError where the others can't be reached.
    """
    waiting = _Waiting(launch, say)
    try:
        store = dist.PrefixStore(f"figment {next(_JOINED)}", _server(launch) or _client(launch, waiting))
        names = [f"{rank} is there" for rank in range(launch.size)]
        store.set(names[launch.rank], "")
        while not store.check(names):
            here = store.check(names[:1])
            present = sum(store.check([name]) for name in names) if waiting.is_due else 0
            # Of those who have met, the first speaks for all.
            waiting.go_on(f"{present} of {launch.size} are there", aloud=launch.rank == 0 or not here)
    except (RuntimeError, ValueError) as error:
        raise InputError(_unreachable(launch, reason_of(error))) from None
    return store


def _server(launch: Launch) -> dist.Store | None:
    """The store, where this process is to serve it: torchrun serves one itself, else the first process does."""
    if launch.rank or os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        return None
    return _store(launch, serves=True)


def _client(launch: Launch, waiting: "_Waiting") -> dist.Store:
    """The store that another process serves, when it answers."""
    answered, reasons = threading.Event(), ["nobody answers"]

    def knock() -> None:
        while not answered.is_set():
            try:
                with socket.create_connection((launch.address, launch.port), CONNECT.total_seconds()):
                    answered.set()
            except OSError as error:
                reasons[0] = error.strerror or str(error)
                time.sleep(POLL_SECONDS)

    # In a thread, since the look-up of a name can take long, and no signal is heard meanwhile.
    threading.Thread(target=knock, daemon=True).start()
    try:
        while not answered.is_set():
            waiting.go_on(reasons[0], aloud=True)
    finally:
        answered.set()
    return _store(launch, serves=False)


def _store(launch: Launch, serves: bool) -> dist.Store:
    # The server listens at every address of this machine, and reaches itself even where the others' name for it is wrong.
    address = "127.0.0.1" if serves else launch.address
    store = dist.TCPStore(
        address, launch.port, is_master=serves, timeout=CONNECT, wait_for_workers=False, multi_tenant=serves
    )
    store.set_timeout(TIMEOUT)
    return store


class _Waiting:
    """How long this process has waited for the others, and whether it has said so."""

    def __init__(self, launch: Launch, say: Say) -> None:
        self.launch, self.say = launch, say
        self.began, self.has_said = time.monotonic(), False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def is_due(self) -> bool:
        """Whether it is time for a word."""
        return not self.has_said and self.seconds >= WORD_SECONDS

    def go_on(self, how: str, aloud: bool) -> None:
        """Wait a moment; once, if aloud, with a word. Raises InputError when it has taken too long."""
        if self.is_due and aloud:
            self.has_said = True
            launch = self.launch
            self.say(
                f"process {launch.rank} waits for the others at {launch.place} ({how}), since WORLD_SIZE={launch.size} "
                f"and RANK={launch.rank} are set. Ctrl-C ends the wait; {MEND}"
            )
        if self.seconds > TIMEOUT.total_seconds():
            raise InputError(_unreachable(self.launch, how))
        time.sleep(POLL_SECONDS)


def _unreachable(launch: Launch, reason: str) -> str:
    return (
        f"process {launch.rank} can't reach the others of WORLD_SIZE={launch.size} at {launch.place} ({reason}): {MEND}"
    )


def reason_of(error: Exception) -> str:
    """The first sentence of an error, without the place in its library that gloo puts before it."""
    return re.split(r"\. |\n", re.sub(r"^\[\S+] ", "", str(error)))[0]
