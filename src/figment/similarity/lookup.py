"""Other pictures looked up in a set: which of its pictures could each be, and how alike are the two once aligned?

The same candidates and the same alignment as for near-duplicates within a set (see duplicates), but between two sets, and
with a nearest few for each picture however crowded the set is. Several correlations are given instead of one, since copies
are spoilt in several ways: that of the fine detail is low where a copy was noised or blurred; those of coarser bands are
not, but look-alikes reach them more easily.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from figment.similarity.alignment import (
    BATCH,
    CENTRE,
    DETAIL,
    GRAIN,
    _correlation,
    _look,
    _of,
    _reduce,
    _standard,
    _step,
    _sums,
)
from figment.similarity.candidates import BLOCK, REACH, SAMPLE, _discriminant, _left_over
from figment.similarity.thumbnails import FLAT, SIDE

# What is left of the picture between a blur of the first width and one of the second, in pixels of a thumbnail.
BANDS = ((0.0, DETAIL), (1.0, 4.0), (DETAIL, 8.0))
# Correlations at the coarse side after so many steps, below which a pair is given up. Gentler than for duplicates, and
# with more steps: the widest crops of garments, the smoothest set tried, arrive late.
ALIKE = {1: 0.6, 3: 0.8, 5: 0.9}
FINE_STEPS = 2
# Correlation of the finest band below which its difference isn't taken for noise: of pictures noised by 20 grey levels one
# in a hundred has less, and a patterned and a plain shirt of one cut have less, too.
NOISY = 0.75
UNLIKE = -1.0


class Lookup:
    """A set's thumbnails, uint8 (M, 48, 48), among which other pictures are looked up."""

    def __init__(self, thumbnails: NDArray[np.uint8]) -> None:
        self.thumbnails = thumbnails
        everything = np.arange(len(thumbnails))
        self._space = _discriminant(thumbnails, everything[:: -(-len(thumbnails) // SAMPLE)])
        self._whole, self._centre = self._space.project(thumbnails, everything)

    def candidates(
        self, pictures: NDArray[np.uint8], most: int, own: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """For each picture the nearest few that it could be a copy of; also for pictures of the set itself.

        pictures: thumbnails, uint8 (N, 48, 48). own: int (N,), a place in the set that is passed over for each picture.
        Returns the places in the set, whether each is mirrored, and the view (see verify), int (N, min(most, M)) each;
        place −1: no more within reach.
        """
        most = min(most, len(self.thumbnails))
        whole, centre = self._space.project(pictures, np.arange(len(pictures)))
        rows = np.arange(len(pictures))[:, None]
        best = np.full((len(pictures), most), -np.inf, np.float32)
        found = np.full((3, len(pictures), most), -1, np.int64)
        for start in range(0, len(self.thumbnails), BLOCK):
            block = slice(start, start + BLOCK)
            its_whole, its_centre = self._whole[block], self._centre[block]
            near = np.full((len(pictures), len(its_whole)), -np.inf, np.float32)
            kind = np.zeros(near.shape, np.int8)
            for mirror, sign in enumerate((np.float32(1), self._space.signs)):
                pairs = ((whole, its_whole), (centre, its_whole), (whole, its_centre))
                for view, (left, right) in enumerate(pairs):
                    left_over = _left_over(left, right * sign, REACH)
                    kind[left_over > near] = 3 * mirror + view
                    np.maximum(near, left_over, out=near)
            if own is not None:
                inside = np.flatnonzero((own >= start) & (own < start + near.shape[1]))
                near[inside, own[inside] - start] = -np.inf
            some = np.argpartition(-near, min(most, near.shape[1]) - 1, axis=1)[:, :most]
            merged = np.concatenate([best, near[rows, some]], 1)
            its_kind = kind[rows, some]
            new = np.stack([some + start, its_kind // 3, its_kind % 3])
            order = np.argsort(-merged, axis=1, kind="stable")[:, :most]
            best, found = merged[rows, order], np.concatenate([found, new], 2)[:, rows, order]
        found[0][best <= 0] = -1
        return found[0], found[1], found[2]


def likeness(
    first: NDArray, second: NDArray, mirrored: NDArray, view: NDArray, noise: tuple[float, ...]
) -> NDArray[np.float32]:
    """Correlations of pairs of thumbnails in each of BANDS after alignment: (N, 3), −1 … 1; −1 if not even coarsely alike.

    Takes what verify takes: first, second: uint8 (N, 48, 48); mirrored: bool (N,), whether the second is; view (N,): which
    of the two is taken to be the larger, 0 neither, 1 the first, 2 the second. noise: how much of white noise each band
    lets through (noise_in_bands). In the coarser bands the first picture's noise is taken out of the correlation: as much
    as would leave the finest band as unlike as it is, where that is still much alike. Between look-alikes the bands
    differ in a way that noise doesn't explain; between a picture and its noised copy they hardly do.
    """
    scores = np.full((len(first), len(BANDS)), UNLIKE, np.float32)
    shown = np.flatnonzero((first.std((1, 2)) >= FLAT) & (second.std((1, 2)) >= FLAT))
    for start in range(0, len(shown), BATCH):
        part = shown[start : start + BATCH]
        scores[part] = _likeness(first[part], second[part], mirrored[part], view[part], noise)
    return scores


def noise_in_bands(noise: NDArray[np.uint8]) -> tuple[float, ...]:
    """Variance in each of BANDS of thumbnails of white noise, uint8 (N, 48, 48), as a share of that in the first band."""
    variances = [float(band.var()) for band in _bands(noise.astype(np.float32) - 128)]
    return tuple(variance / variances[0] for variance in variances)


def _likeness(
    first: NDArray, second: NDArray, mirrored: NDArray, view: NDArray, noise: tuple[float, ...]
) -> NDArray[np.float32]:
    second = np.where(mirrored[:, None, None] > 0, second[:, :, ::-1], second)
    swap = (view == 2)[:, None, None]
    larger, smaller = (np.where(swap, a, b).astype(np.float32) for a, b in ((second, first), (first, second)))
    windows = np.where((view == 0)[:, None], (0, 1, 0, 1), (CENTRE[0], CENTRE[1] - CENTRE[0]) * 2).astype(np.float64)

    scores, left = np.full((len(first), len(BANDS)), UNLIKE, np.float32), np.arange(len(first))
    big, small = (_standard(_reduce(pictures)) for pictures in (larger, smaller))
    seen, inside = _look(big, windows)
    for step in range(1, max(ALIKE) + 1):
        windows = _step(windows, seen, inside, small)
        seen, inside = _look(big, windows)
        if step in ALIKE:
            near = _correlation(seen, inside, small, 0) >= ALIKE[step]
            left, windows, seen, inside, big, small = _of(near, left, windows, seen, inside, big, small)
            if not len(left):
                return scores
    larger, smaller, swapped = larger[left], smaller[left], swap[left, 0, 0]
    big, small = _standard(larger), _standard(smaller)
    for _ in range(FINE_STEPS):
        windows = _step(windows, *_look(big, windows), small)
    unexplained: NDArray = np.zeros(len(left))
    for place, (band, its_band) in enumerate(zip(_bands(larger), _bands(smaller), strict=True)):
        covariance, of_larger, of_smaller = _moments(*_look(band, windows), its_band)
        of_first, of_second = np.where(swapped, (of_smaller, of_larger), (of_larger, of_smaller))
        if place == 0:
            unexplained = of_first - covariance**2 / of_second
            unexplained[covariance < NOISY * np.sqrt(of_first * of_second)] = 0
        elif (
            noise[place] < 1
        ):  # the finest band of pictures of less than half a thumbnail's size tells too little of noise
            # Never below what is explained.
            of_first = np.maximum(of_first - noise[place] * unexplained, covariance**2 / of_second)
        scores[left, place] = covariance / np.sqrt(of_first * of_second)
    return scores


def _moments(
    seen: NDArray, inside: NDArray, smaller: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Covariance of what is seen of the larger pictures with the smaller ones, and both variances, never quite 0."""
    weights = inside / inside.sum((1, 2), keepdims=True)
    a, b = (x - _sums(x, weights)[:, None, None] for x in (seen, smaller))
    weighted = a * weights
    sums = (_sums(weighted, b), _sums(weighted, a), _sums(b * b, weights))
    covariance, of_larger, of_smaller = (its.astype(np.float64) for its in sums)
    return covariance, of_larger + GRAIN**2, of_smaller + GRAIN**2


def _bands(pictures: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    for fine, coarse in BANDS:
        yield _blurred(pictures, fine) - _blurred(pictures, coarse)


def _blurred(pictures: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """Blurred by a Gaussian of a width in pixels of a thumbnail, 0: as they are; at the edges what lies within counts."""
    if not width:
        return pictures
    x = np.arange(SIDE, dtype=np.float32)
    weights = np.exp(-0.5 * ((x[:, None] - x) / width) ** 2)
    weights /= weights.sum(1, keepdims=True)
    return weights @ pictures @ weights.T
