"""A permutation of [0, n) by formula, which takes no memory: an epoch's order of 100 million pictures as of ten.

A Feistel network over pairs of digits to the base ⌈√n⌉ (the "generalised Feistel cipher" of Black and Rogaway, Ciphers
with Arbitrary Finite Domains, CT-RSA 2002): a number is (left, right), and each round adds to one digit, modulo the base,
a function of the other and of the round's key. That can be undone whatever the function is, so the whole is a
permutation: of the ⌈√n⌉² numbers that two digits have, which are n or hardly more. A result of n or above is put in
again until one below n comes out ("cycle walking", in the same paper): the cycle that it is on comes back to a number
below n, its start at the latest, so what is left is a permutation of [0, n). At most 2√n of n + 2√n have to walk on; of a
network over bits, whose powers of four may be nearly 4·n, three of four would have to.

Luby and Rackoff (SIAM J. Comput. 17, 1988) show that with random functions three rounds look like a random permutation
to whoever sees few results, and four to whoever may ask both ways. An epoch sees all n results, of which that says
nothing: each round more is harder to tell from a random permutation (Patarin, Security of Random Feistel Schemes with 5
or More Rounds, CRYPTO 2004), so there are six, as a round is cheap. No secret hangs on it.
"""

from math import isqrt

import numpy as np
from numpy.typing import NDArray

ROUNDS = 6
MAX_LENGTH = 2**62  # then a digit times 32 bits still fits 64

_WORD = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)
_HALF = np.uint64(32)

Words = NDArray[np.uint64]


def permuted(places: np.ndarray, n: int, key: int) -> NDArray[np.int64]:
    """Where the permutation of [0, n) by this key takes these places, each by itself.

    places: integers (m,) in [0, n). n: 1 to 2⁶². key: 64 bits are used; every key gives a permutation of its own. Returns
    int64 (m,) in [0, n). Raises ValueError for another n, or a place that isn't there.
    """
    if not 1 <= n <= MAX_LENGTH:
        raise ValueError(f"no permutation of {n} numbers")
    if len(places) and not 0 <= places.min() <= places.max() < n:
        raise ValueError(f"places {places.min()} to {places.max()} of {n}")
    base, keys = np.uint64(isqrt(n - 1) + 1), round_keys(key)
    found = _network(places.astype(np.uint64), base, keys)
    beyond = np.flatnonzero(found >= n)
    while len(beyond):
        found[beyond] = _network(found[beyond], base, keys)
        beyond = beyond[found[beyond] >= n]
    return found.astype(np.int64)


def round_keys(key: int) -> list[np.uint64]:
    """A word for each round: SplitMix64's from the key (Steele, Lea and Flood, OOPSLA 2014)."""
    steps = [np.uint64((key + k * _GOLDEN) & _WORD) for k in range(1, ROUNDS + 1)]
    return list(_mixed(np.array(steps, np.uint64)))


def _network(numbers: Words, base: np.uint64, keys: list[np.uint64]) -> Words:
    """All rounds, of numbers below base²."""
    left, right = np.divmod(numbers, base)
    for key in keys:
        # The upper 32 bits of a mixed word, as a share of the base; then a subtraction in place of a division.
        added = left + (((_mixed(right + key) >> _HALF) * base) >> _HALF)
        added -= base * (added >= base)
        left, right = right, added
    return left * base + right


def _mixed(words: Words) -> Words:
    """Each word as another that tells nothing of it: the output function of SplitMix64."""
    words = (words ^ (words >> _SHIFTS[0])) * _FACTORS[0]
    words = (words ^ (words >> _SHIFTS[1])) * _FACTORS[1]
    return words ^ (words >> _SHIFTS[2])
