"""Samples that directions are found from: codes, what the generator's first layer makes of them, what a predictor reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment import codes
from figment.attributes.predictor import AttributePredictor, Scores
from figment.attributes.readings import joined_scores, read_blocks
from figment.common.progress import Stage, Tally
from figment.generator import Generator
from figment.nets.hooks import layers, watched


@dataclass(frozen=True, eq=False)
class DirectionSamples:
    """Samples with what is known of them.

    gaussian: codes in Gaussian space, (N, d). classes: (N,), or None. activations: what the first layer makes of the codes,
    (N, m), where that was asked for. scores: (N,) each.
    """

    gaussian: NDArray[np.float64]
    classes: NDArray[np.int64] | None
    activations: NDArray[np.float32]
    scores: Scores


def draw_samples(
    generator: Generator, predictor: AttributePredictor | None, count: int, seed: int, label: str | None, activated: bool,
    stage: Stage | None = None,
) -> DirectionSamples:  # fmt: skip
    """Samples 0 … count − 1 of a seed; activated: with what the generator's first layer makes of them."""
    z, labels = generator.codes(count, seed), generator.labels(count, seed, label=label)
    progress = stage("looking at samples") if stage and (predictor or activated) else None
    activations: list[NDArray[np.float32]] = []
    blocks: list[Scores] = []
    looked_at = z if predictor or activated else z[:0]
    with watched(layers(generator.net)[:1] if activated else []) as seen:
        for _, scores in read_blocks(generator, predictor, looked_at, labels, Tally(progress, count)):
            blocks.append(scores)
            activations += [maps.flatten(1).float().cpu().numpy() for maps in seen]
            seen.clear()
    return DirectionSamples(
        codes.to_gaussian(z.double(), generator.recipe.prior).numpy(),
        None if labels is None else labels.numpy(),
        np.concatenate(activations) if activations else np.empty((0, 0), np.float32),
        joined_scores(predictor, blocks),
    )


def centre_by_class(rows: NDArray[np.float32], classes: NDArray[np.int64] | None) -> NDArray[np.float32]:
    """Rows (N, …) less the mean of their class, which no direction changes; as they are where there are no classes."""
    if classes is None:
        return rows
    less = np.empty_like(rows)
    for kind in np.unique(classes):
        less[classes == kind] = rows[classes == kind] - rows[classes == kind].mean(0)
    return less
