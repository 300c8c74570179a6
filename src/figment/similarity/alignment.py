"""Pairs of thumbnails laid over each other, and how well their fine detail then agrees.

Lucas and Kanade's alignment (1981), with shift and scale along each axis, gain and offset, first at a coarse side, where
pairs that aren't alike are given up, then at the thumbnails' own. Everything works on many pairs at once.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from figment.similarity.nearest import mirrored_where
from figment.similarity.thumbnails import CENTRE, MIN_CONTRAST, THUMBNAIL_SIDE

BATCH_PAIRS = 128  # aligned at a time: as many as stay in the processor's cache
COARSE_SIDE = 16  # pixels, at which a pair is aligned first
DETAIL_PIXELS = 1.5  # detail is what is left of a thumbnail after a Gaussian blur of this width
GRAIN_LEVELS = 0.5  # grey levels: what encoders alone do to the detail
MIN_COARSE_CORRELATIONS = {1: 0.88, 2: 0.91, 3: 0.94}  # after so many steps, below which a pair is given up
MIN_DETAIL_CORRELATION = 0.4  # after the last of them, below which a pair isn't aligned any finer
UNALIGNED = -1.0  # in place of a correlation: not even coarsely alike


def detail_correlation(first: NDArray, second: NDArray, mirrored: NDArray, view: NDArray) -> NDArray[np.float32]:
    """Correlation of the fine detail of pairs of thumbnails after alignment: (N,) in −1 … 1; −1 if not even coarsely alike.

    first, second: uint8 (N, 48, 48); mirrored: whether the second is, bool (N,); view (N,): which of the two is taken to
    be the larger, 0 neither, 1 the first, 2 the second.
    """
    scores = np.full(len(first), UNALIGNED, np.float32)
    places, larger, smaller, _, windows = coarsely_aligned(first, second, mirrored, view, MIN_COARSE_CORRELATIONS)
    if not len(places):
        return scores
    fine, its_fine = larger - blurred(larger, DETAIL_PIXELS), smaller - blurred(smaller, DETAIL_PIXELS)
    near = _correlation(*resampled(fine, windows), its_fine, GRAIN_LEVELS**2) >= MIN_DETAIL_CORRELATION
    places, larger, smaller, fine, its_fine, windows = _kept(near, places, larger, smaller, fine, its_fine, windows)
    if len(places):
        windows = gauss_newton_step(windows, *resampled(standardised(larger), windows), standardised(smaller))
        scores[places] = _correlation(*resampled(fine, windows), its_fine, GRAIN_LEVELS**2)
    return scores


class Aligned(NamedTuple):
    """The pairs that are alike at the coarse side.

    places: int (n,), among all pairs. larger, smaller: thumbnails, float32 (n, 48, 48). swapped: bool (n,), whether the
    larger is the second of its pair. windows: float64 (n, 4), where the larger one shows the smaller: left, width, top
    and height, as shares of it.
    """

    places: NDArray[np.int64]
    larger: NDArray[np.float32]
    smaller: NDArray[np.float32]
    swapped: NDArray[np.bool_]
    windows: NDArray[np.float64]


def coarsely_aligned(
    first: NDArray, second: NDArray, mirrored: NDArray, view: NDArray, least: Mapping[int, float]
) -> Aligned:
    """Align pairs at the coarse side, giving up those that correlate by less than `least` after so many steps.

    first, second, mirrored, view: as detail_correlation takes them.
    """
    second = mirrored_where(second, mirrored > 0)
    swapped = view == 2
    larger, smaller = (
        np.where(swapped[:, None, None], a, b).astype(np.float32) for a, b in ((second, first), (first, second))
    )
    windows = np.where((view == 0)[:, None], (0, 1, 0, 1), (CENTRE[0], CENTRE[1] - CENTRE[0]) * 2).astype(np.float64)
    left = np.arange(len(first))
    big, small = (standardised(_coarse(pictures)) for pictures in (larger, smaller))
    seen, inside = resampled(big, windows)
    for step in range(1, max(least) + 1):
        windows = gauss_newton_step(windows, seen, inside, small)
        seen, inside = resampled(big, windows)
        if step in least:
            near = _correlation(seen, inside, small, 0) >= least[step]
            left, windows, seen, inside, big, small = _kept(near, left, windows, seen, inside, big, small)
            if not len(left):
                break
    return Aligned(left, larger[left], smaller[left], swapped[left], windows)


def gauss_newton_step(windows: NDArray, seen: NDArray, inside: NDArray, smaller: NDArray) -> NDArray[np.float64]:
    """Windows moved to where they show the smaller pictures better, by one Gauss-Newton step.

    windows: (N, 4), each left, width, top, height as shares of the larger picture. seen, inside: what `resampled` gives
    for them. smaller: (N, S, S).
    """
    count, side, _ = smaller.shape
    along = ((np.arange(side) + 0.5) / side - 0.5).astype(np.float32)
    # The mean of both pictures' slopes makes a step exact to second order (Malis 2004).
    mean = (seen + smaller) * (side / 2)
    changes = np.empty((count, 6, side, side), np.float32)
    for place, axis, growing in ((0, 2, along), (2, 1, along[:, None])):
        np.multiply(np.gradient(mean, axis=axis), inside, out=changes[:, place])
        np.multiply(changes[:, place], growing, out=changes[:, place + 1])
    np.multiply(seen, inside, out=changes[:, 4])
    changes[:, 5] = inside
    jacobian = changes.reshape(count, 6, side**2)
    error = (smaller - seen).reshape(count, side**2, 1)  # outside the picture the jacobian is 0
    # A little damping holds still what a picture says nothing about.
    normal = (jacobian @ jacobian.transpose(0, 2, 1)).astype(np.float64) + 1e-4 * side**2 * np.eye(6)
    step = np.linalg.solve(normal, (jacobian @ error).astype(np.float64))[:, :4, 0].clip(-0.06, 0.06)
    shift, growth, size = step[:, 0::2], step[:, 1::2], windows[:, 1::2]
    moved = np.empty_like(windows)
    moved[:, 0::2] = (windows[:, 0::2] + size * (shift - growth / 2)).clip(-0.25, 0.25)
    moved[:, 1::2] = (size * (1 + growth)).clip(0.75, 1.33)
    return moved


def resampled(pictures: NDArray, windows: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the windows show, by bicubic interpolation, and 1 where that lies within the picture, else 0: (N, S, S) each."""
    side = pictures.shape[1]
    centres = (np.arange(side) + 0.5) / side
    weights, inside = [], []
    for start, size in (windows[:, :2].T, windows[:, 2:].T):
        places = ((start[:, None] + size[:, None] * centres) * side - 0.5).astype(np.float32)
        inside.append(((places > -0.5) & (places < side - 0.5)).astype(np.float32))
        weights.append(_cubic(places.clip(0, side - 1)))
    return weights[1] @ pictures @ weights[0].transpose(0, 2, 1), inside[1][:, :, None] * inside[0][:, None, :]


def _cubic(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights of a row of S pixels at S places in 0 … S−1, by Catmull and Rom's interpolating kernel: (N, S, S)."""
    count, side = places.shape
    first = np.floor(places)
    x = places - first
    kernel = ((2 - x) * x - 1) * x, (3 * x - 5) * x * x + 2, ((4 - 3 * x) * x + 1) * x, (x - 1) * x * x
    weights = np.zeros((count, side, side + 3), np.float32)  # with what lies beyond the ends, which is left out
    np.put_along_axis(weights, first.astype(int)[:, :, None] + np.arange(4), np.stack(kernel, 2) / 2, axis=2)
    return weights[:, :, 1:-2]


def moments(seen: NDArray, inside: NDArray, smaller: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Covariance of what is seen of the larger pictures with the smaller ones, variance of what is seen, and theirs: (N,)."""
    weights = inside / inside.sum((1, 2), keepdims=True)
    a, b = (x - _sums(x, weights)[:, None, None] for x in (seen, smaller))
    weighted = a * weights
    return _sums(weighted, b), _sums(weighted, a), _sums(b * b, weights)


def _correlation(seen: NDArray, inside: NDArray, smaller: NDArray, noise: float) -> NDArray:
    """Correlation of the smaller pictures with what is seen of the larger ones; noise is the variance that says nothing."""
    covariance, of_larger, of_smaller = moments(seen, inside, smaller)
    return covariance / np.sqrt((of_larger + noise) * (of_smaller + noise))


def _sums(a: NDArray, b: NDArray) -> NDArray[np.float32]:
    """Of each picture's products."""
    return np.einsum("nij,nij->n", a, b)


def _kept(which: NDArray[np.bool_], *arrays: NDArray) -> list[NDArray]:
    return [array[which] for array in arrays]


def standardised(pictures: NDArray) -> NDArray:
    """Pictures (N, S, S) of brightness 0 and contrast 1, faint ones of less."""
    centred = pictures - pictures.mean((1, 2), keepdims=True)
    return centred / np.maximum(centred.std((1, 2), keepdims=True), MIN_CONTRAST)


def _coarse(pictures: NDArray) -> NDArray:
    """Thumbnails reduced to the coarse side by means: (N, 48, 48) → (N, 16, 16)."""
    share = COARSE_SIDE / THUMBNAIL_SIDE
    means = np.kron(np.eye(COARSE_SIDE, dtype=np.float32), np.full(THUMBNAIL_SIDE // COARSE_SIDE, share, np.float32))
    return means @ pictures @ means.T


def blurred(pictures: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """Pictures (N, H, W) blurred by a Gaussian of a width in pixels, 0: as they are; at the edges what lies within counts."""
    if not width:
        return pictures
    down, across = (_gaussian(side, width) for side in pictures.shape[1:])
    return down @ pictures @ across.T


@cache
def _gaussian(side: int, width: float) -> NDArray:
    x = np.arange(side, dtype=np.float32)
    weights = np.exp(-0.5 * ((x[:, None] - x) / width) ** 2)
    weights /= weights.sum(1, keepdims=True)
    return weights
