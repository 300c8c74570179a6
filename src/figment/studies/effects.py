"""What each factor does to the score, and whether that hangs on another factor: main effects and two-way interactions."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.comparing.intervals import LEVEL, quantile
from figment.studies.model import Array, Fit, deviations, fit, holm, largest_t
from figment.studies.observed import Observed
from figment.studies.results import Factor, Level

# What is said of differences between levels holds all together in 96 of 100 studies, what is said of interactions in 99: so both
# together in 95 (Bonferroni).
DIFFERENCES, INTERACTIONS = 0.96, 0.01
MIN_FREEDOM = 3  # degrees of freedom of the residual, for which interactions are given up where they would take them
ANY = -1  # in the place of a level or a seed: the mean over all of them


@dataclass(frozen=True)
class Difference:
    """How much more of the score one level has than another, the others' levels being alike.

    half: half its 95 % interval, taken by itself; half_together: that of intervals which hold for all differences of the study;
    both inf where no scatter is known.
    """

    factor: str
    level: Level
    other: Level
    difference: float
    half: float
    half_together: float

    @property
    def low(self) -> float:
        return self.difference - self.half_together

    @property
    def high(self) -> float:
        return self.difference + self.half_together

    @property
    def is_sure(self) -> bool:
        """Whether the interval that holds with all others leaves 0 out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class FactorEffect:
    """A factor's levels with a score, the mean score of each over all else, and their differences; none where cells tell none."""

    name: str
    levels: tuple[Level, ...]
    means: tuple[float, ...]
    differences: tuple[Difference, ...]

    def best(self, sign: int) -> Level:
        """The level with the best mean. sign: 1 where less is better, -1 where more is."""
        return self.levels[int(np.argmin([sign * mean for mean in self.means]))]

    def between(self, level: Level, other: Level) -> Difference | None:
        """How much more the first level has than the second; None where the cells don't tell."""
        for one in self.differences:
            if (one.level, one.other) == (level, other):
                return one
            if (one.level, one.other) == (other, level):
                return Difference(self.name, level, other, -one.difference, one.half, one.half_together)
        return None


@dataclass(frozen=True, eq=False)
class Interaction:
    """Whether what one factor does hangs on another.

    means: (levels of the first, levels of the second), the mean score of each combination. chance: how often so much comes
    about without any interaction, raised for the number of pairs (Holm); nan where no scatter is known.
    """

    first: str
    second: str
    means: NDArray[np.float64]
    chance: float

    @property
    def is_sure(self) -> bool:
        return self.chance < INTERACTIONS


@dataclass(frozen=True, eq=False)
class Effects:
    """All that the linear model tells.

    deviation: of the pooled residual, what a cell's score scatters by, error of measuring and all, between seeds; nan where
    unknown. freedom: its degrees of freedom. left_out: pairs of factors whose interaction isn't in the model, since not every
    combination has a score or cells are too few. residuals: (N,), what of each cell's score the model doesn't account for;
    adjusted: (N,), the scores without what a seed has in common to all cells.
    """

    factors: tuple[FactorEffect, ...]
    interactions: tuple[Interaction, ...]
    deviation: float
    freedom: int
    left_out: tuple[tuple[str, str], ...]
    residuals: NDArray[np.float64]
    adjusted: NDArray[np.float64]

    def of(self, name: str) -> FactorEffect | None:
        """A factor's; None where it has no two levels with a score."""
        return next((effect for effect in self.factors if effect.name == name), None)


@dataclass(frozen=True)
class Layout:
    """The model's columns: a mean, the seeds' and the factors' deviations from it, and products of these for pairs of factors."""

    levels: tuple[int, ...]
    seeds: int
    pairs: tuple[tuple[int, int], ...]

    def rows(self, codes: NDArray[np.int64], blocks: NDArray[np.int64]) -> Array:
        """The matrix (N, P) of cells: places of levels (N, F) and of seeds (N,), each of which may be ANY."""
        factors = [_table(count)[codes[:, place]] for place, count in enumerate(self.levels)]
        products = [np.einsum("ni,nj->nij", factors[a], factors[b]).reshape(len(codes), -1) for a, b in self.pairs]
        return np.hstack([np.ones((len(codes), 1)), _table(self.seeds)[blocks], *factors, *products])

    def mean(self, levels: Mapping[int, int]) -> Array:
        """The row (P,) of a mean over all seeds and all levels, but where a factor's place has a level's."""
        codes = np.full((1, len(self.levels)), ANY)
        for factor, level in levels.items():
            codes[0, factor] = level
        return self.rows(codes, np.array([ANY]))[0]

    def columns(self, pair: tuple[int, int]) -> range:
        """Which columns are a pair's."""
        before = [self.width_of(other) for other in self.pairs[: self.pairs.index(pair)]]
        start = self.seeds + sum(count - 1 for count in self.levels) + sum(before)
        return range(start, start + self.width_of(pair))

    def width_of(self, pair: tuple[int, int]) -> int:
        """How many columns are a pair's."""
        return (self.levels[pair[0]] - 1) * (self.levels[pair[1]] - 1)

    @property
    def width(self) -> int:
        """P."""
        return self.seeds + sum(count - 1 for count in self.levels) + sum(map(self.width_of, self.pairs))


def layout_of(factors: Sequence[Factor], seeds: int, codes: NDArray[np.int64]) -> Layout:
    """The fullest model that cells tell of: interactions of which each combination is there, if enough of a residual is left."""
    levels = tuple(len(factor.levels) for factor in factors)
    pairs = tuple(
        (a, b)
        for a, b in itertools.combinations(range(len(levels)), 2)
        if len(np.unique(codes[:, [a, b]], axis=0)) == levels[a] * levels[b]
    )
    full = Layout(levels, seeds, pairs)
    return full if len(codes) - full.width >= MIN_FREEDOM else Layout(levels, seeds, ())


@dataclass(frozen=True, eq=False)
class Fitted:
    """The model of cells, and all differences of levels that these tell of: contrasts (C, P); of[i]: factor, level, other."""

    layout: Layout
    fit: Fit
    contrasts: Array
    of: tuple[tuple[int, int, int], ...]


def fitted(seen: Observed) -> Fitted:
    """The model fitted to cells; every factor has two levels or more."""
    layout = layout_of(seen.factors, len(seen.seeds), seen.codes)
    found = fit(layout.rows(seen.codes, seen.blocks), seen.values)
    contrasts, of = differences_of(layout)
    told = found.tells(contrasts)
    return Fitted(layout, found, contrasts[told], tuple(one for one, is_told in zip(of, told, strict=True) if is_told))


def differences_of(layout: Layout) -> tuple[Array, list[tuple[int, int, int]]]:
    """Contrasts (C, P) of every two levels of every factor; and which: the places of the factor, the level, the other."""
    of = [
        (place, a, b) for place, count in enumerate(layout.levels) for a, b in itertools.combinations(range(count), 2)
    ]
    means = [[layout.mean({place: level}) for level in range(count)] for place, count in enumerate(layout.levels)]
    rows = [means[place][a] - means[place][b] for place, a, b in of]
    return np.array(rows).reshape(len(of), layout.width), of


def effects(seen: Observed) -> Effects:
    """Main effects and two-way interactions of the factors that have two levels or more with a score."""
    seen = varied(seen)
    if not seen.factors:
        return Effects((), (), math.nan, 0, (), np.zeros(len(seen.values)), seen.values)
    model = fitted(seen)
    names = [factor.name for factor in seen.factors]
    of_seeds = slice(1, len(seen.seeds))
    left_out = [pair for pair in itertools.combinations(range(len(names)), 2) if pair not in model.layout.pairs]
    return Effects(
        _factors(seen.factors, model), _interactions(seen.factors, model), float(model.fit.deviation), model.fit.freedom,
        tuple((names[a], names[b]) for a, b in left_out), model.fit.residuals,
        seen.values - model.fit.matrix[:, of_seeds] @ model.fit.coefficients[of_seeds],
    )  # fmt: skip


def _factors(factors: Sequence[Factor], model: Fitted) -> tuple[FactorEffect, ...]:
    freedom = model.fit.freedom
    values, errors = model.fit.of(model.contrasts), model.fit.errors(model.contrasts)
    halves = together = np.full(len(values), math.inf)
    if freedom > 0 and len(values):
        halves = errors * quantile(freedom, LEVEL)
        together = errors * largest_t(model.fit.inverse, model.contrasts, freedom, DIFFERENCES)
    found = []
    for place, factor in enumerate(factors):
        rows = np.array([model.layout.mean({place: level}) for level in range(len(factor.levels))])
        found.append(FactorEffect(
            factor.name, factor.levels, tuple(map(float, model.fit.of(rows))),
            tuple(
                Difference(factor.name, factor.levels[a], factor.levels[b], float(value), float(half), float(wide))
                for (at, a, b), value, half, wide in zip(model.of, values, halves, together, strict=True)
                if at == place
            ),
        ))  # fmt: skip
    return tuple(found)


def _interactions(factors: Sequence[Factor], model: Fitted) -> tuple[Interaction, ...]:
    layout, pairs = model.layout, model.layout.pairs
    known = model.fit.freedom > 0
    chances = (
        holm([float(model.fit.chance(layout.columns(pair))) for pair in pairs]) if known else [math.nan] * len(pairs)
    )
    found = []
    for (a, b), chance in zip(pairs, chances, strict=True):
        rows = [[layout.mean({a: i, b: j}) for j in range(layout.levels[b])] for i in range(layout.levels[a])]
        means = np.array(rows) @ model.fit.coefficients
        found.append(Interaction(factors[a].name, factors[b].name, means, chance))
    return tuple(found)


def varied(seen: Observed) -> Observed:
    """Without factors of which one level alone has a score."""
    kept = [place for place, factor in enumerate(seen.factors) if len(factor.levels) > 1]
    factors = tuple(seen.factors[place] for place in kept)
    return Observed(factors, seen.seeds, seen.codes[:, kept], seen.blocks, seen.values, seen.errors, seen.mark)


def _table(count: int) -> Array:
    """Deviations of so many levels, and of ANY, which has none."""
    return np.vstack([deviations(count), np.zeros((1, count - 1))])
