"""What does watching cost a run, and does a long one open at once and scroll smoothly? In a headless Chromium.

    python benchmarks/studio_watching.py cost DATA [--images 8000] [--pairs 4] [--size 64]
    python benchmarks/studio_watching.py long [--events 100000] [--sheets 1000]
    python benchmarks/studio_watching.py start RUNS [--times 10]

cost: trainings of the same seed in pairs, one alone and one with a studio and its page Watch open on the same machine, in turn
first and second; the mean share of its speed that watching takes, with its standard error, and what studio and browser use of a
core. The target is less than 3 %. The pictures should be prepared already, by an earlier training.
long: a run of so many events and sheets is made without training; prints the seconds from asking for its page to the sheet and
the first curve (three times), and frames a second while the slider goes over the whole history and back in four seconds.
Targets: less than 1 s, 50 frames a second.
start: seconds from the command to its address, and to the page with its runs in a browser that is open already, so many times.
Target: less than 1 s.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from figtest.long_runs import long_run
from figtest.studios import Started, started

CHROMIUM = "/usr/bin/chromium"
PATIENCE_SECONDS = 300  # for a training to have its folder
WARM_MS = 8000  # until the studio has read torch
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


def address_of(page: Page, studio: Started, name: str) -> str | None:
    """The address of the page Watch of a run; None where there is no such run yet. page: shows the studio, with its token."""
    rows = page.evaluate("fetch('/api/runs').then((it) => it.json())")["runs"]
    return next((f"{studio.home}/watch/{row['id']}" for row in rows if row["name"] == name), None)


def begun(folder: Path, options: argparse.Namespace) -> "subprocess.Popen[bytes]":
    """A training in a process of its own."""
    asked = [options.data, "--images", str(options.images), "--size", options.size, "--out", str(folder)]
    return subprocess.Popen([sys.executable, "-m", "figment", "train", *asked], stdout=subprocess.DEVNULL)


def speed_of(folder: Path, process: "subprocess.Popen[bytes]") -> float:
    """Images a second of a training, once it has ended."""
    if process.wait():
        sys.exit("a training failed")
    facts: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return float(facts["images"] / facts["seconds"])


def alone(folder: Path, options: argparse.Namespace) -> float:
    return speed_of(folder, begun(folder, options))


def watched(folder: Path, options: argparse.Namespace) -> float:
    """The same with a studio, which was there before, and a browser that shows the run from its first moment on."""
    with started(folder.parent) as studio, browser() as page:
        page.goto(studio.address)
        page.wait_for_timeout(WARM_MS)
        before, end = processor_seconds(), time.monotonic() + PATIENCE_SECONDS
        process = begun(folder, options)
        while (address := address_of(page, studio, folder.name)) is None and time.monotonic() < end:
            time.sleep(0.5)
        page.goto(address or studio.home)
        while process.poll() is None:
            ours = processor_seconds([process.pid]) - before
            page.wait_for_timeout(2000)
        speed = speed_of(folder, process)
        page.get_by_text("done", exact=True).wait_for(timeout=60_000)
        print(f"studio and browser took {ours:.1f} s of a core", flush=True)
    return speed


def processor_seconds(left_out: Sequence[int] = ()) -> float:
    """What the studio and the browser have used of a core."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            line = [process.pid, *(it.pid for it in process.parents())]
            if not set(line) & set(left_out):
                used = process.cpu_times()
                total += used.user + used.system
    return total


def cost(options: argparse.Namespace) -> None:
    shares = []
    with tempfile.TemporaryDirectory() as place:
        for pair in range(options.pairs):
            speeds = {}
            for is_watched in (False, True) if pair % 2 else (True, False):
                folder = Path(place) / f"{pair}-{'watched' if is_watched else 'alone'}"
                speeds[is_watched] = (watched if is_watched else alone)(folder, options)
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
            page.goto(studio.address)
            page.wait_for_timeout(WARM_MS)
            address = address_of(page, studio, run.name)
            assert address is not None
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


def start(options: argparse.Namespace) -> None:
    told, shown = [], []
    with browser() as page:
        for _ in range(options.times):
            since = time.perf_counter()
            with started(options.runs) as studio:
                told.append(time.perf_counter() - since)
                page.goto(studio.address)
                page.locator("li.card").first.wait_for()
                shown.append(time.perf_counter() - since)
    for what, seconds in ("address", told), ("runs", shown):
        print(
            f"{what}: median {statistics.median(seconds):.2f} s, {min(seconds):.2f} to {max(seconds):.2f}", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    one = parts.add_parser("cost")
    one.add_argument("data")
    one.add_argument("--images", type=int, default=8000)
    one.add_argument("--pairs", type=int, default=4)
    one.add_argument("--size", default="64")
    one.set_defaults(do=cost)
    other = parts.add_parser("long")
    other.add_argument("--events", type=int, default=100_000)
    other.add_argument("--sheets", type=int, default=1_000)
    other.set_defaults(do=long)
    last = parts.add_parser("start")
    last.add_argument("runs", type=Path)
    last.add_argument("--times", type=int, default=10)
    last.set_defaults(do=start)
    options = parser.parse_args()
    options.do(options)


if __name__ == "__main__":
    main()
