"""The page on which a run is watched while it trains: live.html, which reads live.js beside it anew every other second.

A page that was opened as a file may fetch nothing, but it may load scripts and pictures that lie beside it. So the curves,
words and names of sheets stand in a script; the sheets are the run's own files.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.common.files import write_unflushed
from figment.common.progress import Display, Progress
from figment.common.rate import Rate, time_left
from figment.common.text import typed
from figment.common.units import as_time
from figment.media import pages
from figment.reporting import curves
from figment.reporting.charts import CHARTS
from figment.reporting.scores import evenly
from figment.reporting.shots import MARK, label
from figment.run import Run
from figment.training.best import looks

LEAST_SECONDS = 2.0  # between two times that the script is written, …
REST_SHARE = 200  # … and so many times as long as the last one took: half a per cent of the training at most
MAX_POINTS = 300  # of a curve
MAX_SAID = 12  # sentences
STATES = {
    "new": "Getting ready.", "training": "Training.", "interrupted": "Interrupted, with everything saved.",
    "finished": "Finished.", "stopped": "Stopped: the terminal tells why.",
}  # fmt: skip


class LivePage:
    """A display that passes everything on to another one, and keeps a run's live page current meanwhile.

    Nothing is written before begin(), or before open() where the run is new. A page that can't be written ends no training.
    """

    def __init__(self, run: Run, display: Display) -> None:
        self.run, self.display = run, display
        self.events: list[dict[str, Any]] = []  # ticks and scores
        self.curves: str | None = None  # as the script holds them; None where there are newer readings
        self.labels: dict[int, str] = {}  # of the sheets, by images seen
        self.said: list[str] = []
        self.state, self.now, self.share = "new", "", 0.0
        self.images, self.seconds, self.rate = 0, 0.0, Rate()
        self.budget_images: int | None = None
        self.budget_seconds: float | None = None
        self.is_open, self.next_write = False, 0.0

    def open(self) -> None:
        """Write the page, and tell where it is."""
        recipe, source = self.run.recipe, self.run.facts.get("source")
        about = f"{recipe.shape[0]}×{recipe.shape[1]} pictures{f', learning from {source}' if source else ''}"
        page = {"name": self.run.name, "about": about, "folder": typed(self.run.folder)}
        with suppress(OSError):
            write_unflushed(self.run.live_file, pages.rendered("live.html.j2", page, MARK))
            self.is_open = True
            self.write()
            self.display.watch(self.run.live_file)

    def close(self) -> None:
        """Write the page for the last time: how the run ended."""
        if self.is_open and self.run.folder.is_dir():
            facts = self.run.facts
            state = facts.get("state")
            self.state = state if state in ("interrupted", "finished") else "stopped"
            if self.state != "stopped":  # the last readings took time, too: what the report tells
                self.images, self.seconds = facts.get("images", self.images), facts.get("seconds", self.seconds)
            if self.images or self.state == "finished":
                self._read_progress()
            self.write()

    # ---- what it is told ---------------------------------------------------------------------------------------------

    def stage(self, title: str, unit: str = "") -> Progress:
        advance = self.display.stage(title, unit)

        def both(done: int, total: int) -> None:
            advance(done, total)
            self.now = f"{title}{f': {done:,} of {total:,}' if total and not unit else ''}"
            self.write_if_due()

        return both

    def watch(self, page: Path) -> None:
        self.display.watch(page)

    def begin(self, budget_images: int | None, budget_seconds: float | None, images: int, seconds: float) -> None:
        self.state, self.rate = "training", Rate()
        self.budget_images, self.budget_seconds = budget_images, budget_seconds
        events = self.run.events()
        self.events, self.curves = [*(event for event in events if event["event"] == "tick"), *looks(events)], None
        self.labels = {
            e["images"]: self._label(e["images"], e.get("seconds")) for e in events if e["event"] == "snapshot"
        }
        self.images, self.seconds = images, seconds
        self._read_progress()
        if self.is_open:
            self.write()
        else:
            self.open()
        self.display.begin(budget_images, budget_seconds, images, seconds)

    def progress(self, images: int, seconds: float) -> None:
        self.display.progress(images, seconds)
        self.images, self.seconds = images, seconds
        self.rate.at(seconds, images)
        if self.is_open and perf_counter() >= self.next_write:
            self._read_progress()
            self.write()

    def tick(self, event: dict[str, Any]) -> None:
        self.display.tick(event)
        self._keep(event)

    def score(self, event: dict[str, Any]) -> None:
        self.display.score(event)
        self._keep(event)

    def snapshot(self, images: int, sheet: NDArray[np.uint8], shape: tuple[int, int]) -> None:
        self.display.snapshot(images, sheet, shape)
        self.labels[images] = self._label(images, self.seconds)

    def say(self, sentence: str) -> None:
        self.display.say(sentence)
        self.said = [*self.said, sentence][-MAX_SAID:]

    def end(self) -> None:
        self.display.end()

    def _keep(self, event: dict[str, Any]) -> None:
        """Add a reading; those after it are of a training that was taken back."""
        earlier = [it for it in self.events if it["images"] < event["images"] or it["event"] != event["event"]]
        self.events, self.curves = [*earlier, event], None

    def _read_progress(self) -> None:
        """Say how far the training is, of its budget; while it goes on, how fast, and how long it still takes."""
        if self.budget_seconds is not None:
            done, budget, whole = self.seconds, self.budget_seconds, as_time(self.budget_seconds)
        else:
            done, budget, whole = self.images, self.budget_images or 0, f"{self.budget_images or 0:,} images"
        if budget:
            self.share = min(done / budget, 1)
        self.now = f"{self.images:,} images seen in {as_time(self.seconds)} of training"
        rate = self.rate.at(self.seconds, self.images)
        if self.state == "training" and rate:
            left = time_left(self.budget_images, self.budget_seconds, self.images, self.seconds, rate)
            self.now += f", {rate:,.3g} a second; {left} left of {whole}."
        else:
            self.now += f"; the budget is {whole}."

    # ---- the page ----------------------------------------------------------------------------------------------------

    def write_if_due(self) -> None:
        if self.is_open and perf_counter() >= self.next_write:
            self.write()

    def write(self) -> None:
        """Write the script, as far as the disk lets it."""
        start = perf_counter()
        if self.curves is None:
            self.curves = json.dumps(self._curves(), separators=(",", ":"))
        with suppress(OSError):
            write_unflushed(self.run.live_data_file, f"figment({json.dumps(self._facts())}, {self.curves});\n")
        self.next_write = perf_counter() + max(LEAST_SECONDS, REST_SHARE * (perf_counter() - start))

    def _facts(self) -> dict[str, Any]:
        ticks = [event for event in self.events if event["event"] == "tick"]
        return {
            "running": self.state in ("new", "training"), "state": STATES[self.state], "now": self.now,
            "share": 1 if self.state == "finished" else round(self.share, 3), "said": self.said, "readings": len(self.events),
            "words": "; ".join(ticks[-1].get("diagnosis") or []) if ticks else "Too early to tell.",
            "resume": f"figment resume {typed(self.run.folder)}",
            "sheets": [
                {"label": self.labels.get(images, self._label(images, None)), "src": f"{path.parent.name}/{path.name}"}
                for images, path in self._sheets().items()
            ],
        }  # fmt: skip

    def _label(self, images: int, seconds: float | None) -> str:
        return label(images, seconds, known=isinstance(self.run.facts.get("from"), dict))

    def _sheets(self) -> dict[int, Path]:
        """The run's sheets by images seen; last the one of a run that was stopped between two of them."""
        sheets, stopped = self.run.pictures(), self.run.stopped_file
        return sheets | {self.images: stopped} if stopped.is_file() and self.images not in sheets else sheets

    def _curves(self) -> list[dict[str, Any]]:
        """The charts of all readings up to now, of many of them evenly picked ones."""
        ticks, looks = ([event for event in self.events if event["event"] == kind] for kind in ("tick", "score"))
        ticks = [ticks[place] for place in evenly(len(ticks), MAX_POINTS)] if ticks else []
        charts = [curves.plain(spec, ticks) for spec in CHARTS]
        return [chart for chart in [curves.plain_scores(looks), *charts] if chart is not None]


@contextmanager
def watched_live(run: Run, display: Display, is_new: bool) -> Iterator[Display]:
    """Within, a run's live page is kept current by what the display that is given is told.

    is_new: the page is written at once; else where the training begins, since until then it can still be refused.
    """
    page = LivePage(run, display)
    if is_new:
        page.open()
    try:
        yield page
    finally:
        page.close()
