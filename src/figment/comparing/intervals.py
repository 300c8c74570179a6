"""Means over seeds with their intervals, and how two settings stand to each other: paired where they share seeds."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.special import stdtrit

from figment.metrics.estimate import Estimate

Way = Literal["paired", "unpaired", "one seed"]
LEVEL = 0.95
MEASURING_ERRORS = 2.0  # to each side, of single runs: as in verdicts
Scored = Mapping[int, Sequence[Estimate]]  # by seed; a seed may have been run more than once


@dataclass(frozen=True)
class Interval:
    """A mean over seeds. half: half the width of its interval by Student's t; None of one seed, of which nothing is known."""

    mean: float
    half: float | None
    seeds: int

    def __str__(self) -> str:
        """12.3 ± 0.4 (3 seeds); of one seed 12.3 (one seed)."""
        counted = "one seed" if self.seeds == 1 else f"{self.seeds} seeds"
        return (
            f"{self.mean:,.4g} ({counted})" if self.half is None else f"{plus_minus(self.mean, self.half)} ({counted})"
        )


@dataclass(frozen=True)
class Contrast:
    """How much more the first of two settings has than the second, with the interval that it lies in.

    way: "paired", the mean of the differences of equal seeds; "unpaired", the difference of two means, by Welch; "one seed",
    where one of them has one seed only: then the interval is that of measuring two generators, and says nothing of settings.
    """

    first: str
    second: str
    difference: float
    half: float
    seeds: int
    way: Way

    @property
    def low(self) -> float:
        return self.difference - self.half

    @property
    def high(self) -> float:
        return self.difference + self.half

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def of_seeds(scored: Scored) -> Interval:
    """The mean over seeds with its 95 % interval; runs of one seed count as one."""
    values = list(_by_seed(scored).values())
    return Interval(statistics.fmean(values), _half(values, LEVEL), len(values))


def contrast(first: tuple[str, Scored], second: tuple[str, Scored], level: float = LEVEL) -> Contrast:
    """The first setting's score less the second's: by name and by seed, each of one seed at least.

    level: of the interval. Settings that share two seeds or more are paired by these; a paired difference leaves out what
    both have of a seed.
    """
    ours, theirs = _by_seed(first[1]), _by_seed(second[1])
    shared = sorted(ours.keys() & theirs.keys())
    if len(shared) > 1:
        apart = [ours[seed] - theirs[seed] for seed in shared]
        half = _half(apart, level)
        assert half is not None
        return Contrast(first[0], second[0], statistics.fmean(apart), half, len(shared), "paired")
    difference, least = statistics.fmean(ours.values()) - statistics.fmean(theirs.values()), min(len(ours), len(theirs))
    if least > 1:
        return Contrast(
            first[0],
            second[0],
            difference,
            _welch(list(ours.values()), list(theirs.values()), level),
            least,
            "unpaired",
        )
    errors = [
        estimate.error for scored in (first[1], second[1]) for repeated in scored.values() for estimate in repeated
    ]
    known = all(math.isfinite(error) for error in errors) and len(ours) == len(theirs) == 1
    half = MEASURING_ERRORS * math.hypot(*errors) if known else math.inf
    return Contrast(first[0], second[0], difference, half, least, "one seed")


def _by_seed(scored: Scored) -> dict[int, float]:
    return {seed: statistics.fmean(one.value for one in repeated) for seed, repeated in scored.items()}


def _half(values: Sequence[float], level: float) -> float | None:
    if len(values) < 2:
        return None
    return quantile(len(values) - 1, level) * statistics.stdev(values) / math.sqrt(len(values))


def _welch(ours: Sequence[float], theirs: Sequence[float], level: float) -> float:
    """Half the interval of a difference of means whose variances may differ (Welch 1947)."""
    parts = [(statistics.variance(values) / len(values), len(values) - 1) for values in (ours, theirs)]
    whole = sum(part for part, _ in parts)
    if whole == 0:
        return 0.0
    freedom = whole**2 / sum(part**2 / free for part, free in parts)
    return quantile(freedom, level) * math.sqrt(whole)


def quantile(freedom: float, level: float) -> float:
    """Of Student's t: what so much of it lies within, to both sides."""
    return float(stdtrit(freedom, (1 + level) / 2))


def plus_minus(value: float, half: float) -> str:
    """A value and half its interval, to the digits that the interval leaves."""
    digits = max(0, 1 - math.floor(math.log10(half))) if half > 0 else 3
    return f"{round(value, digits) + 0.0:,.{digits}f} ± {half:,.{digits}f}"
