"""Settings, which are cells that differ by their seeds alone: each with its mean score, and how far it is behind the best."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.comparing.intervals import LEVEL
from figment.comparing.settings import plain
from figment.studies.effects import Layout, differences_of
from figment.studies.model import Fit, fit, largest_t, unscaled_errors
from figment.studies.observed import sign
from figment.studies.results import CellResult, Level, StudyResults


@dataclass(frozen=True, eq=False)
class Setting:
    """Cells that differ by their seeds alone.

    mean: of finished cells' scores, what a seed has in common to all settings taken out; None of none. behind: how much more of
    the score it has than the best setting, by pairs of equal seeds; half: of intervals that hold for all pairs of settings
    together in 95 of 100 studies; inf where no scatter is known. may_be_best: whether it is one of those of which one is the
    best, in 95 of 100 studies; None where that isn't known.
    """

    label: str
    levels: dict[str, Level]
    cells: tuple[CellResult, ...]
    mean: float | None = None
    behind: float | None = None
    half: float = math.inf
    may_be_best: bool | None = None

    def count(self, state: str) -> int:
        """How many of its cells are so."""
        return sum(cell.state == state for cell in self.cells)

    def average(self, field: str) -> float | None:
        """The mean over cells of what they have of "seconds", "images", "memory", "parameters", "memorising" or "copied"."""
        known = [value for cell in self.cells if (value := getattr(cell, field)) is not None]
        return sum(known) / len(known) if known else None


def settings_of(results: StudyResults) -> list[Setting]:
    """The settings of a study: those with a mean first, the best of them first, then in their order."""
    groups = grouped(results.cells)
    labels = [label(results, cells[0]) for cells in groups]
    bare = [Setting(name, cells[0].levels, tuple(cells)) for name, cells in zip(labels, groups, strict=True)]
    scored = [
        place for place, cells in enumerate(groups) if any(c.state == "finished" and c.score is not None for c in cells)
    ]
    if not scored:
        return bare
    ranked = _ranked([bare[place] for place in scored], sign(results.score))
    return ranked + [setting for place, setting in enumerate(bare) if place not in scored]


def grouped(cells: Sequence[CellResult]) -> list[list[CellResult]]:
    """Cells that differ by their seeds alone together, in the order in which they first come."""
    found: dict[tuple[tuple[str, Level], ...], list[CellResult]] = {}
    for cell in cells:
        found.setdefault(tuple(cell.levels.items()), []).append(cell)
    return list(found.values())


def label(results: StudyResults, cell: CellResult) -> str:
    """What a cell's setting is called: objective=bce, width=16."""
    return ", ".join(f"{factor.name}={plain(cell.levels[factor.name])}" for factor in results.factors)


def settings_fit(codes: NDArray[np.int64], seeds: Sequence[int], values: NDArray[np.float64]) -> tuple[Layout, Fit]:
    """M settings with seeds as blocks. codes: (N,), which setting each of N values is of; seeds: (N,), which seed."""
    blocks = np.unique(np.array(seeds), return_inverse=True)[1]
    layout = Layout((int(codes.max()) + 1,), int(blocks.max()) + 1, ())
    return layout, fit(layout.rows(codes[:, None], blocks), values)


def means_of(layout: Layout, found: Fit) -> NDArray[np.float64]:
    """The settings' means over all seeds, (M,)."""
    return found.of(np.array([layout.mean({0: place}) for place in range(layout.levels[0])]))


def _ranked(settings: Sequence[Setting], sign: int) -> list[Setting]:
    cells = [(place, cell) for place, setting in enumerate(settings) for cell in setting.cells]
    cells = [(place, cell) for place, cell in cells if cell.state == "finished" and cell.score is not None]
    codes, scores = np.array([place for place, _ in cells]), np.array([cell.score for _, cell in cells], np.float64)
    layout, found = settings_fit(codes, [cell.seed for _, cell in cells], scores)
    means = means_of(layout, found)
    order = np.argsort(sign * means, kind="stable")
    best = int(order[0])
    contrasts, pairs = differences_of(layout)
    told = found.tells(contrasts)
    known = found.freedom > 0 and bool(told.any())
    wide = largest_t(found.inverse, contrasts[told], found.freedom, LEVEL) if known else math.inf
    against_best = {
        (b if a == best else a): row if told[row] else None for row, (_, a, b) in enumerate(pairs) if best in (a, b)
    }
    may_be = candidates(layout, found, sign).tolist() if known and told.all() else [None] * len(settings)
    ranked = []
    for place in map(int, order):
        row = against_best.get(place)
        half = 0.0 if place == best else math.inf
        if row is not None and known:
            half = wide * float(found.errors(contrasts[[row]])[0])
        one = settings[place]
        behind = float(means[place] - means[best])
        ranked.append(Setting(one.label, one.levels, one.cells, float(means[place]), behind, half, may_be[place]))
    return ranked


def candidates(layout: Layout, found: Fit, sign: int) -> NDArray[np.bool_]:
    """Which settings may be the best, (M,), or (M, K) of K simulated studies: the best is among them in 95 of 100 studies.

    One is left out where another is so much better as no setting that is the best falls behind: Gupta's subset selection
    with a bound for each (Hsu 1996, Multiple comparisons, section 4).
    """
    rows = np.array([layout.mean({0: place}) for place in range(layout.levels[0])])
    bounds: dict[bytes, float] = {}
    may_be = []
    for place in range(len(rows)):
        ahead = np.delete(rows[place] - rows, place, axis=0)
        lengths = unscaled_errors(found.inverse, ahead)
        alike = np.round(np.sort(lengths), 6).tobytes()
        if alike not in bounds:  # settings with as many seeds each have one bound
            bounds[alike] = largest_t(found.inverse, ahead, found.freedom, LEVEL, two_sided=False)
        may_be.append((sign * found.of(ahead) <= bounds[alike] * found.errors(ahead)).all(0))
    return np.array(may_be)
