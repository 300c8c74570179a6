"""A run's events as they come: each once, however the connection or the file is cut."""

import asyncio
import json
import shutil

import pytest

from figment.run import Run
from figment.studio import stream
from figment.studio.stream import Tail, events
from figment.studio.studio import Studio
from figtest.runs import build, tick
from figtest.studios import asking, awaited


@pytest.fixture
def run(tmp_path):
    return build(tmp_path, ticks=3)


def tail(run, place="0-00000000"):
    size, mark = place.split("-")
    return Tail(run.events_file, int(size), int(mark, 16))


def test_cut_anywhere_every_event_comes_once(run):
    whole, expected = run.events_file.read_bytes(), run.events()
    for cut in range(len(whole) + 1):
        run.events_file.write_bytes(whole[:cut])
        first = tail(run).more()
        run.events_file.write_bytes(whole)
        last = first[-1][1] if first else "0-00000000"
        rest = tail(run, last).more()  # as a browser goes on that was cut off
        assert [event for event, _ in first + rest] == expected, cut


def test_nothing_new_is_nothing_and_a_damaged_line_is_passed_over(run):
    its = tail(run)
    its.more()
    assert its.more() == []
    with run.events_file.open("ab") as log:
        log.write(b"\xff no JSON \r\n" + json.dumps(tick(99, 1.0)).encode() + b"\n")
    assert [event["images"] for event, _ in its.more()] == [99]


def test_a_line_without_an_end_holds_nothing_up(run, monkeypatch):
    monkeypatch.setattr(stream, "CHUNK_BYTES", 2000)
    with run.events_file.open("ab") as log:
        log.write(b"x" * 9000 + b"\n" + json.dumps(tick(99, 1.0)).encode() + b"\n")
    its, found = tail(run), []
    for _ in range(20):
        found += its.more()
    assert found[-1][0]["images"] == 99


def test_a_log_that_lost_lines_is_begun_anew(run):
    its = tail(run)
    its.more()
    lines = run.events_file.read_bytes().splitlines(keepends=True)
    run.events_file.write_bytes(b"".join(lines[:-1]))
    assert its.more() is None
    run.events_file.write_bytes(b"".join(lines[:-1]) + b"x" * 5000 + b"\n")  # and grew beyond where it was
    assert its.more() is None
    run.events_file.unlink()
    assert its.more() is None


def collected(studio, run, place="", during=lambda: None, most=20):
    """What the stream sends until it ends; during: done once the first has come."""

    async def all_of_it():
        found = []
        async for text in events(studio, run, place):
            found.append(text)
            if len(found) == 2:
                during()
            assert len(found) < most
        return found

    return "".join(awaited(asyncio.wait_for(all_of_it(), 30)))


def test_the_stream_ends_with_the_studio_and_tells_of_a_deleted_run(run, tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.01)
    studio = Studio((tmp_path,))
    text = collected(studio, run, during=studio.closing.set)
    assert text.count("\nid: ") + text.startswith("id: ") == len(run.events())
    assert 'event: state\ndata: {"state": "done"}' in text
    text = collected(Studio((tmp_path,)), run, during=lambda: shutil.rmtree(run.folder))
    assert text.endswith("\n\n")
    assert "event: gone" in text


def test_the_stream_says_anew_and_goes_on_by_the_last_id(run, tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(stream, "ALIVE_SECONDS", 0.0)
    studio = Studio((tmp_path,))
    assert "event: anew" in collected(studio, run, "12-0123abcd")
    its = tail(run)
    last = its.more()[-2][1]
    text = collected(studio, run, last, during=studio.closing.set)
    assert text.count("\ndata: ") - text.count("event: state") == 1
    assert tail(Run(run.folder), last).more()


def test_a_browser_that_comes_again_is_given_what_it_lacks(run, tmp_path, monkeypatch):
    """By Last-Event-ID, which goes before what the address says."""
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.01)
    its = tail(run)
    last = its.more()[-2][1]
    studio = Studio((tmp_path,))
    with asking(studio=studio) as client:
        id = client.get("/api/runs").json()["runs"][0]["id"]
        studio.closing.set()
        answer = client.get(f"/api/runs/{id}/events", headers={"last-event-id": last})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == "retry: 1000\n\n"  # the studio is closing: nothing keeps it
