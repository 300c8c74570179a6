import numpy as np
import pytest
from scipy import stats

from figment.metrics.frechet import compared_frechet, gaussian
from figment.metrics.halves import compared, halves_errors, with_differences
from figment.metrics.kid import KernelDistance
from figment.metrics.precision_recall import compared_precision_recall


def test_the_error_of_a_mean_is_that_of_the_books():
    values = np.random.default_rng(0).exponential(size=400)
    found = halves_errors(lambda rows: np.array([values[rows[0]].mean()]), [400], splits=400)
    assert found[0] == pytest.approx(values.std(ddof=1) / 20, rel=0.1)
    by_pairs = halves_errors(lambda rows: np.array([values[rows[0]].mean()]), [400], splits=400, pairs=True)
    assert by_pairs[0] == pytest.approx(values.std(ddof=1) / 20, rel=0.12)


def test_the_error_of_what_pairs_make_falls_with_the_number():
    """(Σx)²/n - 1 over n: of normal numbers 1/n times a chi-squared number, whose deviation is √2."""
    told = []
    for seed in range(20):
        x = np.random.default_rng(seed).normal(size=200)
        told.append(halves_errors(lambda rows, x=x: np.array([x[rows[0]].mean() ** 2]), [200], seed, pairs=True)[0])
    assert np.sqrt(np.mean(np.square(told))) == pytest.approx(np.sqrt(2) / 200, rel=0.5)


def test_halves_share_no_picture_and_are_the_same_again():
    seen: list[set[int]] = []

    def note(rows):
        seen.append({*rows[0].tolist(), *(100 + rows[1]).tolist()})
        return np.array([float(rows[0].sum())])

    first = halves_errors(note, [11, 30], 3, splits=4)
    assert all(not a & b and len(a) == len(b) == 20 for a, b in zip(seen[::2], seen[1::2], strict=True))
    assert np.array_equal(halves_errors(note, [11, 30], 3, splits=4), first)


def test_the_difference_is_that_of_both():
    assert with_differences(np.array([3.0, 1.0]), np.array([2.0, 5.0])).tolist() == [3, 1, 2, 5, 1, -4]
    assert compared(3.0, 2.0, [0.1, 0.2, 0.3]).difference.value == 1
    assert compared(3.0, 2.0, [0.1, 0.2, 0.3]).difference.error == 0.3


def repeated(score, repetitions, count, dimension, shift=0.4, scale=0.9):
    """What a score tells of sets drawn anew: (repetitions, 3 of value, floor and difference, 2 of value and error)."""
    spread = np.geomspace(1, 0.1, dimension)

    def some(random):
        return (random.normal(size=(count, dimension)) * spread).astype(np.float32)

    found = []
    for seed in range(repetitions):
        random = np.random.default_rng(seed)
        ours = (scale * some(random) + shift * spread).astype(np.float32)
        found.append([(part.value, part.error) for part in score(ours, some(random), some(random))])
    return np.array(found)


def held(found):
    """The share of repetitions whose mean lies within ± 2 of their errors, for value, floor and difference."""
    return (np.abs(found[..., 0] - found[..., 0].mean(0)) <= 2 * found[..., 1]).mean(0)


def chance(share, of):
    """The least number that so many of a share of .93 would give once in a thousand times, as a share."""
    return stats.binom.ppf(1e-3, of, share) / of


def test_two_errors_hold_the_true_kid_as_often_as_they_say():
    found = repeated(lambda *sets: KernelDistance(sets[2]).compared(sets[0], sets[1]), 300, 60, 8)
    assert (held(found) >= chance(0.93, 300)).all()
    ratio = np.sqrt(np.square(found[..., 1]).mean(0)) / found[..., 0].std(0)
    assert (ratio < 1.4).all()  # nor are they told much too large


def test_two_errors_hold_the_true_coverage_as_often_as_they_say():
    found = repeated(lambda *sets: compared_precision_recall(*sets)["coverage"], 60, 100, 4)
    assert (held(found) >= chance(0.93, 60)).all()
    ratio = np.sqrt(np.square(found[..., 1]).mean(0)) / found[..., 0].std(0)
    assert (ratio < 1.4).all()


@pytest.mark.slow
@pytest.mark.parametrize("count", [100, 400])
def test_two_errors_hold_every_true_score_as_often_as_they_say(count):
    def of_distance(*sets):
        return compared_frechet(*sets, gaussian(sets[2]), limits=False)["fd"]

    for shift, scale in ((0.4, 0.9), (0.0, 1.0)):
        assert (held(repeated(of_distance, 150, count, 24, shift, scale)) >= chance(0.93, 150)).all()
    for name in ("precision", "recall", "density", "coverage"):
        found = repeated(lambda *sets, name=name: compared_precision_recall(*sets)[name], 150, count, 24)
        assert (held(found) >= chance(0.93, 150)).all(), name
