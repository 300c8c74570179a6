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
from figment.explain.ablation import Ablation, decode_ablated, pixel_changes
from figment.generator import Generator

SOUND_PERCENTILE = 5  # of the samples' logits, from which a picture is taken for sound where no predictor can tell

# Pictures, uint8 (N, C, H, W) → which are sound, bool (N,)
Soundness = Callable[[NDArray[np.uint8]], NDArray[np.bool_]]


@dataclass(frozen=True)
class AblationEffect:
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
class PredictedSamples:
    """Samples of a generator and what a predictor reads in them.

    conditions: what a sample with the object meets. soundness: tells which pictures are sound. z: codes, float32
    (N, code_size); labels: int64 (N,), or None. pictures: uint8 (N, C, H, W). scores: by attribute. has_object: whether they
    have the object; is_sound: whether they are sound pictures; bool (N,) both.
    """

    generator: Generator
    predictor: AttributePredictor
    conditions: list[Condition]
    soundness: Soundness
    z: Tensor
    labels: Tensor | None
    pictures: NDArray[np.uint8]
    scores: Scores
    has_object: NDArray[np.bool_]
    is_sound: NDArray[np.bool_]

    def ablated(self, which: NDArray[np.int64], ablation: Ablation) -> NDArray[np.uint8]:
        """Some samples without some maps."""
        labels = None if self.labels is None else self.labels[which]
        return decode_ablated(self.generator, ablation, self.z[which], labels)

    def effect(self, which: NDArray[np.int64], after: NDArray[np.uint8]) -> AblationEffect:
        """What was done to some samples, that are these pictures now."""
        scores, whole = self.predictor.predict(after), self.soundness(after)
        lost = ~satisfied(scores, self.conditions)
        named = {condition.name.partition("=")[0] for condition in self.conditions}
        moved = [
            np.abs(scores[name] - self.scores[name][which]).mean() / max(float(self.scores[name].std()), 1e-12)
            for name in self.predictor.names
            if name.partition("=")[0] not in named
        ]
        return AblationEffect(
            float(lost.mean()),
            float(whole.mean()),
            float((lost & (whole | ~self.is_sound[which])).mean()),
            float(np.mean(moved)) if moved else 0.0,
            float(pixel_changes(self.pictures[which], after).mean()),
        )


def mean_effect(effects: Sequence[AblationEffect]) -> AblationEffect:
    """The mean of several."""
    means = {name: float(np.mean([getattr(one, name) for one in effects])) for name in asdict(effects[0])}
    return AblationEffect(**means)


def predicted_samples(
    generator: Generator, predictor: AttributePredictor, conditions: list[Condition], discriminator: Discriminator | None,
    count: int, seed: int, tally: Tally,
) -> PredictedSamples:  # fmt: skip
    """The first samples of a seed, read. discriminator: tells sound pictures where the predictor can't."""
    z, labels = generator.codes(count, seed), generator.labels(count, seed)
    blocks, read = zip(*read_blocks(generator, predictor, z, labels, tally), strict=True)
    pictures, scores = np.concatenate(blocks), joined_scores(predictor, list(read))
    soundness = predictor.valid or (soundness_by(discriminator, pictures) if discriminator else all_sound)
    return PredictedSamples(
        generator, predictor, conditions, soundness, z, labels, pictures, scores, satisfied(scores, conditions),
        soundness(pictures),
    )  # fmt: skip


def soundness_by(discriminator: Discriminator, samples: NDArray[np.uint8]) -> Soundness:
    """Takes pictures for sound that the discriminator finds no worse than all but the worst twentieth of samples."""
    limit = np.percentile(discriminator.logits(torch.from_numpy(samples)).numpy(), SOUND_PERCENTILE)
    return lambda pictures: discriminator.logits(torch.from_numpy(pictures)).numpy() >= limit


def all_sound(pictures: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Takes all pictures for sound."""
    return np.ones(len(pictures), bool)


def soundness_source(predictor: AttributePredictor, discriminator: Discriminator | None) -> str:
    """Who says which pictures are sound."""
    return predictor.about if predictor.valid else "the run's discriminator" if discriminator else "nobody"
