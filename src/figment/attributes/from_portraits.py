"""TODO"""

import numpy as np
import torch
from numpy.typing import NDArray

from figment.attributes.portrait_reader import CATEGORIES, CONTINUOUS, PortraitReader, spreads
from figment.attributes.predictor import AttributePredictor, Scores
from figment.attributes.small_nets import READ_AT_ONCE
from figment.data.portraits.table import Attribute


def portrait_predictor(reader: PortraitReader) -> AttributePredictor:
    """The predictor of built-in portraits: continuous attributes in their own units; of categories each name
    ("hair_colour=blond"), and where one of the names is none the category itself ("glasses")."""
    names = [a.name for a in CONTINUOUS]
    for a in CATEGORIES:
        names += [a.name] if "none" in a.names else []
        names += [f"{a.name}={value}" for value in a.names if value != "none"]
    accuracy = {name: reader.accuracy[name.partition("=")[0]] for name in names}

    def read(pictures: NDArray[np.uint8]) -> Scores:
        answers = [reader.net.answers(pictures[i : i + READ_AT_ONCE]) for i in range(0, len(pictures), READ_AT_ONCE)]
        return scores_of(torch.cat(answers)) if answers else {name: np.empty(0, np.float32) for name in names}

    return AttributePredictor(
        tuple(names),
        frozenset(a.name for a in CONTINUOUS),
        accuracy,
        read,
        "the reader of the built-in portraits",
        lambda pictures: ~reader.invalid(reader.predict(pictures)),
        {a.name: (a.low, a.high) for a in CONTINUOUS},
    )


def scores_of(answers: torch.Tensor) -> Scores:
    """The portraits' reader's answers, (N, HEAD), as a predictor has them: not clipped, and log-odds of what is there."""
    scaled, *odds = answers.split([len(CONTINUOUS), *(len(a.names) for a in CATEGORIES)], 1)
    found: Scores = {}
    for a, column, (mean, deviation) in zip(CONTINUOUS, scaled.numpy().T, spreads(), strict=True):
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
