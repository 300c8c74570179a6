"""Downloads from a real server on this machine, which misbehaves in every way that servers do."""

import base64
import hashlib
import json
import os
import resource
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from figment.data.public import connection
from figment.data.public import download as module
from figment.data.public.download import Download, download
from figment.errors import InputError, Interrupted

CONTENT = np.random.default_rng(0).bytes(300_000)
OTHER = np.random.default_rng(1).bytes(300_000)


class Server(ThreadingHTTPServer):
    """Serves `files`; `faults` are taken one a request, and each may answer in place of the usual."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/file.zip": CONTENT}
        self.etags = {"/file.zip": '"one"'}
        self.faults: list[Callable[[Handler], object]] = []
        self.always: Callable[[Handler], object] | None = None
        self.ranges = True
        self.requests: list[tuple[str, str | None]] = []
        self.sent: Counter[str] = Counter()

    def url(self, path: str = "/file.zip") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that goes in the middle is part of the game


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Range")))
        fault = self.server.faults.pop(0) if self.server.faults else self.server.always
        (fault or Handler.usual)(self)

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
        self.send_header("Content-Length", str(len(content) - start)) if declared else None
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


def cut(upto: int) -> Callable[[Handler], object]:
    return lambda handler: handler.usual(upto)


def answer(status: int, body: bytes = b"", **headers: str) -> Callable[[Handler], object]:
    return lambda handler: handler.status(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were asked for; nobody waits."""
    naps: list[float] = []
    monkeypatch.setattr(module, "sleep", naps.append)
    return naps


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "set" / "file.zip"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def only(file: Path) -> bool:
    """Whether the file is all that is left in its folder."""
    return [path.name for path in file.parent.iterdir()] == [file.name]


def stopping_at(limit: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done >= limit:
            raise KeyboardInterrupt

    return progress


def bare(url: str, file: Path) -> str:
    """The one sentence with which a download fails."""
    with pytest.raises(InputError) as caught:
        download([url], file)
    return str(caught.value)


# ---- when all goes well ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("checksum", [f"sha256:{sha256(CONTENT)}", f"md5:{hashlib.md5(CONTENT).hexdigest()}", None])
def test_whole(server: Server, file: Path, checksum: str | None):
    seen: list[tuple[int, int]] = []
    record = download(
        [server.url()], file, size=len(CONTENT), checksum=checksum, progress=lambda *now: seen.append(now)
    )
    assert record == Download(server.url(), len(CONTENT), sha256(CONTENT))
    assert file.read_bytes() == CONTENT
    assert only(file)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_a_length_that_nobody_tells(server: Server, file: Path):
    server.faults = [lambda handler: handler.usual(declared=False)]
    seen: list[tuple[int, int]] = []
    download([server.url()], file, progress=lambda *now: seen.append(now))
    assert file.read_bytes() == CONTENT
    assert {total for _, total in seen} == {0}


def test_a_file_that_is_there_is_checked_and_not_downloaded(server: Server, file: Path):
    file.parent.mkdir()
    file.write_bytes(CONTENT)
    assert download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}").sha256 == sha256(CONTENT)
    with pytest.raises(InputError, match=rf"{sha256(OTHER)} expected, {sha256(CONTENT)} found\): remove it"):
        download([server.url()], file, checksum=f"sha256:{sha256(OTHER)}")
    assert file.read_bytes() == CONTENT  # whoever put it there may want it back
    assert not server.requests


def test_a_server_that_compresses_changes_nothing(server: Server, file: Path):
    """Some send .tar.gz as a tar that is gzipped on the way; the bytes wanted are the stored ones."""
    import gzip

    packed = gzip.compress(CONTENT)
    server.faults = [answer(200, packed, Content_Encoding="gzip")]
    download([server.url()], file)
    assert file.read_bytes() == packed


# ---- cuts ------------------------------------------------------------------------------------------------------------


def test_cuts_are_resumed(server: Server, file: Path, naps: list[float]):
    server.faults = [cut(100_000), cut(50_000), cut(0), cut(1)]
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert file.read_bytes() == CONTENT
    assert [asked for _, asked in server.requests] == [
        None, "bytes=100000-", "bytes=150000-", "bytes=150000-", "bytes=150001-"
    ]  # fmt: skip
    assert server.sent["/file.zip"] == len(CONTENT)
    assert naps == [1, 2, 4, 8]
    assert only(file)


def test_a_server_that_always_cuts_is_given_up_and_the_part_kept(server: Server, file: Path):
    server.always = cut(10)
    sentence = bare(server.url(), file)
    assert "127.0.0.1" in sentence
    assert "the connection was cut" in sentence
    assert len(server.requests) == module.MAX_TRIES
    server.always = None
    download([server.url()], file)
    assert server.requests[-1] == ("/file.zip", f"bytes={10 * module.MAX_TRIES}-")
    assert file.read_bytes() == CONTENT


def test_many_cuts_are_fine_where_each_brings_enough(server: Server, file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "PROGRESS_BYTES", 10_000)
    server.always = cut(10_000)
    download([server.url()], file)
    assert len(server.requests) == 30
    assert server.sent["/file.zip"] == len(CONTENT)


def test_without_ranges_it_starts_over(server: Server, file: Path):
    server.ranges = False
    server.faults = [cut(100_000)]
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert file.read_bytes() == CONTENT
    assert server.sent["/file.zip"] == 100_000 + len(CONTENT)


def test_without_ranges_and_always_cut_it_ends(server: Server, file: Path, monkeypatch: pytest.MonkeyPatch):
    """Each connection brings much, and none more than the one before: that is no progress."""
    monkeypatch.setattr(module, "PROGRESS_BYTES", 10_000)
    server.ranges = False
    server.always = cut(100_000)
    bare(server.url(), file)
    assert len(server.requests) == module.MAX_TRIES


def test_without_anything_that_tells_versions_apart_it_starts_over(server: Server, file: Path):
    server.etags = {}
    server.faults = [cut(100_000)]
    download([server.url()], file)
    assert [asked for _, asked in server.requests] == [None, None]
    assert file.read_bytes() == CONTENT


def test_a_weak_etag_does_not_tell_versions_apart(server: Server, file: Path):
    server.etags = {"/file.zip": 'W/"one"'}
    server.faults = [cut(100_000)]
    download([server.url()], file)
    assert [asked for _, asked in server.requests] == [None, None]


def test_a_file_that_changes_meanwhile_starts_over(server: Server, file: Path):
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(100_000))
    server.files["/file.zip"], server.etags["/file.zip"] = OTHER, '"two"'
    download([server.url()], file)
    assert server.requests[-1][1] is not None
    assert file.read_bytes() == OTHER


def test_a_change_is_noticed_where_the_server_ignores_if_range(server: Server, file: Path):
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(100_000))
    server.files["/file.zip"] = OTHER

    def careless(handler: Handler) -> None:
        server.etags["/file.zip"] = handler.headers["If-Range"]
        send = handler.send_header
        handler.send_header = lambda name, value: send(name, '"two"' if name == "ETag" else value)  # type: ignore
        handler.usual()
        server.etags["/file.zip"] = '"two"'

    server.faults = [careless]
    download([server.url()], file)
    assert file.read_bytes() == OTHER


def test_a_change_that_nothing_shows_is_found_by_the_checksum(server: Server, file: Path):
    """Same ETag, other bytes: the mixture fails its check, and the file is brought once more as a whole."""
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(100_000))
    server.files["/file.zip"] = OTHER
    download([server.url()], file, checksum=f"sha256:{sha256(OTHER)}")
    assert file.read_bytes() == OTHER
    assert server.requests[-1] == ("/file.zip", None)


def test_a_part_that_is_whole_already(server: Server, file: Path):
    """Killed between the last byte and the new name."""
    server.always = cut(len(CONTENT) - 1)
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(len(CONTENT) - 1))
    server.always = None
    part = file.with_name("file.zip.part")
    part.write_bytes(CONTENT)
    before = len(server.requests)
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert len(server.requests) == before
    assert only(file)


@pytest.mark.parametrize(("length", "requests"), [(len(CONTENT), 1), (len(CONTENT) + 5, 2)])
def test_a_part_beyond_the_end(server: Server, file: Path, length: int, requests: int):
    """The server has no such range (416): whole if the lengths agree, else from the start."""
    file.parent.mkdir()
    file.with_name("file.zip.part").write_bytes((CONTENT + OTHER)[:length])
    notes = {"url": server.url(), "length": None, "etag": '"one"', "modified": None}
    file.with_name("file.zip.part.json").write_text(json.dumps(notes))
    download([server.url()], file)
    assert file.read_bytes() == CONTENT
    assert len(server.requests) == requests


@pytest.mark.parametrize("notes", ["", "[]", "{}", '{"url": 1}', "\0", None])
def test_notes_that_are_broken(server: Server, file: Path, notes: str | None):
    file.parent.mkdir()
    file.with_name("file.zip.part").write_bytes(OTHER[:1000])
    if notes is not None:
        file.with_name("file.zip.part.json").write_text(notes)
    download([server.url()], file)
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize("header", ["bytes 5-299999/300000", "bytes 100000-299999/7", "nonsense", ""])
def test_another_range_than_was_asked_for(server: Server, file: Path, header: str):
    server.faults = [cut(100_000), answer(206, OTHER[:200_000], Content_Range=header)]
    download([server.url()], file)
    assert file.read_bytes() == CONTENT


def test_an_interrupted_download_goes_on(server: Server, file: Path):
    with pytest.raises(Interrupted, match=r"0\.2 MB of file\.zip are kept; the same command goes on"):
        download([server.url()], file, progress=stopping_at(150_000))
    assert not file.exists()
    kept = file.with_name("file.zip.part").stat().st_size
    assert 150_000 <= kept < len(CONTENT)
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert file.read_bytes() == CONTENT
    assert server.requests[1:] == [("/file.zip", f"bytes={kept}-")]
    assert only(file)


def test_two_processes_at_once(server: Server, file: Path):
    go = threading.Event()

    def slowly(handler: Handler) -> None:
        go.wait(30)
        handler.usual()

    server.always = slowly
    program = (
        "import sys; from pathlib import Path; from figment.data.public.download import download\n"
        "print('ready', flush=True)\n"
        "print(download([sys.argv[1]], Path(sys.argv[2])).sha256)"
    )
    command = [sys.executable, "-c", program, server.url(), str(file)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.stdout and process.stdout.readline() for process in both] == ["ready\n"] * 2
    go.set()
    assert [process.communicate(timeout=60)[0].strip() for process in both] == [sha256(CONTENT)] * 2
    assert len(server.requests) == 1
    assert only(file)


# ---- wrong bytes -----------------------------------------------------------------------------------------------------


def test_wrong_bytes_are_removed(server: Server, file: Path):
    with pytest.raises(InputError, match=f"sha256 {sha256(OTHER)} expected, {sha256(CONTENT)} found"):
        download([server.url()], file, checksum=f"sha256:{sha256(OTHER)}")
    assert not any(path.name.startswith("file.zip") for path in file.parent.iterdir())
    assert len(server.requests) == 1


def test_wrong_bytes_of_one_copy_and_right_ones_of_the_next(server: Server, file: Path):
    server.files["/right.zip"] = OTHER
    record = download([server.url(), server.url("/right.zip")], file, checksum=f"sha256:{sha256(OTHER)}")
    assert record.url == server.url("/right.zip")
    assert file.read_bytes() == OTHER


def test_the_part_of_one_copy_is_not_gone_on_with_at_another(server: Server, file: Path):
    """Two copies may differ, and agree in what their servers say of them."""
    server.files["/copy.zip"], server.etags["/copy.zip"] = OTHER, '"one"'
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(100_000))
    download([server.url("/copy.zip")], file)
    assert server.requests[1:] == [("/copy.zip", None)]
    assert file.read_bytes() == OTHER


def test_a_wrong_length_shows_before_the_download(server: Server, file: Path):
    with pytest.raises(InputError, match="7 bytes expected, 300,000 announced"):
        download([server.url()], file, size=7)
    assert not any(path.name.startswith("file.zip") for path in file.parent.iterdir())


@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_wrong_length_that_nobody_announced(server: Server, file: Path, wrong: int):
    server.always = lambda handler: handler.usual(declared=False)
    with pytest.raises(InputError, match="could not be downloaded"):
        download([server.url()], file, size=len(CONTENT) - wrong)
    assert not file.exists()


def test_bytes_without_end(server: Server, file: Path):
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(bytes(2**16))
            server.sent["endless"] += 2**16

    server.always = endless
    with pytest.raises(InputError, match="wrong bytes"):
        download([server.url()], file, size=len(CONTENT))
    assert server.sent["endless"] < 500 * 2**16  # what fits in the buffers between
    assert not file.with_name("file.zip.part").exists()


def test_a_web_page_is_no_file(server: Server, file: Path):
    server.always = answer(200, b"<html>please log in</html>", Content_Type="text/html; charset=utf-8")
    assert "a web page in place of the file" in bare(server.url(), file)


@pytest.mark.parametrize("declared", [True, False])
def test_nothing_is_no_file(server: Server, file: Path, declared: bool):
    server.files["/file.zip"] = b""
    server.faults = [lambda handler: handler.usual(declared=declared)] * module.MAX_TRIES
    bare(server.url(), file)
    assert not file.exists()


# ---- servers that refuse ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451, 501, 299, 799])
def test_the_next_copy_is_tried_at_once(server: Server, file: Path, naps: list[float], status: int):
    server.faults = [answer(status)]
    record = download([server.url("/gone.zip"), server.url()], file)
    assert record.url == server.url()
    assert [path for path, _ in server.requests] == ["/gone.zip", "/file.zip"]
    assert not naps


def test_no_copy_at_all(server: Server, file: Path):
    with pytest.raises(InputError) as caught:
        download([server.url("/a"), server.url("/b")], file, home="https://home.example")
    host = f"127.0.0.1:{server.server_port}"
    assert str(caught.value) == (
        f"file.zip could not be downloaded ({host}: 404 Not Found; {host}: 404 Not Found): try again later, get it from "
        f"https://home.example by hand and put it at {file}, or set FIGMENT_MIRROR to the address of a copy"
    )


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, [1, 2]),
        ({"Retry_After": "0"}, [0, 0]),
        ({"Retry_After": "7"}, [7, 7]),
        ({"Retry_After": "86400"}, [module.MAX_WAIT_SECONDS] * 2),
        ({"Retry_After": "Wed, 21 Oct 2015 07:28:00 GMT"}, [0, 0]),
        ({"Retry_After": "Wed, 21 Oct 2999 07:28:00 GMT"}, [module.MAX_WAIT_SECONDS] * 2),
        ({"Retry_After": "soon"}, [1, 2]),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server(
    server: Server, file: Path, naps: list[float], status: int, headers: dict[str, str], expected: list[float]
):
    server.faults = [answer(status, **headers)] * 2
    download([server.url()], file)
    assert file.read_bytes() == CONTENT
    assert naps == expected


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_busy_for_ever(server: Server, file: Path, naps: list[float], status: int):
    server.always = answer(status)
    assert f"{status} " in bare(server.url(), file)
    assert len(server.requests) == module.MAX_TRIES
    assert naps == [1, 2, 4, 8, 16]


def test_redirects(server: Server, file: Path):
    server.faults = [answer(302, Location="/elsewhere.zip?key=1"), answer(301, Location=server.url())]
    record = download([server.url("/start")], file)
    assert record.url == server.url("/start")
    assert [path for path, _ in server.requests] == ["/start", "/elsewhere.zip?key=1", "/file.zip"]
    assert [path.name for path in file.parent.iterdir()] == ["file.zip"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/file.zip", "data:,x", "nowhere://[1"])
def test_a_redirect_away_from_the_web(server: Server, file: Path, target: str):
    server.always = answer(302, Location=target)
    assert f"a redirect to {target.split(':')[0]}, which isn't followed" in bare(server.url(), file)


def test_a_redirect_to_less_safety():
    assert connection._redirected("https://a.example/x", "https://b.example/y") == "https://b.example/y"
    with pytest.raises(connection.Refused, match="from https to http"):
        connection._redirected("https://a.example/x", "http://b.example/y")


def test_redirects_in_a_circle(server: Server, file: Path):
    server.always = answer(302, Location="/file.zip")
    assert "too many redirects" in bare(server.url(), file)
    assert len(server.requests) == connection.MAX_REDIRECTS + 1


def test_names_from_the_server_are_never_used(server: Server, file: Path):
    server.faults = [
        answer(302, Location="/../../evil.zip"),
        answer(200, CONTENT, Content_Disposition='attachment; filename="../../evil.sh"'),
    ]
    download([server.url()], file)
    assert only(file)
    assert [path.name for path in file.parents[1].iterdir()] == ["set"]


def test_nobody_listens(file: Path, naps: list[float]):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sentence = bare(f"http://127.0.0.1:{unused.getsockname()[1]}/file.zip", file)
    assert "no connection" in sentence
    assert f"put it at {file}" in sentence
    assert "FIGMENT_MIRROR" in sentence
    assert len(naps) == module.MAX_UNREACHABLE_TRIES - 1


def test_a_host_that_there_is_not(file: Path):
    assert "there.invalid: host not found" in bare("http://user:secret@there.invalid/file.zip", file)


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://[1/x"])
def test_no_address_at_all(file: Path, url: str):
    assert "could not be downloaded" in bare(url, file)


def test_a_server_that_says_nothing(server: Server, file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "READ_SECONDS", 0.05)
    over = threading.Event()
    server.always = lambda handler: over.wait(30)
    try:
        assert "no answer in time" in bare(server.url(), file)
    finally:
        over.set()


def test_a_server_that_talks_nonsense(server: Server, file: Path):
    server.always = lambda handler: (handler.wfile.write(b"\x15\x03\x01\n" * 10), handler.connection.close())
    assert "the connection was cut" in bare(server.url(), file)


def test_https_without_a_certificate(server: Server, file: Path):
    sentence = bare(server.url().replace("http:", "https:"), file)
    assert "certificate" in sentence or "cut" in sentence
    assert not file.exists()


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_the_systems_proxy_is_asked(server: Server, file: Path, monkeypatch: pytest.MonkeyPatch, scheme: str):
    monkeypatch.setenv("http_proxy", f"{scheme}me:secr%40t@127.0.0.1:{server.server_port}")
    server.files["http://far.invalid/file.zip"] = CONTENT
    heard: list[str | None] = []
    server.faults = [lambda handler: (heard.append(handler.headers.get("Proxy-Authorization")), handler.usual())]
    download(["http://far.invalid/file.zip"], file)
    assert file.read_bytes() == CONTENT
    assert heard == [f"Basic {base64.b64encode(b'me:secr@t').decode()}"]


def test_a_proxy_that_is_none(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "socks5://me:secret@127.0.0.1:1080")
    assert bare("http://far.invalid/file.zip", file) == (
        "the proxy 127.0.0.1:1080 can't be used: set http_proxy to one that starts with http:// or https://, "
        "or to nothing"
    )


def test_a_proxy_that_is_not_there(file: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert "the proxy can't be reached" in bare("http://far.invalid/file.zip", file)


# ---- the disk --------------------------------------------------------------------------------------------------------


def test_too_little_room_shows_before_the_download(server: Server, file: Path, monkeypatch: pytest.MonkeyPatch):
    usage = module.shutil.disk_usage(".")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage._replace(free=len(CONTENT) - 1))
    assert "no room for file.zip" in (sentence := bare(server.url(), file))
    assert "set FIGMENT_CACHE" in sentence
    assert not file.with_name("file.zip.part").exists()


def test_a_disk_that_fills_up(server: Server, file: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        sentence = bare(server.url(), file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "no room for file.zip" in sentence
    assert "set FIGMENT_CACHE" in sentence
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert server.requests[-1][1] is not None  # what was written is gone on with
    assert file.read_bytes() == CONTENT


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(server: Server, file: Path):
    file.parent.mkdir(mode=0o500)
    assert "FIGMENT_CACHE" in bare(server.url(), file)


def test_a_file_where_the_folder_should_be(server: Server, file: Path):
    file.parent.write_text("")
    assert f"{file.parent} can't be written to" in bare(server.url(), file)
