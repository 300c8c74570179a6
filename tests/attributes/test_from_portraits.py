"""The portraits' reader as a predictor."""

from types import SimpleNamespace

import numpy as np
import torch

from figment.attributes.from_portraits import portrait_predictor, scores_of
from figment.attributes.portrait_reader import ANSWERS, CATEGORIES, CONTINUOUS, to_table
from figment.data.portraits.table import ATTRIBUTES


def test_log_odds_are_those_of_the_softmax() -> None:
    answers = torch.randn(50, ANSWERS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, table = scores_of(answers), to_table(answers)
    start = len(CONTINUOUS)
    for attribute in CATEGORIES:
        p = answers[:, start : start + len(attribute.names)].softmax(1).numpy()
        start += len(attribute.names)
        for place, name in enumerate(attribute.names):
            if name == "none":
                assert np.allclose(found[attribute.name], np.log((1 - p[:, place]) / p[:, place]), atol=1e-5)
            else:
                odds = found[f"{attribute.name}={name}"]
                assert np.allclose(odds, np.log(p[:, place] / (1 - p[:, place])), atol=1e-5)
                assert (odds[p[:, place] > 0.5] > 0).all()
    for attribute in CONTINUOUS:
        inside = (table[attribute.name] > attribute.low) & (table[attribute.name] < attribute.high)
        assert inside.any()
        assert np.allclose(found[attribute.name][inside], table[attribute.name][inside], atol=1e-5)


def test_the_portraits_predictor_knows_every_attribute_that_can_be_read() -> None:
    net = SimpleNamespace(predict=lambda x: torch.zeros(len(x), ANSWERS))
    accuracy = {a.name: 0.9 for a in (*CONTINUOUS, *CATEGORIES)}
    found = portrait_predictor(SimpleNamespace(net=net, accuracy=accuracy))  # type: ignore[arg-type]
    assert {"smile", "glasses", "glasses=round", "hair_style=bald", "beard"} <= set(found.names)
    assert "hair_style" not in found.names
    assert not {name for name in found.names if name.endswith("=none")}
    assert {a.name for a in ATTRIBUTES if a.kind == "continuous"} == found.continuous
    for pictures in (np.zeros((3, 3, 16, 16), np.uint8), np.zeros((0, 3, 16, 16), np.uint8)):
        scores = found.predict(pictures)
        assert set(scores) == set(found.names)
        assert all(len(column) == len(pictures) for column in scores.values())
