"""Which parts of a study's cells are due: all at once in a grid; under halving from rung to rung, those of the best settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from figment.studies.results import CellResult
from figment.studies.study import Study

Task = tuple[int, int]  # a cell's number, and the rung up to which it is done


@dataclass(frozen=True)
class Raced:
    """cells: what each has come to, by number. due: the tasks that may be done now, or are done, in the order of the plan."""

    cells: tuple[CellResult, ...]
    due: tuple[Task, ...]


def race(study: Study, results: Mapping[Task, CellResult]) -> Raced:
    """How far a study is, by what its tasks have found.

    A rung is judged when each cell that reached it is done up to there: whoever looks comes to the same end.
    """
    now = {
        cell.number: results.get((cell.number, 0)) or CellResult(cell.number, cell.levels, cell.seed)
        for cell in study.cells
    }
    order = [cell.number for cell in study.cells]
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
    return Raced(tuple(now[number] for number in sorted(now)), tuple(due))
