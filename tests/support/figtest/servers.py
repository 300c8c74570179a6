"""Servers on this machine: one that serves a folder, and one that misbehaves in every way that servers do."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest

AnyServer = TypeVar("AnyServer", bound=ThreadingHTTPServer)


@contextmanager
def serving(server: AnyServer) -> Iterator[AnyServer]:
    """Have a server answer, in threads of its own, until the block is left."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class FolderServer(ThreadingHTTPServer):
    """Serves the files of a folder; requests: the paths that were asked for."""

    def __init__(self, folder: Path) -> None:
        self.requests: list[str] = []
        requests = self.requests

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *args: Any) -> None:
                super().__init__(*args, directory=str(folder))

            def do_GET(self) -> None:
                requests.append(self.path)
                super().do_GET()

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


@contextmanager
def mirroring(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Have a folder stand for all public servers, with a cache of its own and no proxy; what is asked for."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIGMENT_CACHE", str(cache))
    with serving(FolderServer(folder)) as server:
        monkeypatch.setenv("FIGMENT_MIRROR", server.url)
        yield server.requests


class FaultyServer(ThreadingHTTPServer):
    """Serves `files`; `faults` are taken one a request, and each may answer in place of the usual."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), FaultyHandler)
        self.files = {"/file.zip": content}
        self.etags = {"/file.zip": '"one"'}
        self.faults: list[Fault] = []
        self.always: Fault | None = None
        self.ranges = True
        self.requests: list[tuple[str, str | None]] = []
        self.sent: Counter[str] = Counter()

    def url(self, path: str = "/file.zip") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that goes in the middle is part of the game


class FaultyHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyServer

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Range")))
        fault = self.server.faults.pop(0) if self.server.faults else self.server.always
        (fault or FaultyHandler.usual)(self)

    def usual(self, upto: int | None = None, declared: bool = True) -> None:
        """The file or its rest; upto: bytes after which the connection is cut."""
        content = self.server.files.get(self.path)
        if content is None:
            return self.status(404)
        etag = self.server.etags.get(self.path)
        start = 0
        asked = self.headers.get("Range") if self.server.ranges else None
        if asked and self.headers.get("If-Range") in (None, etag):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                return self.status(416, {"Content-Range": f"bytes */{len(content)}"})
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if etag:
            self.send_header("ETag", etag)
        if declared:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:] if upto is None else content[start : start + upto]
        self.wfile.write(body)
        self.server.sent[self.path] += len(body)
        self.close_connection = True
        return None

    def status(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


Fault = Callable[[FaultyHandler], object]


def cut(upto: int) -> Fault:
    """The connection is cut after so many bytes."""
    return lambda handler: handler.usual(upto)


def answer(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Another answer. headers: Content_Type="…"."""
    return lambda handler: handler.status(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)
