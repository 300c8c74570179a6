"""The part of the report that shows what was explored and explained."""

import numpy as np
import pytest
import torch

from figment.finding import Finding, Sheet
from figment.reporting import findings, report

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 700, 3), np.uint8)


def finding(kind="interpolate", **changes):
    usual = dict(
        kind=kind, sentence="It changes little by little.", sheets={"": Sheet(PICTURE, "a row of steps")},
        columns=("path", "evenness"), rows=(("linear", "0.71"),), codes=torch.zeros(1, 4),
    )  # fmt: skip
    return Finding(**usual | changes)


@pytest.fixture
def run(make_run):
    run = make_run()
    finding("filters").save(run.findings, 10240, ["figment", "explain", "filters", "runs/my x-1"])
    finding(name="smile").save(run.findings, 640)
    return run


def test_findings_stand_in_the_report_in_their_order(run) -> None:
    first, second = findings.contents(run)
    assert (first["title"], first["name"], first["images"]) == ("Between codes", "smile", 640)
    assert (second["title"], second["images"]) == ("What the discriminator's filters respond to", None)
    assert second["command"] == "figment explain filters 'runs/my x-1'"
    page = report.write_report(run).read_text()
    for words in ("What it has learnt", "a row of steps", "0.71", "Found after 640 images", "Between codes: smile"):
        assert words in page
    assert page.count("data:image/png;base64,") >= 2
    assert report.write_report(run).read_text() == page


def test_a_run_that_was_never_explored_has_no_such_part(make_run) -> None:
    assert "What it has learnt" not in report.write_report(make_run()).read_text()


def test_pictures_that_are_gone_or_too_many_are_named(run, monkeypatch) -> None:
    (run.findings / "filters.png").unlink()
    assert [sheet["src"] is None for part in findings.contents(run) for sheet in part["sheets"]] == [False, True]
    monkeypatch.setattr(findings, "MAX_PICTURE_BYTES", 10)
    assert [sheet["src"] is None for part in findings.contents(run) for sheet in part["sheets"]] == [True, True]
    assert "findings/filters.png" in report.write_report(run).read_text()


def test_the_page_keeps_its_width_and_obeys_nobody(run, browser) -> None:
    evil = "<img src=x onerror=\"document.title = 'taken'\">"
    finding(sentence=evil, columns=(evil, "a"), rows=((evil, evil),), sheets={"": Sheet(PICTURE, evil)}).save(
        run.findings, 1, [evil]
    )
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.get(report.write_report(run).as_uri())
    assert browser.title == "x-1 · figment"
    assert browser.execute_script("return document.body.textContent").count(evil) >= 5
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 400
    images = browser.find_elements("css selector", ".finding img")
    assert len(images) == 3
    for image in images:
        assert (
            browser.execute_script("return arguments[0].decode().then(() => arguments[0].naturalWidth)", image) == 700
        )
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
