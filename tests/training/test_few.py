import numpy as np
import pytest

from figment.training import few as module
from figment.training.few import few


@pytest.mark.parametrize("many", [1, 10**6])  # with and without a copy of all
def test_some_of_the_rows_each_once_and_no_more_than_there_are(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY", many)
    rows = np.arange(1000) * 3
    found = few(np.random.default_rng(0), rows, 50)
    assert len(set(found.tolist())) == 50
    assert set(found.tolist()) <= set(rows.tolist())
    assert (found != np.sort(found)).any()
    assert sorted(few(np.random.default_rng(0), rows[:20], 50).tolist()) == rows[:20].tolist()


def test_of_not_so_many_as_ever() -> None:
    rows = np.arange(1000)
    assert (few(np.random.default_rng(3), rows, 10) == np.random.default_rng(3).permutation(rows)[:10]).all()
