"""How many different pictures are in a sample: 3 where it is three pictures again and again, each a little varied.

The share C(r) of pairs that lie nearer than r tells it: of k equal clusters it is 1/k, and of unequal ones that of the
number of equal ones that would give as many pairs (Simpson's index; the duplicates that the birthday paradox test of
Arora and Zhang, arXiv 1706.08224, looks for by eye). Between the width of a cluster and the way to the next one C stays
level, while in a sample without clusters it rises with a power of r, its dimension (Grassberger and Procaccia 1983). So
the number is read where C is flattest, and the exponent there tells whether to believe it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

RADII = np.geomspace(0.1, 1, 40)  # shares of `near` at which C is looked at
WINDOW = 1.5  # from r to r · 1.5 the exponent is taken
MIN_SHARE = 1 / 60  # of pairs: fewer are too few to tell an exponent by


class Distinct(NamedTuple):
    """number: different pictures, as if all came equally often; exponent: of C there, near 0 for clusters."""

    number: float
    exponent: float


def distinct(distances: NDArray, near: float) -> Distinct | None:
    """The number of different pictures in a sample; None where hardly any two of them are near each other.

    distances: between all pairs of the sample, (N·(N - 1)/2,). near: a distance at which two pictures are alike at the
    most, such as that from a real picture to its nearest neighbour.
    """
    ordered = np.sort(distances)
    within, beyond = (np.searchsorted(ordered, near * factor * RADII, side="right") for factor in (1, WINDOW))
    told = beyond >= max(MIN_SHARE * len(ordered), 1)
    if not told.any():
        return None
    lower, upper = np.maximum(within[told], 1) / len(ordered), beyond[told] / len(ordered)
    exponents = np.log(upper / lower) / np.log(WINDOW)
    flattest = int(exponents.argmin())
    return Distinct(float((lower[flattest] * upper[flattest]) ** -0.5), float(exponents[flattest]))


def pixel_spread(pictures: Tensor) -> float:
    """By how much the same pixel differs from picture to picture, in levels of 255; pictures: uint8 (N, C, H, W)."""
    return float(pictures.float().std(0, correction=0).mean())


def nearest(distances: NDArray) -> float:
    """The median distance of a picture to its nearest neighbour; distances: between all pictures, (N, N), N > 1."""
    apart = distances + np.diag(np.full(len(distances), np.inf))
    return float(np.median(apart.min(axis=1)))
