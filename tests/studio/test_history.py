"""What a run tells of itself up to now: quickly, of however long a log, and the same as reading all of it."""

import json

import numpy as np
import pytest

from figment.run import Run
from figment.studio import lines
from figment.studio.history import MAX_POINTS, history, sheets, state
from figment.studio.lines import NONE, Logs, lines_in, tail_at, ticks_of
from figment.studio.meanings import MEANINGS, meanings
from figment.studio.studio import Studio
from figment.training.diagnosis import SIGNS, Outlook
from figtest.long_runs import long_run
from figtest.runs import build, tick
from figtest.scored_runs import look


def of(folder):
    studio = Studio((folder,))
    (place,) = studio.places()
    return studio, place.id


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    return long_run(tmp_path_factory.mktemp("long"), ticks=5_000, sheets=100)


def test_a_long_log_is_thinned_evenly_and_what_is_rare_is_all_there(long):
    found = history(*of(long.folder))
    read = long.events("tick")
    assert len(found["ticks"]["images"]) == MAX_POINTS
    assert (found["ticks"]["images"][0], found["ticks"]["images"][-1]) == (read[0]["images"], read[-1]["images"])
    assert max(np.diff(found["ticks"]["images"])) <= 300  # none of 5,000 is farther than three from the next
    by_images = {event["images"]: event for event in read}
    for name in ("spread", "loss_generator", "p_fake_held_out"):
        values = dict(zip(found["ticks"]["images"], found["ticks"][name], strict=True))
        assert values == {images: pytest.approx(by_images[images][name], rel=1e-3) for images in values}
    assert [it["images"] for it in found["sheets"]] == sorted(long.pictures())
    assert found["readings"] == 5_000


def test_only_the_lines_that_are_shown_are_parsed(long, monkeypatch):
    parsed = []
    read = lines.events_of(long.events_file).record
    monkeypatch.setattr(
        lines.events_of(long.events_file).__class__, "record", lambda self, line: parsed.append(1) or read(line)
    )
    index = lines_in(long.events_file)
    ticks_of(long.events_file, index, MAX_POINTS)
    assert len(parsed) == MAX_POINTS + len(index.others)


def test_a_short_log_is_the_same_as_reading_it(tmp_path):
    run = build(tmp_path)
    run.log(look(5000, 90.0))
    run.log({"event": "standstill", "images": 10240, "seconds": 60.0, "text": "it stood still"})
    with run.events_file.open("a") as log:
        log.write(
            "no JSON\n" + json.dumps(tick(10300, 1.0)) + "\n" + '{"event": "tick", "images": 10400'
        )  # half-written
    index = lines_in(run.events_file)
    events = run.events()
    assert ticks_of(run.events_file, index, 10_000) == [event for event in events if event["event"] == "tick"]
    assert list(index.others) == [event for event in events if event["event"] != "tick"]
    found = history(*of(tmp_path))
    assert found["ticks"]["images"][-1] == 10300
    assert (found["scores"][0]["fd"], found["score_words"]["title"]) == (90.0, "FD-lite0 while it trained")
    assert [it["text"] for it in found["notes"]] == ["it stood still"]
    assert found["grid"] == [4, 4]


def test_a_log_that_has_grown_is_gone_on_with_and_another_is_read_anew(tmp_path):
    run = build(tmp_path)
    logs, file = Logs(), run.events_file
    first = logs.of(file)
    run.log(tick(20_000, 1.0))
    second = logs.of(file)
    assert second.others[0] is first.others[0]  # not read again
    assert np.array_equal(second.ticks, lines_in(file).ticks)
    assert second.tail == tail_at(file, second.size) == lines_in(file).tail
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-20]))  # as resume drops lines
    third = logs.of(file)
    assert (third.size, len(third.ticks)) == (file.stat().st_size, len(Run(run.folder).events("tick")))
    file.unlink()
    assert logs.of(file) is NONE


def test_the_sheet_of_a_stopped_run_is_its_last(tmp_path):
    run = build(tmp_path)
    run.note(images=12_000)
    run.stopped_file.write_bytes(run.picture_file(0).read_bytes())
    assert [it["images"] for it in sheets(run, NONE)] == [0, 640, 2560, 10240, 12_000]


def test_the_state_says_how_a_run_stands(tmp_path):
    run = build(tmp_path)
    run.log(look(5000, 90.0))
    found = state(*of(tmp_path))
    assert (found["standing"], found["said"], found["images"]) == ("done", "done", 10240)
    assert found["said_last"][0]["text"] == "the two nets are in balance"
    assert found["score"]["value"] == 90.0
    run.note(state="training")
    found = state(*of(tmp_path))
    assert (found["standing"], found["said"]) == ("killed", "ended before it could save")
    assert found["why"].endswith("Nothing of it was saved yet.")
    with run.locked():
        assert state(*of(tmp_path))["said"] == "training"
    here = of(tmp_path)
    assert not found["in_study"]
    (tmp_path / "study.json").touch()
    assert state(*here)["in_study"]


def test_a_newer_format_and_a_half_written_file_are_told_as_what_they_are(ask, shelf, tmp_path):
    from figtest.studios import asking

    run = build(tmp_path)
    facts = run.facts_file.read_text()
    with asking(tmp_path) as client:
        id = client.get("/api/runs").json()["runs"][0]["id"]
        run.facts_file.write_text(facts.replace('"format": 1', '"format": 2'))
        assert "newer figment" in client.get(f"/api/runs/{id}/history").json()["error"]
        run.facts_file.write_text(facts[:40])
        assert "is damaged" in client.get(f"/api/runs/{id}/state").json()["error"]
        run.facts_file.unlink()
        assert client.get(f"/api/runs/{id}/history").status_code == 404


def test_every_word_of_the_trainer_has_a_meaning(tmp_path):
    recipe = build(tmp_path).recipe
    at = Outlook([tick(100 * i, 0.5, distinct=5.0, chequers=0.2) for i in range(1, 9)], recipe)
    said = [sign.says(at) for sign in SIGNS] + [
        "too early to tell", "the pictures are still forming", "the two nets are in balance",
        "the discriminator tells nearly all fakes, as is usual so early",
    ]  # fmt: skip
    assert all(it["means"] for it in meanings(said))
    assert len({it["means"] for it in meanings(said)}) == len(MEANINGS)


def test_a_quick_sheet_is_marked_and_small(ask):
    from io import BytesIO

    from PIL import Image

    id = ask.get("/api/runs").json()["runs"][0]["id"]
    answer = ask.get(f"/api/runs/{id}/sheets/640/quick?v=1")
    assert answer.headers["content-type"] == "image/jpeg"
    assert b"trainedAlgorithmicMedia" in answer.content
    assert Image.open(BytesIO(answer.content)).size == (70, 70)
    for images in ("641", "x", "-1", "9" * 5000):
        assert ask.get(f"/api/runs/{id}/sheets/{images}/quick").status_code == 404
