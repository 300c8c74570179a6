"""The scores: what each says, how many pictures it needs, and what reals reach in the place of generated pictures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from figment.metrics.estimate import Estimate
from figment.metrics.frechet import Gaussian, gaussian, with_limit
from figment.metrics.kid import KernelDistance
from figment.metrics.precision_recall import PrecisionRecall, precision_recall
from figment.metrics.sliced_wasserstein import sliced_wasserstein


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

PRECISION_RECALL = tuple(field.name for field in fields(PrecisionRecall))  # scores that are made together
COLUMN_GAP = "   "  # of the table for a person
# Standard errors that make a difference: Student's t of JACKKNIFE_GROUPS - 1 = 4 degrees of freedom at 95 %.
SIGNIFICANT_ERRORS = 2.8
MAX_NOISE_SHARE = 0.25  # of the floor, that these may be for a score to be called as good
INCEPTION_SCORE_PARTS = 10  # of the samples: arXiv 1606.03498, section 4
MIN_PATCHED_SIDE = 14  # pixels, of pictures that patches are taken from


@dataclass(frozen=True)
class Score:
    """One result. floor: the same score of as many other reals in the place of the samples.

    n: samples that it was taken of; reference: real pictures that it was taken against, 0 for none. features: the
    network's name, empty where there is none; key: the score's name, with the network where there are several.
    """

    key: str
    kind: Kind
    title: str
    value: Estimate
    floor: Estimate
    n: int
    reference: int
    features: str = ""

    def as_record(self) -> dict[str, Any]:
        """For measures.jsonl: plain values, None for what isn't known."""
        return {
            "score": self.key, "title": self.title, "value": self.value.value, "error": _known(self.value.error),
            "floor": self.floor.value, "floor_error": _known(self.floor.error), "n": self.n, "reference": self.reference,
            "features": self.features, "better": self.kind.better, "meaning": self.kind.meaning, "verdict": self.verdict,
        }  # fmt: skip

    @property
    def verdict(self) -> str:
        """How the value stands to the floor, in a few words."""
        value, floor = self.value.value, self.floor.value
        errors = [error if math.isfinite(error) else 0.0 for error in (self.value.error, self.floor.error)]
        noise, lower = SIGNIFICANT_ERRORS * math.hypot(*errors), self.kind.better == "lower"
        short = value - floor if lower else floor - value
        if short <= noise:  # which says something only where worse could have been told
            told = noise <= MAX_NOISE_SHARE * floor
            return "as good as real pictures" if told else "not told from real pictures by so few"
        if not lower:
            return f"{max(value, 0) / floor:.2g} of what real pictures reach"
        far = floor > SIGNIFICANT_ERRORS * errors[1]
        return f"{value / floor:,.3g} times what real pictures reach" if far else "farther than real pictures"


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


class CountedEstimate(NamedTuple):
    """An estimate with the samples and the reals that it was taken of."""

    estimate: Estimate
    n: int
    reference: int


Estimates = dict[str, CountedEstimate]  # by the kind's name
Missing = dict[str, str]  # name → why it isn't there


def feature_scores(features: NDArray, logits: NDArray | None, reference: Reference) -> tuple[Estimates, Missing]:
    """The scores of features (N, d) and logits (N, K) that there are pictures enough for; and why others are missing."""
    ours, theirs, dimension = len(features), len(reference.features), features.shape[1]
    even = min(ours, theirs)
    found: Estimates = {}
    missing: Missing = {}
    # A straight line in 1/N needs more pictures than dimensions, in each of its parts.
    if _enough("fd_limit", ours, theirs, missing, max(KINDS["fd_limit"].min_pictures, 5 * dimension // 4 + 2)):
        value, limit = with_limit(features, reference.gaussian)
        found |= {"fd": CountedEstimate(value, ours, theirs), "fd_limit": CountedEstimate(limit, ours, theirs)}
    elif _enough("fd", ours, theirs, missing):
        found["fd"] = CountedEstimate(with_limit(features, reference.gaussian)[0], ours, theirs)
    if _enough("kid", ours, theirs, missing):
        found["kid"] = CountedEstimate(reference.kernel(features), ours, theirs)
    enough = [_enough(name, even, even, missing) for name in PRECISION_RECALL]  # each says so for itself
    if all(enough):
        found |= {
            name: CountedEstimate(value, even, even)
            for name, value in vars(precision_recall(features, reference.features)).items()
        }
    if logits is not None and _enough("inception_score", ours, ours, missing):
        found["inception_score"] = CountedEstimate(inception_score(logits), ours, 0)
    return found, missing


def picture_scores(fakes: NDArray[np.uint8], reals: NDArray[np.uint8], seed: int = 0) -> tuple[Estimates, Missing]:
    """The scores that need no network, of pictures, uint8 (N, C, H, W) and (M, C, H, W)."""
    missing: Missing = {}
    even = min(len(fakes), len(reals))
    if min(fakes.shape[2:]) < MIN_PATCHED_SIDE:
        return {}, {"swd": f"needs pictures of at least {MIN_PATCHED_SIDE} pixels a side"}
    if not _enough("swd", even, even, missing):
        return {}, missing
    return {"swd": CountedEstimate(sliced_wasserstein(fakes, reals, seed), even, even)}, {}


def _enough(name: str, ours: int, theirs: int, missing: Missing, fewest: int = 0) -> bool:
    """Whether there are pictures enough for a score; else the reason is noted."""
    fewest = fewest or KINDS[name].min_pictures
    for count, what in ((ours, "samples"), (theirs, "real pictures to compare with")):
        if count < fewest:
            missing[name] = f"needs {fewest:,} {what}, and there are {count:,}"
            return False
    return True


def with_floors(
    values: Estimates, floors: Estimates, label: str = "", features: str = "", suffix: str = ""
) -> list[Score]:
    """Scores beside their floors. label: of the Fréchet distance; features: the network; suffix: of the keys."""
    return [
        Score(
            name + suffix, KINDS[name], KINDS[name].title.format(fd=label), value.estimate, floors[name].estimate,
            value.n, value.reference, features,
        )
        for name, value in values.items()
    ]  # fmt: skip


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
    return Estimate(float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(INCEPTION_SCORE_PARTS))


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


# ---- in words ------------------------------------------------------------------------------------------------------


def score_lines(scores: Sequence[Score]) -> list[str]:
    """Two lines a score: value, floor and how they stand to each other; then what it means."""
    cells = [("score", "samples", "reals", "")]
    cells += [(score_title(s.key, s), str(s.value), str(s.floor), s.verdict) for s in scores]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    text: list[str] = []
    told: set[str] = set()
    for row, score in zip(cells, [None, *scores], strict=True):
        text.append(
            COLUMN_GAP.join([row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in (1, 2)), row[3]]).rstrip()
        )
        if score is not None:
            better = "less is better" if score.kind.better == "lower" else "more is better"
            if score.kind.name not in told:  # once is enough, with several networks
                text.append(f"{' ' * widths[0]}{COLUMN_GAP}{score.kind.meaning} ({better}; {sample_counts(score)})")
            told.add(score.kind.name)
    return text


def score_title(key: str, score: Score | None = None) -> str:
    """A score's title; with the network where its key has one."""
    kind, _, network = key.partition(":")
    title = score.title if score else KINDS[kind].title.format(fd="FD") if kind in KINDS else kind
    return f"{title} ({network})" if network and not title.startswith(("FD-", "FID")) else title


def sample_counts(score: Score) -> str:
    """How many pictures a score was taken of."""
    against = f" against {score.reference:,} reals" if score.reference else ""
    return f"{score.n:,}{against}"
