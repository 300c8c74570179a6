"""What every network of features does with pictures, whichever it is."""

import numpy as np
import pytest

from figment.errors import InputError
from figment.features import base, registry
from figtest.pictures import noise_batch


def test_pictures_that_cant_be_written_to_are_read():
    x = noise_batch(2)
    x.flags.writeable = False
    assert registry.extractor("random")(x).shape == (2, 288)
    assert registry.extractor("random")(np.broadcast_to(x[:1], (3, 3, 64, 64))).shape == (3, 288)


def test_logits_come_from_the_features():
    passes = []

    def network(x):
        passes.append(len(x))
        return x.mean((2, 3), dtype=np.float32)

    extractor = base.Extractor("means", 3, 2, network, head=lambda found: found[:, :2] * 2)
    x = noise_batch(3)
    found = extractor(x)
    assert passes == [2, 1]
    assert np.array_equal(extractor.head(found), 2 * found[:, :2])


def test_numbers_that_are_not_finite_are_refused():
    extractor = base.Extractor("broken", 1, 2, lambda x: np.full((len(x), 1), np.inf, np.float32))
    with pytest.raises(InputError, match="--features broken gives numbers that aren't finite"):
        extractor(noise_batch(3))


@pytest.mark.parametrize(
    "wrong", [np.zeros((1, 3, 8, 8)), np.zeros((3, 8, 8), np.uint8), np.zeros((1, 1, 8, 8), np.uint8)]
)
def test_other_arrays_are_refused(wrong):
    with pytest.raises(ValueError, match="uint8"):
        registry.extractor("random")(wrong)
