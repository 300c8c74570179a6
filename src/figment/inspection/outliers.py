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
from figment.data.bank.workers import usable_cores
from figment.features.base import Extractor

REFERENCE_PICTURES = 2_500  # among which neighbours are looked for
NEIGHBOUR_SHARE = 0.02  # of them, is the k of the k-th neighbour
MIN_NEIGHBOURS = 5  # the least that k may be
FALSE_ALARM_RATE = 0.0015  # share of a set with nothing foreign in it that may be called outliers
MIN_PICTURES = 100  # that show what is usual
MIN_DISTANCE = 1e-3  # below it, distances are rounding
BATCH_PICTURES = 512  # whose features are taken at a time


def farness(pictures: np.ndarray, extractor: Extractor, seed: int = 0, progress: Progress | None = None) -> np.ndarray:
    """How far each picture lies from the others, float32 (N,): 0 is usual, and above 1 it is an outlier.

    pictures: uint8 (N, H, W, 3), which may be a memory map larger than memory. Fewer than 100 pictures all get 0.
    """
    count = len(pictures)
    if count < MIN_PICTURES:
        return np.zeros(count, np.float32)
    random = np.random.default_rng(seed)
    chosen = np.sort(random.choice(count, min(REFERENCE_PICTURES, count), replace=False))
    places = np.full(count, -1)
    places[chosen] = np.arange(len(chosen))
    # Threads, since numpy and the networks' libraries let go of the interpreter for most of their work.
    with ThreadPoolExecutor(usable_cores()) as pool:
        others = np.concatenate(
            list(pool.map(lambda rows: _unit_features(pictures[rows], extractor), _batches(chosen)))
        )

        def near(rows: np.ndarray) -> np.ndarray:
            own = places[rows]
            directions = others[own]
            fresh = own < 0
            if fresh.any():
                directions[fresh] = _unit_features(pictures[rows[fresh]], extractor)
            return kth_nearest(directions, others, own)

        found = []
        for distances in pool.map(near, _batches(np.arange(count))):
            found.append(distances)
            if progress:
                progress(min(len(found) * BATCH_PICTURES, count), count)
    return outlier_scores(np.log(np.maximum(np.concatenate(found), MIN_DISTANCE)))


def kth_nearest(directions: np.ndarray, others: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Distance of each of directions (n, d) to its k-th nearest of others (m, d), float32 (n,); k is 2 % of m, at least 5.

    directions, others: float32 of length 1. own: int (n,), a picture's own place among the others, which doesn't count;
    −1 where it isn't one of them.
    """
    squared = 2 - 2 * directions @ others.T
    inside = np.flatnonzero(own >= 0)
    squared[inside, own[inside]] = np.inf
    k = max(MIN_NEIGHBOURS, int(NEIGHBOUR_SHARE * len(others)))
    squared.partition(k - 1, axis=1)
    return np.sqrt(np.maximum(squared[:, k - 1], 0))


def outlier_scores(values: np.ndarray) -> np.ndarray:
    """Values, (N,), on a scale where the median is 0 and FALSE_ALARM_RATE of them would lie above 1, float32 (N,).

    Beyond its 90 % quantile a clean set is taken to thin out exponentially, as fast as between 90 and 95 %: how long
    its tail is differs by network and set, and a few foreign pictures at its end hardly change this part of it.
    """
    middle, high, higher = np.quantile(values, [0.5, 0.9, 0.95])
    limit = high + (higher - high) / math.log(0.1 / 0.05) * math.log(0.1 / FALSE_ALARM_RATE)
    return ((values - middle) / max(limit - middle, 1e-6)).astype(np.float32)


def _unit_features(pictures: np.ndarray, extractor: Extractor) -> np.ndarray:
    """Features of pictures, by their signed roots, brought to length 1: of histograms, this gives Hellinger's distance.

    Activations have long tails, in which plain distances would be decided, and their sum says how much is to be seen,
    not what.
    """
    found = extractor(pictures.transpose(0, 3, 1, 2))
    roots = np.sign(found) * np.sqrt(np.abs(found))
    return roots / np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-9)


def _batches(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Rows in batches of bounded length."""
    return (rows[start : start + BATCH_PICTURES] for start in range(0, len(rows), BATCH_PICTURES))
