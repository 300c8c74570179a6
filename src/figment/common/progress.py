"""What long work tells and asks of whoever started it."""

from collections.abc import Callable
from typing import Any, Protocol

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


class Display(Protocol):
    """What is told while a run trains."""

    def progress(self, images: int, seconds: float) -> None: ...
    def tick(self, event: dict[str, Any]) -> None: ...
    def score(self, event: dict[str, Any]) -> None: ...
    def say(self, sentence: str) -> None: ...
