"""The nearest few are those of brute force."""

import numpy as np
import pytest

from figment.similarity import spaces
from figment.similarity.nearest import nearest_neighbour
from figment.similarity.spaces import nearest_neighbours


@pytest.mark.parametrize("dtype", [np.int8, np.float32])
def test_the_nearest_few_are_those_of_brute_force(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spaces, "BLOCK_REFERENCES", 7)
    random = np.random.default_rng(0)
    queries, mirrored, references = (random.integers(-128, 128, (n, 30)).astype(dtype) for n in (5, 5, 40))
    references[20] = references[3]  # equally near: the first is taken
    found = nearest_neighbours(queries, mirrored, references, 40)
    both = [np.square(q[:, None].astype(float) - references[None]) for q in (queries, mirrored)]
    each = [np.sqrt(its.mean(2) if dtype == np.int8 else its.sum(2)) for its in both]
    expected = np.minimum(*each)
    order = np.argsort(expected, 1, kind="stable")
    assert np.array_equal(found.place, order)
    assert found.distance == pytest.approx(np.take_along_axis(expected, order, 1))
    assert np.array_equal(found.mirrored, np.take_along_axis(each[1] < each[0], order, 1))
    one = nearest_neighbour(queries, mirrored, references)
    assert np.array_equal(one.place, found.place[:, 0])
    assert np.array_equal(one.distance, found.distance[:, 0])
    assert nearest_neighbours(queries, mirrored, references, 3).place.shape == (5, 3)
