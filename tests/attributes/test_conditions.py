"""Conditions in words."""

import numpy as np
import pytest

from figment.attributes.conditions import parse_conditions
from figment.attributes.predictor import AttributePredictor
from figment.errors import InputError


def predictor(**changes) -> AttributePredictor:
    usual = dict(
        names=("smile", "glasses", "hair_colour=blond", "glasses=round", "smile2"), continuous=frozenset({"smile"}), accuracy={},
        predict=lambda pictures: {}, about="a test's", ranges={"smile": (-1.0, 1.0)},
    )  # fmt: skip
    return AttributePredictor(**usual | changes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("glasses", [("glasses", ">", 0)]),
        ("no glasses", [("glasses", "<", 0)]),
        ("!glasses", [("glasses", "<", 0)]),
        ("glasses=none", [("glasses", "<", 0)]),
        ("hair_colour=blond , smile>0.4", [("hair_colour=blond", ">", 0), ("smile", ">", 0.4)]),
        ("no glasses=round", [("glasses=round", "<", 0)]),
        ("smile <= -.2", [("smile", "<=", -0.2)]),
        ("class=smile2, no class=smile2", [("smile2", ">", 0), ("smile2", "<", 0)]),
    ],
)
def test_conditions_are_read(text, expected) -> None:
    assert [(term.name, term.sign, term.limit) for term in parse_conditions(text, predictor())] == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("glases", "did you mean glasses"),
        ("wings", "there are smile, glasses"),
        ("smile", "such as smile>0"),
        ("glasses>2", "such as glasses"),
        ("smile>much", "much is no number"),
        ("smile>nan", "nan is no number"),
        ("smile>inf", "inf is no number"),
        ("no smile>0.2", "such as smile>0"),
        ("", "write a condition"),
        ("smile>>2", "write a condition|no number"),
    ],
)
def test_conditions_that_make_no_sense_are_refused_in_a_sentence(text, says) -> None:
    with pytest.raises(InputError, match=says):
        parse_conditions(text, predictor())


def test_conditions_hold_where_they_hold() -> None:
    scores = {"smile": np.array([0.1, 0.5, 0.9], np.float32), "glasses": np.array([2, -1, 3], np.float32)}
    (term,) = parse_conditions("smile>0.4", predictor())
    assert term.holds(scores).tolist() == [False, True, True]
    (term,) = parse_conditions("no glasses", predictor())
    assert term.holds(scores).tolist() == [False, True, False]
