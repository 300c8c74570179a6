"""Can this network tell? Real pictures, made worse on purpose, stand in the samples' place.

A network earns a verdict only where it tells the same reals blurred by a pixel, saved as JPEG 10 and reduced to a quarter
from those that nothing was done to. How far each of these lies off is the scale on which samples are placed, too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from figment.common.progress import Progress
from figment.features.base import Extractor
from figment.features.extract import LazyPictures, extract_features
from figment.metrics.degrade import DEGRADATIONS
from figment.metrics.estimate import Estimate
from figment.metrics.frechet import frechet
from figment.metrics.scores import KINDS, Reference

SELF_TEST_PICTURES = 1000  # of each set, at most; of fewer samples as many
SURE_ERRORS = 4.0  # that KID has to lie off: then ± 2 errors of a degraded set and of untouched reals don't meet
UNTAUGHT = ("random", "gradients", "own")  # networks that know nothing of pictures, or those of one run alone


@dataclass(frozen=True)
class SelfTest:
    """How far off degraded reals lie in a network's distances.

    network: its name. pictures: of each set. off: by the degradation's name and the kind of score, how much farther than
    untouched reals it lies; KID with its error.
    """

    network: str
    pictures: int
    off: Mapping[str, Mapping[str, Estimate]]

    @property
    def untold(self) -> list[str]:
        """Names of degradations that the network doesn't tell from real pictures; of too few pictures, all."""
        return [
            name
            for name, found in self.off.items()
            if "kid" not in found or not found["kid"].value > SURE_ERRORS * found["kid"].error
        ]

    def least(self, kind: str) -> float:
        """How far off the mildest degradation lies, in fd or kid; nan where that wasn't measured."""
        return min((found[kind].value for found in self.off.values() if kind in found), default=math.nan)

    def most(self, kind: str) -> float:
        """How far off the worst one lies."""
        return max((found[kind].value for found in self.off.values() if kind in found), default=math.nan)

    def as_record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        off = {
            name: {kind: round(its.value, 4) for kind, its in found.items()}
            | {f"{kind}_error": round(its.error, 4) for kind, its in found.items() if math.isfinite(its.error)}
            for name, found in self.off.items()
        }
        return {"pictures": self.pictures, "untold": self.untold, "off": off}


def is_untaught(network: str) -> bool:
    """Whether a network of this name, as tables have it, knows nothing of pictures in general."""
    return network.replace(":", "-").split("-")[0] in UNTAUGHT


def self_tests(
    spare: LazyPictures, seen: Mapping[str, NDArray], references: Mapping[str, Reference], networks: Sequence[Extractor],
    codec: str = "none", progress: Progress | None = None,
) -> dict[str, SelfTest]:  # fmt: skip
    """The tests of all networks that may earn a verdict, by name.

    spare: real pictures in the samples' place; seen: their features, and references: those of the reals to compare with, by
    network. What networks see in degraded pictures is kept in the cache, as what they see in untouched ones.
    """
    taught = [network for network in networks if not is_untaught(network.name)]
    if not taught:
        return {}
    pictures = spare.first(SELF_TEST_PICTURES)
    off: dict[str, dict[str, dict[str, Estimate]]] = {network.name: {} for network in taught}
    for place, degradation in enumerate(DEGRADATIONS):
        degraded = extract_features(degradation.of(pictures), taught, codec).features
        for name, its in off.items():
            its[degradation.name] = _off(degraded[name], seen[name][: pictures.count], references[name])
        if progress:
            progress(place + 1, len(DEGRADATIONS))
    return {name: SelfTest(name, pictures.count, its) for name, its in off.items()}


def _off(degraded: NDArray, untouched: NDArray, reference: Reference) -> dict[str, Estimate]:
    """How much farther from the reference degraded pictures lie than untouched ones, in what there are enough for."""
    count, found = min(len(degraded), len(reference.features)), {}
    if count >= KINDS["fd"].min_pictures:
        found["fd"] = Estimate(frechet(degraded, reference.gaussian) - frechet(untouched, reference.gaussian))
    if count >= KINDS["kid"].min_pictures:
        found["kid"] = reference.kernel.compared(degraded, untouched).difference
    return found
