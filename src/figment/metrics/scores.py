"""The scores: what each says, how many pictures it needs, and what reals reach in the place of generated pictures."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from figment.metrics.estimate import Estimate, mean_of_parts
from figment.metrics.frechet import Gaussian, compared_frechet, gaussian
from figment.metrics.halves import Compared
from figment.metrics.kid import KernelDistance
from figment.metrics.precision_recall import PrecisionRecall, compared_precision_recall
from figment.metrics.sliced_wasserstein import MAX_PICTURES, compared_sliced_wasserstein


@dataclass(frozen=True)
class Kind:
    """A score. min_pictures: that it needs, generated and real ones each. meaning: for a newcomer, part of a sentence."""

    name: str
    title: str
    better: Literal["lower", "higher"]
    min_pictures: int
    meaning: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("fd", "{fd}", "lower", 100, "how far features lie apart, in mean and spread: realism and variety in one"),
        Kind("fd_limit", "{fd}∞", "lower", 500, "the same, as far as it would fall with ever more samples"),
        Kind("kid", "KID", "lower", 50, "how far features lie apart, ×1000, whatever the number of pictures"),
        Kind("precision", "precision", "higher", 50, "share of samples that lie among the reals: how real"),
        Kind("recall", "recall", "higher", 50, "share of reals that lie among the samples: how varied"),
        Kind("density", "density", "higher", 50, "how many reals a sample lies near: how real, strays left out"),
        Kind("coverage", "coverage", "higher", 50, "share of reals with a sample near: how varied, strays left out"),
        Kind("inception_score", "Inception Score", "higher", 500, "how surely and how variously samples are classified"),
        Kind("swd", "SWD", "lower", 16, "how far patches of 7×7 pixels lie apart, ×1000: textures and colours, no network"),
    )
}  # fmt: skip

PRECISION_RECALL = PrecisionRecall._fields  # scores that are made together
FEATURE_SCORES = KINDS.keys() - {"swd"}  # those that a network is needed for
INCEPTION_SCORE_PARTS = 10  # of the samples: arXiv 1606.03498, section 4
MIN_PATCHED_SIDE = 14  # pixels, of pictures that patches are taken from


@dataclass(frozen=True)
class Score:
    """One result. floor: the same score of as many other reals in the place of the samples.

    difference: value - floor, with its own error, since both are taken against the same reals. n: samples that it was
    taken of; reference: real pictures that it was taken against, 0 for none. features: the network's name, empty where
    there is none; key: the score's name, with the network where there are several. margin: how large a difference still
    counts as none, nan where that isn't known. verdict: how the value stands to the floor, in a few words (verdicts).
    """

    key: str
    kind: Kind
    title: str
    value: Estimate
    floor: Estimate
    difference: Estimate
    n: int
    reference: int
    features: str = ""
    margin: float = math.nan
    verdict: str = ""

    def as_record(self) -> dict[str, Any]:
        """For measures.jsonl: plain values, None for what isn't known."""
        return {
            "score": self.key, "title": self.title, "value": self.value.value, "error": _known(self.value.error),
            "floor": self.floor.value, "floor_error": _known(self.floor.error),
            "difference": self.difference.value, "difference_error": _known(self.difference.error),
            "margin": _known(self.margin), "n": self.n, "reference": self.reference,
            "features": self.features, "better": self.kind.better, "meaning": self.kind.meaning, "verdict": self.verdict,
        }  # fmt: skip


class Scores(Sequence[Score]):
    """Scores in their order, and by their keys, as in measures.jsonl and the JSON of --out: scores["fd"]."""

    def __init__(self, scores: Iterable[Score] = ()) -> None:
        self._scores = tuple(scores)

    @overload
    def __getitem__(self, key: str | int) -> Score: ...
    @overload
    def __getitem__(self, key: slice) -> "Scores": ...
    def __getitem__(self, key: str | int | slice) -> "Score | Scores":
        """Raises KeyError, with the keys that there are, for one that there isn't."""
        if isinstance(key, slice):
            return Scores(self._scores[key])
        if isinstance(key, int):
            return self._scores[key]
        for score in self._scores:
            if score.key == key:
                return score
        raise KeyError(f"no score {key!r} here; there are {', '.join(self.keys()) or 'none'}")

    def __len__(self) -> int:
        return len(self._scores)

    def __contains__(self, item: object) -> bool:
        return item in self.keys() if isinstance(item, str) else item in self._scores

    def keys(self) -> list[str]:
        """Their keys: fd, kid, …; of a second network with its name behind, fd:inception."""
        return [score.key for score in self._scores]

    def __repr__(self) -> str:
        return f"Scores({', '.join(f'{score.key} {score.value}' for score in self._scores)})"


class Reference:
    """Features of the reals, (M, d), that those of generated pictures, and of other reals, are compared with."""

    def __init__(self, features: NDArray) -> None:
        self.features = features

    @cached_property
    def gaussian(self) -> Gaussian:
        return gaussian(self.features)

    @cached_property
    def kernel(self) -> KernelDistance:
        return KernelDistance(self.features)


class Seen(NamedTuple):
    """What a network sees in a set: features (N, d), and logits (N, K) where it has a head."""

    features: NDArray
    logits: NDArray | None = None


class CountedComparison(NamedTuple):
    """A score beside its floor, with the samples and the reals that it was taken of."""

    compared: Compared
    n: int
    reference: int


Comparisons = dict[str, CountedComparison]  # by the kind's name
Missing = dict[str, str]  # name → why it isn't there


def feature_scores(
    ours: Seen, others: Seen, reference: Reference, seed: int = 0, wanted: Collection[str] = KINDS
) -> tuple[Comparisons, Missing]:  # fmt: skip
    """The wanted scores of samples and of as many other reals that there are pictures enough for; and why others are missing.

    seed: of the random halves that errors come from.
    """
    count, theirs, dimension = len(ours.features), len(reference.features), ours.features.shape[1]
    even = min(count, theirs)
    found: Comparisons = {}
    missing: Missing = {}
    # A straight line in 1/N needs more pictures than dimensions, in each of its parts.
    fewest = max(KINDS["fd_limit"].min_pictures, 5 * dimension // 4 + 2)
    limits = "fd_limit" in wanted and _enough("fd_limit", count, theirs, missing, fewest)
    if limits or ("fd" in wanted and _enough("fd", count, theirs, missing)):
        distances = compared_frechet(
            ours.features, others.features, reference.features, reference.gaussian, limits, seed
        )
        found |= {name: CountedComparison(its, count, theirs) for name, its in distances.items()}
    if "kid" in wanted and _enough("kid", count, theirs, missing):
        found["kid"] = CountedComparison(reference.kernel.compared(ours.features, others.features), count, theirs)
    enough = [
        _enough(name, even, even, missing) for name in PRECISION_RECALL if name in wanted
    ]  # each says so for itself
    if enough and all(enough):
        four = compared_precision_recall(ours.features, others.features, reference.features, seed)
        found |= {name: CountedComparison(its, even, even) for name, its in four.items()}
    if (
        "inception_score" in wanted and ours.logits is not None and others.logits is not None
        and _enough("inception_score", count, count, missing)
    ):  # fmt: skip
        both = [inception_score(logits) for logits in (ours.logits, others.logits)]
        apart = Estimate(both[0].value - both[1].value, math.hypot(both[0].error, both[1].error))
        found["inception_score"] = CountedComparison(Compared(both[0], both[1], apart), count, 0)
    return {name: its for name, its in found.items() if name in wanted}, missing


def picture_scores(
    fakes: NDArray[np.uint8], others: NDArray[np.uint8], reals: NDArray[np.uint8], seed: int = 0,
    wanted: Collection[str] = KINDS,
) -> tuple[Comparisons, Missing]:  # fmt: skip
    """The wanted scores that need no network, of pictures, uint8 (N, C, H, W) each."""
    missing: Missing = {}
    if "swd" not in wanted:
        return {}, missing
    even = min(len(fakes), len(others), len(reals), MAX_PICTURES)
    if min(fakes.shape[2:]) < MIN_PATCHED_SIDE:
        return {}, {"swd": f"needs pictures of at least {MIN_PATCHED_SIDE} pixels a side"}
    if not _enough("swd", even, even, missing):
        return {}, missing
    return {"swd": CountedComparison(compared_sliced_wasserstein(fakes, others, reals, seed), even, even)}, {}


def _enough(name: str, ours: int, theirs: int, missing: Missing, fewest: int = 0) -> bool:
    """Whether there are pictures enough for a score; else the reason is noted."""
    fewest = fewest or KINDS[name].min_pictures
    for count, what in ((ours, "samples"), (theirs, "real pictures to compare with")):
        if count < fewest:
            missing[name] = f"needs {fewest:,} {what}, and there are {count:,}"
            return False
    return True


def named(found: Comparisons, label: str = "", features: str = "", suffix: str = "") -> list[Score]:
    """Comparisons as scores. label: of the Fréchet distance; features: the network; suffix: of the keys."""
    return [
        Score(
            name + suffix,
            KINDS[name],
            KINDS[name].title.format(fd=label),
            *its.compared,
            its.n,
            its.reference,
            features,
        )
        for name, its in found.items()
    ]


def inception_score(logits: NDArray) -> Estimate:
    """exp E KL(p(y|x) ‖ p(y)): eq. 1 of arXiv 1606.03498, the mean over ten parts and that mean's standard error.

    logits: (N, K), picture by picture; N at least 10.
    """
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    values = []
    for part in np.array_split(log_p, INCEPTION_SCORE_PARTS):
        p = np.exp(part)
        marginal = np.log(p.mean(0, keepdims=True).clip(np.finfo(float).tiny))
        values.append(math.exp((p * (part - marginal)).sum(1).mean()))
    return mean_of_parts(np.array(values))


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None
