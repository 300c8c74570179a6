"""What the readings mean, in words."""

from collections.abc import Callable, Sequence
from statistics import median

from figment.training.watch import Reading

RECENT = 5  # readings looked at together: a single one of 256 pictures wavers by ±.03


def diagnose(readings: Sequence[Reading]) -> list[str]:
    """Plain sentences on the state of the game, the gravest first; one reassuring line if nothing is wrong."""
    if len(readings) < RECENT:
        return ["too early to tell"]
    recent = readings[-RECENT:]
    found = [sentence for holds, sentence in SIGNS if holds(recent)]
    return found or ["the two nets are in balance"]


def _median(recent: Sequence[Reading], name: str) -> float | None:
    values = [v for r in recent if (v := getattr(r, name)) is not None]
    return median(values) if values else None


def _above(name: str, limit: float) -> Callable[[Sequence[Reading]], bool]:
    return lambda recent: (value := _median(recent, name)) is not None and value > limit


def _below(name: str, limit: float) -> Callable[[Sequence[Reading]], bool]:
    return lambda recent: (value := _median(recent, name)) is not None and value < limit


SIGNS: list[tuple[Callable[[Sequence[Reading]], bool], str]] = [
    (_below("spread", 0.4), "the generator has collapsed to a few pictures (try real_target=0.9, or a smaller lr)"),
    (
        _above("separation", 0.998),
        "the discriminator wins too easily (try real_target=0.9, dropout=0.3, or a smaller lr)",
    ),
    (
        _above("memorising", 0.65),
        "it memorises: the discriminator knows its training pictures (more pictures, or stop here)",
    ),
    (
        _below("separation", 0.55),
        "the discriminator can't tell fakes from reals (look at the grid; a wider net may see more)",
    ),
]
