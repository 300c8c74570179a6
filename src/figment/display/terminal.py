"""What a person sees while a run trains: a live panel on a terminal, plain lines elsewhere."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from figment.common.bars import Bars, bar, is_live, usual_console
from figment.common.browser import open_in_browser
from figment.common.in_python import in_python
from figment.common.progress import Display
from figment.common.rate import Rate, time_left
from figment.common.units import as_images, as_time
from figment.display.preview import preview
from figment.metrics.estimate import Estimate
from figment.training.best import best
from figment.training.movement import moved

SILENT_SECONDS = 30.0  # without a plain line, till one tells how far it is: slow machines read the game seldom


Shown = Display | Literal["auto"] | None  # what a function is told to show it on


def display_for(display: Shown) -> Display | None:
    """What train() and resume() tell of a run where "auto" is asked for; anything else as it is."""
    return Terminal(usual_console(), words=in_python) if display == "auto" else display


class Terminal(Bars):
    """Follows a run on a console: live where it is a terminal or a notebook, else a line every ten seconds.

    words: what sentences go through before they are said.
    """

    def __init__(self, console: Console | None = None, opens: bool = False, words: Callable[[str], str] = str) -> None:
        super().__init__(console)
        self.words = words
        self.opens = opens  # the live page in a browser
        self.preview: RenderableType | None = None
        self.budget_images: int | None = None
        self.budget_seconds: float | None = None
        self.rate = Rate()
        self.event: dict[str, Any] = {}
        self.told: dict[str, Any] = {}  # the tick of the last plain line
        self.scores: list[dict[str, Any]] = []
        self.last_said = monotonic()  # when the last plain line of a training was written

    # ---- training ----------------------------------------------------------------------------------------------------

    def watch(self, page: Path) -> None:
        self.say(f"live page  {page}")
        if self.opens and (sentence := open_in_browser(page)) is not None:
            self.say(sentence)

    def begin(self, budget_images: int | None, budget_seconds: float | None, images: int, seconds: float) -> None:
        self.stop()
        self.budget_images, self.budget_seconds = budget_images, budget_seconds
        self.rate = Rate()
        self.last_line = self.last_said = monotonic()
        self.rate.at(seconds, images)
        if is_live(self.console):
            self.bar = bar("training", budget_seconds or budget_images, self.console)
            self.show(self._panel())

    def progress(self, images: int, seconds: float) -> None:
        rate = self.rate.at(seconds, images)
        if self.bar is not None:
            note = f"{as_images(images)} seen · {rate:,.0f} images/s · {self._left(images, seconds, rate)} left"
            self.bar.update(self.bar.task_ids[0], completed=seconds if self.budget_seconds else images, note=note)
            self.refresh()
        elif monotonic() - self.last_said >= SILENT_SECONDS:
            left = self._left(images, seconds, rate)
            self.say(f"{as_time(seconds)}  {as_images(images)} seen  {rate:,.0f} images/s  {left} left")

    def tick(self, event: dict[str, Any]) -> None:
        self.event = event
        if self.pane is not None:
            self.pane.update(self._panel())
        elif self.is_time():
            self._tell(event)

    def score(self, event: dict[str, Any]) -> None:
        self.scores.append(event)
        if self.pane is not None:
            self.pane.update(self._panel())

    def snapshot(self, images: int, sheet: NDArray[np.uint8], shape: tuple[int, int]) -> None:
        if self.pane is not None and not self.console.is_jupyter:  # a notebook shows the run's sheet itself
            self.preview = preview(sheet, shape, self.console)
            self.pane.update(self._panel())

    def end(self) -> None:
        """Leave the console as it was; what was last told of a training stays as a line."""
        super().end()
        if self.event and self.event is not self.told:  # the last line may have told it already
            self._tell(self.event)
        self.event = {}

    def _left(self, images: int, seconds: float, rate: float) -> str:
        return time_left(self.budget_images, self.budget_seconds, images, seconds, rate)

    def say(self, sentence: str) -> None:
        super().say(self.words(sentence))
        self.last_said = monotonic()

    # ---- words -------------------------------------------------------------------------------------------------------

    def _panel(self) -> Panel:
        rows = Table.grid(padding=(0, 2))
        for name, value in self._readings(self.event):
            rows.add_row(Text(name, style="dim"), value)
        words = Text("; ".join(self.event.get("diagnosis", ["too early to tell"])), style="bold")
        assert self.bar is not None
        told: RenderableType = Group(self.bar, rows, words)
        if self.preview is not None:
            beside = Table.grid(padding=(0, 3, 0, 0))
            beside.add_row(self.preview, told)
            told = beside
        return Panel(told, title="figment", title_align="left")

    def _readings(self, event: dict[str, Any]) -> list[tuple[str, str]]:
        return readable(event) + ([(self.scores[-1]["title"], scored(self.scores))] if event and self.scores else [])

    def _tell(self, event: dict[str, Any]) -> None:
        self.say(self._line(event))
        self.told = event

    def _line(self, event: dict[str, Any]) -> str:
        """A tick's numbers, and what is new: the words where they are others than in the last line, else what has moved."""
        facts = "  ".join(f"{name} {value}" for name, value in self._readings(event))
        is_new = event["diagnosis"] != self.told.get("diagnosis")
        words = "; ".join(event["diagnosis"]) if is_new else moved(self.told, event)
        return (
            f"{as_time(event['seconds'])}  {as_images(event['images'])} seen  {event['images_per_second']:,.0f} images/s  "
            f"{self._left(event['images'], event['seconds'], event['images_per_second'])} left  {facts}  {words}"
        ).rstrip()


def readable(event: dict[str, Any]) -> list[tuple[str, str]]:
    """A tick's numbers with the words for them; probabilities only where the objective has them."""
    if not event:
        return []
    rows = [("losses", f"D {event['loss_discriminator']:.3f}  G {event['loss_generator']:.3f}")]
    if event["p_fake_real"] is not None:
        held = "" if event["p_fake_held_out"] is None else f"  held-out {event['p_fake_held_out']:.2f}"
        rows.append(("P(fake)", f"reals {event['p_fake_real']:.2f}{held}  fakes {event['p_fake_fake']:.2f}"))
    rows.append(("separation", f"{event['separation']:.3f} AUC"))
    if event["memorising"] is not None:
        rows.append(("memorising", f"{event['memorising']:.3f} AUC"))
    rows.append(("spread", f"{event['spread']:.2f}"))
    if event.get("detail") is not None:
        rows.append(("detail", f"{event['detail']:.2f}"))
    if event.get("motion") is not None:
        rows.append(("motion", f"{event['motion']:.2f}"))
    if event.get("augment_p"):
        rows.append(("augmentation", f"p {event['augment_p']:.2f}"))
    if event.get("processes", 1) > 1:
        rows.append(("processes", str(event["processes"])))
    return rows


def scored(scores: list[dict[str, Any]]) -> str:
    """The last score, what reals reach, and the best where that was better by more than chance."""
    last, found = scores[-1], best(scores) or scores[-1]
    behind = "" if found is last else f", best {Estimate(found['fd'])} at {as_images(found['images'])}"
    return f"{Estimate(last['fd'])} (reals {Estimate(last['floor'])}{behind})"
