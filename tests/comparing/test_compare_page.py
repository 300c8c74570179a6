"""The page of figment compare, by itself and in Chromium."""

import base64
import re

import pytest

from figment.comparing.comparison import compare
from figment.media.provenance import source_of
from figtest.chromium import opened, requests
from figtest.html import Page
from figtest.scored_runs import look, record, scored_run


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    runs = [
        scored_run(folder, f"{objective}-{seed}", [record("kid", kid + seed)], [look(5120, kid), look(10240, kid / 2)],
                   seed=seed, choices={"objective": objective})
        for objective, kid in (("hinge", 60.0), ("bce", 90.0)) for seed in (0, 1)
    ]  # fmt: skip
    compare(*runs).save(folder / "page.html")
    return folder / "page.html"


def test_the_page_tells_all_that_the_tables_do(file):
    text = Page(file.read_text()).text
    for expected in (
        "4 runs of 2 settings, which differ in objective.", "objective=hinge is better by more than chance",
        "60.5 ± 6.4 (2 seeds)", "recipe: objective", "hinge-1", "10,240 1 min 00 s", "hinge-1 (seed 1)",
        "After 10,240 images: as far as all have come",
        "All pictures are synthetic",
    ):  # fmt: skip
        assert expected in text, expected


def test_pictures_are_marked_and_have_words(file, tmp_path):
    found = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", file.read_text())
    assert len(found) == 3 * 4
    for i, content in enumerate(found):
        (tmp_path / f"{i}.jpg").write_bytes(base64.b64decode(content))
        assert source_of(tmp_path / f"{i}.jpg") == "trainedAlgorithmicMedia"
    assert source_of(file) == "trainedAlgorithmicMedia"
    assert all(image["alt"].startswith("8 samples of ") for image in Page(file.read_text()).all("img"))


def test_the_command_that_measures_is_there_to_be_copied(tmp_path, browser):
    runs = [scored_run(tmp_path, name, seed=seed) for seed, name in enumerate("ab")]
    compare(*runs).save(tmp_path / "page.html")
    opened(browser, tmp_path / "page.html", width=360)
    command = browser.find_element("css selector", "pre")
    assert command.text == f"figment measure {runs[0].folder} {runs[1].folder}"
    # All of it is seen on a phone: it wraps, and neither it nor the page scrolls sideways.
    assert browser.execute_script("return arguments[0].scrollWidth <= arguments[0].clientWidth", command)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    button = browser.find_element("css selector", "button.copy")
    button.click()
    until = "return new Promise(done => setTimeout(() => done(arguments[0].textContent), 300))"
    assert browser.execute_script(until, button) == "Copied"


def test_words_of_another_hand_stay_words(tmp_path):
    evil = "<img src=x onerror=alert(1)>"
    runs = [scored_run(tmp_path, name, seed=seed, source=evil + name) for seed, name in enumerate("ab")]
    compare(*runs).save(tmp_path / "page.html")
    assert evil not in (tmp_path / "page.html").read_text()
    assert evil in Page((tmp_path / "page.html").read_text()).text


# ---- in a browser ------------------------------------------------------------------------------------------------


def test_it_asks_nobody_and_complains_of_nothing(file, browser):
    opened(browser, file)
    assert [url for url in requests(browser) if not url.startswith("data:")] == [file.as_uri()]
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits_the_width_and_all_is_drawn(file, browser, width):
    opened(browser, file, width=width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.strip img, .chart svg')].map(e => e.getBoundingClientRect().width)"
    )
    assert len(shown) == 12 + 10
    assert min(shown) > 200


@pytest.mark.parametrize("dark", [False, True])
def test_text_and_colours_stand_out(file, browser, dark):
    opened(browser, file, dark)

    def luminance(colour):
        parts = [int(c) / 255 for c in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(a, b):
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)

    paper = luminance(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
    for selector in ("p", "#verdict", "td", "figcaption", "small"):
        colour = browser.execute_script(f"return getComputedStyle(document.querySelector('{selector}')).color")
        assert contrast(luminance(colour), paper) > 4.5, selector  # WCAG 2 AA
    for name in ("first", "second", "third", "fourth", "fifth", "sixth"):
        script = "const i = document.createElement('i'); i.style.background = `var(--${arguments[0]})`;"
        script += "document.body.append(i); return getComputedStyle(i).backgroundColor"
        assert contrast(luminance(browser.execute_script(script, name)), paper) > 3, name  # WCAG 2 AA for graphics
