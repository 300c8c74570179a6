"""Requests that nobody means: by the published description (schemathesis), and bytes at random. Refused, and nothing breaks."""

import gc
import random
import shutil
import subprocess
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from figment.studio.app import build as build_app
from figment.studio.operations import OPERATIONS
from figment.studio.studio import Studio
from figtest.runs import build
from figtest.studios import PORT, TOKEN, asking, awaited

schemathesis = pytest.importorskip("schemathesis")
LEAK_BYTES = 8_000_000  # that 5,000 requests may leave behind in this process
OURS = ("host", "authorization")  # headers that the guard's tests have
#: Operations by method and path that aren't attacked here: streams that have no end, and the deletion of the run that others
#: are tried on, which test_nonsense_deletes_nothing has.
LEFT_OUT = {(it.method, it.path) for it in OPERATIONS if it.gives == "text/event-stream" or it.method == "DELETE"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")


@pytest.fixture
def attacked(tmp_path, monkeypatch):
    """A client of a studio on a run that may be lost; nothing that it would start is started."""

    def started(command: Any, *more: Any, **options: Any) -> Any:
        raise OSError(8, "nothing is started in this test", str(command))

    torch.set_flush_denormal(False)  # as a training in this process may have left it; the attacker thinks it broken
    run = build(tmp_path)
    shutil.copy(run.snapshot_file(10240), run.generator_file)
    monkeypatch.setattr(subprocess, "Popen", started)
    monkeypatch.setattr("figment.studio.play.searching.find", lambda *more: None)
    monkeypatch.setattr("figment.studio.play.films.make", lambda *more: None)
    monkeypatch.chdir(tmp_path)
    with asking(tmp_path / "runs") as client:
        yield client


def attack(client: Any, count: int) -> list[int]:
    """So many requests to each operation by its description, and so many against it; gives the statuses."""
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    (row,) = client.get("/api/runs").json()["runs"]
    statuses: list[int] = []

    def ask(case: Any, is_there: bool) -> None:
        if is_there and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = row["id"]
        statuses.extend(answered(client, case))

    for result in schema.get_all_operations():
        operation = result.ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            with suppress(Unsatisfiable):  # an operation that nothing can be wrong about
                tried = given(case=operation.as_strategy(generation_mode=mode), is_there=st.booleans())(ask)
                settings(
                    max_examples=count, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )(tried)()  # fmt: skip
    return statuses


def answered(client: Any, case: Any) -> list[int]:
    """The status of a case's answer; none where no client can send it. Fails the test for a fault of the server's."""
    parts = case.as_transport_kwargs(base_url=str(client.base_url).rstrip("/"))
    sent = {name: parts[name] for name in ("method", "url", "params", "json", "data") if parts.get(name) is not None}
    headers = {name: value for name, value in (parts.get("headers") or {}).items() if name.lower() not in OURS}
    if isinstance(sent.get("data"), bytes | str):
        sent["content"] = sent.pop("data")
    try:
        answer = client.request(**sent, headers=headers)
    except (UnicodeEncodeError, ValueError, TypeError):
        return []
    assert answer.status_code < 500, (sent, answer.text)
    return [answer.status_code]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the attacker's own
def test_requests_by_the_description_never_break_it(attacked):
    statuses = attack(attacked, 4)
    assert len(statuses) > 4 * len(OPERATIONS)
    assert {s // 100 for s in statuses} >= {2, 4}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_five_thousand_requests_leave_memory_as_it_was(attacked):
    """The first half fills what is kept on purpose, such as the last samples; the second adds next to nothing."""
    tracemalloc.start()
    statuses: list[int] = []
    held: list[int] = []
    for half in (2500, 5000):
        while len(statuses) < half:  # some operations have few requests that differ
            statuses += attack(attacked, 2500 // len(OPERATIONS))
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    left = held[1] - held[0]
    assert left < LEAK_BYTES


def test_bytes_at_random_are_refused(shelf):
    chance = random.Random(0)
    paths = [it.path for it in OPERATIONS] + ["/", "/assets/x", "/api/openapi.json"]

    def noise(most: int) -> bytes:
        return chance.randbytes(chance.randrange(most))

    app = build_app(Studio((shelf,)), TOKEN, PORT)
    for _ in range(300):
        path = chance.choice(paths).encode() if chance.random() < 0.7 else b"/" + noise(60)
        headers = [(b"host", f"127.0.0.1:{PORT}".encode()), (b"authorization", f"Bearer {TOKEN}".encode())]
        headers += [(chance.choice([b"cookie", b"origin", b"range", b"content-type", b"accept", b"last-event-id"]), noise(40))
                    for _ in range(chance.randrange(3))]  # fmt: skip
        status = raw(app, chance.choice(METHODS), path, noise(60), headers, noise(400))
        assert 200 <= status < 500, (path, headers)


def raw(app: Any, method: str, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], content: bytes) -> int:
    """The status of one request, given to the application byte by byte as a server would that checks nothing."""
    found: list[int] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path.decode("utf-8", "replace"), "raw_path": path, "query_string": query, "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", PORT),
    }  # fmt: skip
    messages = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    awaited(app(scope, receive, send))
    return found[0]


def test_nonsense_deletes_nothing(attacked, tmp_path):
    (row,) = attacked.get("/api/runs").json()["runs"]
    for content in (b"", b"{}", b"null", b"[]", b'{"name": "another"}', b"\xff" * 9):
        assert attacked.request("DELETE", f"/api/runs/{row['id']}", content=content).status_code in (400, 404, 405, 409)
    assert Path(tmp_path, "runs", "x-1", "run.json").is_file()
