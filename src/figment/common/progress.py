"""What long work tells and asks of whoever started it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[int, int], None]  # what is done, of how much (0: nobody knows)
Say = Callable[[str], None]  # a sentence for a person
Agree = Callable[[str], bool]  # whether a person agrees to what the text says
Stage = Callable[[str], Progress]  # a new stage of the work by its title; gives what to tell its progress


class Tally:
    """Tells the progress of a work of several parts as one."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def __call__(self, more: int) -> None:
        self.done += more
        if self.progress:
            self.progress(min(self.done, self.total), self.total)


def part_of(progress: Progress | None, part: int, parts: int) -> Progress | None:
    """The progress of one of several equal parts, counted from 0."""
    return None if progress is None else lambda done, total: progress(part * total + done, parts * total)


class Preparing(Protocol):
    """What is told while pictures are prepared."""

    def stage(self, title: str, unit: str = "") -> Progress: ...
    def say(self, sentence: str) -> None: ...


class Training(Protocol):
    """What is told while a run trains."""

    def progress(self, images: int, seconds: float) -> None: ...
    def tick(self, event: dict[str, Any]) -> None: ...
    def score(self, event: dict[str, Any]) -> None: ...
    def snapshot(self, images: int, sheet: "NDArray[np.uint8]", shape: tuple[int, int]) -> None: ...
    def say(self, sentence: str) -> None: ...


class Display(Preparing, Training, Protocol):
    """What is told of a whole run, from preparing to the end.

    watch: the page on which the run can be watched. begin: budget_images or budget_seconds, whichever the run's budget is of;
    images and seconds that it has behind it. snapshot: a sheet that was just kept, uint8 (H, W, 3), of pictures of a shape.
    """

    def watch(self, page: Path) -> None: ...

    def begin(self, budget_images: int | None, budget_seconds: float | None, images: int, seconds: float) -> None: ...
    def end(self) -> None: ...


class Silent:
    """A display that shows nothing."""

    def stage(self, title: str, unit: str = "") -> Progress:
        return lambda done, total: None

    def watch(self, page: Path) -> None: ...
    def begin(self, budget_images: int | None, budget_seconds: float | None, images: int, seconds: float) -> None: ...
    def progress(self, images: int, seconds: float) -> None: ...
    def tick(self, event: dict[str, Any]) -> None: ...
    def score(self, event: dict[str, Any]) -> None: ...
    def snapshot(self, images: int, sheet: "NDArray[np.uint8]", shape: tuple[int, int]) -> None: ...
    def say(self, sentence: str) -> None: ...
    def end(self) -> None: ...
