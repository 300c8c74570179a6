"""Other pictures looked up in a set: which of its pictures could each be, and how alike are the two once aligned?

The same candidates and the same alignment as for near-duplicates within a set, but between two sets, and with a nearest
few for each picture however crowded the set is. Several correlations are given instead of one, since copies are spoilt in
several ways: that of the fine detail is low where a copy was noised or blurred; those of coarser bands are not, but
look-alikes reach them more easily.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from figment.similarity.alignment import (
    BATCH_PAIRS,
    DETAIL_PIXELS,
    GRAIN_LEVELS,
    UNALIGNED,
    blurred,
    coarsely_aligned,
    gauss_newton_step,
    moments,
    resampled,
    standardised,
)
from figment.similarity.candidates import (
    BLOCK_PICTURES,
    MAX_REACH,
    SAMPLE_PICTURES,
    closeness,
    fisher_discriminant,
    views,
)
from figment.similarity.thumbnails import MIN_DEVIATION

# What is left of the picture between a blur of the first width and one of the second, in pixels of a thumbnail.
BANDS = ((0.0, DETAIL_PIXELS), (1.0, 4.0), (DETAIL_PIXELS, 8.0))
# After so many steps at the coarse side, below which a pair is given up. Gentler than for duplicates, and with more
# steps: the widest crops of garments, the smoothest set tried, arrive late.
MIN_COARSE_CORRELATIONS = {1: 0.6, 3: 0.8, 5: 0.9}
FINE_STEPS = 2  # at the thumbnails' own side
# Correlation of the finest band below which its difference isn't taken for noise: of pictures noised by 20 grey levels one
# in a hundred has less, and a patterned and a plain shirt of one cut have less, too.
MIN_NOISY_CORRELATION = 0.75


class Lookup:
    """A set's thumbnails, uint8 (M, 48, 48), among which other pictures are looked up."""

    def __init__(self, thumbnails: NDArray[np.uint8]) -> None:
        self.thumbnails = thumbnails
        everything = np.arange(len(thumbnails))
        self._discriminant = fisher_discriminant(thumbnails, everything[:: -(-len(thumbnails) // SAMPLE_PICTURES)])
        self._whole, self._centre = self._discriminant.project(thumbnails, everything)

    def candidates(
        self, pictures: NDArray[np.uint8], count: int, own: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """For each picture the nearest few that it could be a copy of; also for pictures of the set itself.

        pictures: thumbnails, uint8 (N, 48, 48). own: int (N,), a place in the set that is passed over for each picture.
        Returns the places in the set, whether each is mirrored, and the view (see detail_correlation),
        int (N, min(count, M)) each; place −1: no more within reach.
        """
        count = min(count, len(self.thumbnails))
        whole, centre = self._discriminant.project(pictures, np.arange(len(pictures)))
        rows = np.arange(len(pictures))[:, None]
        best = np.full((len(pictures), count), -np.inf, np.float32)
        found = np.full((3, len(pictures), count), -1, np.int64)
        for start in range(0, len(self.thumbnails), BLOCK_PICTURES):
            block = slice(start, start + BLOCK_PICTURES)
            its_whole, its_centre = self._whole[block], self._centre[block]
            near = np.full((len(pictures), len(its_whole)), -np.inf, np.float32)
            kind = np.zeros(near.shape, np.int8)
            for mirror, sign in enumerate((np.float32(1), self._discriminant.signs)):
                for view, (left, right) in enumerate(views(whole, centre, its_whole, its_centre)):
                    its = closeness(left, right * sign, MAX_REACH)
                    kind[its > near] = 3 * mirror + view
                    np.maximum(near, its, out=near)
            if own is not None:
                inside = np.flatnonzero((own >= start) & (own < start + near.shape[1]))
                near[inside, own[inside] - start] = -np.inf
            some = np.argpartition(-near, min(count, near.shape[1]) - 1, axis=1)[:, :count]
            merged = np.concatenate([best, near[rows, some]], 1)
            its_kind = kind[rows, some]
            new = np.stack([some + start, its_kind // 3, its_kind % 3])
            order = np.argsort(-merged, axis=1, kind="stable")[:, :count]
            best, found = merged[rows, order], np.concatenate([found, new], 2)[:, rows, order]
        found[0][best <= 0] = -1
        return found[0], found[1], found[2]


def likeness(
    first: NDArray, second: NDArray, mirrored: NDArray, view: NDArray, noise: tuple[float, ...]
) -> NDArray[np.float32]:
    """Correlations of pairs of thumbnails in each of BANDS after alignment: (N, 3), −1 … 1; −1 if not even coarsely alike.

    Takes what detail_correlation takes: first, second: uint8 (N, 48, 48); mirrored: bool (N,), whether the second is; view
    (N,): which of the two is taken to be the larger, 0 neither, 1 the first, 2 the second. noise: how much of white noise
    each band lets through (noise_in_bands). In the coarser bands the first picture's noise is taken out of the
    correlation: as much as would leave the finest band as unlike as it is, where that is still much alike. Between
    look-alikes the bands differ in a way that noise doesn't explain; between a picture and its noised copy they hardly do.
    """
    scores = np.full((len(first), len(BANDS)), UNALIGNED, np.float32)
    shown = np.flatnonzero((first.std((1, 2)) >= MIN_DEVIATION) & (second.std((1, 2)) >= MIN_DEVIATION))
    for start in range(0, len(shown), BATCH_PAIRS):
        part = shown[start : start + BATCH_PAIRS]
        scores[part] = _likeness(first[part], second[part], mirrored[part], view[part], noise)
    return scores


def noise_in_bands(noise: NDArray[np.uint8]) -> tuple[float, ...]:
    """Variance in each of BANDS of thumbnails of white noise, uint8 (N, 48, 48), as a share of that in the first band."""
    variances = [float(band.var()) for band in _bands(noise.astype(np.float32) - 128)]
    return tuple(variance / variances[0] for variance in variances)


def _likeness(
    first: NDArray, second: NDArray, mirrored: NDArray, view: NDArray, noise: tuple[float, ...]
) -> NDArray[np.float32]:
    scores = np.full((len(first), len(BANDS)), UNALIGNED, np.float32)
    places, larger, smaller, swapped, windows = coarsely_aligned(first, second, mirrored, view, MIN_COARSE_CORRELATIONS)
    if not len(places):
        return scores
    big, small = standardised(larger), standardised(smaller)
    for _ in range(FINE_STEPS):
        windows = gauss_newton_step(windows, *resampled(big, windows), small)
    unexplained: NDArray = np.zeros(len(places))
    for band, (ours, theirs) in enumerate(zip(_bands(larger), _bands(smaller), strict=True)):
        its = moments(*resampled(ours, windows), theirs)
        covariance, of_larger, of_smaller = (one.astype(np.float64) for one in its)
        of_larger, of_smaller = of_larger + GRAIN_LEVELS**2, of_smaller + GRAIN_LEVELS**2  # never quite 0
        of_first, of_second = np.where(swapped, (of_smaller, of_larger), (of_larger, of_smaller))
        if band == 0:
            unexplained = of_first - covariance**2 / of_second
            unexplained[covariance < MIN_NOISY_CORRELATION * np.sqrt(of_first * of_second)] = 0
        elif noise[band] < 1:
            # Never below what is explained. (Of pictures of less than half a thumbnail's size, noise[band] is 1 or more: the
            # finest band tells too little of noise.)
            of_first = np.maximum(of_first - noise[band] * unexplained, covariance**2 / of_second)
        scores[places, band] = covariance / np.sqrt(of_first * of_second)
    return scores


def _bands(pictures: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    for fine, coarse in BANDS:
        yield blurred(pictures, fine) - blurred(pictures, coarse)
