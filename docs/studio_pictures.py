"""Pictures of the studio's pages for docs/studio.md, and the film of it in README.md: made anew by one command.

    python docs/studio_pictures.py RUNS RUN OTHER [--only NAME …]

RUNS: a folder with runs; RUN and OTHER: names of two in it that learned from the same pictures. It starts a studio on the
folder, goes through its pages in headless Chromium as a person would, light and dark and as wide as a phone, and writes
docs/images/studio-*.webp. The pictures hold a generator's samples beside a page, and are marked so.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from figment.media.animation import animated
from figment.media.provenance import DigitalSourceType, xmp
from figment.studio.studio import found_in

IMAGES = Path(__file__).with_name("images")
MARK: DigitalSourceType = "compositeWithTrainedAlgorithmicMedia"
CHROMIUM, FLAGS = "/usr/bin/chromium", ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
QUALITY = 80  # of WebP
LOOKS = {"light": (False, 1200), "dark": (True, 1200), "phone": (False, 400)}  # dark, width
HEIGHT, MAX_HEIGHT = 900, 1400
FILM_SIZE, FILM_FPS, FILM_SCALE = {"width": 1200, "height": 800}, 6, 0.7
GAME_SECONDS = 20


@contextmanager
def studio(folder: Path) -> Iterator[str]:
    """A studio's address, with its token."""
    command = [sys.executable, "-m", "figment", "studio", str(folder), "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
    finally:
        process.terminate()
        process.wait()


def look_at(page: Page, name: str) -> None:
    """Bring a page to where there is something to see."""
    page.locator("main h1").first.wait_for()
    page.wait_for_timeout(2500)
    if name == "game":
        play(page)
        page.wait_for_timeout(GAME_SECONDS * 1000)


def play(page: Page) -> None:
    """Begin the first lesson's games."""
    page.get_by_label("Lesson").select_option(index=1)
    page.get_by_label("Turns a frame").fill("20")
    page.get_by_role("button", name="Play", exact=True).click()


def pictures(browser: Any, address: str, paths: dict[str, str]) -> None:
    """A picture of every page in every look."""
    home, token = address.split("/?")
    for look, (dark, width) in LOOKS.items():
        context = browser.new_context(
            color_scheme="dark" if dark else "light", viewport={"width": width, "height": HEIGHT}
        )
        page = context.new_page()
        page.goto(f"{home}/?{token}")
        for name, path in paths.items():
            page.goto(home + path)
            look_at(page, name)
            tall = min(page.evaluate("document.documentElement.scrollHeight"), MAX_HEIGHT)
            clip = {"x": 0, "y": 0, "width": width, "height": tall}
            picture = Image.open(BytesIO(page.screenshot(full_page=True, clip=clip)))
            picture.convert("RGB").save(IMAGES / f"studio-{name}-{look}.webp", quality=QUALITY, xmp=xmp(MARK))
        context.close()


def film(browser: Any, address: str, paths: dict[str, str]) -> None:
    """A walk through the pages: scrubbed through a run, a direction moved, a game watched."""
    home, token = address.split("/?")
    context = browser.new_context(viewport=FILM_SIZE)
    page = context.new_page()
    frames: list[np.ndarray] = []

    def shoot(times: int = 1) -> None:
        picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
        frame = np.asarray(
            picture.resize([round(side * FILM_SCALE) for side in picture.size], Image.Resampling.LANCZOS)
        )
        frames.extend([frame] * times)

    def slide(slider: Any, positions: np.ndarray) -> None:
        low, high = (float(slider.get_attribute(name) or usual) for name, usual in (("min", 0), ("max", 100)))
        for share in positions:
            slider.fill(
                str(round(low + share * (high - low))) if high - low > 20 else f"{low + share * (high - low):.2f}"
            )
            page.wait_for_timeout(150)
            shoot()

    page.goto(f"{home}/?{token}")
    look_at(page, "runs")
    shoot(6)
    page.goto(home + paths["watch"])
    look_at(page, "watch")
    slide(page.locator("input[type=range]").first, np.linspace(0, 1, 20))
    shoot(4)
    page.goto(home + paths["play"])
    look_at(page, "play")
    direction = page.get_by_label(re.compile("direction 1$")).first
    slide(direction, 0.5 + 0.45 * np.sin(np.linspace(0, 2 * np.pi, 20)))
    for _ in range(3):
        page.get_by_role("button", name="Dice").click()
        page.wait_for_timeout(700)
        shoot(4)
    page.goto(home + paths["game"])
    page.locator("main h1").first.wait_for()
    play(page)
    page.locator("canvas").last.scroll_into_view_if_needed()
    for _ in range(36):
        page.wait_for_timeout(400)
        shoot()
    content = animated(frames, FILM_FPS, ".webp", MARK)
    (IMAGES / "studio.webp").write_bytes(content)
    print(f"studio.webp: {len(frames)} frames, {len(content):,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="RUNS")
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("other", metavar="OTHER")
    parser.add_argument("--only", nargs="+", metavar="NAME")
    asked = parser.parse_args()
    ids = {place.folder.name: place.id for place in found_in(asked.folder)}
    one, other = ids[asked.run], ids[asked.other]
    paths = {
        "runs": "/", "new": "/new", "watch": f"/watch/{one}", "play": f"/play/{one}", "game": "/game",
        "compare": f"/compare?runs={one},{other}", "check": "/check",
    }  # fmt: skip
    with studio(asked.folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        wanted = {name: path for name, path in paths.items() if not asked.only or name in asked.only}
        pictures(browser, address, wanted)
        if not asked.only or "film" in asked.only:
            film(browser, address, paths)
        browser.close()


if __name__ == "__main__":
    main()
