"""Serving: a free port, the address with its token, the browser, and an end that open connections don't hold up."""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import secrets
import socket
import threading
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
        server.run([ear])


class Server(uvicorn.Server):
    """Tells the studio that it ends, so that streams of events do, too."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self.studio = studio

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.studio.closing.set()
        super().handle_exit(sig, frame)

    def end_after(self, until: BinaryIO) -> None:
        """End once there is nothing more to be read."""
        while until.read(1):
            pass
        self.studio.closing.set()
        self.should_exit = True


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
    """Whether a message is one: an answer that was cut short because the server ends isn't."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _warm_up() -> None:
    """Read torch while the first page is looked at: it takes seconds."""
    with contextlib.suppress(ImportError):
        import_module("figment.generator")
