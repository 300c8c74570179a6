"""From a detector's logits to P(fake): a curve fitted to pictures that it didn't learn from, and others of groups drawn anew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from figment.errors import InputError
from figment.forensics.accuracy import drawn_anew
from figment.game.calibration import MIN_PICTURES, fit

REPETITIONS = 100
MIDDLE = 0.025, 0.975  # of what is told as an interval
MAX_LOGIT = 30.0  # of P(fake), which is a number even of what is never wrong here


@dataclass(frozen=True, eq=False)
class Curves:
    """P(fake) = σ(slope · logit + offset), if half of all pictures are fake; the first of float64 (1 + B, 2) is the fitted
    curve, the others are of groups drawn anew. unseen: slope and offset for fakes of a generator that wasn't learnt from, by
    leaving each out in turn; None where only one was there.
    """

    numbers: NDArray[np.float64]
    unseen: NDArray[np.float64] | None = None

    def logits(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits of P(fake)."""
        slope, offset = self.numbers[0]
        return slope * scores + offset

    def p_fake(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        return _sigmoid(self.logits(scores))

    def interval(self, views: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
        """What lies 95 % of P(fake) of a picture whose views have these scores (V,): by other curves, and other
        views of it; and P(fake) were it made by a generator that wasn't learnt from."""
        others = self.numbers[1:]
        rows = np.random.default_rng([seed, 34]).integers(len(views), size=(len(others), len(views)))
        low, high = np.quantile(_sigmoid(others[:, 0] * views[rows].mean(1) + others[:, 1]), MIDDLE)
        if self.unseen is None:
            return float(low), float(high)
        slope, offset = self.unseen
        other = float(_sigmoid(slope * views.mean() + offset))
        return min(float(low), other), max(float(high), other)


def fitted(scores: NDArray[np.float64], is_fake: NDArray[np.bool_], groups: Sequence[str], seed: int) -> Curves:
    """Fitted to scores (N,), higher for fake, of pictures of both kinds in groups. Raises InputError for too few."""
    draws = drawn_anew(groups, is_fake, seed, REPETITIONS).astype(int)
    found = []
    for counts in [np.ones(len(scores), int), *draws]:
        reals, fakes = (torch.from_numpy(-np.repeat(scores[kind], counts[kind])) for kind in (~is_fake, is_fake))
        curve = fit(reals, fakes)  # whose logits are higher for real
        if curve is not None:
            found.append((curve.slope, -curve.offset))
        elif not found:
            raise InputError(
                f"{int((~is_fake).sum())} real and {int(is_fake.sum())} made pictures are left to calibrate by, and it takes "
                f"{MIN_PICTURES} of each: give more."
            )
    return Curves(np.array(found))


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(logits, -MAX_LOGIT, MAX_LOGIT)))
