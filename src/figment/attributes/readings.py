"""Samples of a generator, decoded and read block by block, so that they need not all be in memory as pictures."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from figment.attributes.predictor import AttributePredictor, Scores
from figment.common.progress import Progress, Tally
from figment.generator import BLOCK_SAMPLES, Generator

READ_SAMPLES = 16 * BLOCK_SAMPLES  # decoded and read at once


@dataclass(frozen=True, eq=False)
class Readings:
    """N samples with what a predictor reads from them: codes, float32 (N, code_size), and scores, float32 (N,) each."""

    codes: Tensor
    scores: Scores

    def __len__(self) -> int:
        return len(self.codes)


def read_blocks(
    generator: Generator, predictor: AttributePredictor | None, z: Tensor, labels: Tensor | None, tally: Tally
) -> Iterator[tuple[NDArray[np.uint8], Scores]]:
    """The pictures of codes z, (N, code_size), uint8 (n, C, H, W), and their scores; none without a predictor."""
    for start in range(0, len(z), READ_SAMPLES):
        part = slice(start, start + READ_SAMPLES)
        pictures = generator.decode(z[part], None if labels is None else labels[part]).numpy()
        scores = predictor.predict(pictures) if predictor else {}
        tally(len(pictures))
        yield pictures, scores


def joined_scores(predictor: AttributePredictor | None, blocks: list[Scores]) -> Scores:
    """Scores of blocks as one, in the order of the predictor's names."""
    return {name: np.concatenate([block[name] for block in blocks]) for name in (predictor.names if predictor else ())}


def read_samples(
    generator: Generator, predictor: AttributePredictor, count: int, seed: int = 0, label: str | None = None,
    start: int = 0, progress: Progress | None = None,
) -> Readings:  # fmt: skip
    """Samples start … start + count − 1 of a seed, read; of the class that label names, or each of its own."""
    z, labels = generator.codes(count, seed, start), generator.labels(count, seed, start, label)
    blocks = [scores for _, scores in read_blocks(generator, predictor, z, labels, Tally(progress, count))]
    return Readings(z, joined_scores(predictor, blocks))
