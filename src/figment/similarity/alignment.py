"""TODO"""

import numpy as np
from numpy.typing import NDArray

from figment.similarity.thumbnails import CROP, SIDE

CONTRAST = 4.0  # grey levels: fainter pictures aren't stretched further, which would blow up their noise
COARSE = 16  # side at which a pair is aligned first
BATCH = 128  # pairs aligned at a time: as many as stay in the processor's cache
DETAIL = 1.5  # pixels: detail is what is left of a thumbnail after a Gaussian blur of this width
GRAIN = 0.5  # grey levels: what encoders alone do to the detail
ALIKE = (0.88, 0.91, 0.94)  # correlations at the coarse side after each step, below which a pair is given up
HOPE = 0.4  # correlation of the detail then, below which a pair isn't aligned any finer
WHOLE = (0.0, 1.0)
CENTRE = (CROP / 2, 1 - CROP / 2)


def verify(first: NDArray, second: NDArray, mirrored: NDArray, view: NDArray) -> NDArray[np.float32]:
    """Correlation of the fine detail of pairs of thumbnails after alignment: (N,) in −1 … 1; −1 if not even coarsely alike.

    first, second: uint8 (N, 48, 48); mirrored: whether the second is, bool (N,); view (N,): which of the two is taken to
    be the larger, 0 neither, 1 the first, 2 the second.
    """
    second = np.where(mirrored[:, None, None] > 0, second[:, :, ::-1], second)
    swap = (view == 2)[:, None, None]
    larger, smaller = (np.where(swap, a, b).astype(np.float32) for a, b in ((second, first), (first, second)))
    windows = np.where((view == 0)[:, None], (0, 1, 0, 1), (CENTRE[0], CENTRE[1] - CENTRE[0]) * 2).astype(np.float64)

    scores, left = np.full(len(first), -1, np.float32), np.arange(len(first))
    big, small = (_standard(_reduce(pictures)) for pictures in (larger, smaller))
    seen, inside = _look(big, windows)
    for least in ALIKE:
        windows = _step(windows, seen, inside, small)
        seen, inside = _look(big, windows)
        near = _correlation(seen, inside, small, 0) >= least
        left, windows, seen, inside, big, small = _of(near, left, windows, seen, inside, big, small)
        if not len(left):
            return scores
    larger, smaller = larger[left], smaller[left]
    fine, its_fine = larger - _blur(larger), smaller - _blur(smaller)
    near = _correlation(*_look(fine, windows), its_fine, GRAIN**2) >= HOPE
    left, windows, larger, smaller, fine, its_fine = _of(near, left, windows, larger, smaller, fine, its_fine)
    if len(left):
        windows = _step(windows, *_look(_standard(larger), windows), _standard(smaller))
        scores[left] = _correlation(*_look(fine, windows), its_fine, GRAIN**2)
    return scores


def _step(windows: NDArray, seen: NDArray, inside: NDArray, smaller: NDArray) -> NDArray[np.float64]:
    """Move the windows to where they show the smaller pictures better, by one Gauss-Newton step.

    windows: (N, 4), each left, width, top, height as shares of the larger picture. seen, inside: what _look sees there.
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


def _look(pictures: NDArray, windows: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
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


def _correlation(seen: NDArray, inside: NDArray, smaller: NDArray, noise: float) -> NDArray:
    """Correlation of the smaller pictures with what is seen of the larger ones; noise is the variance that says nothing."""
    weights = inside / inside.sum((1, 2), keepdims=True)
    a, b = (x - _sums(x, weights)[:, None, None] for x in (seen, smaller))
    weighted = a * weights
    return _sums(weighted, b) / np.sqrt((_sums(weighted, a) + noise) * (_sums(b * b, weights) + noise))


def _sums(a: NDArray, b: NDArray) -> NDArray[np.float32]:
    """Of each picture's products."""
    return np.einsum("nij,nij->n", a, b)


def _of(chosen: NDArray[np.bool_], *arrays: NDArray) -> list[NDArray]:
    return [array[chosen] for array in arrays]


def _standard(pictures: NDArray) -> NDArray:
    """Brightness 0 and contrast 1, faint pictures less."""
    centred = pictures - pictures.mean((1, 2), keepdims=True)
    return centred / np.maximum(centred.std((1, 2), keepdims=True), CONTRAST)


def _reduce(pictures: NDArray) -> NDArray:
    """SIDE → COARSE by means."""
    means = np.kron(np.eye(COARSE, dtype=np.float32), np.full(SIDE // COARSE, COARSE / SIDE, np.float32))
    return means @ pictures @ means.T


def _blur(pictures: NDArray) -> NDArray:
    x = np.arange(SIDE, dtype=np.float32)
    weights = np.exp(-0.5 * ((x[:, None] - x) / DETAIL) ** 2)
    weights /= weights.sum(1, keepdims=True)
    return weights @ pictures @ weights.T
