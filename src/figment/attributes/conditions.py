"""Conditions on attributes, in words: "glasses, smile>0.4, no beard". Parsed, met or not, and by how much."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.attributes.predictor import MAX_VALUE, AttributePredictor, Scores
from figment.errors import InputError

COMPARISONS = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal}
CONDITION_PATTERN = re.compile(r"\s*(no\s+|!)?([^<>=!]+?)\s*(?:(>=|<=|>|<|=)\s*(.+?))?\s*")


@dataclass(frozen=True)
class Condition:
    """One condition: an attribute's score above or below a limit."""

    name: str
    sign: str
    limit: float

    def holds(self, scores: Scores) -> NDArray[np.bool_]:
        """Where it is met, bool (N,)."""
        return COMPARISONS[self.sign](scores[self.name], self.limit)


def parse_conditions(text: str, predictor: AttributePredictor, option: str = "") -> list[Condition]:
    """Conditions from words: "glasses, smile>0.4, no beard, hair_colour=blond". All have to hold.

    "class=9" is "9", which alone would be a sample's number. option: that they were given for, for messages. Raises
    InputError for an attribute that the predictor can't read, or a condition that makes no sense for it.
    """
    found, option = [], f"{option} " if option else ""
    for part in text.split(","):
        match = CONDITION_PATTERN.fullmatch(part)
        if match is None:
            raise InputError(
                f"{option}{part.strip() or text!r}: write a condition as glasses, no glasses, smile>0.4 or a=b."
            )
        absent, name, sign, value = match.groups()
        if sign == "=" and value == "none" and not absent:
            absent, sign = "no", None  # glasses=none
        elif sign == "=":
            name, sign = value if name == "class" and value in predictor.names else f"{name}={value}", None
        predictor.check(name, option)
        if (name in predictor.continuous) != (sign is not None) or (absent and sign):
            example = (
                f"{name}>{np.mean(predictor.ranges.get(name, (0, 1))):.2g}" if name in predictor.continuous else name
            )
            raise InputError(f"{option}{part.strip()}: for this attribute write a condition such as {example}.")
        try:
            limit = float(value) if sign else 0.0
        except ValueError:
            limit = float("nan")
        if not abs(limit) <= MAX_VALUE:
            raise InputError(f"{option}{part.strip()}: {value} is no number to compare with: give one such as 0.4.")
        found.append(Condition(name, sign or ("<" if absent else ">"), limit))
    return found


def satisfied(scores: Scores, wanted: Sequence[Condition]) -> NDArray[np.bool_]:
    """Which pictures meet all conditions, bool (N,)."""
    return np.logical_and.reduce([condition.holds(scores) for condition in wanted])


def margins(scores: Scores, wanted: Sequence[Condition]) -> NDArray[np.float64]:
    """By how much samples meet the condition that they meet least, in deviations of its attribute over them: (N,)."""
    return np.min([_margin(scores[condition.name].astype(np.float64), condition) for condition in wanted], axis=0)


def condition_text(wanted: Sequence[Condition], predictor: AttributePredictor | None) -> str:
    """Conditions as they are written: parse_conditions() undone."""
    continuous = predictor.continuous if predictor else frozenset()
    return ", ".join(
        f"{t.name}{t.sign}{t.limit:.3g}" if t.name in continuous else f"{'no ' * (t.sign == '<')}{t.name}"
        for t in wanted
    )


def _margin(scores: NDArray[np.float64], condition: Condition) -> NDArray[np.float64]:
    above = (scores - condition.limit) / max(scores.std(), 1e-12)
    return above if condition.sign.startswith(">") else -above
