"""What does watching cost a run, and does a long one open at once and scroll smoothly? In a headless Chromium.

    python benchmarks/studio_watching.py cost DATA [--images 4000] [--pairs 4] [--size 64]
    python benchmarks/studio_watching.py long [--events 100000] [--sheets 1000]

cost: trainings of the same seed in pairs, one alone and one with a studio and its page Watch open on the same machine, in turn
first and second; the mean share of its speed that watching takes, with its standard error. The target is less than 3 %.
long: a run of so many events and sheets is made without training; prints the seconds from asking for its page to the sheet and
the first curve (three times), and frames a second while the slider goes over the whole history and back in four seconds.
Targets: less than 1 s, 50 frames a second.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from figtest.long_runs import long_run
from figtest.studios import Started, started

CHROMIUM = "/usr/bin/chromium"
PATIENCE_SECONDS = 300  # for a training to have its folder, and its first sheet
SCRUB = """async () => {
  const slider = document.querySelector('.scrubber input'), last = +slider.max, whole = 4000
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set
  const gaps = []
  let before = performance.now()
  const start = before
  await new Promise((done) => {
    const step = (now) => {
      gaps.push(now - before)
      before = now
      const share = (now - start) / whole
      if (share >= 1) return done()
      set.call(slider, String(Math.round(last * Math.abs(1 - 2 * share))))
      slider.dispatchEvent(new Event('input', { bubbles: true }))
      requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
  })
  return gaps.slice(1)
}"""


@contextmanager
def browser() -> Iterator[Page]:
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium.new_page(viewport={"width": 1280, "height": 900})
        chromium.close()


def page_of(page: Page, studio: Started) -> str:
    """The address of the page Watch of the studio's only run, for a browser that has the token from then on."""
    page.goto(studio.address)
    rows = page.evaluate("fetch('/api/runs').then((it) => it.json())")
    return f"{studio.home}/watch/{rows['runs'][0]['id']}"


def trained(folder: Path, data: str, options: argparse.Namespace, is_watched: bool) -> float:
    """Images a second of a training."""
    command = [sys.executable, "-m", "figment", "train", data, "--images", str(options.images), "--size", options.size]
    process = subprocess.Popen([*command, "--out", str(folder)], stdout=subprocess.DEVNULL)
    if is_watched:
        end = time.monotonic() + PATIENCE_SECONDS
        while not (folder / "run.json").is_file() and time.monotonic() < end:
            time.sleep(0.2)
        with started(folder) as studio, browser() as page:
            page.goto(page_of(page, studio))
            page.locator(".sheet canvas").wait_for(timeout=1000 * PATIENCE_SECONDS)
            process.wait()
            page.get_by_text("done", exact=True).wait_for(timeout=60_000)
    if process.wait():
        sys.exit("a training failed")
    facts: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return float(facts["images"] / facts["seconds"])


def cost(options: argparse.Namespace) -> None:
    shares = []
    with tempfile.TemporaryDirectory() as place:
        for pair in range(options.pairs):
            speeds = {}
            for is_watched in (False, True) if pair % 2 else (True, False):
                speeds[is_watched] = trained(Path(place) / f"{pair}-{is_watched}", options.data, options, is_watched)
            shares.append(1 - speeds[True] / speeds[False])
            print(
                f"alone {speeds[False]:.1f}, watched {speeds[True]:.1f} images/s: {100 * shares[-1]:+.1f} %", flush=True
            )
    error = statistics.stdev(shares) / math.sqrt(len(shares)) if len(shares) > 1 else math.nan
    print(f"watching takes {100 * statistics.fmean(shares):.1f} ± {100 * error:.1f} % of the speed")


def long(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as place:
        run = long_run(Path(place), options.events, options.sheets, size=64)
        with started(run.folder) as studio, browser() as page:
            address = page_of(page, studio)
            page.wait_for_timeout(5000)  # until torch has been read
            for _ in range(3):
                since = time.perf_counter()
                page.goto(address)
                page.locator(".sheet canvas[width='526']").wait_for()
                page.locator(".u-over").first.wait_for()
                print(f"opened in {time.perf_counter() - since:.2f} s", flush=True)
            page.wait_for_timeout(3000)
            gaps = page.evaluate(SCRUB)
    print(
        f"{1000 * len(gaps) / sum(gaps):.1f} frames/s; the slowest of 100 took {sorted(gaps)[-len(gaps) // 100 - 1]:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    one = parts.add_parser("cost")
    one.add_argument("data")
    one.add_argument("--images", type=int, default=4000)
    one.add_argument("--pairs", type=int, default=4)
    one.add_argument("--size", default="64")
    one.set_defaults(do=cost)
    other = parts.add_parser("long")
    other.add_argument("--events", type=int, default=100_000)
    other.add_argument("--sheets", type=int, default=1_000)
    other.set_defaults(do=long)
    options = parser.parse_args()
    options.do(options)


if __name__ == "__main__":
    main()
