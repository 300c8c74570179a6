"""AttributePredictor itself: names that it knows, and those that it doesn't."""

import pytest

from figment.attributes.predictor import AttributePredictor
from figment.errors import InputError


def test_a_mistyped_attribute_is_named_beside_the_nearest() -> None:
    predictor = AttributePredictor(("smile", "glasses"), frozenset({"smile"}), {}, lambda pictures: {}, "a test's")
    assert predictor.check("smile") == "smile"
    with pytest.raises(InputError, match=r"--a glases: no attribute of these pictures; did you mean glasses\?"):
        predictor.check("glases", "--a ")
    with pytest.raises(InputError, match="there are smile, glasses"):
        predictor.check("xylophone")
