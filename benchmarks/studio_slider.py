"""How long does a picture take that follows a slider? In a headless Chromium, from the slider's event to the picture loaded.

    python benchmarks/studio_slider.py RUN [--moves 200]

Prints the median and the 95th percentile over so many moves of a direction's slider, each after the last one's picture is there,
for one picture and for sixteen. Targets for a 64-px generator on 2 cores: 95 % below 60 ms for one, below 150 ms for sixteen.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from figtest.studios import Started, started

CHROMIUM = "/usr/bin/chromium"
VIEWS = {"1 picture": ("", 60), "16 pictures": ("&view=many", 150)}  # what the address says, and the target in ms
MOVES = """async (count) => {
  const slider = document.querySelector('.panel input[type="range"]'), stage = document.querySelector('[data-stage]')
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set, times = []
  for (let i = 0; i < count; i++) {
    const loaded = new Promise((done) => stage.addEventListener('load', () => done(performance.now()), { once: true }))
    const since = performance.now()
    set.call(slider, String((i % 60) / 10 - 3))
    slider.dispatchEvent(new Event('input', { bubbles: true }))
    times.push((await loaded) - since)
    await new Promise(requestAnimationFrame)
  }
  return times
}"""


def measure(page: Page, studio: Started, moves: int) -> None:
    page.goto(studio.address)
    place = page.evaluate("fetch('/api/runs').then((it) => it.json())")["runs"][0]["id"]
    for name, (query, target) in VIEWS.items():
        page.goto(f"{studio.home}/play/{place}?code=0{query}")
        page.locator("[data-stage][src]").wait_for()
        page.wait_for_timeout(3000)  # until torch and the generator have been read
        page.evaluate(MOVES, 20)
        middle, late = np.percentile(page.evaluate(MOVES, moves), [50, 95])
        print(f"{name}: median {middle:.0f} ms, 95 % below {late:.0f} ms (target {target})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--moves", type=int, default=200)
    options = parser.parse_args()
    with started(options.run) as studio, sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        measure(chromium.new_page(viewport={"width": 1280, "height": 900}), studio, options.moves)
        chromium.close()


if __name__ == "__main__":
    main()
