"""The page of a study, by itself and in Chromium."""

import base64
import re
from dataclasses import replace
from pathlib import Path

import pytest

from figment.media.provenance import source_of
from figment.studies.analysis import analyse
from figment.studies.page import page
from figment.studies.results import Factor
from figtest.chromium import opened, requests
from figtest.html import Page
from figtest.made_up_studies import ARTICLE, made_up
from figtest.scored_runs import scored_run

MAX_BYTES = 5_000_000


def truth(levels):
    """Narrow is bad, with dropout worse."""
    return 60 + (0 if levels["width"] != 16 else 35 if levels["dropout"] else 20)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A study of 6 settings in its folder, where four runs lie: one of them without a generator, one that isn't whole."""
    folder = tmp_path_factory.mktemp("study")
    study = made_up(truth, ARTICLE[1:], scatter=2, collapses=lambda levels, seed: levels["width"] == 24 and seed > 0)
    (folder / "cells").mkdir()
    for cell in study.cells[:4]:
        scored_run(folder / "cells", Path(cell.run).name, snapshots=() if cell.number == 2 else (640,), seed=cell.seed)
    (folder / study.cells[0].run / "report.html").write_text("a report")
    broken = next((folder / study.cells[3].run / "snapshots").iterdir())
    broken.write_bytes(broken.read_bytes()[:100])
    told = []
    (folder / "study.html").write_text(page(analyse(study), folder, say=told.append))
    assert len(told) == 1
    return folder / "study.html"


def test_it_tells_conclusions_table_and_command(file):
    text = Page(file.read_text()).text
    for expected in (
        "18 runs: 14 finished, 4 collapsed", "16 is worse than", "how much it does hangs on dropout",
        "What each choice does", "Whether one hangs on another", "width × dropout", "As they learned", "Best for how much time",
        "The same codes", "All pictures are synthetic", "What collapsed", "Every run", "figment study run faces --images 100k",
        "a made-up machine",
    ):  # fmt: skip
        assert expected in text, expected


def test_samples_lead_to_their_runs(file):
    links = [link["href"] for link in Page(file.read_text()).all("a")]
    assert links == ["cells/000-seed-0/report.html", "cells/001-seed-1/"]
    assert all((file.parent / link).exists() for link in links)


def test_pictures_are_marked_and_have_words(file, tmp_path):
    found = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", file.read_text())
    assert len(found) == 2
    for i, content in enumerate(found):
        (tmp_path / f"{i}.jpg").write_bytes(base64.b64decode(content))
        assert source_of(tmp_path / f"{i}.jpg") == "trainedAlgorithmicMedia"
    assert source_of(file) == "trainedAlgorithmicMedia"
    assert all(image["alt"].startswith("8 samples of width=") for image in Page(file.read_text()).all("img"))


def test_words_of_another_hand_stay_words():
    evil = "<img src=x onerror=alert(1)>"
    study = made_up(
        factors=(Factor("objective", (evil, "$x_1$")),), name=evil, command=evil, machine=evil, settings={evil: evil}
    )
    text = page(analyse(study))
    assert evil not in text
    assert evil in Page(text).text


def test_a_study_just_begun_has_a_page():
    study = made_up()
    cells = tuple(
        replace(cell, state="waiting", score=None, error=None, marks=(), seconds=None) for cell in study.cells
    )
    text = Page(page(analyse(replace(study, cells=cells)))).text
    assert "None of 72 cells has a KID yet." in text
    assert "No readings yet." in text


def test_the_same_study_gives_the_same_bytes():
    one, other = (page(analyse(made_up(factors=ARTICLE[1:2]))) for _ in range(2))
    assert one == other


@pytest.mark.slow
def test_large_studies_stay_below_five_megabytes():
    factors = (*ARTICLE, Factor("lr", (1e-4, 2e-4, 4e-4, 8e-4)))
    assert len(page(analyse(made_up(factors=factors))).encode()) < MAX_BYTES - 2_500_000  # what samples may take


# ---- in a browser ------------------------------------------------------------------------------------------------


def test_it_asks_nobody_and_complains_of_nothing(file, browser):
    browser.get_log("performance"), browser.get_log("browser")
    opened(browser, file)
    assert [url for url in requests(browser) if not url.startswith("data:")] == [file.as_uri()]
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits_the_width_and_all_is_drawn(file, browser, width):
    opened(browser, file, width=width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.cells img, .chart svg')].map(e => e.getBoundingClientRect().width)"
    )
    assert len(shown) == 2 + 2 + 4 + 1  # samples, effects, curves, front
    assert min(shown) > 200


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_on_the_map_stand_out(file, browser, dark):
    opened(browser, file, dark)
    script = """return [...document.querySelectorAll('.heat td')].filter(e => e.textContent).map(e => {
        const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
        return [getComputedStyle(e).backgroundColor, getComputedStyle(e).color].map(colour => {
            canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
        });
    })"""

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    cells = browser.execute_script(script)
    assert len(cells) == 6
    assert len({tuple(behind) for behind, _ in cells}) > 3  # shades
    for behind, ink in cells:
        a, b = luminance(behind), luminance(ink)
        assert (max(a, b) + 0.05) / (min(a, b) + 0.05) > 4.5  # WCAG 2 AA
