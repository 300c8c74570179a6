"""Which cells' scores may be set beside one another, and as arrays: collapsed, failed and unfinished cells stay outside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.metrics.scores import KINDS
from figment.studies.results import CellResult, Factor, StudyResults

WITH_SCORE = ("finished", "cut")


@dataclass(frozen=True, eq=False)
class Observed:
    """N cells and their scores.

    factors: of the study, with the levels that have a score. codes: (N, F), the place of each cell's level in its factor's;
    blocks: (N,), that of its seed. values, errors: (N,), or (N, K) of K simulated studies. mark: at which of its readings every
    cell is taken, counted from 0; None at its end.
    """

    factors: tuple[Factor, ...]
    seeds: tuple[int, ...]
    codes: NDArray[np.int64]
    blocks: NDArray[np.int64]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    mark: int | None = None


def observed(results: StudyResults) -> Observed:
    """The scores of a study that may be compared, all after the same share of the budget.

    Where cells were cut, scores at the end would compare those that were promising alone: then all are taken at the last
    reading that every cell has.
    """
    cells = [cell for cell in results.cells if cell.state in WITH_SCORE]
    if any(cell.state == "cut" for cell in cells):
        mark = min(len(cell.marks) for cell in cells) - 1
        if mark >= 0:
            return _arrays(results, cells, [(cell.marks[mark].score, cell.marks[mark].error) for cell in cells], mark)
    return at_the_end(results)


def at_the_end(results: StudyResults) -> Observed:
    """The scores of finished cells."""
    cells = [cell for cell in results.cells if cell.state == "finished" and cell.score is not None]
    return _arrays(results, cells, [(cell.score, cell.error) for cell in cells], None)


def _arrays(
    results: StudyResults,
    cells: Sequence[CellResult],
    scores: Sequence[tuple[float | None, float | None]],
    mark: int | None,
) -> Observed:
    factors = tuple(
        Factor(factor.name, tuple(level for level in factor.levels if any(at(cell, factor, level) for cell in cells)))
        for factor in results.factors
    )
    seeds = tuple(seed for seed in results.seeds if any(cell.seed == seed for cell in cells))
    codes = [[factor.levels.index(cell.levels[factor.name]) for factor in factors] for cell in cells]
    numbers = np.array(scores, np.float64).reshape(-1, 2)
    return Observed(
        factors, seeds,
        np.array(codes, np.int64).reshape(len(cells), len(factors)),
        np.array([seeds.index(cell.seed) for cell in cells], np.int64),
        numbers[:, 0], numbers[:, 1], mark,
    )  # fmt: skip


def at(cell: CellResult, factor: Factor, level: object) -> bool:
    """Whether a cell has a level."""
    return cell.levels[factor.name] == level


def sign(score: str) -> int:
    """1 where less of a score is better, -1 where more is."""
    kind = KINDS.get(score.partition(":")[0])
    return 1 if kind is None or kind.better == "lower" else -1


def title(score: str) -> str:
    """A score as people read it: kid → KID, fd → FD."""
    kind = KINDS.get(score.partition(":")[0])
    return kind.title.format(fd="FD") if kind else score
