"""What settings cost, how often they collapse, and which of them is the best for how much time."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from scipy.stats import fisher_exact

from figment.studies.observed import at, sign
from figment.studies.results import CellResult, Factor, Level, StudyResults
from figment.studies.settings import Setting

SURE = 0.01  # p-value, below which a level collapses more than others
TRIED = ("finished", "cut", "collapsed")


@dataclass(frozen=True)
class Stability:
    """How many of the cells with a level collapsed, of those that came far enough to tell.

    chance: how often so many of these or more would, if the factor made no difference (Fisher's exact test).
    """

    factor: str
    level: Level
    collapsed: int
    tried: int
    chance: float

    @property
    def is_told(self) -> bool:
        """Whether it is worth a word: half of the cells or more, or more than chance."""
        return self.collapsed > 0 and (2 * self.collapsed >= self.tried or self.chance < SURE)


@dataclass(frozen=True)
class Point:
    """What a setting had come to after so much time: means over its seeds."""

    setting: str
    seconds: float
    images: float
    score: float


def stability(results: StudyResults) -> list[Stability]:
    """Of every level that was named; a range's numbers are too many."""
    named = (factor for factor in results.factors if factor.scale is None)
    return [_stability(results.cells, factor, level) for factor in named for level in factor.levels]


def points(settings: Sequence[Setting]) -> list[Point]:
    """Every setting at each mark that all its seeds have reached, and at its end; seeds that collapsed or failed left out."""
    found = []
    for setting in settings:
        cells = [cell for cell in setting.cells if cell.state in ("finished", "cut", "running") and cell.marks]
        for marks in zip(*(cell.marks for cell in cells), strict=False):
            means = (fmean(getattr(mark, name) for mark in marks) for name in ("seconds", "images", "score"))
            found.append(Point(setting.label, *means))
        done = [cell for cell in setting.cells if cell.state == "finished" and cell.score is not None]
        if done and all(cell.seconds is not None and cell.images is not None for cell in done):
            means = (fmean(getattr(cell, name) for cell in done) for name in ("seconds", "images", "score"))
            found.append(Point(setting.label, *means))
    return found


def pareto(points: Sequence[Point], score: str) -> list[Point]:
    """The front: points that no other beats in as little time, by time. score: by whose kind less or more is better."""
    way, front = sign(score), list[Point]()
    for point in sorted(points, key=lambda one: (one.seconds, way * one.score)):
        if not front or way * point.score < way * front[-1].score:
            front.append(point)
    return front


def _stability(cells: Sequence[CellResult], factor: Factor, level: Level) -> Stability:
    tried = [cell for cell in cells if cell.state in TRIED and at(cell, factor, level)]
    others = [cell for cell in cells if cell.state in TRIED and not at(cell, factor, level)]
    here, there = (sum(cell.state == "collapsed" for cell in some) for some in (tried, others))
    table = [[here, len(tried) - here], [there, len(others) - there]]
    return Stability(factor.name, level, here, len(tried), float(fisher_exact(table, "greater").pvalue))
