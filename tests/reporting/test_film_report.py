"""The report of a run of clips: strips, and films that play inside the page."""

import base64
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from figment.display.preview import corner
from figment.generator import load
from figment.media.images import grid
from figment.media.provenance import source_of
from figment.reporting import report, shots
from figment.reporting.pictures import first_tiles
from figment.run import Run
from figment.training.keep import keep_film, keep_sheet, keep_snapshot
from figment.training.pace import Clock
from figtest.chromium import opened, requests
from figtest.html import Page
from figtest.runs import build

OF_CLIPS = dict(frames=16, fps=12, motion_size=4, code_size=10, size=32)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of clips with what a training keeps."""
    made = build(tmp_path_factory.mktemp("clips"), ticks=10, snapshots=(0, 640, 10240), choices=OF_CLIPS)
    told = SimpleNamespace(snapshot=lambda *_: None)
    for images, file in made.snapshots().items():
        state: Any = SimpleNamespace(average=load(file).net, images=images)
        keep_sheet(made, state, made.picture_file(images), told)  # type: ignore[arg-type]
        keep_film(made, state)
    return made


@pytest.fixture(scope="module")
def file(run: Run) -> Path:
    return report.write_report(run)


def films(file: Path) -> list[bytes]:
    return [base64.b64decode(film) for film in re.findall(r"data:video/mp4;base64,([A-Za-z0-9+/=]+)", file.read_text())]


def test_a_snapshot_is_a_sheet_of_strips_and_a_film_that_closes(run: Run) -> None:
    sheet = np.asarray(Image.open(run.picture_file(640)))
    assert sheet.shape == (8 * 34 - 2, 8 * 34 - 2, 3)
    with av.open(str(run.film_file(640))) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert film.streams.video[0].average_rate == 12
    assert len(frames) == 64
    assert frames[0].shape == (2 * 36 - 4, 2 * 36 - 4, 3)
    assert list(run.films()) == [0, 640, 10240]
    assert source_of(run.film_file(640)) == "trainedAlgorithmicMedia"


def test_the_page_holds_the_runs_own_films_and_stays_small(run: Run, file: Path) -> None:
    assert films(file) == [run.film_file(images).read_bytes() for images in (0, 640, 10240)]
    assert file.stat().st_size < 2_000_000
    page = Page(file.read_text())
    assert "A generator of 32×32 clips (16 frames, 12 a second), learnt from" in page.text
    for film in page.all("video"):
        assert {"controls", "loop", "muted", "playsinline"} <= film.keys()
        assert "autoplay" not in film
        assert film["aria-label"].startswith("A film of generated clips, ")
    assert [film["aria-label"].split(": ")[1] for film in page.all("video")] == [
        "0 images seen · 0 s", "640 images seen · 4 s", "10,240 images seen · 1 min 00 s"
    ]  # fmt: skip


def test_films_that_have_no_room_and_damaged_ones_are_left_out(run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    copied = Run(shutil.copytree(run.folder, tmp_path / "run"))
    monkeypatch.setattr(shots, "FILM_BYTES", run.film_file(10240).stat().st_size)
    assert films(report.write_report(copied)) == [run.film_file(10240).read_bytes()]
    copied.film_file(10240).write_bytes(b"no film")
    said: list[str] = []
    assert run.film_file(10240).read_bytes() not in films(report.write_report(copied, said.append))
    assert said == ["pictures/000010240.mp4 is damaged or gone, and left out"]
    copied.forget_after(640)
    assert list(copied.films()) == [0, 640]


def test_a_clip_is_shown_from_its_first_frame_to_its_last() -> None:
    """However large: rows are left out, and frames reduced, but none is left out."""
    sheet = grid(np.arange(64, dtype=np.uint8).reshape(64, 1, 1, 1).repeat(16, 2).repeat(16, 3), 8)
    for most, shape, rows in ((10**6, (142, 142), 8), (8 * 18 * 18 * 3, (52, 142), 3), (1300, (17, 71), 2)):
        cut, count = first_tiles(sheet, (16, 16), most, of_clips=True)
        assert count == 8 * rows
        assert cut.shape[1] * shape[0] == pytest.approx(cut.shape[0] * shape[1], rel=0.1)
    assert corner(sheet, (16, 16), 4).shape == (70, 70, 3)


# ---- in a browser ------------------------------------------------------------------------------------------------

PLAYED = """
const [film, done] = [document.querySelectorAll("video")[1], arguments[0]];
if (film.currentTime > 0) done("played");
film.addEventListener("error", () => done(film.error.message));
film.addEventListener("timeupdate", () => film.currentTime > 0 && done("played"));
"""


def test_films_play_when_they_are_asked_to(file: Path, browser: Any) -> None:
    opened(browser, file)
    stills = browser.execute_script("return [...document.querySelectorAll('video')].map(it => [it.paused, it.loop])")
    assert stills == [[True, True]] * 3
    buttons = browser.find_elements("css selector", "button.play")
    assert [button.text for button in buttons] == ["Play"] * 3
    browser.set_script_timeout(30)
    browser.find_elements("css selector", "video")[1].click()
    assert browser.execute_async_script(PLAYED) == "played"
    assert [button.text for button in buttons] == ["Play", "Pause", "Play"]
    buttons[1].send_keys(" ")
    assert browser.execute_script("return document.querySelectorAll('video')[1].paused")
    shape = browser.execute_script(
        "const it = document.querySelectorAll('video')[1]; return [it.videoWidth, it.videoHeight, it.duration]"
    )
    assert shape == [68, 68, pytest.approx(64 / 12, abs=0.01)]
    assert [url for url in requests(browser) if not url.startswith("data:")][-1:] == [file.as_uri()]
    assert browser.get_log("browser") == []


def test_who_wants_less_motion_sees_a_film_once(file: Path, browser: Any) -> None:
    opened(browser, file)
    less = {"name": "prefers-reduced-motion", "value": "reduce"}
    try:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [less]})
        browser.get(file.as_uri())
        assert (
            browser.execute_script("return [...document.querySelectorAll('video')].map(it => it.loop)") == [False] * 3
        )
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_phone_need_not_scroll_sideways(file: Path, browser: Any) -> None:
    opened(browser, file, width=360)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360


# ---- while it trains ---------------------------------------------------------------------------------------------


def test_films_are_kept_of_half_as_many_images_again(run: Run, tmp_path: Path) -> None:
    """And sheets of every snapshot: so films cost little, however many snapshots there are."""
    copied = Run(shutil.copytree(run.folder, tmp_path / "run"))
    copied.forget_after(0)
    told: Any = SimpleNamespace(snapshot=lambda *_: None)
    net = load(run.snapshot_file(640)).net
    for images in (100, 149, 150, 200, 226):
        state: Any = SimpleNamespace(average=net, images=images)
        keep_snapshot(copied, state, Clock(0.0), told)
    assert list(copied.films()) == [0, 100, 150, 226]
    assert list(copied.pictures()) == [0, 100, 149, 150, 200, 226]
