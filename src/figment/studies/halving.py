"""Successive halving (arXiv 1502.07943): which settings go on after a part of the budget, by what all have shown so far.

All cells run to the first rung; half of the settings go on to the second, a quarter to the end. A setting goes on or stays with
all its seeds, so that the ones that are left can be compared in pairs. Of 24 settings that learn as figment's nets do (quality
apart by 30 %, exponents of their learning curves by .1, seeds by 10 %) it keeps the best in 98 of 100 studies, at 40 % of the
cost of running all to the end: tests/studies/test_halving.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from figment.common.units import as_images, digits
from figment.studies.observed import sign, title
from figment.studies.results import CellResult
from figment.studies.settings import grouped, means_of, settings_fit

RUNGS = (1 / 8, 1 / 3)  # shares of a cell's budget at which its score is read, as marks 0 and 1
LEFT = (1 / 2, 1 / 4)  # of all settings, that go on from each
MIN_LEFT = 2  # settings: one alone compares with nothing
MAX_COLLAPSED = 0.5  # of a setting's cells, from which on it comes last


@dataclass(frozen=True)
class Halving:
    """What becomes of cells at a rung. go_on: their numbers, the best setting's first; cut: why not, by number."""

    go_on: tuple[int, ...]
    cut: dict[int, str]


def halve(cells: Sequence[CellResult], rung: int, score: str) -> Halving:
    """Which cells go on from a rung, 0 or 1.

    cells: of the whole study. Those that are finished, cut, collapsed or failed are left as they are; every other one has a mark
    for the rung, of the i-th mark is taken at the i-th of RUNGS. score: by whose kind less or more is better.
    """
    settings = grouped(cells)
    left = max(math.ceil(LEFT[rung] * len(settings)), MIN_LEFT)
    racing = [
        (place, cell) for place, group in enumerate(settings) for cell in group if cell.state in ("waiting", "running")
    ]
    if not racing:
        return Halving((), {})
    places = sorted({place for place, _ in racing})
    codes = np.array([places.index(place) for place, _ in racing])
    values = np.array([cell.marks[rung].score for _, cell in racing])
    layout, found = settings_fit(codes, [cell.seed for _, cell in racing], values)
    means = means_of(layout, found)
    frail = [_collapsed(settings[place]) >= MAX_COLLAPSED for place in places]
    order = sorted(range(len(places)), key=lambda at: (frail[at], sign(score) * means[at]))
    of = [tuple(cell for at, (_, cell) in zip(codes, racing, strict=True) if at == place) for place in order]
    cut = {
        cell.number: _why(rank, len(settings), left, title(score), float(means[order[rank]]), group, rung)
        for rank, group in enumerate(of)
        for cell in group
        if rank >= left
    }
    return Halving(tuple(cell.number for group in of[:left] for cell in group), cut)


def cost(settings: int) -> float:
    """What halving takes of the cost of running all settings to the end, 0 to 1."""
    left = [settings, *(min(settings, max(math.ceil(share * settings), MIN_LEFT)) for share in LEFT)]
    spans = np.diff([0, *RUNGS, 1])
    return float(spans @ left) / settings


def _collapsed(group: Sequence[CellResult]) -> float:
    return sum(cell.state == "collapsed" for cell in group) / len(group)


def _why(rank: int, settings: int, left: int, score: str, mean: float, group: Sequence[CellResult], rung: int) -> str:
    seeds = "one seed" if len(group) == 1 else f"{len(group)} seeds"
    images = as_images(sum(cell.marks[rung].images for cell in group) / len(group))
    return f"{score} {digits(mean)} after {images} ({seeds}): place {rank + 1} of {settings}, of which {left} went on"
