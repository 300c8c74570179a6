"""What a person is told while a study runs: a bar for the cell at hand, a line for each that is done."""

from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from figment.common.progress import Preparing, Progress, Silent
from figment.common.units import as_images, as_time
from figment.metrics.estimate import Estimate
from figment.metrics.scores import KINDS
from figment.studies.factors import setting_text
from figment.studies.results import CellResult

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class CellDisplay(Silent):
    """Shows a run's training as one bar, or a line every ten seconds; what its own display would say of it stands in the run."""

    def __init__(self, display: Preparing, title: str) -> None:
        self.display, self.title = display, title
        self.total, self.by_time = 0, False
        self.advance: Progress | None = None

    def stage(self, title: str, unit: str = "") -> Progress:
        return self.display.stage(f"{self.title}: {title}", unit)

    def begin(self, budget_images: int | None, budget_seconds: float | None, images: int, seconds: float) -> None:
        self.by_time = budget_seconds is not None
        self.total = round(budget_seconds or budget_images or 0)
        self.advance = self.display.stage(self.title, "s" if self.by_time else "images")

    def progress(self, images: int, seconds: float) -> None:
        if self.advance is not None:
            self.advance(min(round(seconds if self.by_time else images), self.total - 1), self.total)

    def watch(self, page: Path) -> None: ...
    def tick(self, event: dict[str, Any]) -> None: ...
    def score(self, event: dict[str, Any]) -> None: ...
    def snapshot(self, images: int, sheet: "NDArray[np.uint8]", shape: tuple[int, int]) -> None: ...
    def say(self, sentence: str) -> None: ...

    def end(self) -> None:
        if self.advance is not None:
            self.advance(self.total, self.total)
        self.advance = None


def cell_line(result: CellResult, score: str, done: int, of: int, seconds: list[float]) -> str:
    """A cell that is done, in a line. seconds: that each cell took which was done here, by which it is told how long is left."""
    title = KINDS[score].title.format(fd="FD")
    found = (
        result.note or result.state
        if result.score is None
        else f"{title} {Estimate(result.score, result.error or 0.0)}"
    )
    is_on_its_way = result.state == "running"  # under halving, at a rung: how many go on isn't known yet
    left = f", about {as_time(mean(seconds) * (of - done))} left" if seconds and done < of and not is_on_its_way else ""
    state = ""
    if is_on_its_way:
        state = f" after {as_images(result.images or 0)}"
    elif result.score is not None and result.state != "finished":
        state = f" ({': '.join(filter(None, (result.state, result.note)))})"
    return f"{done} of {of} done{left}: {setting_text(result.levels)}, seed {result.seed}: {found}{state}"
