"""The scores: what each says, how many pictures it needs, and what reals reach in the place of generated pictures."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from figment.metrics.coverage import Coverage, coverage
from figment.metrics.estimate import Estimate
from figment.metrics.frechet import Gaussian, gaussian, with_limit
from figment.metrics.kernel import Kernel
from figment.metrics.patches import sliced_wasserstein


@dataclass(frozen=True)
class Kind:
    """A score. fewest: generated and real pictures that it needs, of each. meaning: a sentence's part for a newcomer."""

    name: str
    title: str
    better: Literal["lower", "higher"]
    fewest: int
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

PARTS = 10  # that the Inception Score is taken of: arXiv 1606.03498, section 4
SMALLEST = 14  # pixels of a side that patches are taken from


@dataclass(frozen=True)
class Score:
    """One result. floor: the same score of as many other reals in the place of the samples; None where that isn't known.

    n: samples that it was taken of; reference: real pictures that it was taken against, 0 for none.
    """

    kind: Kind
    title: str
    value: Estimate
    floor: Estimate | None
    n: int
    reference: int

    def as_record(self) -> dict[str, Any]:
        """For measures.jsonl: plain values, None for what isn't known."""
        floor = self.floor or Estimate(math.nan)
        return {
            "score": self.kind.name, "title": self.title, "value": self.value.value, "error": _known(self.value.error),
            "floor": _known(floor.value), "floor_error": _known(floor.error), "n": self.n, "reference": self.reference,
            "better": self.kind.better,
        }  # fmt: skip

    @property
    def verdict(self) -> str:
        """How the value stands to the floor, in a few words."""
        if self.floor is None:
            return "there are too few reals for a floor"
        value, floor = self.value.value, self.floor.value
        noise = 2 * math.hypot(*(e if math.isfinite(e) else 0.0 for e in (self.value.error, self.floor.error)))
        short = value - floor if self.kind.better == "lower" else floor - value
        if short <= noise:
            return "as good as real pictures"
        if self.kind.better == "higher":
            return f"{max(value, 0) / floor:.0%} of what real pictures reach"
        return f"{value / floor:,.1f} times what real pictures reach" if floor > noise else "farther than real pictures"


@dataclass(frozen=True, eq=False)
class Seen:
    """What scores are made of: features (N, d), logits (N, K) of a classifying network, and pictures, uint8 (M, C, H, W).

    Of the pictures there may be fewer than of the features: only patches are taken from them.
    """

    features: NDArray
    logits: NDArray | None
    pictures: NDArray[np.uint8]


class Reference:
    """The reals that generated pictures, and other reals, are compared with."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    @cached_property
    def gaussian(self) -> Gaussian:
        return gaussian(self.seen.features)

    @cached_property
    def kernel(self) -> Kernel:
        return Kernel(self.seen.features)


Found = dict[str, tuple[Estimate, int, int]]  # name → value, samples, reals
Missing = dict[str, str]  # name → why it isn't there


def scores_of(seen: Seen, reference: Reference, seed: int = 0, names: tuple[str, ...] = tuple(KINDS)) -> tuple[Found, Missing]:
    """All scores that the pictures are enough for, of what was seen against a reference; and why the others aren't there."""
    found: Found = {}
    missing: Missing = {}
    features, reals = seen.features, reference.seen.features
    for name in names:
        ours, theirs = _numbers(name, seen, reference)
        if reason := _obstacle(KINDS[name], seen, ours, theirs, features.shape[1]):
            missing[name] = reason
            continue
        if name in found:  # made along with another
            continue
        for made, value in _MADE_BY[name](seen, reference, seed).items():
            if made in names and not _obstacle(KINDS[made], seen, ours, theirs, features.shape[1]):
                found[made] = value, ours, theirs
    order = [name for name in names if name in found]
    assert len(reals)
    return {name: found[name] for name in order}, missing


def compared(ours: Found, floor: Found, label: str) -> list[Score]:
    """Scores with their floors beside them, where these are of as many pictures; label: of the Fréchet distance."""
    return [
        Score(
            KINDS[name], KINDS[name].title.format(fd=label), value, floor[name][0] if name in floor else None, n, reference
        )
        for name, (value, n, reference) in ours.items()
    ]


def inception_score(logits: NDArray) -> Estimate:
    """exp E KL(p(y|x) ‖ p(y)): eq. 1 of arXiv 1606.03498, the mean over ten parts and that mean's standard error.

    logits: (N, K), picture by picture; N at least 10.
    """
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    values = []
    for part in np.array_split(log_p, PARTS):
        p = np.exp(part)
        marginal = np.log(p.mean(0, keepdims=True).clip(np.finfo(float).tiny))
        values.append(math.exp((p * (part - marginal)).sum(1).mean()))
    return Estimate(float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(PARTS))


# ---- how each is made ------------------------------------------------------------------------------------------------


def _distances(seen: Seen, reference: Reference, seed: int) -> dict[str, Estimate]:
    value, limit = with_limit(seen.features, reference.gaussian)
    return {"fd": value, "fd_limit": limit}


def _kernel(seen: Seen, reference: Reference, seed: int) -> dict[str, Estimate]:
    return {"kid": reference.kernel(seen.features)}


def _covered(seen: Seen, reference: Reference, seed: int) -> dict[str, Estimate]:
    found: Coverage = coverage(seen.features, reference.seen.features)
    return vars(found)


def _classified(seen: Seen, reference: Reference, seed: int) -> dict[str, Estimate]:
    assert seen.logits is not None
    return {"inception_score": inception_score(seen.logits)}


def _patches(seen: Seen, reference: Reference, seed: int) -> dict[str, Estimate]:
    return {"swd": sliced_wasserstein(seen.pictures, reference.seen.pictures, seed)}


_MADE_BY: dict[str, Callable[[Seen, Reference, int], dict[str, Estimate]]] = {
    "fd": _distances, "fd_limit": _distances, "kid": _kernel, "precision": _covered, "recall": _covered,
    "density": _covered, "coverage": _covered, "inception_score": _classified, "swd": _patches,
}  # fmt: skip


def _numbers(name: str, seen: Seen, reference: Reference) -> tuple[int, int]:
    """Samples and reals that a score is taken of."""
    ours, theirs = len(seen.features), len(reference.seen.features)
    if name == "swd":
        ours, theirs = len(seen.pictures), len(reference.seen.pictures)
    if name in ("precision", "recall", "density", "coverage", "swd"):
        ours = theirs = min(ours, theirs)
    return ours, 0 if name == "inception_score" else theirs


def _obstacle(kind: Kind, seen: Seen, ours: int, theirs: int, dimension: int) -> str:
    """Why a score can't be had; empty where it can."""
    if kind.name == "inception_score" and seen.logits is None:
        return "needs the features inception, which classify"
    if kind.name == "swd" and min(seen.pictures.shape[2:]) < SMALLEST:
        return f"needs pictures of at least {SMALLEST} pixels a side"
    fewest = kind.fewest
    if kind.name == "fd_limit":  # with fewer pictures than dimensions there is no straight line to follow
        fewest = max(fewest, 5 * dimension // 4 + 2)
    if ours < fewest:
        return f"needs {fewest:,} samples, and there are {ours:,}"
    if theirs < kind.fewest and kind.name != "inception_score":
        return f"needs {kind.fewest:,} real pictures, and there are {theirs:,}"
    return ""


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None
