"""Intervals over seeds hold the truth as often as they say, and are those of the textbooks."""

import math

import numpy as np
import pytest
from scipy import stats

from figment.comparing.intervals import contrast, of_seeds, quantile
from figment.metrics.estimate import Estimate


def scored(values, error=1.0):
    return {seed: [Estimate(value, error)] for seed, value in enumerate(values)}


def test_the_mean_over_seeds_is_student_s():
    values = [3.0, 5.0, 4.5, 8.0]
    found = of_seeds(scored(values))
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (found.mean - found.half, found.mean + found.half) == pytest.approx((low, high))
    assert str(found) == "5.1 ± 3.3 (4 seeds)"


def test_one_seed_has_no_interval_and_says_so():
    found = of_seeds(scored([123.4]))
    assert found.half is None
    assert str(found) == "123.4 (one seed)"
    assert "nan" not in str(found)


def test_runs_of_one_seed_count_as_one():
    found = of_seeds({0: [Estimate(1.0), Estimate(3.0)], 1: [Estimate(6.0)]})
    assert (found.mean, found.seeds) == (4.0, 2)


def test_shared_seeds_are_paired_as_in_a_paired_t_test():
    ours, theirs = [10.0, 20.0, 33.0, 41.0], [11.0, 22.5, 35.0, 45.0]
    found = contrast(("a", scored(ours)), ("b", scored(theirs)))
    test = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((test.low, test.high))
    assert (found.way, found.seeds, found.is_sure) == ("paired", 4, True)
    apart = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    assert apart.low < 0 < apart.high  # which the pairs tell, and the two alone don't


def test_only_the_seeds_that_both_have_are_paired():
    ours, theirs = scored([10.0, 20.0, 30.0, 99.0]), scored([11.0, 21.5, 31.0])
    assert contrast(("a", ours), ("b", theirs)).seeds == 3
    assert contrast(("a", ours), ("b", theirs)).difference == pytest.approx(-3.5 / 3)


def test_other_seeds_are_compared_as_welch_does():
    ours, theirs = [10.0, 12.0, 11.0], [15.0, 19.0]
    found = contrast(("a", scored(ours)), ("b", {seed + 10: its for seed, its in scored(theirs).items()}), 0.99)
    test = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.99)
    assert (found.low, found.high) == pytest.approx((test.low, test.high))
    assert found.way == "unpaired"


def test_one_seed_each_goes_by_the_errors_of_measuring():
    found = contrast(("a", scored([10.0], 3.0)), ("b", scored([30.0], 4.0)))
    assert (found.difference, found.half, found.way) == (-20.0, 10.0, "one seed")
    unknown = contrast(("a", scored([10.0], math.nan)), ("b", scored([30.0], 4.0)))
    assert not unknown.is_sure
    lone = contrast(("a", scored([10.0])), ("b", scored([30.0, 31.0, 32.0])))
    assert (lone.way, lone.is_sure) == ("one seed", False)


def test_quantiles_are_those_of_the_tables():
    assert [round(quantile(n, 0.95), 3) for n in (1, 2, 9, 1000)] == [12.706, 4.303, 2.262, 1.962]


@pytest.mark.parametrize("shared", [True, False])
def test_intervals_hold_the_truth_as_often_as_they_say(shared):
    """2,000 settings of 3 seeds whose true difference is 1, with much that a seed has in common."""
    random, held = np.random.default_rng(0), 0
    for _ in range(2000):
        seeds = 5 * random.standard_normal(6 if not shared else 3)
        ours = seeds[:3] + random.standard_normal(3) + 1
        theirs = seeds[-3:] + random.standard_normal(3)
        place = 0 if shared else 10
        found = contrast(("a", scored(ours)), ("b", {seed + place: its for seed, its in scored(theirs).items()}))
        held += found.low <= 1 <= found.high
    assert 0.935 < held / 2000 < 0.975  # of Welch's a little more, since its degrees of freedom are estimated
