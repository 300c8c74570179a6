"""Charts of what an experiment found."""

import numpy as np
import pytest

from figment.media import charts


def test_charts_are_pictures_of_what_they_are_given() -> None:
    picture = charts.bars(["a", "b"], {"few": [(0.2, 0.1), (0.9, 0.0)], "all": [(0.5, 0.0), (0.95, 0.0)]}, "right")
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    first = np.array([int(charts.COLOURS[0][i : i + 2], 16) for i in (1, 3, 5)])
    lengths = (np.abs(picture.astype(int) - first).max(2) < 8).sum(1)
    rows = np.flatnonzero(lengths > 50)
    upper, lower = (lengths[half].max() for half in np.split(rows, [np.argmax(np.diff(rows)) + 1])[-2:])
    assert lower / upper == pytest.approx(0.9 / 0.2, rel=0.05)
    assert np.array_equal(
        picture, charts.bars(["a", "b"], {"few": [(0.2, 0.1), (0.9, 0.0)], "all": [(0.5, 0.0), (0.95, 0.0)]}, "right")
    )
    assert charts.lines((3, 10), {"x": [0.1, 0.2], "y": [0.3]}, "n", "right").shape[2] == 3


def test_foreign_names_are_drawn_to_the_letter_and_silently() -> None:
    """Warnings are errors here; matplotlib would take what stands between dollars for mathematics, and refuse it."""
    names = ["日本 😀", r"$\frac$", "a\x1b[31m", "x" * 100_000]
    assert charts.bars(names, {"$a$": [(0.2, 0.1)] * 4}, "right").shape[2] == 3
    assert charts.lines((3, 10), {"हिन्दी $b": [0.1, 0.2]}, "n", "right").shape[2] == 3
