"""Made-up studies: responses with known effects, scatter and failures in the place of trainings."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from figment.studies.results import CellResult, Factor, Level, Mark, StudyResults

ARTICLE = (
    Factor("objective", ("bce", "hinge", "ml", "mse")),
    Factor("width", (16, 24, 32)),
    Factor("dropout", (0.0, 0.3)),
)
BUDGET = 100_000  # images
SHARES = (1 / 8, 1 / 3, 2 / 3, 1.0)  # of the budget, at which a cell's score is read


def made_up(
    truth: Callable[[Mapping[str, Level]], float] = lambda levels: 100.0,
    factors: Sequence[Factor] = ARTICLE,
    seeds: Sequence[int] = (0, 1, 2),
    scatter: float = 5.0,
    common: float = 10.0,
    error: float = 1.0,
    random_seed: int = 0,
    collapses: Callable[[Mapping[str, Level], int], bool] = lambda levels, seed: False,
    **changes: Any,
) -> StudyResults:
    """A finished study. truth: a setting's true score; scatter: of seeds within a setting; common: what a seed does to all."""
    random = np.random.default_rng(random_seed)
    of_seed = dict(zip(seeds, random.normal(0, common, len(seeds)), strict=True))
    cells = []
    for chosen in itertools.product(*(factor.levels for factor in factors)):
        levels = dict(zip((factor.name for factor in factors), chosen, strict=True))
        for seed in seeds:
            score = truth(levels) + of_seed[seed] + random.normal(0, scatter) + random.normal(0, error)
            cells.append(_cell(len(cells), levels, seed, score, error, collapses(levels, seed)))
    study = StudyResults(
        "made-up", tuple(factors), tuple(seeds), "kid", tuple(cells), "figment study run faces --images 100k",
        {"data": "faces", "images": BUDGET}, "a made-up machine",
    )  # fmt: skip
    return StudyResults(**{**vars(study), **changes})


def _cell(number: int, levels: dict[str, Level], seed: int, score: float, error: float, collapsed: bool) -> CellResult:
    rate = 4000 / (levels["width"] if isinstance(levels.get("width"), int) else 16)  # images a second
    marks = tuple(
        Mark(round(share * BUDGET), share * BUDGET / rate, score * share**-0.5, 2 * error)
        for share in SHARES[: 1 if collapsed else None]
    )
    common = {
        "memory": 400_000_000, "parameters": 1_500_000, "memorising": 0.52, "run": f"cells/{number:03d}-seed-{seed}",
    }  # fmt: skip
    if collapsed:
        return CellResult(number, levels, seed, "collapsed", marks=marks, note="all its pictures are alike", **common)
    return CellResult(
        number, levels, seed, "finished", score, error, marks, BUDGET / rate, BUDGET, copied=0.0, **common
    )  # fmt: skip
