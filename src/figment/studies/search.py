"""Settings that are found as a study goes: first some spread evenly, then those that promise most by what earlier ones scored.

Optuna's tree-structured Parzen estimator proposes them (Bergstra et al. 2011, Algorithms for hyper-parameter optimization): where
the best of the settings so far lie densely, and the others don't. What it proposes hangs on their scores alone, so every worker
comes to the same.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from figment.errors import InputError
from figment.studies.factors import Level, Levels, Range, recipe_for
from figment.studies.request import Request

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

SETTINGS = 24  # that a search tries where nobody says how many
FIRST = 1 / 3  # of all settings, which are spread evenly before any is proposed
BATCH = 4  # settings that are proposed at a time, so that several workers have some to do
MOST_REFUSED = (
    200  # proposals one after the other that are known already or can't be: then the search is taken for exhausted
)
DIGITS = 3  # of a proposed number: what it is called by, too

Tried = tuple[dict[str, Level], float | None]  # a setting, and its mean score; None where it has none


def first_count(settings: int) -> int:
    """How many of so many settings are spread evenly."""
    return min(settings, max(BATCH, math.ceil(FIRST * settings)))


def spread(vary: Mapping[str, Levels], recipe: str, fixed: Mapping[str, Any], count: int) -> list[dict[str, Level]]:
    """So many different settings that a recipe allows, spread evenly over ranges and levels; fewer where there aren't as many.

    They are points of a scrambled Sobol sequence, always the same ones.
    """
    from scipy.stats import qmc

    points = qmc.Sobol(len(vary), rng=np.random.default_rng(0))

    def settings() -> Iterator[dict[str, Level]]:
        while True:
            for point in points.random(64):
                yield {name: _at(levels, float(u)) for (name, levels), u in zip(vary.items(), point, strict=True)}

    return _new(settings(), recipe, fixed, [], count)


def proposals(request: Request, recipe: str, tried: Sequence[Tried], count: int) -> list[dict[str, Level]]:
    """So many new settings where the scores of those tried say that better ones may lie; fewer where there are no more.

    A setting without a score counts as the worst. Without any score at all they are spread evenly.
    """
    return [
        dict(levels) for levels in _proposals(request.model_dump_json(by_alias=True), recipe, json.dumps(tried), count)
    ]


@lru_cache(maxsize=256)
def _proposals(request: str, recipe: str, tried: str, count: int) -> tuple[dict[str, Level], ...]:
    """The same of JSON, which can be remembered: a study's standing is asked for often."""
    asked, known = Request.model_validate_json(request), json.loads(tried)
    vary, scores = asked.levels, [score for _, score in known if score is not None]
    if not scores:
        every = spread(vary, recipe, asked.settings, len(known) + count)
        return tuple(levels for levels in every if levels not in [its for its, _ in known])[:count]
    worst = max(scores) if asked.lower_is_better else min(scores)
    ask = _asker(vary, [(levels, worst if score is None else score) for levels, score in known], asked.lower_is_better)
    return tuple(_new(ask(), recipe, asked.settings, [levels for levels, _ in known], count))


def _asker(
    vary: Mapping[str, Levels], tried: Sequence[tuple[dict[str, Level], float]], lower: bool
) -> Callable[[], Iterator[dict[str, Level]]]:
    """What gives one proposal of Optuna's after another, each as if those before it were being tried."""
    import optuna

    from figment.studies.storage import quiet

    def ask() -> Iterator[dict[str, Level]]:
        space = {name: distribution(levels) for name, levels in vary.items()}
        with quiet():
            sampler = optuna.samplers.TPESampler(
                seed=len(tried), n_startup_trials=0, multivariate=True, constant_liar=True
            )
            study = optuna.create_study(sampler=sampler, direction="minimize" if lower else "maximize")
            study.add_trials(
                [optuna.create_trial(params=levels, distributions=space, value=score) for levels, score in tried]
            )
        while True:
            with quiet():
                found = study.ask(space).params
            yield {name: _rounded(vary[name], found[name]) for name in vary}

    return ask


def _new(
    settings: Iterator[dict[str, Level]], recipe: str, fixed: Mapping[str, Any], known: Sequence[dict[str, Level]], count: int
) -> list[dict[str, Level]]:  # fmt: skip
    """The first so many that aren't known and that a recipe allows, each once; fewer where MOST_REFUSED in a row aren't."""
    found: list[dict[str, Level]] = []
    refused = 0
    while len(found) < count and refused < MOST_REFUSED:
        levels = next(settings)
        refused += 1
        if levels in known or levels in found:
            continue
        try:
            recipe_for(levels, recipe, fixed)
        except InputError:
            continue
        found.append(levels)
        refused = 0
    return found


def distribution(levels: Levels) -> "BaseDistribution":
    """A factor's levels as Optuna has them."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not isinstance(levels, Range):
        return CategoricalDistribution(levels)
    if levels.whole:
        return IntDistribution(int(levels.low), int(levels.high), log=levels.log)
    return FloatDistribution(float(levels.low), float(levels.high), log=levels.log)


def _at(levels: Levels, part: float) -> Level:
    """The level at such a part, 0 to 1, of all of a factor's."""
    if not isinstance(levels, Range):
        return levels[int(part * len(levels))]
    low, high = float(levels.low), float(levels.high)
    if levels.whole:  # every number with as much of the range as any other
        low, high = low - 0.5, high + 0.5
    at = low * (high / low) ** part if levels.log else low + (high - low) * part
    return _rounded(levels, round(at) if levels.whole else at)


def _rounded(levels: Levels, level: Level) -> Level:
    """A number of a range to DIGITS digits, within it."""
    if not isinstance(levels, Range) or isinstance(level, str) or level is None:
        return level
    if levels.whole:
        return int(min(max(level, levels.low), levels.high))
    return float(min(max(float(f"{level:.{DIGITS}g}"), levels.low), levels.high))
