"""How good scores are at telling made pictures from real ones: each number with an interval, by groups drawn anew.

Scores are higher for what is thought fake. Weights say how often each picture counts, a row for each repetition: a bootstrap
draws whole groups, since pictures of one person, or cuts of one picture, aren't independent.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

REPETITIONS = 400
BINS = 10  # of P(fake), in a reliability diagram
FALSE_ALARMS = (0.01, 0.001)  # operating points: shares of real pictures called fake
Scores = NDArray[np.float64]
Kinds = NDArray[np.bool_]
Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A value, and what 95 % of repetitions lie between; nan where it can't be told."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "–"
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


@dataclass(frozen=True)
class Accuracy:
    """What scores are worth: average precision, area under the ROC curve, equal error rate, share of fakes found at 1 % and
    .1 % false alarms (nan where there are too few reals for that), expected calibration error of P(fake).

    reals, fakes: how many pictures; groups: how many of those together.
    """

    ap: Interval
    auroc: Interval
    eer: Interval
    found_at_1: Interval
    found_at_01: Interval
    ece: Interval
    reals: int
    fakes: int
    groups: int

    def as_record(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Roc:
    """The steps of a ROC curve for each repetition: shares found and false alarms, (B, K) from 0 to 1, and precision (B, K)."""

    found: Weights
    alarms: Weights
    precision: Weights

    @property
    def auroc(self) -> NDArray[np.float64]:
        """Area by trapezia: P(a fake scores higher than a real one), ties for half."""
        return np.asarray(np.trapezoid(self.found, self.alarms, axis=1))

    @property
    def ap(self) -> NDArray[np.float64]:
        """Σ (Rₖ - Rₖ₋₁) Pₖ."""
        return (np.diff(self.found, axis=1) * self.precision[:, 1:]).sum(1)

    @property
    def eer(self) -> NDArray[np.float64]:
        """Where as many reals are called fake as fakes are missed, on the straight lines between the steps."""
        excess = self.alarms - (1 - self.found)  # rises from -1 to 1
        last = (excess >= 0).argmax(1)
        rows = np.arange(len(excess))
        before, after = excess[rows, last - 1], excess[rows, last]
        share = -before / (after - before)
        return (1 - share) * self.alarms[rows, last - 1] + share * self.alarms[rows, last]

    def found_at(self, alarms: float) -> NDArray[np.float64]:
        """Share of fakes found at the lowest limit that calls no more than this share of reals fake."""
        return np.where(self.alarms <= alarms + 1e-12, self.found, 0).max(1)


def roc(scores: Scores, is_fake: Kinds, weights: Weights) -> Roc:
    """Of scores (N,) and kinds (N,) for weights (B, N), which hold both kinds in each row."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # equal scores are one step
    fakes = np.cumsum(np.where(is_fake, weights, 0)[:, order], axis=1)[:, ends]
    reals = np.cumsum(np.where(is_fake, 0, weights)[:, order], axis=1)[:, ends]
    start = np.zeros((len(weights), 1))
    precision = fakes / np.maximum(fakes + reals, 1e-300)
    return Roc(
        np.hstack([start, fakes / fakes[:, -1:]]),
        np.hstack([start, reals / reals[:, -1:]]),
        np.hstack([start + 1, precision]),
    )


def calibration_errors(p_fake: Scores, is_fake: Kinds, weights: Weights) -> NDArray[np.float64]:
    """Mean distance, (B,), of P(fake) from the share of fakes in ten bins, both kinds weighing half."""
    place, even = np.minimum((p_fake * BINS).astype(int), BINS - 1), evened(is_fake, weights)
    excess = even * (p_fake - is_fake)
    return np.sum([np.abs(excess[:, place == bin].sum(1)) for bin in range(BINS)], axis=0)


def reliability(p_fake: Scores, is_fake: Kinds) -> list[tuple[float, float, int]]:
    """Mean P(fake), share of fakes (both kinds weighing half) and number of pictures, of each bin that has any."""
    place, even = np.minimum((p_fake * BINS).astype(int), BINS - 1), evened(is_fake, np.ones((1, len(p_fake))))[0]
    here = [place == bin for bin in range(BINS)]
    return [
        (float(np.average(p_fake[m], weights=even[m])), float(np.average(is_fake[m], weights=even[m])), int(m.sum()))
        for m in here if m.any()
    ]  # fmt: skip


def evened(is_fake: Kinds, weights: Weights) -> Weights:
    """Weights (B, N) of which each kind has half, 1 in all."""
    fakes, reals = np.where(is_fake, weights, 0), np.where(is_fake, 0, weights)
    return 0.5 * (fakes / fakes.sum(1, keepdims=True) + reals / reals.sum(1, keepdims=True))


def drawn_anew(groups: Sequence[str], is_fake: Kinds, seed: int, repetitions: int = REPETITIONS) -> Weights:
    """How often each picture counts where as many groups are drawn anew, (B, N); a row that lacks a kind is drawn again."""
    numbers = np.unique(np.asarray(groups), return_inverse=True)[1]
    count, random = int(numbers.max()) + 1, np.random.default_rng([seed, 33])
    rows: list[NDArray[np.float64]] = []
    while len(rows) < repetitions:
        row = random.multinomial(count, np.full(count, 1 / count))[numbers].astype(float)
        if row[is_fake].any() and row[~is_fake].any():
            rows.append(row)
    return np.array(rows)


def accuracy(
    scores: Scores, p_fake: Scores, is_fake: Kinds, groups: Sequence[str], seed: int = 0, repetitions: int = REPETITIONS
) -> Accuracy:
    """Of scores and P(fake), (N,) each, of pictures of both kinds in groups."""
    weights = np.vstack([np.ones(len(scores)), drawn_anew(groups, is_fake, seed, repetitions)])
    curve, reals = roc(scores, is_fake, weights), int((~is_fake).sum())

    def found_at(alarms: float) -> Interval:
        return _interval(curve.found_at(alarms)) if reals * alarms >= 1 else Interval(*[float("nan")] * 3)

    return Accuracy(
        ap=_interval(curve.ap),
        auroc=_interval(curve.auroc),
        eer=_interval(curve.eer),
        found_at_1=found_at(FALSE_ALARMS[0]),
        found_at_01=found_at(FALSE_ALARMS[1]),
        ece=_unbiased_interval(calibration_errors(p_fake, is_fake, weights)),
        reals=reals,
        fakes=int(is_fake.sum()),
        groups=len(set(groups)),
    )


def selective_risk(p_fake: Scores, is_fake: Kinds, known: Kinds) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of pictures that are answered, and of these the share that is answered wrongly, surest ones first: (N,) each.

    Both kinds weigh half. known: pictures that are like those that the detector knows; the others come last of all.
    """
    order = np.lexsort((-np.abs(p_fake - 0.5), ~known))
    even = evened(is_fake, np.ones((1, len(p_fake))))[0][order]
    answered = np.cumsum(even)
    return answered, np.cumsum(even * ((p_fake > 0.5) != is_fake)[order]) / answered


def _unbiased_interval(values: NDArray[np.float64]) -> Interval:
    """Of what is higher in every repetition, as distances are: moved by how much their mean is, and never below 0."""
    found, excess = _interval(values), float(values[1:].mean() - values[0])
    return Interval(found.value, max(found.low - excess, 0.0), max(found.high - excess, found.value))


def _interval(values: NDArray[np.float64]) -> Interval:
    """The first value, and where the middle 95 % of the others lie."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return Interval(float(values[0]), float(low), float(high))
