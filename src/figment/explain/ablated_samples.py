"""Samples of a generator that a predictor has looked at, and what a change in the generator does to them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.attributes.conditions import Condition, satisfied
from figment.attributes.predictor import AttributePredictor, Scores
from figment.attributes.readings import joined_scores, read_blocks
from figment.common.progress import Tally
from figment.discriminator import Discriminator
from figment.explain.ablation import Dropping, changed, without
from figment.generator import Generator

WORST = 5  # percentile of the samples' logits from which a picture is taken for sound where no predictor can tell

Sound = Callable[[NDArray[np.uint8]], NDArray[np.bool_]]  # pictures, uint8 (N, C, H, W) → which are sound, bool (N,)


@dataclass(frozen=True)
class Effect:
    """What dropping maps does to samples that had the object.

    lost: share that has lost it. whole: share of sound pictures. clean: share that has lost it and is as sound as it was.
    others: mean change of the other attributes, in their standard deviations among samples. pixels: mean change of a
    pixel, as a share of the whole range.
    """

    lost: float
    whole: float
    clean: float
    others: float
    pixels: float


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of a generator and what a predictor reads in them. has: whether they have the object; whole: whether they are sound
    pictures; bool (N,) both."""

    generator: Generator
    predictor: AttributePredictor
    wanted: list[Condition]
    sound: Sound
    z: Tensor
    labels: Tensor | None
    pictures: NDArray[np.uint8]
    scores: Scores
    has: NDArray[np.bool_]
    whole: NDArray[np.bool_]

    def without(self, which: NDArray[np.int64], dropping: Dropping) -> NDArray[np.uint8]:
        """Some samples without some maps."""
        return without(self.generator, dropping, self.z[which], None if self.labels is None else self.labels[which])

    def effect(self, which: NDArray[np.int64], after: NDArray[np.uint8]) -> Effect:
        """What was done to some samples."""
        scores, whole = self.predictor.predict(after), self.sound(after)
        lost = ~satisfied(scores, self.wanted)
        named = {term.name.partition("=")[0] for term in self.wanted}
        moved = [
            np.abs(scores[name] - self.scores[name][which]).mean() / max(float(self.scores[name].std()), 1e-12)
            for name in self.predictor.names
            if name.partition("=")[0] not in named
        ]
        return Effect(
            float(lost.mean()),
            float(whole.mean()),
            float((lost & (whole | ~self.whole[which])).mean()),
            float(np.mean(moved)) if moved else 0.0,
            float(changed(self.pictures[which], after).mean()),
        )


def mean(effects: Sequence[Effect]) -> Effect:
    """The mean of several."""
    return Effect(**{name: float(np.mean([getattr(one, name) for one in effects])) for name in asdict(effects[0])})


def sampled(
    generator: Generator, predictor: AttributePredictor, wanted: list[Condition], discriminator: Discriminator | None,
    count: int, seed: int, tally: Tally,
) -> Samples:  # fmt: skip
    """The first samples of a seed, looked at."""
    z, labels = generator.codes(count, seed), generator.labels(count, seed)
    pictures, scores = zip(*read_blocks(generator, predictor, z, labels, tally), strict=True)
    whole, found = np.concatenate(pictures), joined_scores(predictor, list(scores))
    sound = predictor.valid or (plausible(discriminator, whole) if discriminator else always)
    return Samples(generator, predictor, wanted, sound, z, labels, whole, found, satisfied(found, wanted), sound(whole))


def plausible(discriminator: Discriminator, samples: NDArray[np.uint8]) -> Sound:
    """Takes pictures for sound that the discriminator finds no worse than all but the worst twentieth of samples."""
    limit = np.percentile(discriminator.logits(torch.from_numpy(samples)).numpy(), WORST)
    return lambda pictures: discriminator.logits(torch.from_numpy(pictures)).numpy() >= limit


def always(pictures: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Takes all pictures for sound."""
    return np.ones(len(pictures), bool)


def sound_by(predictor: AttributePredictor, discriminator: Discriminator | None) -> str:
    """Who says which pictures are sound."""
    return predictor.about if predictor.valid else "the run's discriminator" if discriminator else "nobody"
