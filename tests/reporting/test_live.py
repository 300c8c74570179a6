"""The page on which a run is watched while it trains, as a browser shows it from the disk."""

import json
import re
import time

import numpy as np
import pytest

import figment
from figment.common import progress
from figment.errors import InputError
from figment.media.images import encode
from figment.media.provenance import page_mark, source_of
from figment.reporting import live
from figtest.runs import tick

SHEET = np.zeros((16, 16, 3), np.uint8)


class Told(progress.Silent):
    """What a display is told, in its order."""

    def __init__(self):
        self.calls = []

    def watch(self, page):
        assert page.is_file()
        self.calls.append(page.name)

    def say(self, sentence):
        self.calls.append(sentence)

    def tick(self, event):
        self.calls.append(event["images"])


def script(run):
    """What live.js holds: facts and charts."""
    text = run.live_data_file.read_text().strip()
    facts, charts = json.loads(f"[{text.removeprefix('figment(').removesuffix(');')}]")
    return facts, charts


@pytest.fixture
def page(make_run, monkeypatch):
    """The live page of a run that trains, which is written whenever there is something new."""
    monkeypatch.setattr(live, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(live, "REST_SHARE", 0)
    found = live.LivePage(make_run(ticks=10, state="training"), Told())
    found.begin(20_480, None, 10_240, 60.0)
    return found


def test_the_script_tells_how_the_run_stands(page):
    facts, charts = script(page.run)
    assert facts["now"] == "10,240 images seen in 1 min 00 s of training; the budget is 20,480 images."
    assert (facts["running"], facts["share"], facts["words"]) == (True, 0.5, "the two nets are in balance")
    assert [sheet["src"] for sheet in facts["sheets"]] == [
        f"pictures/{path.name}" for path in page.run.pictures().values()
    ]
    assert facts["sheets"][-1]["label"] == "10,240 images seen · 1 min 00 s"
    losses = charts[0]
    assert losses["images"] == [1024 * i for i in range(1, 11)]
    expected = [event["loss_discriminator"] for event in page.run.events("tick")]
    assert losses["lines"][0]["values"] == pytest.approx(expected, rel=1e-3)
    assert page.display.calls == ["live.html"]
    assert source_of(page.run.live_file) == "trainedAlgorithmicMedia"


def test_readings_scores_sheets_and_words_come_as_they_are_told(page):
    page.tick(tick(11_264, 0.55, separation=float("nan"), diagnosis=["gains", "slowly"]))
    page.score(
        {"event": "score", "images": 11_264, "title": "FD-random", "features": "random", "fd": 3.0, "floor": 0.5}
    )
    page.run.picture_file(11_264).write_bytes(encode(SHEET))
    page.say("a warning </script>")
    page.progress(11_300, 66.0)
    page.snapshot(11_264, SHEET, (16, 16))
    page.progress(11_300, 66.0)
    facts, charts = script(page.run)
    assert facts["words"] == "gains; slowly"
    assert facts["said"] == ["a warning </script>"]
    assert facts["sheets"][-1] == {"label": "11,264 images seen · 1 min 06 s", "src": "pictures/000011264.png"}
    assert charts[0]["title"] == "FD-random while it trained"
    assert (charts[0]["lines"][0]["values"], charts[0]["guide"]) == ([3.0], 0.5)
    by_title = {chart["title"]: chart for chart in charts}
    assert by_title["Telling fakes from reals"]["lines"][0]["values"][-1] is None
    assert page.display.calls[1:] == [11_264, "a warning </script>"]


def test_speed_and_time_left_are_told_while_it_trains(page):
    page.progress(10_640, 64.0)
    assert (
        script(page.run)[0]["now"]
        == "10,640 images seen in 1 min 04 s of training, 100 a second; 1 min 38 s left of 20,480 images."
    )
    page.run.note(state="interrupted", images=10_640, seconds=65.4)
    page.close()
    # The run's own time, which the report tells: looks and sheets took the last of it.
    assert script(page.run)[0]["now"] == "10,640 images seen in 1 min 05 s of training; the budget is 20,480 images."


def test_a_run_that_ended_before_its_first_step_says_so(make_run):
    page = live.LivePage(make_run(ticks=0, snapshots=(), state="finished", images=0, seconds=61.0), Told())
    page.begin(None, 60.0, 0, 61.0)
    page.stage("writing the report")(9, 9)
    page.close()
    assert script(page.run)[0]["now"] == "0 images seen in 1 min 01 s of training; the budget is 1 min 00 s."


def test_a_run_that_was_stopped_ends_with_the_sheet_of_where_it_stands(page):
    page.progress(10_640, 64.0)
    page.run.stopped_file.write_bytes(encode(SHEET))
    page.snapshot(10_640, SHEET, (16, 16))
    page.close()
    last = {"label": "10,640 images seen · 1 min 04 s", "src": "pictures/stopped.png"}
    assert script(page.run)[0]["sheets"][-1] == last


def test_the_first_sheet_of_known_nets_is_explained(make_run):
    page = live.LivePage(make_run(state="training", **{"from": {"name": "old"}}), Told())
    page.begin(20_480, None, 10_240, 60.0)
    labels = [sheet["label"] for sheet in script(page.run)[0]["sheets"]]
    assert "before any training" in labels[0]
    assert "before any training" not in labels[1]


def test_damaged_events_are_left_out(make_run, monkeypatch):
    run = make_run(ticks=2, state="training")
    with run.events_file.open("ab") as file:
        file.write(
            b'\xff\xfe\n{"event": "tick", "images": 60}\n{"event": "score", "images": 60}\n{"event": "snapshot", "images": 1}\n'
        )
    page = live.LivePage(run, progress.Silent())
    page.begin(20_480, None, 10_240, 60.0)
    facts, charts = script(run)
    assert charts[0]["title"] == "Losses"
    assert charts[0]["lines"][0]["values"][-1] is None
    assert facts["words"] == ""


def test_readings_that_were_taken_back_go(page):
    page.tick(tick(12_288, 0.6))
    page.tick(tick(11_264, 0.55))
    page.progress(11_264, 66.0)
    assert script(page.run)[1][0]["images"][-2:] == [10_240, 11_264]


def test_of_many_readings_few_are_drawn(page):
    for i in range(2000):
        page._keep(tick(20_000 + i, 0.5))
    page.write()
    charts = script(page.run)[1]
    assert len(charts[0]["images"]) == live.MAX_POINTS
    assert (charts[0]["images"][0], charts[0]["images"][-1]) == (1024, 21_999)
    assert page.run.live_data_file.stat().st_size < 100_000


def test_writing_is_a_small_share_of_the_time(make_run, monkeypatch):
    """By a clock of the test's own, on which each write takes a second."""
    now, writes = [0.0], []
    monkeypatch.setattr(live, "perf_counter", lambda: now[0])

    def slow(path, content):
        if path.suffix == ".js":
            writes.append(now[0])
            now[0] += 1.0

    monkeypatch.setattr(live, "write_unflushed", slow)
    page = live.LivePage(make_run(state="training"), progress.Silent())
    page.begin(10**9, None, 0, 0.0)
    for step in range(100_000):
        now[0] += 0.01
        page.progress(step, now[0])
    assert len(writes) > 4
    assert len(writes) / now[0] < 0.01


def test_a_page_that_cannot_be_written_ends_nothing(make_run, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(live, "write_unflushed", full)
    page = live.LivePage(make_run(state="training"), Told())
    page.begin(10_240, None, 0, 0.0)
    page.progress(16, 1.0)
    page.close()
    assert page.display.calls == []


@pytest.mark.parametrize(
    ("state", "says"), [("finished", "Finished."), ("interrupted", "with everything saved"), ("training", "Stopped")]
)
def test_the_last_word_is_how_it_ended(page, state, says):
    page.run.note(state=state)
    page.stage("writing the report")(16, 16)
    page.close()
    facts, _ = script(page.run)
    assert says in facts["state"]
    assert not facts["running"]
    assert facts["now"].startswith("10,240 images seen")


def test_a_run_whose_time_was_over_before_its_first_step_ends_with_that(make_run):
    page = live.LivePage(make_run(state="training"), Told())
    page.begin(None, 120.0, 0, 0.0)
    page.run.note(state="finished", images=0, seconds=0.0)
    page.stage("writing the report")(9, 9)
    page.close()
    assert script(page.run)[0]["now"] == "0 images seen in 0 s of training; the budget is 2 min 00 s."


# ---- training with it --------------------------------------------------------------------------------------------


TINY = dict(recipe="dcgan", size=16, width=2, batch=8, snapshots=3, scores="none")


@pytest.fixture
def without_report(monkeypatch):
    monkeypatch.setattr("figment.reporting.report.write_report", lambda run, **told: run.report_file.touch())


def test_a_training_says_first_where_it_can_be_watched(faces, tmp_path, without_report):
    told = Told()
    run = figment.train(faces, images=64, out=tmp_path / "run", display=told, **TINY)
    assert told.calls[0] == "live.html"
    facts, charts = script(run)
    assert (facts["state"], facts["share"]) == ("Finished.", 1)
    assert facts["said"] == [
        sentence for sentence in told.calls if isinstance(sentence, str) and sentence != "live.html"
    ]
    assert [sheet["src"] for sheet in facts["sheets"]] == [f"pictures/{path.name}" for path in run.pictures().values()]
    assert charts


def test_a_resumed_run_has_no_report_of_before(faces, tmp_path, monkeypatch, without_report):
    run = figment.train(faces, images=64, out=tmp_path / "run", **TINY)
    run.report_file.write_text("of before")
    seen = []
    monkeypatch.setattr(
        "figment.reporting.report.write_report", lambda run, **told: seen.append(run.report_file.exists())
    )
    with pytest.raises(InputError):
        figment.resume(run, images=64, data=tmp_path / "nowhere")
    assert run.report_file.read_text() == "of before"  # what is refused changes nothing
    live_before = run.live_data_file.read_text()
    assert script(run)[0]["state"] == "Finished."
    figment.resume(run, images=64)
    assert seen == [False]
    assert run.live_data_file.read_text() != live_before
    assert script(run)[0]["now"].startswith("128 images seen")


# ---- in a browser ------------------------------------------------------------------------------------------------


def until(browser, script_, value, seconds=30.0):
    """Wait until the page has a value: it looks every other second."""
    end = time.monotonic() + seconds
    while (found := browser.execute_script(f"return {script_}")) != value:
        assert time.monotonic() < end, found
        time.sleep(0.1)


def test_the_open_page_follows_the_run_and_lets_its_slider_be(page, browser):
    browser.get(page.run.live_file.as_uri())
    until(browser, "document.getElementById('moment').textContent", "10,240 images seen · 1 min 00 s")
    assert "10,240 images seen" in browser.find_element("id", "now").text
    assert browser.find_element("id", "verdict").text == "the two nets are in balance"
    charts = browser.find_elements("css selector", ".chart")
    assert [chart.find_element("tag name", "h3").text for chart in charts][:2] == [
        "Losses",
        "What the discriminator believes: P(fake)",
    ]
    assert all(chart.find_elements("css selector", "svg path") for chart in charts)
    image = browser.find_element("id", "shown")
    assert browser.execute_script("return arguments[0].decode().then(() => arguments[0].naturalWidth)", image) > 0

    evil = "<img src=x onerror=\"document.title = 'taken'\">"
    page.run.picture_file(11_264).write_bytes(encode(SHEET))
    page.snapshot(11_264, SHEET, (16, 16))
    page.tick(tick(11_264, 0.55, diagnosis=[evil]))
    page.say(evil)
    page.progress(11_264, 66.0)
    until(browser, "document.getElementById('moment').textContent", "11,264 images seen · 1 min 00 s")  # it follows
    assert browser.find_element("id", "verdict").text == evil
    assert browser.find_element("id", "said").text == evil
    assert "live" in browser.title

    browser.find_element("id", "slider").send_keys("\ue011")  # home: now it stays
    page.run.picture_file(12_288).write_bytes(encode(SHEET))
    page.run.note(state="finished")
    page.close()
    until(browser, "document.getElementById('state').textContent", "Finished.")
    assert browser.find_element("id", "moment").text == "0 images seen · 0 s"
    assert browser.find_element("id", "slider").get_attribute("max") == "5"
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_keeps_its_width(page, browser, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.say("a" * 300)
    page.write()
    browser.get(page.run.live_file.as_uri())
    until(browser, "document.getElementById('told').hidden", False)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_before_the_training_the_page_tells_of_the_preparing(make_run, browser):
    run = make_run(ticks=0, snapshots=(), state="new")
    page = live.LivePage(run, progress.Silent())
    page.open()
    page.next_write = 0.0
    page.stage("preparing pictures")(30, 80)
    browser.get(run.live_file.as_uri())
    until(browser, "document.getElementById('now').textContent", "preparing pictures: 30 of 80")
    assert not browser.find_element("id", "curves").is_displayed()
    asked = run.live_file.read_text().replace(page_mark("trainedAlgorithmicMedia"), "")
    assert re.findall(r"https?://[^\"]*", asked) == ["http://www.w3.org/2000/svg"]
