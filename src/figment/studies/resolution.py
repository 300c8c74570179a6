"""What difference a plan can resolve, by what scores scatter from seed to seed: a prior, updated as cells finish."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import nctdtrinc

from figment.studies.effects import DIFFERENCES, differences_of, layout_of
from figment.studies.model import fit, largest_t, unscaled_errors
from figment.studies.observed import at_the_end
from figment.studies.results import Factor, Level, StudyResults
from figment.studies.settings import grouped, settings_fit

POWER = 0.8  # of studies, in which a difference so large is seen
MEASURING_ERROR = 0.02  # of a score, as a share of it, where none is known: KID of some thousand samples


@dataclass(frozen=True)
class Scatter:
    """What is believed of a score's seed-to-seed standard deviation. relative: as a share of the score; freedom: how firmly,
    as if it had been seen with so many degrees of freedom.
    """

    relative: float
    freedom: float


PRIOR = Scatter(0.10, 4)  # (LOG 36): three seeds of two recipes scattered by 6 % and by 22 %


@dataclass(frozen=True)
class Resolvable:
    """The least difference of two of a factor's levels that 4 of 5 studies see, as a share of the score; inf where none does."""

    factor: str
    difference: float


def updated(prior: Scatter, results: StudyResults) -> Scatter:
    """What finished cells add to what is believed: the scatter of settings' seeds, less the error of measuring.

    Variances are weighed by their degrees of freedom, as a scaled inverse-χ² prior does. Without two seeds of two settings the
    prior stays.
    """
    seen = at_the_end(results)
    if not len(seen.values):
        return prior
    finished = [cell for cell in results.cells if cell.state == "finished" and cell.score is not None]
    groups = grouped(finished)
    place = {cell.number: number for number, group in enumerate(groups) for cell in group}
    codes = np.array([place[cell.number] for cell in finished])
    _, found = settings_fit(codes, [cell.seed for cell in finished], seen.values)
    typical = float(np.median(np.abs(seen.values)))
    if found.freedom < 1 or typical == 0:
        return prior
    errors = seen.errors[np.isfinite(seen.errors)]
    measured = float(np.mean(errors**2)) if len(errors) else 0.0
    variance = max(float(found.deviation) ** 2 - measured, 0.0) / typical**2
    freedom = prior.freedom + found.freedom
    return Scatter(math.sqrt((prior.freedom * prior.relative**2 + found.freedom * variance) / freedom), freedom)


def resolution(
    factors: Sequence[Factor],
    seeds: int,
    scatter: Scatter = PRIOR,
    error: float = MEASURING_ERROR,
    settings: Sequence[Mapping[str, Level]] | None = None,
) -> tuple[Resolvable, ...]:
    """What a plan can resolve, factor by factor, by the intervals and the model that its analysis will go by.

    factors: of two levels or more each. seeds: of every setting. error: of measuring a score, as a share of it. settings: the
    levels of each, by the factors' names; None: every combination.
    """
    planned = [
        dict(zip((f.name for f in factors), one, strict=True))
        for one in itertools.product(*(f.levels for f in factors))
    ]
    chosen = planned if settings is None else settings
    codes = np.array([[factor.levels.index(one[factor.name]) for factor in factors] for one in chosen])
    codes, blocks = np.repeat(codes, seeds, axis=0), np.tile(np.arange(seeds), len(chosen))
    layout = layout_of(factors, seeds, codes)
    plan = fit(layout.rows(codes, blocks), np.zeros(len(codes)))
    if plan.freedom < 1:
        return tuple(Resolvable(factor.name, math.inf) for factor in factors)
    contrasts, of = differences_of(layout)
    bound = largest_t(plan.inverse, contrasts, plan.freedom, DIFFERENCES)
    needed = float(nctdtrinc(plan.freedom, 1 - POWER, bound))  # errors that a difference has to be apart from 0
    errors = unscaled_errors(plan.inverse, contrasts) * math.hypot(scatter.relative, error)
    worst = [max(e for e, (place, _, _) in zip(errors, of, strict=True) if place == f) for f in range(len(factors))]
    return tuple(Resolvable(factor.name, needed * float(one)) for factor, one in zip(factors, worst, strict=True))


def in_words(found: Sequence[Resolvable], seeds: int, scatter: Scatter) -> str:
    """A sentence for the plan."""
    counted = "one seed" if seeds == 1 else f"{seeds} seeds"
    if any(math.isinf(one.difference) for one in found):
        return f"With {counted} no difference can be told from chance, since nothing is run twice: give it more seeds."
    told = ", ".join(f"{one.factor} from {one.difference:.0%} of the score on" for one in found)
    return (
        f"Differences that {counted} will most likely show (in 4 of 5 studies): {told}. Smaller ones mostly pass for chance. "
        f"Reckoned with a score that differs from seed to seed by {scatter.relative:.0%}."
    )
