"""Servers that are busy, gone, elsewhere, behind a proxy, or talk nonsense."""

import base64
import socket
import threading
from pathlib import Path

import pytest

from figment.data.public import connection
from figment.data.public import download as module
from figment.data.public.download import download
from figment.errors import InputError
from figtest.downloads import CONTENT, alone, refusal
from figtest.servers import FaultyServer, answer


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451, 501, 299, 799])
def test_the_next_copy_is_tried_at_once(server: FaultyServer, file: Path, naps: list[float], status: int):
    server.faults = [answer(status)]
    record = download([server.url("/gone.zip"), server.url()], file)
    assert record.url == server.url()
    assert [path for path, _ in server.requests] == ["/gone.zip", "/file.zip"]
    assert not naps


def test_no_copy_at_all(server: FaultyServer, file: Path):
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
    server: FaultyServer, file: Path, naps: list[float], status: int, headers: dict[str, str], expected: list[float]
):
    server.faults = [answer(status, **headers)] * 2
    download([server.url()], file)
    assert file.read_bytes() == CONTENT
    assert naps == expected


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_busy_for_ever(server: FaultyServer, file: Path, naps: list[float], status: int):
    server.always = answer(status)
    assert f"{status} " in refusal(server.url(), file)
    assert len(server.requests) == module.MAX_TRIES
    assert naps == [1, 2, 4, 8, 16]


def test_redirects(server: FaultyServer, file: Path):
    server.faults = [answer(302, Location="/elsewhere.zip?key=1"), answer(301, Location=server.url())]
    record = download([server.url("/start")], file)
    assert record.url == server.url("/start")
    assert [path for path, _ in server.requests] == ["/start", "/elsewhere.zip?key=1", "/file.zip"]
    assert [path.name for path in file.parent.iterdir()] == ["file.zip"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/file.zip", "data:,x", "nowhere://[1"])
def test_a_redirect_away_from_the_web(server: FaultyServer, file: Path, target: str):
    server.always = answer(302, Location=target)
    assert f"a redirect to {target.split(':')[0]}, which isn't followed" in refusal(server.url(), file)


def test_a_redirect_to_less_safety():
    assert connection._redirected("https://a.example/x", "https://b.example/y") == "https://b.example/y"
    with pytest.raises(connection.Refused, match="from https to http"):
        connection._redirected("https://a.example/x", "http://b.example/y")


def test_redirects_in_a_circle(server: FaultyServer, file: Path):
    server.always = answer(302, Location="/file.zip")
    assert "too many redirects" in refusal(server.url(), file)
    assert len(server.requests) == connection.MAX_REDIRECTS + 1


def test_names_from_the_server_are_never_used(server: FaultyServer, file: Path):
    server.faults = [
        answer(302, Location="/../../evil.zip"),
        answer(200, CONTENT, Content_Disposition='attachment; filename="../../evil.sh"'),
    ]
    download([server.url()], file)
    assert alone(file)
    assert [path.name for path in file.parents[1].iterdir()] == ["set"]


def test_nobody_listens(file: Path, naps: list[float]):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sentence = refusal(f"http://127.0.0.1:{unused.getsockname()[1]}/file.zip", file)
    assert "no connection" in sentence
    assert f"put it at {file}" in sentence
    assert "FIGMENT_MIRROR" in sentence
    assert len(naps) == module.MAX_UNREACHABLE_TRIES - 1


def test_a_host_that_there_is_not(file: Path):
    assert "there.invalid: host not found" in refusal("http://user:secret@there.invalid/file.zip", file)


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://[1/x"])
def test_no_address_at_all(file: Path, url: str):
    assert "could not be downloaded" in refusal(url, file)


def test_a_server_that_says_nothing(server: FaultyServer, file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "READ_SECONDS", 0.05)
    over = threading.Event()
    server.always = lambda handler: over.wait(30)
    try:
        assert "no answer in time" in refusal(server.url(), file)
    finally:
        over.set()


def test_a_server_that_talks_nonsense(server: FaultyServer, file: Path):
    server.always = lambda handler: (handler.wfile.write(b"\x15\x03\x01\n" * 10), handler.connection.close())
    assert "the connection was cut" in refusal(server.url(), file)


def test_https_without_a_certificate(server: FaultyServer, file: Path):
    sentence = refusal(server.url().replace("http:", "https:"), file)
    assert "certificate" in sentence or "cut" in sentence
    assert not file.exists()


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_the_systems_proxy_is_asked(server: FaultyServer, file: Path, monkeypatch: pytest.MonkeyPatch, scheme: str):
    monkeypatch.setenv("http_proxy", f"{scheme}me:secr%40t@127.0.0.1:{server.server_port}")
    server.files["http://far.invalid/file.zip"] = CONTENT
    heard: list[str | None] = []
    server.faults = [lambda handler: (heard.append(handler.headers.get("Proxy-Authorization")), handler.usual())]
    download(["http://far.invalid/file.zip"], file)
    assert file.read_bytes() == CONTENT
    assert heard == [f"Basic {base64.b64encode(b'me:secr@t').decode()}"]


def test_a_proxy_that_is_none(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "socks5://me:secret@127.0.0.1:1080")
    assert refusal("http://far.invalid/file.zip", file) == (
        "the proxy 127.0.0.1:1080 can't be used: set http_proxy to one that starts with http:// or https://, "
        "or to nothing"
    )


def test_a_proxy_that_is_not_there(file: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert "the proxy can't be reached" in refusal("http://far.invalid/file.zip", file)
