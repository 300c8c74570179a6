"""What is told of a cell that is done, or at a rung."""

from dataclasses import replace

from figment.studies.results import CellResult
from figment.studies.told import cell_line

CELL = CellResult(3, {"dropout": 0.3}, 1, "finished", 43.21, 1.2, images=12_500)


def test_a_cell_in_a_line() -> None:
    assert cell_line(CELL, "kid", 2, 4, [60.0, 80.0]) == (
        "2 of 4 done, about 2 min 20 s left: dropout=0.3, seed 1: KID 43.2 ± 1.2"
    )
    assert cell_line(replace(CELL, state="running"), "kid", 0, 4, [60.0]) == (
        "0 of 4 done: dropout=0.3, seed 1: KID 43.2 ± 1.2 after 12.5 kimg"
    )
    assert cell_line(replace(CELL, state="collapsed", note="one picture"), "kid", 4, 4, []).endswith(
        "KID 43.2 ± 1.2 (collapsed: one picture)"
    )
    failed = replace(CELL, state="failed", score=None, error=None, note="training diverged.")
    assert cell_line(failed, "kid", 4, 4, []) == "4 of 4 done: dropout=0.3, seed 1: training diverged."
