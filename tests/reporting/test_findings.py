"""The part of the report that shows what was explored and explained."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from figment.finding import Finding, Sheet
from figment.media.provenance import source_of
from figment.media.strips import strips
from figment.reporting import findings, report

ROOM = 1_000_000  # bytes for all pictures
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
    first, second = findings.contents(run, room=ROOM)
    assert (first["title"], first["name"], first["images"]) == ("Between codes", "smile", 640)
    assert (second["title"], second["images"]) == ("What the discriminator's filters respond to", None)
    assert second["command"] == "figment explain filters 'runs/my x-1'"
    page = report.write_report(run).read_text()
    for words in ("What it has learnt", "a row of steps", "0.71", "Found after 640 images", "Between codes: smile"):
        assert words in page
    assert page.count("data:image/webp;base64,") >= 2
    assert report.write_report(run).read_text() == page


def test_a_run_that_was_never_explored_has_no_such_part(make_run) -> None:
    assert "What it has learnt" not in report.write_report(make_run()).read_text()


def test_the_page_is_marked_by_all_its_pictures(run) -> None:
    """Those of a chart are nobody's; a sheet of strips without a mark shows real pictures."""
    assert source_of(report.write_report(run)) == "trainedAlgorithmicMedia"
    sheets = {"": Sheet(PICTURE, "a chart", None)}
    finding("features", sheets=sheets).save(run.findings)
    assert source_of(report.write_report(run)) == "trainedAlgorithmicMedia"
    tiles = np.zeros((2, 3, 16, 16), np.uint8)
    finding("features", sheets=sheets | {"reals": Sheet.of_strips([("a", tiles)], "reals", None)}).save(run.findings)
    assert source_of(report.write_report(run)) == "compositeWithTrainedAlgorithmicMedia"


def test_pictures_that_are_gone_or_too_many_are_named(run) -> None:
    (run.findings / "filters.png").unlink()
    for room, shown in ((ROOM, [True, False]), (10, [False, False])):
        contents = findings.contents(run, room=room)
        assert [bool(sheet["rows"]) for part in contents for sheet in part["sheets"]] == shown
    assert "findings/filters.png" in report.write_report(run).read_text()


def colour(row) -> list[int]:
    """The colour that most of a row's picture has."""
    content = base64.b64decode(row["src"].split(",")[1])
    return np.median(np.asarray(Image.open(io.BytesIO(content))).reshape(-1, 3), 0).round().astype(int).tolist()


def test_strips_are_cut_into_rows_with_their_words_as_text(run, browser) -> None:
    shades = {"samples": 40, "nearest\nreals": 200}
    rows = [(name, np.full((5, 3, 16, 24), shade, np.uint8)) for name, shade in shades.items()]
    sheet = Sheet.of_strips(rows, "two rows", titles=["first", "second"])
    assert np.array_equal(sheet.picture, strips(rows, ["first", "second"]))
    finding("interpolate", name="rows", sheets={"": sheet}).save(run.findings, 1)
    found = next(part for part in findings.contents(run, room=ROOM) if part["name"] == "rows")["sheets"][0]
    assert found["titles"] == ["first", "second"]
    assert [row["name"] for row in found["rows"]] == list(shades)
    for row, shade in zip(found["rows"], shades.values(), strict=True):
        assert (row["width"], row["height"], row["count"]) == (
            5 * 96 + 4 * 3,
            64,
            5,
        )  # enlarged until no side is under 64
        assert np.allclose(colour(row), shade, atol=3)
    browser.get(report.write_report(run).as_uri())
    assert "nearest" in [line.text.split("\n")[0] for line in browser.find_elements("css selector", ".found p.row")]
    assert [title.text for title in browser.find_elements("css selector", ".titles span")] == ["first", "second"]
    image = browser.find_element("css selector", 'img[alt="samples"]')
    assert image.size == {"width": 492, "height": 64}  # as large as it is, however narrow the page


def test_a_legend_tells_what_colours_mean(run, browser) -> None:
    sheet = Sheet(PICTURE, "a map", legend=(("speaks for fake", (214, 39, 40)),))
    finding("interpolate", name="map", sheets={"": sheet}).save(run.findings, 1)
    browser.get(report.write_report(run).as_uri())
    item = browser.find_element("css selector", ".found .legend li")
    assert item.text == "speaks for fake"
    assert item.find_element("tag name", "i").value_of_css_property("background-color") == "rgba(214, 39, 40, 1)"
    file = run.findings / "interpolate-map.json"
    file.write_text(file.read_text().replace("214", '"url(http://elsewhere)"'))
    said: list[str] = []
    assert (
        "elsewhere" not in report.write_report(run, said.append).read_text().replace("left out", "").split("<main>")[1]
    )
    assert any("interpolate-map.json" in sentence for sentence in said)


def test_labels_that_lie_outside_their_sheet_show_nothing(run) -> None:
    sheet = Sheet.of_strips([("row", np.zeros((2, 3, 64, 64), np.uint8))], "a row")
    finding("interpolate", name="rows", sheets={"": sheet}).save(run.findings, 1)
    file = run.findings / "interpolate-rows.json"
    file.write_text(file.read_text().replace('"top": 0', '"top": 4000'))
    found = next(part for part in findings.contents(run, room=ROOM) if part["name"] == "rows")
    assert found["sheets"][0]["rows"] == []
    report.write_report(run)


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
