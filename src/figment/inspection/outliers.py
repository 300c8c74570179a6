"""Pictures that lie far from all others in some network's features.

How far is the distance to the k-th nearest neighbour (Ramaswamy et al. 2000). k is 2 % of the pictures: a foreign
picture seldom comes alone, and thirty pages of text among three thousand faces lie close to each other. Neighbours are
looked for in a random part of the set, so that the work grows with N and not with N².
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from figment.common.progress import Progress
from figment.data.bank.workers import cores
from figment.features.base import Extractor

REFERENCE = 2_500  # pictures among which neighbours are looked for
SHARE = 0.02  # of them is the k-th neighbour
FEWEST_NEIGHBOURS = 5
RATE = 0.0015  # share of a set with nothing foreign in it that may be called outliers
FEWEST = 100  # pictures that show what is usual
NEAREST = 1e-3  # distances below are rounding
STEP = 512


def farness(pictures: np.ndarray, extractor: Extractor, seed: int = 0, progress: Progress | None = None) -> np.ndarray:
    """How far each picture lies from the others, float32 (N,): 0 is usual, and above 1 it is an outlier.

    pictures: uint8 (N, H, W, 3), which may be a memory map larger than memory. Fewer than 100 pictures all get 0.
    """
    count = len(pictures)
    if count < FEWEST:
        return np.zeros(count, np.float32)
    random = np.random.default_rng(seed)
    chosen = np.sort(random.choice(count, min(REFERENCE, count), replace=False))
    places = np.full(count, -1)
    places[chosen] = np.arange(len(chosen))
    # Threads, since numpy and the networks' libraries let go of the interpreter for most of their work.
    with ThreadPoolExecutor(cores()) as pool:
        others = np.concatenate(list(pool.map(lambda rows: _directions(pictures[rows], extractor), _steps(chosen))))

        def near(rows: np.ndarray) -> np.ndarray:
            own = places[rows]
            directions = others[own]
            fresh = own < 0
            if fresh.any():
                directions[fresh] = _directions(pictures[rows[fresh]], extractor)
            return kth_nearest(directions, others, own)

        found = []
        for distances in pool.map(near, _steps(np.arange(count))):
            found.append(distances)
            if progress:
                progress(min(len(found) * STEP, count), count)
    return judged(np.log(np.maximum(np.concatenate(found), NEAREST)))


def kth_nearest(directions: np.ndarray, others: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Distance of each of directions (n, d) to its k-th nearest of others (m, d), float32 (n,); k is 2 % of m, at least 5.

    directions, others: float32 of length 1. own: int (n,), a picture's own place among the others, which doesn't count;
    −1 where it isn't one of them.
    """
    squared = 2 - 2 * directions @ others.T
    inside = np.flatnonzero(own >= 0)
    squared[inside, own[inside]] = np.inf
    k = max(FEWEST_NEIGHBOURS, int(SHARE * len(others)))
    squared.partition(k - 1, axis=1)
    return np.sqrt(np.maximum(squared[:, k - 1], 0))


def judged(values: np.ndarray) -> np.ndarray:
    """Values, (N,), on a scale where the median is 0 and RATE of them would lie above 1, float32 (N,).

    Beyond its 90 % quantile a clean set is taken to thin out exponentially, as fast as between 90 and 95 %: how long
    its tail is differs by network and set, and a few foreign pictures at its end hardly change this part of it.
    """
    middle, high, higher = np.quantile(values, [0.5, 0.9, 0.95])
    limit = high + (higher - high) / math.log(0.1 / 0.05) * math.log(0.1 / RATE)
    return ((values - middle) / max(limit - middle, 1e-6)).astype(np.float32)


def _directions(pictures: np.ndarray, extractor: Extractor) -> np.ndarray:
    """Features of pictures, by their signed roots, brought to length 1: of histograms, this gives Hellinger's distance.

    Activations have long tails, in which plain distances would be decided, and their sum says how much is to be seen,
    not what.
    """
    found = extractor(pictures.transpose(0, 3, 1, 2))
    roots = np.sign(found) * np.sqrt(np.abs(found))
    return roots / np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-9)


def _steps(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Rows in pieces of bounded length."""
    return (rows[start : start + STEP] for start in range(0, len(rows), STEP))
