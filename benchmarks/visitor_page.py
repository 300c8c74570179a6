"""How soon a page of `figment export --page` shows its sixteen pictures, and how fast its sliders and walk redraw, in Chromium.

    taskset -c 1 python benchmarks/visitor_page.py PAGE.html [--turns 5]

The page is opened from the disk, without a network, by a browser that has just been started for it. Seconds are the clock's: from
the navigation to the sixteenth picture; and from a slider's move to the moment at which the picture lies on its canvas. Of the
first the processor's own are told, too, of all the browser's processes.
"""

import argparse
import statistics
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

CHROMIUM, FLAGS = "/usr/bin/chromium", ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MOVES = 40  # of a slider, a turn
WALK_SECONDS = 5

SLIDE = """async (moves) => {
  const slider = document.querySelector('[aria-labelledby=close-title] input[type=range]')
  const canvas = document.querySelector('[aria-labelledby=close-title] canvas')
  if (!slider) return []
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set
  const taken = []
  for (let i = 0; i < moves; i++) {
    const start = performance.now()
    const drawn = new Promise((done) => {
      const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now()) })
      watch.observe(canvas, { attributeFilter: ['data-drawn'] })
    })
    set.call(slider, String(((i % 20) - 9.5) / 4))
    slider.dispatchEvent(new Event('input', { bubbles: true }))
    taken.push(await drawn - start)
  }
  return taken
}"""
WALKED = "performance.getEntriesByName('walk').length"


def seconds_to_wall(page: Page) -> float:
    page.locator("html[data-wall]").wait_for(state="attached", timeout=120_000)
    return float(page.evaluate("performance.getEntriesByName('wall')[0].startTime")) / 1000


def browser_seconds() -> float:
    """CPU seconds of the browser's processes so far."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                spent += sum(process.cpu_times()[:2])
        except psutil.NoSuchProcess:
            pass
    return spent


def walked(page: Page) -> float:
    """Pictures a second of the walk."""
    page.get_by_role("button", name="Walk", exact=True).click()
    before = page.evaluate(WALKED)
    page.wait_for_timeout(1000 * WALK_SECONDS)
    return float(page.evaluate(WALKED) - before) / WALK_SECONDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    walls, own, slides, walks = list[float](), list[float](), list[float](), list[float]()
    with sync_playwright() as driver:
        for _ in range(asked.turns):
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page()
            page.context.set_offline(True)
            page.wait_for_timeout(1000)
            before = browser_seconds()
            page.goto(asked.page.resolve().as_uri())
            walls.append(seconds_to_wall(page))
            own.append(browser_seconds() - before)
            page.wait_for_timeout(1000)
            slides += page.evaluate(SLIDE, MOVES)
            walks.append(walked(page))
            browser.close()
    print(f"{asked.page.stat().st_size / 1e6:.1f} MB")
    print(
        f"sixteen pictures after {statistics.median(walls):.2f} s (the slowest of {asked.turns} turns {max(walls):.2f})"
    )
    print(f"the processor's own seconds of that: {statistics.median(own):.2f}")
    if slides:
        slides.sort()
        print(
            f"a slider's move: {statistics.median(slides):.0f} ms, 95 % within {slides[int(0.95 * len(slides))]:.0f} ms"
        )
    print(f"a walk: {statistics.median(walks):.0f} pictures a second")


if __name__ == "__main__":
    main()
