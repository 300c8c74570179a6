"""How a run of a study is scored: its samples against the held-out pictures, by the code and the network of `measure`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from figment.common.pixels import to_rgb
from figment.common.rehearsal import at_most
from figment.common.seeds import seed_at
from figment.data.bank.bank import Bank
from figment.errors import InputError
from figment.features.base import Extractor
from figment.features.extract import LazyPictures, bank_rows, extract_features, sampled
from figment.generator import load
from figment.metrics.copying import measure_copying
from figment.metrics.estimate import Estimate
from figment.metrics.kid import KernelDistance
from figment.metrics.scores import KINDS, Reference, Seen, feature_scores
from figment.metrics.subjects import MIN_SIDE
from figment.similarity.nearest import Subset

MOST_OTHERS = 2000  # training pictures that stand beside samples where a score's error needs others
REHEARSED = 20  # held-out pictures that are enough for a rehearsal
COPY_SAMPLES = 500  # whose copies are looked for among the training pictures


@dataclass(frozen=True, eq=False)
class Judge:
    """Scores generators of one size against the held-out pictures of one bank: always the same ones, by always the same codes.

    kind: a row of KINDS, such as "kid". samples: that a score is taken of.
    """

    bank: Bank
    network: Extractor
    kind: str
    samples: int
    device: str = "cpu"

    def __call__(self, generator: Path, samples: int | None = None) -> Estimate:
        """The score of a generator's file, with its standard error. Raises InputError where there are too few pictures."""
        pictures = sampled(load(str(generator)).to(self.device), samples or self.samples, seed_at(0, "study"))
        features = self._seen(pictures)
        if self.kind == "kid":
            return self._kernel(features)
        found, missing = feature_scores(Seen(features), Seen(self._others[: len(features)]), self._reference)
        if self.kind not in found:
            raise InputError(f"--score {self.kind} {missing[self.kind]}: take --score kid, or more pictures.")
        return found[self.kind].compared.value

    def copied(self, generator: Path) -> float | None:
        """The share of samples that are copies of training pictures, 0 to 1; None of pictures too small to tell."""
        if min(self.bank.height, self.bank.width) < MIN_SIDE:
            return None
        bank = self.bank
        count = min(COPY_SAMPLES, self.samples)
        samples = to_rgb(sampled(load(str(generator)).to(self.device), count, seed_at(0, "study")).between(0, count))
        found = measure_copying(samples, Subset(bank.pictures, bank.train), Subset(bank.pictures, bank.held_out))
        return len(found.copies) / len(samples)

    @cached_property
    def _kernel(self) -> KernelDistance:
        return KernelDistance(self._reference.features)

    @cached_property
    def _reference(self) -> Reference:
        return Reference(self._seen(bank_rows(self.bank, self.bank.held_out)))

    @cached_property
    def _others(self) -> NDArray[np.float32]:
        order = np.random.default_rng(seed_at(0, "study")).permutation(self.bank.train)
        return self._seen(bank_rows(self.bank, np.sort(order[:MOST_OTHERS])))

    def _seen(self, pictures: LazyPictures) -> NDArray[np.float32]:
        return extract_features(pictures, [self.network]).features[self.network.name]


def check_enough(kind: str, held_out: int) -> None:
    """Raise InputError where too few pictures are held out for a score."""
    needed = at_most(KINDS[kind].min_pictures, REHEARSED)
    if held_out < needed:
        raise InputError(
            f"--score {kind} needs {needed} held-out pictures, and of these {held_out:,} are held out, a tenth: give "
            f"{10 * needed:,} or more."
        )


def evenly(places: Sequence[int], count: int) -> list[int]:
    """So many of the places, from first to last in even steps, or all where there are no more."""
    if len(places) <= count:
        return list(places)
    return [places[round(i * (len(places) - 1) / (count - 1))] for i in range(count)]
