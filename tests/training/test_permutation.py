from math import ceil, sqrt

import numpy as np
import pytest

from figment.training.permutation import MAX_LENGTH, permuted

LARGE = 100_000_000
WORD = 2**64


def mixed(word: int) -> int:
    """SplitMix64's output function, in Python's own numbers."""
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB % WORD
    return word ^ word >> 31


def by_hand(place: int, n: int, key: int) -> int:
    """One place, digit by digit, with divisions."""
    base = ceil(sqrt(n))
    while True:
        left, right = divmod(place, base)
        for k in range(1, 7):
            word = mixed((right + mixed((key + k * 0x9E3779B97F4A7C15) % WORD)) % WORD)
            left, right = right, (left + word // 2**32 * base // 2**32) % base
        place = left * base + right
        if place < n:
            return place


def chi(counts: np.ndarray) -> float:
    """How many standard deviations χ² of counts that should be equal lies from its mean."""
    expected, free = counts.mean(), counts.size - 1
    return float((((counts - expected) ** 2 / expected).sum() - free) / sqrt(2 * free))


def in_bins(numbers: np.ndarray, bins: int, n: int = LARGE) -> np.ndarray:
    return (numbers * bins // n).astype(np.int64)


@pytest.mark.parametrize("key", [0, 1, 2**63 - 1])
def test_every_number_comes_once_whatever_their_number(key: int) -> None:
    for n in [*range(1, 400), 1023, 1024, 1025, 4095, 4096, 4097, 9_999, 10_000, 10_001, 65_537]:
        assert (np.sort(permuted(np.arange(n), n, key)) == np.arange(n)).all(), n


def test_all_at_once_is_one_by_one() -> None:
    for n in (1, 2, 3, 10, 97, 1000, LARGE, 2**53):
        places = np.unique(np.linspace(0, n - 1, 50).astype(np.int64))
        for key in (0, 123_456_789, WORD - 1):
            expected = [by_hand(place, n, key) for place in places.tolist()]
            assert permuted(places, n, key).tolist() == expected
            assert permuted(places[::-1], n, key).tolist() == expected[::-1]


def test_the_longest_there_is_fits_and_others_are_refused() -> None:
    ends = np.array([0, 1, MAX_LENGTH - 2, MAX_LENGTH - 1])
    found = permuted(ends, MAX_LENGTH, 5)
    assert len(set(found.tolist())) == 4
    assert 0 <= found.min() <= found.max() < MAX_LENGTH
    for n in (0, MAX_LENGTH + 1):
        with pytest.raises(ValueError, match="no permutation"):
            permuted(np.arange(1), n, 0)
    for wrong in (-1, 10):
        with pytest.raises(ValueError, match="of 10"):
            permuted(np.array([wrong]), 10, 0)
    assert permuted(np.arange(0), 10, 0).tolist() == []


@pytest.mark.parametrize("n", [5, 12, 30])
def test_over_many_keys_every_number_is_as_likely_at_every_place(n: int) -> None:
    counts = np.zeros((n, n))
    for key in range(3000):
        counts[np.arange(n), permuted(np.arange(n), n, key)] += 1
    # Rows and columns have fixed sums, so (n−1)² counts are free.
    free, expected = (n - 1) ** 2, 3000 / n
    assert abs(((counts - expected) ** 2 / expected).sum() - free) / sqrt(2 * free) < 4


@pytest.mark.parametrize("start", [0, 37_000_000])
def test_a_stretch_of_a_large_order_looks_random(start: int) -> None:
    places = np.arange(start, start + 200_000)
    found = permuted(places, LARGE, 7)
    assert len(np.unique(found)) == len(found)
    assert abs(chi(np.bincount(in_bins(found, 1000), minlength=1000))) < 4  # all over the bank
    assert abs(chi(np.bincount(found % 997, minlength=997))) < 4  # at its finest, too
    moved = (found - places) % LARGE
    assert abs(chi(np.bincount(in_bins(moved, 1000), minlength=1000))) < 4
    pairs = in_bins(found[:-1], 30) * 30 + in_bins(found[1:], 30)  # of neighbours in the order
    assert abs(chi(np.bincount(pairs, minlength=900))) < 4
    for lag in (1, 2, 64, 10_000):  # a base of 10,000 is where digits come round
        assert abs(np.corrcoef(found[:-lag], found[lag:])[0, 1]) < 4 / sqrt(len(found))
    few = found[: len(found) // 20]
    gaps = np.diff(np.sort(few)) * (len(few) / LARGE)  # of sorted random places: exponential, with deviation 1
    assert gaps.std() == pytest.approx(1, abs=0.05)


def test_epochs_are_independent() -> None:
    places = np.arange(200_000)
    first, second = (permuted(places, LARGE, key) for key in (7, 8))
    pairs = in_bins(first, 30) * 30 + in_bins(second, 30)
    assert abs(chi(np.bincount(pairs, minlength=900))) < 4
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / sqrt(len(places))
    assert len(np.intersect1d(first, second)) == pytest.approx(len(places) ** 2 / LARGE, abs=5 * 20)


def test_a_small_order_has_as_many_fixed_places_and_cycles_as_a_random_one() -> None:
    n, keys = 200, 1000
    fixed, cycles = 0, 0
    for key in range(keys):
        order = permuted(np.arange(n), n, key)
        fixed += int((order == np.arange(n)).sum())
        left = np.ones(n, bool)
        for place in range(n):
            cycles += bool(left[place])
            while left[place]:
                left[place] = False
                place = order[place]
    # A random permutation of n has 1 fixed place in the mean, with variance 1; and Σ 1/k cycles, with variance Σ (1/k − 1/k²).
    inverse = 1 / np.arange(1, n + 1)
    assert abs(fixed / keys - 1) < 4 * sqrt(1 / keys)
    assert abs(cycles / keys - inverse.sum()) < 4 * sqrt((inverse - inverse**2).sum() / keys)
