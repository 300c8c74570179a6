"""Which parts of a study's cells are due: all at once in a grid; under halving from rung to rung, those of the best settings; in
a search a batch of settings after the other, each where those before it have scored well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from figment.studies.results import CellResult
from figment.studies.study import Cell, Study

Task = tuple[int, int]  # a cell's number, and the rung up to which it is done


@dataclass(frozen=True)
class Raced:
    """planned: the cells of the study, as far as they are known. cells: what each has come to, by number. due: the tasks that may
    be done now, or are done, in the order of the plan.
    """

    planned: tuple[Cell, ...]
    cells: tuple[CellResult, ...]
    due: tuple[Task, ...]


def race(study: Study, results: Mapping[Task, CellResult]) -> Raced:
    """How far a study is, by what its tasks have found.

    A rung is judged when each cell that reached it is done up to there: whoever looks comes to the same end.
    """
    planned = planned_cells(study, results)
    now = {
        cell.number: results.get((cell.number, 0)) or CellResult(cell.number, cell.levels, cell.seed)
        for cell in planned
    }
    order = [cell.number for cell in planned]
    due = [(number, 0) for number in order]
    racing = order
    for rung in range(study.last_rung):
        if any((number, rung) not in results for number in racing):
            break
        from figment.studies.halving import halve  # it brings scipy, which a grid needn't

        judged = halve([now[number] for number in sorted(now)], rung, study.request.score)
        for number, why in judged.cut.items():
            now[number] = replace(now[number], state="cut", note=why)
        racing = [number for number in order if number in judged.go_on]
        due += [(number, rung + 1) for number in racing]
        now |= {number: found for number in racing if (found := results.get((number, rung + 1))) is not None}
    return Raced(planned, tuple(now[number] for number in sorted(now)), tuple(due))


def planned_cells(study: Study, results: Mapping[Task, CellResult]) -> tuple[Cell, ...]:
    """The cells of a study in their order; of a search those that are proposed by now: a batch when all before are done."""
    cells, seeds = list(study.cells), len(study.seeds)
    while len(cells) < study.trials * seeds and all((cell.number, 0) in results for cell in cells):
        from figment.studies.plan import ordered
        from figment.studies.search import BATCH, proposals

        found = [results[cell.number, 0] for cell in cells]
        groups = [[one for one in found if one.number // seeds == place] for place in range(len(cells) // seeds)]
        tried = [(group[0].levels, _score(group)) for group in groups]
        batch = proposals(study.request, study.recipe, tried, min(BATCH, study.trials - len(groups)))
        if not batch:  # nothing is left that hasn't been tried
            break
        cells += ordered(batch, study.seeds, len(groups))
    return tuple(cells)


def _score(cells: Sequence[CellResult]) -> float | None:
    """The mean score of a setting's cells; None where half of them collapsed or one failed: then it counts as the worst.

    A score alone would lead a search on to settings that collapse, whose pictures, all alike, can have a middling one.
    """
    scores = [cell.score for cell in cells if cell.score is not None]
    collapsed = sum(cell.state == "collapsed" for cell in cells)
    return fmean(scores) if len(scores) == len(cells) and 2 * collapsed < len(cells) else None
