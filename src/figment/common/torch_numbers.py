"""torch's random numbers of a seed, without torch: what lets an exported generator draw the same samples where torch isn't.

torch.Generator on the CPU is a Mersenne twister, as NumPy's RandomState is, whose stream is frozen. Uniform numbers, whole
numbers and short rows of normal ones are torch's to the bit. Rows of 16 normal numbers and more torch computes in float32, by
instructions that differ from processor to processor; here they are computed in double and then rounded.
"""

import numpy as np
from numpy.typing import NDArray

MASK_24, MASK_53 = (1 << 24) - 1, (1 << 53) - 1
LONG_ROW = 16  # normal numbers from which on torch takes them in blocks
TWO_PI = np.float32(2 * np.pi)


def uniform(seed: int, count: int) -> NDArray[np.float32]:
    """torch.rand(count) of a generator with this seed, float32 in [0, 1), to the bit."""
    return _fractions(_words(seed, count))


def below(seed: int, limit: int) -> int:
    """torch.randint(limit, (1,)) of a generator with this seed: a whole number from 0 to limit - 1, limit below 2²⁸."""
    return int(_words(seed, 1)[0]) % limit


def normal(seed: int, count: int) -> NDArray[np.float32]:
    """torch.randn(count) of a generator with this seed, float32: to the bit below 16 numbers, else to a few last digits."""
    if count < LONG_ROW:
        pairs = -(-count // 2)
        words = _words(seed, 4 * pairs).astype(np.uint64)
        long = (words[0::2] << np.uint64(32) | words[1::2]) & np.uint64(MASK_53)
        angle, share = (long * 2.0**-53).reshape(pairs, 2).T
        radius = np.sqrt(-2 * np.log1p(-share))
        both = np.stack([radius * np.cos(2 * np.pi * angle), radius * np.sin(2 * np.pi * angle)], 1)
        return both.ravel()[:count].astype(np.float32)
    rest = count % LONG_ROW
    fractions = _fractions(_words(seed, count + (LONG_ROW if rest else 0)))
    row = np.empty(count, np.float32)
    row[: count - rest] = _of_blocks(fractions[: count - rest])
    if rest:  # the last 16 are drawn anew, over numbers that were there
        row[-LONG_ROW:] = _of_blocks(fractions[count:])
    return row


def _of_blocks(fractions: NDArray[np.float32]) -> NDArray[np.float64]:
    """Box and Muller's pairs in blocks of 16: in a block number i makes a pair with number i + 8."""
    lengths, turns = fractions.reshape(-1, 2, LONG_ROW // 2).swapaxes(0, 1)
    radius = np.sqrt(-2 * np.log1p(-lengths.astype(np.float64)))
    angle = (TWO_PI * turns).astype(np.float64)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()


def _fractions(words: NDArray[np.uint32]) -> NDArray[np.float32]:
    return (words & np.uint32(MASK_24)).astype(np.float32) * np.float32(2.0**-24)


def _words(seed: int, count: int) -> NDArray[np.uint32]:
    """The twister's first words; of a seed it takes the lower 32 bits."""
    return np.frombuffer(np.random.RandomState(seed & 0xFFFFFFFF).bytes(4 * count), "<u4")
