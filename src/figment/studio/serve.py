"""Serving: a free port, the address with its token, the browser, and an end that open connections don't hold up."""

import asyncio
import atexit
import contextlib
import errno
import ipaddress
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from types import FrameType
from typing import BinaryIO

import uvicorn

from figment.common.browser import open_address
from figment.errors import InputError
from figment.studio.app import build
from figment.studio.studio import Studio

FIRST_PORT, PORTS_TRIED = 8640, 20
WARM_UP_SECONDS = (
    1.5  # before torch is read: the first page is there by then, and needn't share the interpreter with it
)
GRACE_SECONDS = 1  # for answers under way when the server is told to end
END_SECONDS = 1.4  # after which the process ends, whatever works in its threads: a step may take longer
STUCK_SECONDS = 10  # that a busy machine has for the server's own end
LAST_WORDS_SECONDS = 0.2  # for what is said after it
INTERRUPTED = 130  # the status of a process that was told to end
LOCAL = "127.0.0.1"


def serve(
    studio: Studio, host: str, port: int | None, opens: bool, tell: Callable[[str], None], until: BinaryIO | None = None
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    port: None takes the first free one from 8640 on. tell: is given the address and what else is to be said. until: what is
    read to its end, at which the server ends, too. Raises InputError where the port or the host can't be had.
    """
    token = secrets.token_urlsafe(24)
    with listening(host, port) as ear:
        port = ear.getsockname()[1]
        is_shared = not is_local(host)
        app = build(studio, token, port, is_shared, host)
        config = uvicorn.Config(
            app, log_level="error", access_log=False, timeout_graceful_shutdown=GRACE_SECONDS, lifespan="off",
            ws="websockets-sansio", ws_max_size=1_000_000, server_header=False, date_header=False,
        )  # fmt: skip
        address = f"http://{LOCAL if host in ('0.0.0.0', '::') else shown(host)}:{port}/?token={token}"
        tell(f"studio  {address}")
        if is_shared:
            tell("Whoever reaches this machine and has the token can see, start and delete runs; nothing is encrypted.")
        warming = threading.Timer(WARM_UP_SECONDS, _warm_up)
        warming.daemon = True
        warming.start()
        if opens and (problem := open_address(address)):
            tell(problem)
        logging.getLogger("uvicorn.error").addFilter(_is_fault)
        server = Server(config, studio)
        if until is not None:
            threading.Thread(target=server.end_after, args=(until,), daemon=True).start()
        try:
            server.run([ear])
        finally:
            studio.closing.set()
            studio.clear()
            server.is_over.set()


class Server(uvicorn.Server):
    """Tells the studio that it ends, so that streams of events do, too, and sees to it that nothing holds up the end."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self.studio, self.is_over = studio, threading.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.closing(INTERRUPTED)
        super().handle_exit(sig, frame)

    def closing(self, status: int) -> None:
        if not self.studio.closing.is_set():
            self.studio.closing.set()
            atexit.register(end_now, self.studio, status)
            threading.Thread(target=leave, args=(self.studio, self.is_over, status), daemon=True).start()

    def end_after(self, until: BinaryIO) -> None:
        """End once there is nothing more to be read."""
        while until.read(1):
            pass
        self.closing(0)
        self.should_exit = True


def leave(studio: Studio, is_over: threading.Event, status: int) -> None:
    """End the process a moment after the studio was told to end, unless it ends by itself before. What works in threads is left
    behind then."""
    time.sleep(END_SECONDS)
    is_over.wait(STUCK_SECONDS)
    time.sleep(LAST_WORDS_SECONDS)
    end_now(studio, status)


def end_now(studio: Studio, status: int) -> None:
    """End the process without taking the interpreter apart, which takes long with torch in it.

    Nothing is left half written: runs' files are written whole under another name, and all else lies in scratch folders.
    """
    studio.clear()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


@contextlib.contextmanager
def listening(host: str, port: int | None) -> Iterator[socket.socket]:
    """A socket that listens at a port: the one given, or the first that is free. Raises InputError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = [port] if port is not None else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for number in wanted:
        ear = socket.socket(family, socket.SOCK_STREAM)
        try:
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ear.bind((host, number))
            ear.listen()  # from now on: the address is told before the server takes what comes
        except (OSError, OverflowError) as error:
            ear.close()
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                continue
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"--host {host} --port {number}: {reason}: name another.") from None
        with ear:
            yield ear
        return
    raise InputError(
        f"--port {port} is taken by another program, perhaps another studio: name another, or leave it out."
        if port is not None
        else f"Ports {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} are all taken: name a free one by --port."
    )


def is_local(host: str) -> bool:
    """Whether only this machine reaches a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_fault(record: logging.LogRecord) -> bool:
    """Whether a message is one: answers that are cut short because the server ends aren't."""
    is_cut = bool(record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
    return not is_cut and not str(record.msg).startswith("Cancel %s running task")


def _warm_up() -> None:
    """Read torch while the first page is looked at: it takes seconds."""
    with contextlib.suppress(ImportError):
        import_module("figment.generator")
