"""The portraits' reader as a predictor: its answers as attributes of names, unclipped, and log-odds."""

import numpy as np
import torch
from numpy.typing import NDArray

from figment.attributes.portrait_reader import (
    CATEGORIES,
    CONTINUOUS,
    PortraitReader,
    means_and_deviations,
    split_answers,
)
from figment.attributes.predictor import AttributePredictor, Scores
from figment.data.portraits.table import Attribute, names_read


def portrait_predictor(reader: PortraitReader) -> AttributePredictor:
    """The predictor of built-in portraits.

    Continuous attributes are in their own units, those of categories log-odds.
    """
    names = names_read()
    accuracy = {name: reader.accuracy[name.partition("=")[0]] for name in names}

    def predict(pictures: NDArray[np.uint8]) -> Scores:
        return scores_of(reader.net.predict(pictures))

    return AttributePredictor(
        tuple(names),
        frozenset(a.name for a in CONTINUOUS),
        accuracy,
        predict,
        "the reader of the built-in portraits",
        lambda pictures: ~reader.invalid(reader.predict(pictures)),
        {a.name: (a.low, a.high) for a in CONTINUOUS},
    )


def scores_of(answers: torch.Tensor) -> Scores:
    """The reader's answers, (N, ANSWERS), as a predictor has them: not clipped, and log-odds of what is there."""
    scaled, *odds = split_answers(answers)
    found: Scores = {}
    for a, column, (mean, deviation) in zip(CONTINUOUS, scaled.numpy().T, means_and_deviations(), strict=True):
        found[a.name] = (mean + deviation * column).astype(np.float32)
    for a, logits in zip(CATEGORIES, odds, strict=True):
        found |= _log_odds(a, logits)
    return found


def _log_odds(attribute: Attribute, logits: torch.Tensor) -> Scores:
    """log P/(1 − P) of each name of a category but none, and of its not being none; from unnormalised logits (N, K)."""
    found = {}
    for place, name in enumerate(attribute.names):
        others = torch.cat([logits[:, :place], logits[:, place + 1 :]], 1)
        odds = (logits[:, place] - others.logsumexp(1)).numpy()
        if name == "none":
            found[attribute.name] = -odds
        else:
            found[f"{attribute.name}={name}"] = odds
    return found
