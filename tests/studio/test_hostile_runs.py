"""Run folders of somebody who means harm, such as a downloaded one: each is shown as what it is, and harms no other."""

import asyncio
import json
import logging
import os
from pathlib import Path

import pytest

from figment.run import Run
from figment.studio import lines, serve
from figtest.runs import build
from figtest.studios import PORT, asking


@pytest.fixture
def run(tmp_path):
    return build(tmp_path)


@pytest.fixture
def client(run):
    with asking(run.folder.parent) as client:
        yield client


def row(client):
    (found,) = client.get("/api/runs").json()["runs"]
    return found


def tick(**fields):
    return {"event": "tick", "images": 10**6, "seconds": 1.0, "separation": 0.5, "spread": 0.5} | fields


def add(run: Run, *events: dict) -> None:
    with run.events_file.open("a") as log:
        log.writelines(json.dumps(event) + "\n" for event in events)


def test_numbers_that_come_to_infinity_are_told_as_unknown(client, run):
    run.note(state="training")
    add(run, tick(images_per_second=5e-324))
    assert client.get("/api/runs").status_code == 200
    score = {
        "event": "score",
        "images": 10**6,
        "error": 1.0,
        "floor": 1.0,
        "took": 1.0,
        "title": "x",
        "difference": 1e308,
    }
    add(run, score | {"fd": -1e308, "lowest": 0})
    assert row(client)["standing"] == "killed"


def test_a_run_of_an_unforeseen_kind_hides_no_other(client, run, monkeypatch):
    build(run.folder.parent.parent / "second").folder.rename(run.folder.parent / "y-1")
    whole = Run.recipe.fget

    def recipe(its: Run):
        if its.name == "y-1":
            raise TypeError
        return whole(its)

    monkeypatch.setattr(Run, "recipe", property(recipe))
    rows = {one["name"]: one["standing"] for one in client.get("/api/runs").json()["runs"]}
    assert rows == {"x-1": "done", "y-1": "unreadable"}


def test_names_of_files_that_are_digits_but_no_number_are_passed_over(client, run):
    for name in ("²²", "٣", "9" * 200):
        run.picture_file(0).with_name(f"{name}.png").write_bytes(b"")
    assert row(client)["standing"] == "done"


def test_an_origin_that_is_an_object_is_no_name(client, run):
    run.note(**{"from": {"name": [{"<script>": 1}]}})
    assert row(client)["origin"] is None


def test_a_sheet_that_links_out_of_the_run_is_not_served(client, run, tmp_path):
    secret = tmp_path / "secret.png"
    (sheet := run.picture_file(10240)).rename(secret)
    sheet.symlink_to(secret)
    for path in ("sheets/10240", "sheets/10240/quick"):
        assert client.get(f"/api/runs/{row(client)['id']}/{path}").status_code == 404


def test_a_run_that_a_link_took_the_place_of_is_gone(client, run, tmp_path):
    id = row(client)["id"]
    elsewhere = run.folder.rename(tmp_path / "elsewhere")
    run.folder.symlink_to(elsewhere)
    assert client.get(f"/api/runs/{id}/history").status_code == 404


def test_a_lock_that_is_a_link_makes_no_file_elsewhere(client, run, tmp_path):
    run.lock_file.unlink(missing_ok=True)
    run.lock_file.symlink_to(tmp_path / "made")
    assert client.patch(f"/api/runs/{row(client)['id']}", json={"name": "other"}).status_code in (400, 409)
    assert not (tmp_path / "made").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
@pytest.mark.parametrize("name", ["events.jsonl", "state/lock", "state/lock.held", "pictures/000010240.png"])
def test_a_pipe_is_not_waited_for(client, run, name):
    file = Path(run.folder, name)
    file.unlink(missing_ok=True)
    os.mkfifo(file)
    id = row(client)["id"]
    for path in ("", "/state", "/history", "/sheets/10240", "/sheets/10240/quick"):
        assert client.get(f"/api/runs/{id}{path}").status_code in (200, 404)


def test_a_line_without_end_is_passed_over_a_piece_at_a_time(run, monkeypatch):
    known = lines.lines_in(run.events_file)
    add(run, tick(text="x" * 5000), tick())
    monkeypatch.setattr(lines, "CHUNK_BYTES", 1000)
    found = lines.lines_in(run.events_file)
    assert found.size == run.events_file.stat().st_size
    assert len(found.ticks) - len(known.ticks) in (1, 2)  # the last piece of the long one isn't read as one
    assert lines.ticks_of(run.events_file, found, 1000)[-1]["images"] == 10**6


def test_what_the_system_refuses_is_a_sentence(client, run, monkeypatch):
    id = row(client)["id"]

    def full(*more, **named):
        raise OSError(28, "No space left on device", "/somewhere")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    answer = client.post("/api/check", content=b"x")
    assert (answer.status_code, "free some space" in answer.json()["error"]) == (409, True)
    monkeypatch.setattr(Run, "pictures", lambda its: os.stat(its.folder / "nothing"))
    assert client.get(f"/api/runs/{id}/history").status_code == 404


@pytest.mark.parametrize(
    "headers", [{"host": f"me@127.0.0.1:{PORT}"}, {"origin": "http://["}, {"origin": "http://[::1"}]
)
def test_addresses_that_nobody_can_read_are_refused(client, headers):
    assert client.get("/api/runs", headers=headers).status_code in (403, 421)


def test_an_answer_cut_short_at_the_end_is_no_fault():
    def record(error: BaseException) -> logging.LogRecord:
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "", (), (type(error), error, None))

    assert not serve._is_fault(record(asyncio.CancelledError()))
    assert serve._is_fault(record(ValueError()))
