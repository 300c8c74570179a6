"""Which look at a run was the best, and whether by more than chance: what its score events say, in choices and in words.

A look is an event "score". It has the distance of some samples from reals, and how far that lies from the lowest distance
of the looks before it, with the error of this difference: less than those of the two together, since both are of the same
codes and the same reals. Of two generators that differ by no more than chance the later one is taken: it has learned longer.
"""

import math
from collections.abc import Sequence
from filecmp import cmp
from pathlib import Path
from typing import Any

from figment.common.jsontext import are_missing
from figment.metrics.estimate import Estimate
from figment.run import Run
from figment.run_files import NEEDED

# Standard errors by which a difference is more than chance. Three, since the lowest of many looks is compared.
CHANCE_ERRORS = 3
# Looks in a row that are worse than the best by more than chance before a word is said. Scores rise and fall with the game:
# with three, runs were warned of that went on to their best (LOG 56).
RISE_SCORES = 5

Scores = Sequence[dict[str, Any]]


def looks(events: Scores) -> list[dict[str, Any]]:
    """The looks among a run's events, those that have all that a look is of no use without."""
    return [event for event in events if event["event"] == "score" and not are_missing(NEEDED["score"], event)]


def lowest(scores: Scores) -> dict[str, Any] | None:
    """The first event with the lowest distance; None of none."""
    return min(scores, key=lambda event: event["fd"], default=None)


def behind(event: dict[str, Any], other: dict[str, Any]) -> Estimate:
    """How much farther from reals a look was than an earlier one, with the error of the difference.

    It is in the event where that is the one that it was compared with; else, as in earlier versions' runs, the errors of
    both are taken together, which is more than it is.
    """
    if event.get("lowest") == other["images"] and event.get("difference_error") is not None:
        return Estimate(event["difference"], event["difference_error"])
    return Estimate(event["fd"] - other["fd"], math.hypot(event["error"], other["error"]))


def is_worse(event: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a look was farther from reals than an earlier one by more than chance."""
    found = behind(event, other)
    return event is not other and found.value > CHANCE_ERRORS * found.error


def best(scores: Scores) -> dict[str, Any] | None:
    """The last look, or the one with the lowest distance where that was better by more than chance; None of none."""
    found = lowest(scores)
    return found if found is None or is_worse(scores[-1], found) else scores[-1]


def rise_warning(scores: Scores) -> str | None:
    """A warning where each of the last looks was worse than the best by more than chance; else None."""
    found, last = lowest(scores), scores[-RISE_SCORES:]
    if found is None or found in last or not all(is_worse(event, found) for event in last):
        return None
    return (
        f"{found['title']} has risen from {found['fd']:.3g}, its best, at {found['images']:,} images to "
        f"{last[-1]['fd']:.3g}: generator-best.safetensors is the generator of then"
    )


def comparison(scores: Scores) -> str | None:
    """The last generator against the best one, in a sentence: which file is which. None where there was only one look."""
    found, first = best(scores), lowest(scores)
    if found is None or first is None or len(scores) < 2:
        return None
    last = scores[-1]
    title, here = last["title"], Estimate(last["fd"], last["error"])
    if found is not last:
        return (
            f"generator-best.safetensors, after {found['images']:,} images, is better than generator.safetensors, the last "
            f"one, by more than chance: {title} {Estimate(found['fd'], found['error'])} and {here}, {behind(last, found)} apart"
        )
    if first is last:
        return f"the last generator is the best: {title} {here}"
    return (
        f"the last generator is as good as the best, within chance: {title} {here}, {behind(last, first)} more than after "
        f"{first['images']:,} images"
    )


def hint(folder: Path) -> str | None:
    """What to say to somebody who takes the last generator of a run where an earlier one was better by more than chance.

    folder: any path; None where it is no run folder or there is nothing to say.
    """
    if not (folder / "run.json").is_file():
        return None
    run = Run(folder)
    if not run.best_file.is_file() or not run.generator_file.is_file() or cmp(run.best_file, run.generator_file, False):
        return None
    scores = looks(run.events("score"))
    return comparison(scores) if scores and best(scores) is not scores[-1] else None
