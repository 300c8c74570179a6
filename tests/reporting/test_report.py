import base64
import io
import json
import math
import re

import numpy as np
import pytest
from PIL import Image

from figment.media.provenance import source_of
from figment.recipe import Recipe
from figment.reporting import curves, report, scores, shots
from figment.reporting.charts import CHARTS
from figment.run_files import Log
from figtest.chromium import opened, requests
from figtest.html import Page
from figtest.runs import tick


def embedded(path):
    """Every picture that the file holds, as its bytes."""
    return [base64.b64decode(m) for m in re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", path.read_text())]


@pytest.fixture(scope="module")
def file(finished):
    return report.write_report(finished)


# ---- what is in the file -----------------------------------------------------------------------------------------


def test_the_page_tells_how_the_run_stands(finished, file):
    assert file == finished.folder / "report.html"
    page = Page(file.read_text())
    for expected in (
        "x-1",
        "After 10,240 images in 1 min 00 s of training: the two nets are in balance.",
        "figment train 'my faces.zip' --for 1m",
        f"figment resume {finished.folder}",
        f"figment explore directions {finished.folder}",
        f"figment walk {finished.folder}",
        "3,400",  # trained on
        "f00dcafe",
        "Example CPU",
        "7.8 GiB",
        "broken.png: cut off",
    ):
        assert expected in page.text, expected


def test_every_field_of_the_recipe_is_explained(file):
    page = Page(file.read_text())
    for name, field in Recipe.model_fields.items():
        assert name in page.text
        assert (field.description or "") in page.text


def test_pictures_are_compressed_with_their_marks_and_stay_what_they_are(finished, file, tmp_path):
    found = embedded(file)
    sheets = [np.asarray(Image.open(path)).astype(int) for path in finished.pictures().values()]
    assert len(found) == 3 + len(sheets)  # early, middle and late, and a step of the slider for each
    for i, content in enumerate(found):
        (tmp_path / f"{i}.webp").write_bytes(content)
        assert source_of(tmp_path / f"{i}.webp") == "trainedAlgorithmicMedia"
    assert source_of(file) == "trainedAlgorithmicMedia"
    for content, sheet in zip(found[3:], sheets, strict=True):
        shown = np.asarray(Image.open(io.BytesIO(content))).astype(int)
        assert shown.shape == sheet.shape
        assert np.abs(shown - sheet).mean() < 2  # of 255


def test_pictures_have_words_and_charts_have_labels(file):
    page = Page(file.read_text())
    static = [image for image in page.all("img") if image.get("src")]
    assert [image["alt"].split(": ")[1] for image in static] == [
        "640 images seen · 4 s",
        "2,560 images seen · 15 s",
        "10,240 images seen · 1 min 00 s",
    ]
    labels = [div["aria-label"] for div in page.all("div") if div.get("role") == "img"]
    assert len(labels) == len(CHARTS) == len(page.all("svg"))
    assert any("separation 0.8." in label for label in labels)
    assert any("training reals 0.2, held-out reals 0.25, generated 0.8." in label for label in labels)


def test_nothing_is_loaded_from_elsewhere(file):
    page = Page(file.read_text())
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "action", "data", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, name, value)
    assert not re.search(r"@import|url\((?!#)", file.read_text())


def test_same_run_same_bytes(finished, file, monkeypatch):
    first = file.read_bytes()
    monkeypatch.setattr(curves, "drawn", curves.drawn.__wrapped__)  # drawn anew, in spite of tests/conftest.py
    assert report.write_report(finished).read_bytes() == first


def test_a_run_that_has_only_begun(make_run):
    page = Page(report.write_report(make_run(ticks=0, snapshots=())).read_text())
    assert "No reading yet: 0 images were seen" in page.text
    assert "No pictures yet" in page.text
    assert not page.all("svg")
    assert not page.all("input")


def test_what_a_run_started_from_is_told(make_run):
    origin = {"asked": "/home/me/runs/old", "name": "old", "images": 1500, "files": {}, "copied": "all 3 stages"}
    page = report.write_report(make_run(ticks=0, snapshots=(0,), **{"from": origin})).read_text()
    assert "starting from known nets (old at 1,500 images: all 3 stages)." in page
    assert "/home/me" not in page
    assert "0 images seen · 0 s: what the known nets that it starts from draw, before any training" in page


def test_one_reading_and_one_picture(make_run):
    page = Page(report.write_report(make_run(ticks=1, snapshots=(0,))).read_text())
    assert len(page.all("svg")) == len(CHARTS)
    assert len(page.all("img")) == 1
    assert not page.all("input")


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_values_that_are_missing(make_run, nothing):
    run = make_run(ticks=10)
    fields = ("memorising", "p_fake_real", "p_fake_held_out", "p_fake_fake")
    events = [e | dict.fromkeys(fields, nothing) for e in run.events()]
    events += [{"event": "tick", "images": 10_300}, {"event": "note", "images": 10_300, "text": "a word"}]
    (run.folder / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    page = Page(report.write_report(run).read_text())
    assert len(page.all("svg")) == len(CHARTS) - 2
    assert "Learning by heart" not in page.text
    assert "At 10,300 images: a word" in page.text


def test_p_fake_of_an_older_figment_is_no_probability_and_is_not_shown(make_run):
    run = make_run(ticks=10)
    page = Page(report.write_report(run).read_text())
    assert "P(fake), the chance that a picture is one of this run's own fakes" in page.text
    assert "older figment" not in page.text
    events = [{k: v for k, v in e.items() if k != "calibration_pictures"} for e in run.events()]
    (run.folder / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    page = Page(report.write_report(run).read_text())
    assert "P(fake), the chance" not in page.text
    assert "P(fake) of an older figment's readings was no probability and isn't shown" in page.text
    assert "Telling fakes from reals" in page.text


def test_facts_that_are_missing(make_run):
    run = make_run()
    (run.folder / "run.json").write_text('{"format": 1}')
    page = Page(report.write_report(run).read_text())
    assert "The command wasn't kept" in page.text
    assert "None" not in page.text


def test_shape_and_classes_are_told(make_run, file):
    assert "A generator of 16×16 pictures, learnt from" in Page(file.read_text()).text
    assert "--label" not in Page(file.read_text()).text
    page = Page(report.write_report(make_run(choices={"size": "16x24", "classes": ("ant", "sea lion")})).read_text())
    assert "A generator of 16×24 (height × width) pictures of 2 classes: ant, sea lion, learnt from" in page.text
    assert "--label ant" in page.text


def test_many_classes_are_told_in_few_words(make_run):
    page = Page(report.write_report(make_run(choices={"classes": [f"class-{i}" for i in range(5000)]})).read_text())
    assert "of 5,000 classes: class-0, class-1," in page.text
    assert "class-19 and 4,980 more" in page.text
    assert "class-20" not in page.text


# ---- its parts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([], {}),
        ([0], {"latest": 0}),
        ([0, 100], {"early": 0, "late": 100}),
        ([0, 50, 100], {"early": 0, "middle": 50, "late": 100}),
        (list(range(0, 1001, 10)), {"early": 100, "middle": 330, "late": 1000}),
    ],
)
def test_stages(images, expected):
    assert shots.milestones(images) == expected
    assert list(shots.milestones(images)) == list(expected)


def test_smoothing_is_a_running_mean():
    values = np.random.default_rng(0).normal(size=20)
    expected = np.convolve(values, np.full(5, 0.2), "valid")
    assert np.allclose(curves.moving_average(values, 5)[2:-2], expected)
    assert np.array_equal(curves.moving_average(values, 1), values)
    assert np.allclose(curves.moving_average(np.full(7, 3.0), 4), 3.0)


def test_smoothing_leaves_out_what_is_no_number():
    assert np.allclose(curves.moving_average(np.array([1.0, np.nan, 3.0]), 3), [1, 2, 3])
    assert np.isnan(curves.moving_average(np.array([np.nan, np.nan]), 3)).all()


# ---- in a browser ------------------------------------------------------------------------------------------------


def luminance(colour):
    """Relative luminance of rgb(r, g, b) by WCAG 2."""
    parts = [int(c) / 255 for c in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_slider_goes_through_time(finished, file, browser):
    opened(browser, file)
    slider, shown, moment = (browser.find_element("id", name) for name in ("slider", "shown", "moment"))
    files = [base64.b64encode(content).decode() for content in embedded(file)[3:]]
    assert slider.get_attribute("max") == "3"

    def is_at(i, label):
        assert shown.get_attribute("src") == f"data:image/webp;base64,{files[i]}"
        assert browser.execute_script("return arguments[0].decode().then(() => arguments[0].naturalWidth)", shown) > 0
        assert moment.text == label
        assert slider.get_attribute("aria-valuetext") == label
        assert label in shown.get_attribute("alt")

    is_at(3, "10,240 images seen · 1 min 00 s")
    slider.send_keys("\ue012")  # arrow left
    is_at(2, "2,560 images seen · 15 s")
    slider.send_keys("\ue011")  # home
    is_at(0, "0 images seen · 0 s")
    slider.send_keys("\ue014")  # arrow right
    is_at(1, "640 images seen · 4 s")


def test_the_page_asks_nobody_and_complains_of_nothing(file, browser, tmp_path):
    (tmp_path / "other.html").write_text('<img src="http://127.0.0.1:9/picture.png">')
    opened(browser, tmp_path / "other.html")
    assert "http://127.0.0.1:9/picture.png" in requests(browser)  # this test would notice
    browser.get_log("browser")

    opened(browser, file)
    browser.find_element("id", "slider").send_keys("\ue011")
    assert [url for url in requests(browser) if not url.startswith("data:")] == [file.as_uri()]
    assert browser.get_log("browser") == []


def test_words_from_the_data_stay_words(make_run, browser):
    evil = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    changes = {"source": evil, "command": ["figment", evil], "skipped": [{"name": evil, "reason": evil}]}
    run = make_run(**changes, machine={evil: evil})
    run.log({"event": "tick", "images": 10_250, "seconds": 61.0, "diagnosis": [evil, evil]})
    run.log({"event": "note", "images": 10_250, "seconds": 61.0, "text": evil})
    opened(browser, report.write_report(run))
    assert browser.title == "x-1 · figment"
    text = browser.execute_script("return document.body.textContent")
    assert text.count(evil) >= 8
    assert len(browser.find_elements("css selector", "img[onerror]")) == 0


def test_charts_and_their_parts_are_drawn(file, browser):
    opened(browser, file)
    charts = browser.find_elements("css selector", ".chart svg")
    assert len(charts) == len(CHARTS)
    for chart in charts:
        assert chart.rect["width"] > 200
        assert chart.rect["height"] > 100
    ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    repeated = {i for i in ids if ids.count(i) > 1}
    assert repeated == set()


@pytest.mark.parametrize("dark", [False, True])
def test_text_and_lines_stand_out_in_light_and_dark(file, browser, dark):
    opened(browser, file, dark)
    paper = luminance(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
    card = luminance(browser.execute_script("return getComputedStyle(document.querySelector('.card')).backgroundColor"))
    assert (paper < 0.1) if dark else (paper > 0.8)

    def contrast(a, b):
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)

    for selector in ("p", ".card p", ".chart svg text", "#verdict", "td"):
        property_ = "fill" if "text" in selector else "color"
        script = f"return getComputedStyle(document.querySelector('{selector}')).{property_}"
        colour = luminance(browser.execute_script(script))
        assert min(contrast(colour, paper), contrast(colour, card)) > 4.5, selector  # WCAG 2 AA
    for name in ("first", "second", "third"):
        swatch = browser.find_element("css selector", f"i[style*='--{name}']").value_of_css_property("background-color")
        assert contrast(luminance(swatch), card) > 3, name  # WCAG 2 AA for graphics
        lines = browser.execute_script(
            "return [...document.querySelectorAll('.chart svg path')].map(e => getComputedStyle(e).stroke)"
        )
        assert swatch.replace("rgba", "rgb").replace(", 1)", ")") in lines  # the legend names a line that is there


def test_a_phone_need_not_scroll_sideways(make_run, browser):
    opened(browser, report.write_report(make_run(source="a" * 200)), width=360)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360


def test_without_scripts_the_grids_stay(file, browser):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened(browser, file)
        shown = [i.is_displayed() for i in browser.find_elements("css selector", "figure img")]
        slider = browser.find_element("id", "slider").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert shown == [True] * 3
    assert not slider


# ---- long and damaged runs ---------------------------------------------------------------------------------------


def test_curves_of_many_readings_are_thinned_and_read_once(make_run, monkeypatch):
    run = make_run(ticks=0)
    many = 5000
    with run.events_file.open("a") as file:
        file.writelines(json.dumps(tick(i, i / many)) + "\n" for i in range(many))
        file.writelines(json.dumps({"event": "note", "images": i, "text": f"word {i}"}) + "\n" for i in range(1000))
    read, each = [], Log.__iter__
    monkeypatch.setattr(Log, "__iter__", lambda log: read.append(log.file.name) or each(log))
    page = report.write_report(run).read_text()
    assert read.count("events.jsonl") == 1
    assert "800 earlier events" in Page(page).text
    assert "word 999" in page
    assert "word 799<" not in page
    drawn = [path["d"].count("L") for path in Page(page).all("path") if path.get("d")]
    assert drawn
    assert max(drawn) <= 1000


def test_thinned_curves_keep_their_ends_and_their_mean():
    values = np.sin(np.arange(3000) / 200)
    places = scores.evenly(len(values), 1000)
    assert (places[0], places[-1], len(places)) == (0, 2999, 1000)
    whole = curves.moving_average(values, 200)
    assert np.array_equal(curves.moving_average(values, 200, places), whole[places])
    assert scores.evenly(7, 1000) == list(range(7))
    assert scores.evenly(1, 1000) == [0]


def test_what_is_damaged_is_left_out_and_told(make_run):
    run = make_run()
    with run.events_file.open("ab") as file:
        file.write(b'{"event": "tick", "images": "x"}\n\xff\n')
    run.measures_file.write_bytes(b'{"score": "kid"}\n')
    run.findings.mkdir()
    (run.findings / "walk.json").write_text('{"format": 1}')
    said = []
    page = Page(report.write_report(run, said.append).read_text()).text
    assert [sentence.split(" ", 4)[0] for sentence in said] == ["2", "1", "left"]
    assert "2 of 47 lines of events.jsonl are damaged and left out." in page
    assert "1 of 1 lines of measures.jsonl is damaged and left out." in page
    assert "walk.json is damaged (kind is missing)" in page


def test_the_page_names_what_lies_elsewhere_without_its_place(make_run):
    run = make_run(choices={"scores": "onnx:/home/me/eye.onnx,size=32"}, data=["/home/me/faces.zip", "hf:me/faces"])
    page = report.write_report(run).read_text()
    assert "/home/me" not in page
    assert "onnx:eye.onnx,size=32" in page
    assert "faces.zip hf:me/faces" in page


def test_what_was_said_at_the_end_is_kept_until_the_run_goes_on(make_run):
    run = make_run(ticks=10)
    words = "By the last readings the generator draws about 3 different pictures. To try: --recipe dcgan-r1"
    run.log({"event": "closing", "images": 10_240, "seconds": 60.0, "text": words})
    run.log({"event": "end", "images": 10_240, "seconds": 60.0, "text": "finished"})
    assert Page(report.write_report(run).read_text()).text.count(words) == 1
    run.log(tick(10_300, 1.0))
    assert words not in Page(report.write_report(run).read_text()).text
