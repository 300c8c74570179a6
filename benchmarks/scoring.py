"""How good are generated pictures? The scores that the benchmarks share; not a script.

Distances in a network's features are named after it: only the Inception network's may be called FID. Beside each score
stands its floor, what unseen training reals reach in the place of samples, for no score of finitely many pictures is 0.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from figment.common.pixels import to_rgb
from figment.data.bank.bank import Bank
from figment.features.base import Extractor
from figment.metrics.frechet import frechet
from figment.metrics.kid import kid
from figment.metrics.precision_recall import precision_recall

Pictures = NDArray[np.uint8]

NEAREST = 3  # neighbours that make a ball, in recall: arXiv 1904.06991's
# Two-sided 95 % quantiles of Student's t by degrees of freedom.
STUDENT = (math.nan, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


@dataclass(frozen=True)
class Scores:
    """Of one set of pictures. Lower is better in kid (×1000) and fd, higher in recall (0…1)."""

    kid: float
    fd: float
    recall: float


class Yardstick:
    """Scores sets of `count` pictures against a bank, in a network's features.

    KID and recall are taken against the held-out part; the Fréchet distance, which needs more pictures than there are
    features, against twice as many pictures of the training part, as far as there are so many beside those `count` that
    make the floor. samples: how many are wanted; count is at most half of the training part.
    """

    def __init__(self, bank: Bank, network: Extractor, samples: int) -> None:
        self.network = network
        self.count = min(samples, len(bank.train) // 2)
        train = np.random.default_rng(0).permutation(bank.train)
        self.spare = np.asarray(bank.pictures[np.sort(train[: self.count])])
        rest = np.sort(train[self.count : 3 * self.count])
        parts = (rest[i : i + 1024] for i in range(0, len(rest), 1024))
        self._train = np.concatenate([network(to_rgb(np.asarray(bank.pictures[part]))) for part in parts])
        self._held_out = network(to_rgb(np.asarray(bank.pictures[np.sort(bank.held_out)])))

    @property
    def label(self) -> str:
        """Of the Fréchet distance: FD-<network>."""
        return self.network.label

    @property
    def warning(self) -> str:
        """What to keep in mind about the Fréchet distance here; empty where nothing is."""
        fewest, dimension = min(self.count, len(self._train)), self.network.dimension
        few = f"{self.label}: {fewest:,} pictures are fewer than the {dimension:,} features, so it is mostly bias"
        return few if fewest < dimension else ""

    def __call__(self, pictures: Pictures) -> Scores:
        """Scores of uint8 pictures (N, C, S, S)."""
        found = self.network(to_rgb(pictures))
        return Scores(
            kid=kid(found, self._held_out).value,
            fd=frechet(found, self._train),
            recall=precision_recall(found, self._held_out, NEAREST).recall,
        )

    def floor(self) -> Scores:
        """Scores of training reals in the place of samples."""
        return self(self.spare)


def face_rate(pictures: Pictures) -> float:
    """Share of pictures, uint8 (N, 3, S, S), in which OpenCV's frontal Haar detector finds a face at 128 px."""
    import cv2  # of the extra test, not of figment: who asks for no faces can do without

    detector = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))
    grey = [cv2.cvtColor(np.ascontiguousarray(p.transpose(1, 2, 0)), cv2.COLOR_RGB2GRAY) for p in pictures]
    enlarged = [cv2.resize(g, (128, 128), interpolation=cv2.INTER_CUBIC) for g in grey]
    return sum(len(detector.detectMultiScale(g, 1.1, 3)) > 0 for g in enlarged) / len(enlarged)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and half the width of its 95 % interval by Student's t; nan for a single value."""
    if len(values) < 2:
        return statistics.fmean(values), math.nan
    return statistics.fmean(values), STUDENT[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values))


def with_interval(values: Sequence[float], form: str = ",.4g") -> str:
    """The mean with half its interval, in a number's form; of a single value "(one seed)"."""
    mean, half = interval(values)
    return f"{mean:{form}}" + (" (one seed)" if math.isnan(half) else f" ± {half:,.2g}")


def as_ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """`ratio` in words; of a single pair "(one seed)"."""
    mean, low, high = ratio(ours, theirs)
    return f"{mean:.3f}" + (" (one seed)" if math.isnan(low) else f" ({low:.3f} to {high:.3f})")


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """Geometric mean of the ratios of equal seeds and the ends of its 95 % interval; nan where a score isn't above 0."""
    if min(*ours, *theirs) <= 0:
        return math.nan, math.nan, math.nan
    mean, half = interval([math.log(a / b) for a, b in zip(ours, theirs, strict=True)])
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)
