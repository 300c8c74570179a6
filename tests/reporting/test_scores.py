import numpy as np
import pytest

from figment.media.images import encode
from figment.metrics.estimate import Estimate
from figment.metrics.scores import KINDS, Score
from figment.reporting import report
from figment.reporting import scores as measured

FACTS = {
    "at": "2026-01-01T00:00:00+00:00", "images": 10240, "networks": {"random": {"digest": "ab", "resize": "to 64"}},
    "codec": "jpeg:90", "seed": 3, "data": "faces",
}  # fmt: skip


def records():
    kid, recall = (Estimate(30.0, 2.0), Estimate(1.0, 1.0)), (Estimate(0.2, 0.01), Estimate(0.8, 0.01))
    found = [
        Score("kid", KINDS["kid"], "KID", *kid, Estimate(29.0, 2.0), 500, 700, "lite0", 5.0, "far"),
        Score(
            "recall:other", KINDS["recall"], "recall", *recall, Estimate(-0.6, 0.01), 500, 500, "other", 0.05, "less"
        ),
    ]
    copying = {"score": "copying", "verdict": "No copies: none of 500 samples is one.", "closest": [{"generated": 0}]}
    marginal = {
        "name": "hair_style", "labels": ["bald", "bob"], "truth": [0.1, 0.9], "found": [0.5, 0.5],
        "distance": {"value": 0.4, "floor": 0.02},
    }  # fmt: skip
    attributes = {"score": "attributes", "marginals": [marginal], "sentences": ["bald 50 % (truth 10 %)"]}
    summary = {"score": "summary", "grade": "rough", "summary": "rough: a stranger tells"}
    return [record | FACTS for record in [*(score.as_record() for score in found), copying, attributes, summary]]


def score(images, fd, **changes):
    return {
        "event": "score", "images": images, "seconds": 1.0, "features": "random", "title": "FD-random", "fd": fd,
        "error": 0.2, "floor": 0.5, "samples": 500, "took": 0.1,
    } | changes  # fmt: skip


@pytest.fixture
def run(make_run):
    run = make_run()
    run.add_measures([record | {"at": "earlier"} for record in records()[:1]])
    run.add_measures(records())
    run.add_measures([record | {"at": "later", "data": "others"} for record in records()[:1]])
    run.add_measures([{"score": "fd", "value": 1}, {"score": "fd", "at": "latest", "networks": {}}])
    run.pairs_file.write_bytes(encode(np.zeros((8, 8, 3), np.uint8), source=None))
    for images, fd in ((2560, 9.0), (5120, 3.0), (10240, 4.0)):
        run.log(score(images, fd))
    return run


def test_the_last_measurement_is_shown_and_no_other(run):
    found = measured.contents(run)
    assert [row["title"] for row in found["rows"]] == ["KID", "recall (other)"]
    assert found["rows"][0]["value"] == "30.0 ± 2.0"
    assert found["rows"][0]["verdict"] == "far"
    assert found["rows"][1]["verdict"] == "less"
    assert found["summary"] == "Rough: a stranger tells."
    assert "jpeg:90" in found["about"]
    assert "10,240" in found["about"]
    assert found["copying"].startswith("No copies")
    assert found["pairs"].startswith("data:image/webp;base64,")


def test_a_run_that_was_not_measured_says_how_to(make_run):
    run = make_run()
    assert measured.contents(run) is None
    assert measured.over_time(run) is None
    assert f"figment measure {run.folder}" in report.write_report(run).read_text()


def test_an_older_record_is_read_and_its_praise_is_not_repeated(make_run):
    run = make_run()
    new = ("difference", "difference_error", "margin")
    older = [
        {key: its for key, its in record.items() if key not in new} | {"verdict": "as good as real pictures"}
        for record in records()[:2]
    ]
    run.add_measures(older)
    found = measured.contents(run)
    assert "measure again" in found["summary"]
    assert [row["verdict"] for row in found["rows"]] == ["", ""]
    assert found["rows"][0]["value"] == "30.0 ± 2.0"
    assert "as good as" not in report.write_report(run).read_text()


def test_damaged_lines_of_measures_are_left_out(run):
    with run.measures_file.open("a") as file:
        file.write('{"score": "kid", "at"\n[1]\n')
    with run.measures_file.open("ab") as file:
        file.write(b"\xff\xfe\n")
    assert len(measured.contents(run)["rows"]) == 2
    run.add_measures(records())
    assert len(measured.contents(run)["rows"]) == 2


def test_the_page_shows_scores_originality_attributes_and_scores_over_time(run, browser):
    page = report.write_report(run)
    assert report.write_report(run).read_bytes() == page.read_bytes()
    browser.get(page.as_uri())
    rows = browser.find_elements("css selector", "#scores tbody tr")
    assert [row.find_element("tag name", "th").text for row in rows] == ["KID", "recall (other)"]
    assert "1.0 ± 1.0" in rows[0].text
    assert browser.find_element("id", "summary").text == "Rough: a stranger tells."
    assert "No copies" in browser.find_element("id", "originality").text
    assert browser.find_element("id", "pairs").size["width"] > 0
    chart = browser.find_element("css selector", "#attributes [role=img]")
    assert "bald 50% (10%)" in chart.get_attribute("aria-label")
    over_time = browser.find_element("css selector", '[aria-label^="FD-random while it trained"]')
    assert "best 3 at 5,120 images" in over_time.get_attribute("aria-label")
    assert over_time.find_elements("css selector", "svg path")
    severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not severe
