"""What a plan says it can resolve is found so often; and what is believed of scatter follows what is seen."""

import math

import numpy as np
import pytest

from figment.studies.effects import DIFFERENCES, fitted
from figment.studies.model import largest_t
from figment.studies.observed import Observed
from figment.studies.resolution import POWER, PRIOR, Scatter, in_words, resolution, updated
from figment.studies.results import Factor
from figtest.made_up_studies import ARTICLE, made_up


@pytest.mark.parametrize(("factors", "seeds"), [(ARTICLE, 3), (ARTICLE[:1], 4), (ARTICLE, 1)])
def test_a_difference_that_it_can_resolve_is_found_in_4_of_5_studies(factors, seeds):
    first = resolution(factors, seeds, Scatter(0.05, 100), error=0.02)[0]
    counts = [len(factor.levels) for factor in factors]
    grid = np.stack(np.meshgrid(*map(np.arange, [*counts, seeds]), indexing="ij"), -1).reshape(-1, len(counts) + 1)
    random = np.random.default_rng(0)
    values = 100 * np.where(grid[:, 0] == 1, first.difference, 0)[:, None]
    values = values + random.normal(0, 100 * math.hypot(0.05, 0.02), (len(grid), 4000)) + 1000
    model = fitted(Observed(tuple(factors), tuple(range(seeds)), grid[:, :-1], grid[:, -1], values, values))
    times = largest_t(model.fit.inverse, model.contrasts, model.fit.freedom, DIFFERENCES)
    row = model.of.index((0, 0, 1))
    found = np.abs(model.fit.of(model.contrasts)[row]) > times * model.fit.errors(model.contrasts)[row]
    assert found.mean() == pytest.approx(POWER, abs=0.025)


def test_more_seeds_and_less_scatter_resolve_more():
    few, many, calm = (
        resolution(ARTICLE, seeds, scatter)[0].difference
        for seeds, scatter in ((2, PRIOR), (8, PRIOR), (2, Scatter(0.02, 4)))
    )
    assert many < few
    assert calm < few


def test_one_run_each_resolves_nothing():
    found = resolution(ARTICLE[:1], 1)
    assert math.isinf(found[0].difference)
    assert "give it more seeds" in in_words(found, 1, PRIOR)


def test_settings_that_are_left_out_cost_resolution():
    settings = [{"width": w, "dropout": d} for w in (16, 24, 32) for d in (0.0, 0.3) if (w, d) != (32, 0.3)]
    whole, part = (resolution(ARTICLE[1:], 3, settings=some)[0].difference for some in (None, settings))
    assert part > whole


def test_the_words_name_every_factor():
    assert in_words(resolution(ARTICLE, 3), 3, PRIOR).startswith(
        "Differences that 3 seeds will most likely show (in 4 of 5 studies): objective from "
    )


def test_what_is_seen_takes_over_from_the_prior():
    truth = lambda levels: 100.0 + levels["width"]  # noqa: E731
    study = made_up(truth, (Factor("width", tuple(range(1, 41))),), scatter=6, error=3)
    found = updated(PRIOR, study)
    assert found.freedom == PRIOR.freedom + 39 * 2
    assert found.relative == pytest.approx(6 / 120, rel=0.15)  # without the error of measuring


def test_nothing_seen_leaves_the_prior():
    assert updated(PRIOR, made_up(seeds=(0,))) == PRIOR
    assert updated(PRIOR, made_up(cells=())) == PRIOR
