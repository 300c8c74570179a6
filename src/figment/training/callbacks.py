"""Functions of the user's that are told how a run goes: with every event, as it is written, between two steps."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from figment.errors import InputError, Notice
from figment.run import Run

Callback = Callable[[Run, dict[str, Any]], object]  # what it gives back is nothing to us


class Callbacks:
    """Tells them all. One that fails is warned of, noted in the run, and called no more: it mustn't cost the run."""

    def __init__(self, callbacks: Sequence[Callback], run: Run) -> None:
        self.callbacks, self.run = list(callbacks), run

    def __call__(self, event: dict[str, Any]) -> None:
        failed = []
        for callback in list(self.callbacks):
            try:
                callback(self.run, dict(event))
            except Exception as error:
                self.callbacks.remove(callback)
                failed.append(
                    f"callback {_name(callback)} failed at {event['event']} and is called no more: {_told(error)}"
                )
        for text in failed:  # now that all have heard of the event itself
            with suppress(Notice):  # where warnings are errors
                warnings.warn(
                    text, Notice, stacklevel=2
                )  # whatever the display: who trains silently is told of this, too
            self.run.log({"event": "callback", "images": event["images"], "seconds": event["seconds"], "text": text})


@contextmanager
def listening(run: Run, callbacks: Sequence[Callback]) -> Iterator[None]:
    """Within, callbacks are told of the run's events."""
    if callbacks:
        run.listeners.append(Callbacks(callbacks, run))
    try:
        yield
    finally:
        run.listeners.clear()


def check_callbacks(callbacks: Sequence[Callback]) -> None:
    """Raise InputError for what can't be called."""
    if callable(callbacks) or not all(map(callable, callbacks)):
        raise InputError("callbacks isn't a list of functions: give some that take (run, event), such as [to_wandb].")


def _name(callback: Callback) -> str:
    return str(getattr(callback, "__name__", type(callback).__name__))


def _told(error: Exception) -> str:
    """An error's kind, words and the line where it was raised."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f" ({at.tb_frame.f_code.co_filename}, line {at.tb_lineno})" if at is not None else ""
    return f"{type(error).__name__}: {error}{where}"
