"""Over simulated studies with known effects intervals hold as often as they say, and nothing is claimed where nothing is."""

import itertools

import numpy as np
import pytest

from figment.comparing.intervals import quantile
from figment.studies.effects import DIFFERENCES, INTERACTIONS, fitted
from figment.studies.model import largest_t
from figment.studies.observed import Observed
from figment.studies.results import Factor

STUDIES = 1000
ARTICLE = (4, 3, 2)  # levels: losses, widths, dropout
NONE = np.zeros(ARTICLE)
SOME = NONE + np.array([0, 1, 5, 20])[:, None, None] + np.array([4, 2, 0])[:, None] + np.array([0, 1.5])
TWISTED = SOME + np.array([[0, 3, 6], [0, 0, 0], [0, 0, 0], [0, 0, 0]])[:, :, None]


def simulated(truth, seeds=3, scatter=None, missing=(), random_seed=0):
    """A thousand studies at once. truth: of every setting; scatter: of each seed's cells; missing: numbers of cells.

    What a seed has in common to all cells scatters three times as much as they do.
    """
    random = np.random.default_rng(random_seed)
    levels = truth.shape
    cells = [(*place, seed) for place in itertools.product(*map(range, levels)) for seed in range(seeds)]
    table = np.array([cell for number, cell in enumerate(cells) if number not in missing])
    codes, blocks = table[:, :-1], table[:, -1]
    noise = random.standard_normal((len(table), STUDIES)) * np.array(scatter or [1] * seeds)[blocks][:, None]
    values = truth[tuple(codes.T)][:, None] + 3 * random.standard_normal((seeds, STUDIES))[blocks] + noise
    factors = tuple(Factor(f"f{place}", tuple(range(count))) for place, count in enumerate(levels))
    return fitted(Observed(factors, tuple(range(seeds)), codes, blocks, values, np.zeros_like(values)))


def differences(truth, model):
    """The true differences of the levels' means that the model's contrasts are of, (C,)."""
    means = [truth.mean(tuple(other for other in range(truth.ndim) if other != f)) for f in range(truth.ndim)]
    return np.array([means[f][a] - means[f][b] for f, a, b in model.of])


def misses(truth, model, times):
    """Which of (C, STUDIES) intervals of so many errors to each side don't hold the truth."""
    off = model.fit.of(model.contrasts) - differences(truth, model)[:, None]
    return np.abs(off) > times * model.fit.errors(model.contrasts)


def together(model):
    return largest_t(model.fit.inverse, model.contrasts, model.fit.freedom, DIFFERENCES)


UNEVEN = (0.5, 1, 2)  # scatter of the cells of three seeds


@pytest.mark.parametrize("truth", [SOME, TWISTED], ids=["additive", "with an interaction"])
@pytest.mark.parametrize("scatter", [None, UNEVEN], ids=["", "uneven seeds"])
@pytest.mark.parametrize("missing", [(), (31,)], ids=["", "a cell missing"])
def test_an_interval_holds_the_truth_in_95_of_100(truth, scatter, missing):
    model = simulated(truth, scatter=scatter, missing=missing)
    held = 1 - misses(truth, model, quantile(model.fit.freedom, 0.95)).mean()
    assert 0.93 < held < 0.97


@pytest.mark.parametrize("levels", [(2,), (4,), (3, 3)])
@pytest.mark.parametrize("missing", [(), (1,)], ids=["", "a cell missing"])
def test_so_it_does_in_small_studies(levels, missing):
    truth = np.arange(np.prod(levels), dtype=float).reshape(levels)
    model = simulated(truth, missing=missing)
    assert 0.93 < 1 - misses(truth, model, quantile(model.fit.freedom, 0.95)).mean() < 0.97


@pytest.mark.parametrize("scatter", [None, UNEVEN], ids=["", "uneven seeds"])
@pytest.mark.parametrize("missing", [(), (31,)], ids=["", "a cell missing"])
def test_where_nothing_has_an_effect_anything_is_claimed_in_5_of_100_studies_at_most(scatter, missing):
    model = simulated(NONE, scatter=scatter, missing=missing)
    pairs = model.layout.pairs
    hang = np.array([model.fit.chance(model.layout.columns(pair)) for pair in pairs]) * len(pairs) < INTERACTIONS
    claimed = misses(NONE, model, together(model)).any(0) | hang.any(0)
    assert claimed.mean() <= 0.05 + 0.01  # a thousand studies tell it to ± .7 %


def test_where_something_has_an_effect_intervals_still_hold_together():
    model = simulated(TWISTED)
    assert misses(TWISTED, model, together(model)).any(0).mean() <= 1 - DIFFERENCES + 0.012


def test_what_is_there_is_found():
    model = simulated(TWISTED)
    found = np.abs(model.fit.of(model.contrasts)) > together(model) * model.fit.errors(model.contrasts)
    true = differences(TWISTED, model)
    assert found[np.abs(true) > 2].mean() > 0.9  # 18 cells a level and more: errors of a third
    interaction = model.fit.chance(model.layout.columns((0, 1))) * len(model.layout.pairs) < INTERACTIONS
    assert interaction.mean() > 0.95
    others = [model.fit.chance(model.layout.columns(pair)) < INTERACTIONS for pair in ((0, 2), (1, 2))]
    assert np.mean(others) < 0.02


def test_one_seed_still_tells_by_what_three_factors_together_don_t_do():
    model = simulated(SOME, seeds=1)
    assert model.fit.freedom == 6
    assert 0.93 < 1 - misses(SOME, model, quantile(6, 0.95)).mean() < 0.97
