"""A study weighed: what each factor does, which settings may be the best, how stable and dear they are, in numbers and words."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from figment.common.jsontext import without_nan
from figment.common.text import aligned
from figment.common.units import digits
from figment.comparing.intervals import plus_minus
from figment.studies import words
from figment.studies.costs import Point, Stability, pareto, points, stability
from figment.studies.effects import Effects, effects, varied
from figment.studies.observed import Observed, observed, title
from figment.studies.results import StudyResults
from figment.studies.scatter import Uneven, uneven
from figment.studies.searched import Searched, in_words, is_search, searched
from figment.studies.settings import Setting, settings_of
from figment.studies.table import to_table

FORMAT = 1  # of as_json
MAX_LINES = 12  # settings that are printed


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """What a study's results tell.

    searched: of a search, where its best settings lie; effects then has none.
    seen: the scores that factors are compared by. effects: of the factors. settings: the best first. stability: of every level.
    points, front: what settings had come to after how much time, and those that none beats in as little. uneven: factors by
    which the scatter differs.
    """

    results: StudyResults
    seen: Observed
    effects: Effects
    settings: tuple[Setting, ...]
    stability: tuple[Stability, ...]
    points: tuple[Point, ...]
    front: tuple[Point, ...]
    uneven: tuple[Uneven, ...]
    searched: tuple[Searched, ...] = ()

    @cached_property
    def conclusions(self) -> list[str]:
        """Which setting is the best as far as can be told; then a sentence a factor, that claims no more than its intervals."""
        if is_search(self.results):
            return [words.verdict(self.results, self.settings), *map(in_words, self.searched)]
        seeds = len(self.seen.seeds)
        return [
            words.verdict(self.results, self.settings),
            *(
                words.of_factor(self.results, factor, self.effects, self.stability, seeds)
                for factor in self.results.factors
            ),
        ]

    @cached_property
    def notes(self) -> list[str]:
        """What it cost, what the numbers rest on, and what they can't tell."""
        return [
            *words.of_costs(self.settings, self.front, self.results.score),
            *words.notes(self.results, self.seen, self.effects, self.uneven, self.settings),
        ]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """For a person: the conclusions, the settings as a table, the notes."""
        return [
            *self.conclusions,
            "",
            *aligned(setting_table(self.settings[:MAX_LINES], self.results.score)),
            "",
            *self.notes,
        ]

    def as_json(self) -> str:
        """All of it: documented in docs/study.md."""
        return json.dumps(without_nan(self._record()), indent=1) + "\n"

    def _record(self) -> dict[str, Any]:
        return {
            "format": FORMAT, "name": self.results.name, "score": self.results.score, "command": self.results.command,
            "machine": self.results.machine, "settings": self.results.settings, "seeds": self.results.seeds,
            "factors": [asdict(factor) for factor in self.results.factors],
            "conclusions": self.conclusions, "notes": self.notes,
            "effects": [asdict(effect) for effect in self.effects.factors],
            "interactions": [
                {"first": one.first, "second": one.second, "means": one.means.tolist(), "chance": one.chance}
                for one in self.effects.interactions
            ],
            "scatter": self.effects.deviation, "freedom": self.effects.freedom,
            "compared": [_setting(setting) for setting in self.settings],
            "stability": [asdict(one) for one in self.stability],
            "front": [asdict(point) for point in self.front],
            "cells": [
                row | {"marks": [asdict(mark) for mark in cell.marks]}
                for row, cell in zip(to_table(self.results), self.results.cells, strict=True)
            ],
        }  # fmt: skip


def analyse(results: StudyResults) -> Analysis:
    """Weigh a study as far as it is."""
    seen = observed(results)
    settings = settings_of(results)
    reached = points(settings)
    found = effects(replace(seen, factors=(), codes=seen.codes[:, :0]) if is_search(results) else seen)
    return Analysis(
        results, seen, found, tuple(settings), tuple(stability(results)), tuple(reached),
        tuple(pareto(reached, results.score)),
        tuple(uneven(varied(seen), found.residuals, found.freedom)), searched(results, settings),
    )  # fmt: skip


def setting_table(settings: Sequence[Setting], score: str) -> list[list[str]]:
    """A head, and a row for each setting: its mean, how far it is behind, what became of its cells, what it cost."""
    head = ["setting", title(score), "behind the best", "may be best", "finished", "collapsed"]
    return [head, *(_row(setting) for setting in settings)]


def behind(setting: Setting) -> str:
    """How far a setting is behind the best, with its interval."""
    if not setting.behind:
        return "–"
    if math.isinf(setting.half):
        return digits(setting.behind, 3, "+")
    return f"{'+' if setting.behind > 0 else ''}{plus_minus(setting.behind, setting.half)}"


def _row(setting: Setting) -> list[str]:
    may_be = {True: "yes", False: "no", None: "not told"}[setting.may_be_best]
    return [
        setting.label,
        "–" if setting.mean is None else digits(setting.mean),
        behind(setting),
        may_be if setting.mean is not None else "–",
        f"{setting.count('finished')} of {len(setting.cells)}",
        str(setting.count("collapsed")),
    ]


def _setting(setting: Setting) -> dict[str, Any]:
    costs = {
        name: setting.average(name) for name in ("seconds", "images", "memory", "parameters", "memorising", "copied")
    }
    return {
        "setting": setting.label, "levels": setting.levels, "cells": [cell.number for cell in setting.cells],
        "mean": setting.mean, "behind": setting.behind, "half": setting.half, "may_be_best": setting.may_be_best, **costs,
    }  # fmt: skip
