"""The model's estimates, intervals and p-values are those of the textbooks, where these have a closed form."""

import itertools

import numpy as np
import pytest
from scipy import stats

from figment.comparing.intervals import quantile
from figment.studies.effects import Layout, differences_of
from figment.studies.model import deviations, fit, holm, largest_t

RANDOM = np.random.default_rng(7)


def one_factor(levels, seeds):
    codes, blocks = np.repeat(np.arange(levels), seeds), np.tile(np.arange(seeds), levels)
    layout = Layout((levels,), seeds, ())
    return layout, layout.rows(codes[:, None], blocks)


def test_two_levels_over_shared_seeds_are_student_s_paired_test():
    layout, matrix = one_factor(2, 5)
    values = RANDOM.normal(0, 3, 10) + np.tile(RANDOM.normal(0, 50, 5), 2)
    found, contrasts = fit(matrix, values), differences_of(layout)[0]
    paired = stats.ttest_rel(values[:5], values[5:]).confidence_interval(0.95)
    value, half = found.of(contrasts)[0], found.errors(contrasts)[0] * quantile(found.freedom, 0.95)
    assert (value - half, value + half) == pytest.approx((paired.low, paired.high))


def test_without_blocks_the_chance_is_that_of_one_way_analysis():
    groups = [RANDOM.normal(place, 1, 6) for place in range(3)]
    layout = Layout((3,), 1, ())
    codes = np.repeat(np.arange(3), 6)
    found = fit(layout.rows(codes[:, None], np.zeros(18, np.int64)), np.concatenate(groups))
    assert found.chance([1, 2]) == pytest.approx(stats.f_oneway(*groups).pvalue)


def test_an_interaction_s_chance_is_that_of_two_nested_models():
    """The F test of one residual sum of squares against that of the model without the interaction, an unbalanced study."""
    codes = np.array(list(itertools.product(range(3), range(2), range(4))))[:-1]
    values = RANDOM.normal(0, 1, len(codes))
    full, less = (Layout((3, 2), 4, pairs) for pairs in (((0, 1),), ()))
    of_full, of_less = (fit(layout.rows(codes[:, :2], codes[:, 2]), values) for layout in (full, less))
    rss = [(one.residuals**2).sum() for one in (of_full, of_less)]
    ratio = (rss[1] - rss[0]) / 2 / (rss[0] / of_full.freedom)
    assert of_full.chance(full.columns((0, 1))) == pytest.approx(stats.f.sf(ratio, 2, of_full.freedom))


@pytest.mark.parametrize(("levels", "seeds"), [(3, 3), (6, 4)])
def test_intervals_of_all_pairs_are_tukey_s(levels, seeds):
    layout, matrix = one_factor(levels, seeds)
    found = fit(matrix, np.zeros(len(matrix)))
    bound = largest_t(found.inverse, differences_of(layout)[0], found.freedom, 0.95)
    assert bound == pytest.approx(stats.studentized_range.ppf(0.95, levels, found.freedom) / np.sqrt(2), rel=0.01)


def test_of_one_contrast_it_is_student_s():
    layout, matrix = one_factor(2, 4)
    found = fit(matrix, np.zeros(8))
    contrast = differences_of(layout)[0]
    assert largest_t(found.inverse, contrast, 3, 0.95) == pytest.approx(quantile(3, 0.95), rel=0.02)
    assert largest_t(found.inverse, contrast, 3, 0.95, two_sided=False) == pytest.approx(quantile(3, 0.9), rel=0.02)


def test_many_studies_at_once_are_as_each_by_itself():
    layout, matrix = one_factor(3, 3)
    values, contrasts = RANDOM.normal(0, 1, (9, 5)), differences_of(layout)[0]
    together = fit(matrix, values)
    for study in range(5):
        alone = fit(matrix, values[:, study])
        assert together.of(contrasts)[:, study] == pytest.approx(alone.of(contrasts))
        assert together.errors(contrasts)[:, study] == pytest.approx(alone.errors(contrasts))
        assert together.chance([3, 4])[study] == pytest.approx(float(alone.chance([3, 4])))


def test_what_cells_don_t_tell_is_known():
    layout = Layout((3,), 1, ())
    found = fit(layout.rows(np.array([[0], [0], [1]]), np.zeros(3, np.int64)), np.zeros(3))  # nothing of the last level
    contrasts, of = differences_of(layout)
    assert [pair for pair, told in zip(of, found.tells(contrasts), strict=True) if told] == [(0, 0, 1)]


def test_holm_raises_as_his_procedure_does():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_deviations_sum_to_nothing():
    assert (deviations(4).sum(0) == 0).all()
