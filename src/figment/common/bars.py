"""How long work is told of to a person: a bar on a terminal and in a notebook, a line every ten seconds elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Literal, Protocol, TextIO

from rich import progress as bars
from rich.console import Console, RenderableType
from rich.live import Live

from figment.common.progress import Preparing, Progress, Silent
from figment.common.rate import Rate, time_left
from figment.common.terminals import in_notebook, is_terminal, wrapped
from figment.common.text import said

LINE_SECONDS = 10.0  # between two plain lines
REFRESHES = 4  # a second, of what is live

Shown = Preparing | Literal["auto"] | None  # what a function is told to show its work on


class Pane(Protocol):
    """A place where what is shown can be changed, until it is gone."""

    def start(self) -> None: ...
    def update(self, renderable: RenderableType, /) -> None: ...
    def refresh(self) -> None: ...
    def stop(self) -> None: ...


class Bars:
    """Tells of the stages of a work on a console.

    console: by default standard output, as a command has it.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or console_on(sys.stdout)
        self.pane: Pane | None = None
        self.bar: bars.Progress | None = None
        self.last_line = 0.0

    def stage(self, title: str, unit: str = "") -> Progress:
        """A new stage of the work: gives what is to be called with (done, total) while it lasts. unit: "MB" for bytes."""
        self.stop()
        self.last_line = monotonic()
        rate = Rate()

        def advance(done: int, total: int) -> None:
            pace = rate.at(monotonic(), done)
            note = _of(done, total, unit)
            if is_live(self.console):
                if self.bar is None:
                    self.bar = bar(title, total or None, self.console)
                    self.show(self.bar)
                self.bar.update(self.bar.task_ids[0], completed=done, total=total or None, note=note)
                self.refresh()
            elif self.is_time():
                left = time_left(total, None, done, 0.0, pace) if done < total and pace > 0 else ""
                self.say(f"{title}: {note}{left and f', {left} left'}")
            if done >= total > 0:
                self.stop()

        return advance

    def is_time(self) -> bool:
        """Whether the last plain line is long enough ago for another one."""
        if monotonic() - self.last_line < LINE_SECONDS:
            return False
        self.last_line = monotonic()
        return True

    def say(self, sentence: str) -> None:
        text = said(sentence, lines=True)
        if self.console.is_terminal:
            text = "\n".join(wrapped(line, self.console.width) for line in text.split("\n"))
        self.console.print(text, markup=False, emoji=False)

    def end(self) -> None:
        """Leave the console as it was."""
        self.stop()

    def show(self, renderable: RenderableType) -> None:
        """Show something that changes, until it is stopped."""
        self.pane = pane(renderable, self.console)
        self.pane.start()

    def refresh(self) -> None:
        """Show what has changed. On a terminal that is done a few times a second anyway."""
        if isinstance(self.pane, NotebookPane):
            self.pane.refresh()

    def stop(self) -> None:
        """Take away what was shown."""
        if self.pane is not None:
            self.pane.stop()
        self.pane = self.bar = None


class NotebookPane:
    """An output of a notebook's cell that is drawn anew. rich's own way would need ipywidgets."""

    def __init__(self, renderable: RenderableType) -> None:
        self.shown, self.handle, self.drawn = renderable, None, 0.0

    def start(self) -> None:
        from IPython.display import display

        self.handle = display(self.shown, display_id=True)

    def update(self, renderable: RenderableType) -> None:
        self.shown = renderable
        self._draw(renderable)

    def refresh(self) -> None:
        if monotonic() - self.drawn >= 1 / REFRESHES:
            self._draw(self.shown)

    def stop(self) -> None:
        from IPython.display import HTML

        self._draw(HTML(""))

    def _draw(self, shown: Any) -> None:
        self.drawn = monotonic()
        if self.handle is not None:
            self.handle.update(shown)


@contextmanager
def shown_on(display: Shown) -> Iterator[Preparing]:
    """What a function tells of its work: bars of its own for "auto", which are gone at its end; nothing for None."""
    if display != "auto":
        yield display or Silent()
        return
    made = Bars(usual_console())
    try:
        yield made
    finally:
        made.end()


def usual_console() -> Console:
    """Where functions that are called from Python tell of their work: the notebook, else standard error, so that what a
    program prints stays its own."""
    return Console(force_jupyter=True, highlight=False) if in_notebook() else console_on(sys.stderr)


def console_on(stream: TextIO) -> Console:
    """A console that prints sentences to the letter. It is a terminal where a person looks at it, not where a setting of
    the environment, such as FORCE_COLOR, has it coloured."""
    return Console(
        file=stream, force_terminal=is_terminal(stream), force_jupyter=False, highlight=False, soft_wrap=True
    )


def is_live(console: Console) -> bool:
    """Whether what is shown on it can be changed afterwards."""
    return console.is_jupyter or (console.is_terminal and not console.is_dumb_terminal)


def pane(renderable: RenderableType, console: Console) -> Pane:
    """A place on a console that is live."""
    if console.is_jupyter:
        return NotebookPane(renderable)
    return Live(renderable, console=console, refresh_per_second=REFRESHES, transient=True)


def bar(title: str, total: float | None, console: Console) -> bars.Progress:
    """A bar with a note behind it."""
    spinner = "dots" if console.encoding.startswith("utf") else "line"
    name, note = (bars.TextColumn(f"{{task.{text}}}", markup=False) for text in ("description", "fields[note]"))
    columns = bars.SpinnerColumn(spinner), name, bars.BarColumn(), note
    made = bars.Progress(*columns, console=console, transient=True, disable=not is_live(console))
    made.add_task(said(title), total=total, note="")
    return made


@contextmanager
def bar_of(total: int, title: str) -> Iterator[Progress]:
    """A progress bar for short work, gone when it is done and silent where there is no terminal; a total of 0 isn't known."""
    with bar(title, total or None, console_on(sys.stderr)) as shown:
        task = shown.task_ids[0]
        yield lambda done, of: shown.update(task, completed=done, total=of or None, note=_of(done, of, ""))


def _of(done: int, total: int, unit: str) -> str:
    """How far something has come; a total of 0 isn't known."""
    if unit == "MB":
        done, total = done >> 20, total >> 20
    whole = f" of {total:,}" if total else ""
    return f"{done:,}{whole} {unit}".rstrip()
