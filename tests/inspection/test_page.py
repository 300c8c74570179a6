import base64
import json
import re
from collections import Counter
from dataclasses import replace

import pytest

from figment.data.sources.open import Portraits, Skipped
from figment.errors import InputError
from figment.inspection.advice import advise
from figment.inspection.page import MAX_SKIPPED_ROWS, _with_options, page, write_page
from figment.inspection.survey import survey
from figment.media.provenance import source_of
from figtest.html import Page


@pytest.fixture(scope="module")
def text(odd):
    return page(odd)


def marks(text, folder):
    """How often each kind of source is declared by the page's pictures."""
    found = Counter()
    for i, content in enumerate(re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", text)):
        (folder / f"{i}.jpg").write_bytes(base64.b64decode(content))
        found[source_of(folder / f"{i}.jpg")] += 1
    return found


def test_the_page_tells_what_was_found(odd, text):
    shown = Page(text)
    for sentence in advise(odd):
        assert sentence.replace(" ", "") in shown.text.replace(" ", "")
    for words in (
        "137 usable",
        "2 skipped, 1 exact duplicates",
        "mirrored.jpg",
        "Near-duplicates",
        "Outliers",
        "Very dark",
        "Flat",
        "Blurred",
    ):
        assert words in shown.text, words
    assert "cut short" in shown.text
    assert len(shown.all("img")) == 137 + 2 + sum(len(slots) for slots in odd.found.values())


def test_an_option_is_code_with_its_value_and_without_the_sentence_behind_it():
    told = _with_options(
        "Taken without --size: --drop near-duplicates, --set a_p=0.3 gives it; --fit says <so>, --size 64."
    )
    assert re.findall(r"<code>(.*?)</code>", told) == [
        "--size",
        "--drop near-duplicates",
        "--set a_p=0.3",
        "--fit",
        "--size 64",
    ]
    assert "says &lt;so&gt;" in told


def test_pictures_have_words_and_charts_have_labels(text):
    shown = Page(text)
    assert all(re.fullmatch(r".+, \d+×\d+", image["alt"]) for image in shown.all("img"))
    labels = [div["aria-label"] for div in shown.all("div") if div.get("role") == "img"]
    assert len(labels) == len(shown.all("svg")) >= 6
    assert any("PNG 136, JPEG 1." in label for label in labels)


def test_nothing_is_loaded_from_elsewhere(text):
    for tag, attributes in Page(text).tags:
        for name in ("src", "href", "xlink:href", "action", "data", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, name, value)
    assert not re.search(r"@import|url\((?!#)", text)
    assert "<script" not in text


def test_same_survey_same_bytes(odd, text):
    assert page(odd) == text


def test_real_pictures_are_not_marked_and_drawn_ones_are(text, tmp_path):
    drawn = page(survey(Portraits(40)))
    for shown, mark in ((text, None), (drawn, "algorithmicMedia")):
        assert set(marks(shown, tmp_path)) == {mark}
        (tmp_path / "page.html").write_text(shown)
        assert source_of(tmp_path / "page.html") == mark
    assert "They are synthetic" in Page(drawn).text


def test_long_lists_are_cut_and_counted(odd):
    many = [Skipped(f"lost-{i:04d}.png", "cut short") for i in range(MAX_SKIPPED_ROWS + 7)]
    shown = Page(page(replace(odd, skipped=many, copies={})))
    assert f"lost-{MAX_SKIPPED_ROWS - 1:04d}.png" in shown.text
    assert f"lost-{MAX_SKIPPED_ROWS:04d}.png" not in shown.text
    assert "And 7 more." in shown.text


def test_names_that_are_no_text(odd, tmp_path):
    write_page(replace(odd, skipped=[Skipped("caf\udce9.png", "cut short")]), tmp_path / "a" / "page.html")
    assert "caf�.png" in (tmp_path / "a" / "page.html").read_text("utf-8")


def test_a_place_that_cant_be_written(odd, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="can't be written"):
        write_page(odd, tmp_path / "file" / "page.html")


def test_nothing_usable(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    shown = Page(page(survey(tmp_path)))
    assert "Nothing here can be trained on" in shown.text
    assert not shown.all("svg")


# ---- in a browser ------------------------------------------------------------------------------------------------


def test_in_a_browser(text, odd, browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(text, "utf-8")
    size = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(file.as_uri())
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert browser.get_log("browser") == []
    assert browser.title == "odd: the pictures · figment"  # an evil name stays a name
    assert "<script>document.title" in browser.execute_script("return document.body.textContent")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    whole = "return [...document.images].every(i => i.complete && i.naturalWidth > 0)"
    assert browser.execute_script(whole)
    ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_in_light_and_dark(text, browser, tmp_path, dark):
    (tmp_path / "page.html").write_text(text, "utf-8")
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    browser.get((tmp_path / "page.html").as_uri())

    def luminance(selector, property_):
        script = f"return getComputedStyle(document.querySelector('{selector}'))['{property_}']"
        parts = [int(c) / 255 for c in re.findall(r"\d+", browser.execute_script(script))[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]  # WCAG 2
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    paper = luminance("body", "background-color")
    assert (paper < 0.1) if dark else (paper > 0.8)
    for selector, property_ in (("p", "color"), ("td", "color"), ("figcaption", "color"), (".chart svg text", "fill")):
        high, low = sorted([luminance(selector, property_), paper], reverse=True)
        assert (high + 0.05) / (low + 0.05) > 4.5, selector
