import numpy as np
import pytest

from figment.errors import InputError
from figment.forensics.accuracy import calibration_errors
from figment.forensics.curves import Curves, fitted


def scored(count, slope=2.0, offset=-1.0, seed=0):
    """Scores whose P(fake) is known: σ(slope · score + offset), half of them fake."""
    random = np.random.default_rng(seed)
    scores = random.normal(-offset / slope, 1.5, count)
    return scores, random.random(count) < 1 / (1 + np.exp(-(slope * scores + offset)))


def each(count):
    return [str(i) for i in range(count)]


def test_known_probabilities_are_found():
    scores, is_fake = scored(4000)
    found = fitted(scores, is_fake, each(4000), 0)
    assert found.numbers[0] == pytest.approx([2, -1], abs=0.2)
    assert calibration_errors(found.p_fake(scores), is_fake, np.ones((1, 4000)))[0] < 0.03


@pytest.mark.slow
def test_intervals_hold_the_truth_and_grow_narrower():
    widths = {}
    for count in (100, 1600):
        hits, wide = 0, []
        for seed in range(12):
            scores, is_fake = scored(count, seed=seed)
            low, high = fitted(scores, is_fake, each(count), seed).interval(np.array([1.0]))
            hits += low <= 1 / (1 + np.exp(-1)) <= high
            wide.append(high - low)
        assert hits >= 9
        widths[count] = np.mean(wide)
    assert widths[1600] < 0.5 * widths[100]


def test_views_that_disagree_widen_it():
    scores, is_fake = scored(500)
    found = fitted(scores, is_fake, each(500), 0)
    agree, differ = (found.interval(np.array(views)) for views in ([1.0] * 5, [-2.0, 4, -1, 3, 1]))
    assert differ[1] - differ[0] > 2 * (agree[1] - agree[0])


def test_too_few_are_refused():
    scores, is_fake = scored(40)
    with pytest.raises(InputError, match="it takes 30 of each"):
        fitted(scores, is_fake, each(40), 0)


def test_what_is_never_wrong_is_a_number_still():
    scores = np.r_[np.full(50, -1e6), np.full(50, 1e6)]
    p_fake = fitted(scores, scores > 0, each(100), 0).p_fake(scores)
    assert np.isfinite(p_fake).all()
    assert (p_fake[:50] < 0.05).all()


def test_what_an_unseen_generator_would_give_is_in_the_interval():
    scores, is_fake = scored(500)
    found = fitted(scores, is_fake, each(500), 0)
    low, high = found.interval(np.zeros(3))
    other = Curves(found.numbers, np.array([0.1, 2.0])).interval(np.zeros(3))
    assert other == (low, pytest.approx(1 / (1 + np.exp(-2.0))))
    assert other[1] > high
