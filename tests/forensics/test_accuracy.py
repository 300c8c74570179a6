import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from figment.forensics.accuracy import (
    accuracy,
    calibration_errors,
    drawn_anew,
    evened,
    reliability,
    roc,
    selective_risk,
)


def scored(count=300, shift=1.0, seed=0, digits=None):
    random = np.random.default_rng(seed)
    is_fake = random.random(count) < 0.4
    scores = random.normal(0, 1, count) + shift * is_fake
    return scores if digits is None else scores.round(digits), is_fake


@pytest.mark.parametrize("digits", [None, 0, 1])
def test_they_are_scikit_learns(digits):
    scores, is_fake = scored(digits=digits)
    found = roc(scores, is_fake, np.ones((1, len(scores))))
    assert found.auroc[0] == pytest.approx(roc_auc_score(is_fake, scores))
    assert found.ap[0] == pytest.approx(average_precision_score(is_fake, scores))
    alarms, hits, _ = roc_curve(is_fake, scores, drop_intermediate=False)
    for most in (0.01, 0.1, 0.5):
        assert found.found_at(most)[0] == pytest.approx(hits[alarms <= most].max())


def test_a_weight_is_as_many_pictures():
    scores, is_fake = scored(80)
    counts = np.random.default_rng(1).integers(0, 4, 80)
    weighed = roc(scores, is_fake, counts[None].astype(float))
    repeated = roc(np.repeat(scores, counts), np.repeat(is_fake, counts), np.ones((1, counts.sum())))
    for name in ("auroc", "ap", "eer"):
        assert getattr(weighed, name)[0] == pytest.approx(getattr(repeated, name)[0])


def test_two_normal_distributions_have_their_closed_forms():
    random = np.random.default_rng(0)
    scores = np.concatenate([random.normal(0, 1, 20_000), random.normal(1.5, 1, 20_000)])
    found = roc(scores, np.repeat([False, True], 20_000), np.ones((1, 40_000)))
    assert found.auroc[0] == pytest.approx(norm.cdf(1.5 / np.sqrt(2)), abs=0.005)
    assert found.eer[0] == pytest.approx(norm.cdf(-0.75), abs=0.005)
    assert found.found_at(0.01)[0] == pytest.approx(norm.sf(norm.isf(0.01) - 1.5), abs=0.02)


def test_perfect_and_useless_scores():
    is_fake = np.array([False] * 5 + [True] * 5)
    perfect, useless = (roc(s, is_fake, np.ones((1, 10))) for s in (is_fake.astype(float), np.zeros(10)))
    assert (perfect.auroc[0], perfect.ap[0], perfect.eer[0], perfect.found_at(0.01)[0]) == (1, 1, 0, 1)
    assert (useless.auroc[0], useless.ap[0], useless.eer[0], useless.found_at(0.01)[0]) == (0.5, 0.5, 0.5, 0)


def test_the_calibration_error_by_hand():
    p_fake = np.array([0.05, 0.05, 0.95, 0.95])
    is_fake = np.array([False, True, False, True])
    assert calibration_errors(p_fake, is_fake, np.ones((1, 4)))[0] == pytest.approx(0.45)
    assert reliability(p_fake, is_fake) == [
        (pytest.approx(0.05), pytest.approx(0.5), 2),
        (pytest.approx(0.95), pytest.approx(0.5), 2),
    ]


def test_known_probabilities_have_hardly_any_error_and_flattened_ones_theirs():
    random = np.random.default_rng(0)
    p_fake = random.random(50_000)
    is_fake = random.random(50_000) < p_fake
    every = np.ones((1, len(p_fake)))
    assert calibration_errors(p_fake, is_fake, every)[0] < 0.01
    assert calibration_errors(0.5 + 0.5 * (p_fake - 0.5), is_fake, every)[0] == pytest.approx(0.125, abs=0.01)


def test_each_kind_weighs_half_however_many_there_are():
    even = evened(np.array([True, False, False, False]), np.ones((1, 4)))
    assert even[0] == pytest.approx([0.5, 1 / 6, 1 / 6, 1 / 6])


def test_groups_are_drawn_whole():
    groups = ["a", "a", "b", "b", "c", "d"]
    weights = drawn_anew(groups, np.array([True, True, False, False, True, False]), 0, 200)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 2] == weights[:, 3]).all()
    assert weights[:, [0, 2, 4, 5]].sum(1) == pytest.approx(4)


def test_intervals_hold_the_truth_as_often_as_they_say():
    truth, hits = norm.cdf(1 / np.sqrt(2)), 0
    for seed in range(60):
        scores, is_fake = scored(150, seed=seed)
        p_fake = 1 / (1 + np.exp(-scores))
        found = accuracy(scores, p_fake, is_fake, [str(i) for i in range(150)], seed, 200).auroc
        hits += found.low <= truth <= found.high
    assert hits >= 52


def test_pictures_of_a_group_that_are_copies_make_the_interval_no_narrower():
    scores, is_fake = scored(100)
    groups = [str(i) for i in range(100)]
    once = accuracy(scores, 1 / (1 + np.exp(-scores)), is_fake, groups).auroc
    many = accuracy(*(np.tile(a, 5) for a in (scores, 1 / (1 + np.exp(-scores)), is_fake)), groups * 5).auroc
    assert many.high - many.low == pytest.approx(once.high - once.low, rel=0.05)


def test_too_few_reals_tell_nothing_of_one_in_a_thousand():
    scores, is_fake = scored(300)
    found = accuracy(scores, 1 / (1 + np.exp(-scores)), is_fake, [str(i) for i in range(300)])
    assert np.isnan(found.found_at_01.value)
    assert 0 <= found.found_at_1.low <= found.found_at_1.value <= found.found_at_1.high <= 1
    assert str(found.found_at_01) == "–"


def test_the_surest_are_answered_first_and_the_unlike_last():
    p_fake = np.array([0.99, 0.6, 0.1, 0.0])
    is_fake = np.array([True, False, False, True])
    answered, risk = selective_risk(p_fake, is_fake, np.array([True, True, True, False]))
    assert answered == pytest.approx([0.25, 0.5, 0.75, 1])
    assert risk == pytest.approx([0, 0, 1 / 3, 0.5])


def test_the_calibration_errors_interval_holds_it_though_repetitions_are_higher():
    random = np.random.default_rng(0)
    p_fake = random.random(200)
    found = accuracy(p_fake, p_fake, random.random(200) < p_fake, [str(i) for i in range(200)]).ece
    assert 0 <= found.low <= found.value <= found.high
