"""The nearest clips of a clip: frames beside frames in their order, at every shift of the beginning, exhaustively."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOMENTS = 8  # of a clip, that are looked at, at most
LEAST_SHARE = 0.5  # of a clip's moments, that have to lie within the other clip
FAINT = 1e-6  # squares of rows, below which there is nothing to be alike


def moments(frames: int) -> NDArray[np.int64]:
    """Numbers of the frames of a clip that are looked at, evenly apart."""
    return np.arange(0, frames, -(-frames // MOMENTS))


@dataclass(frozen=True, eq=False)
class Nearest:
    """For each of N clips the nearest few, best first, (N, K) each: place among the others, −1 for none; which frame of it
    the clip begins at, below 0 where it begins earlier; and the cosine of both."""

    place: NDArray[np.int64]
    shift: NDArray[np.int64]
    cosine: NDArray[np.float32]


def nearest_clips(
    ours: NDArray[np.float32], others: Sequence[NDArray], step: int, count: int,
    own: NDArray[np.int64] | None = None, done: Callable[[int], None] = lambda clips: None,
) -> Nearest:  # fmt: skip
    """The count clips in which some stretch is most like each of ours.

    ours: rows of a clip's moments, (N, K, d), `step` frames apart. others: of each clip rows of all its frames, (L, d) with L
    at least (K − 1)·step + 1. own: int (N,), one of the others that is passed over for each of ours. done: told how many more
    of the others are through. How alike two stretches are is the cosine of all their rows together, over the moments that lie
    in both, which are half of them or more.
    """
    count = min(count, len(others))
    place, shift = (np.full((len(ours), count), empty, np.int64) for empty in (-1, 0))
    cosine, rows = np.full((len(ours), count), -np.inf, np.float32), np.arange(len(ours))
    for number, other in enumerate(others):
        found, at = best_shift(ours, np.asarray(other, np.float32), step)
        if own is not None:
            found[own == number] = -np.inf
        worst = cosine.argmin(1) if count else rows
        better = np.flatnonzero(found > cosine[rows, worst]) if count else rows[:0]
        for kept, new in ((place, number), (shift, at[better]), (cosine, found[better])):
            kept[better, worst[better]] = new
        done(1)
    order = np.argsort(-cosine, axis=1, kind="stable")
    best = np.take_along_axis
    return Nearest(best(place, order, 1), best(shift, order, 1), best(cosine, order, 1))


def best_shift(
    ours: NDArray[np.float32], other: NDArray[np.float32], step: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The highest cosine of each of ours, (N, K, d), with any stretch of another clip, (L, d), and where it begins: (N,) each."""
    n, k, d = ours.shape
    length, beyond = len(other), (k - _least(k)) * step  # beyond: frames by which a stretch may stick out at either end
    shifts = np.arange(-beyond, length - (_least(k) - 1) * step)
    products = np.zeros((n, k, length + 2 * beyond), np.float32)
    products[:, :, beyond : beyond + length] = (ours.reshape(n * k, d) @ other.T).reshape(n, k, length)
    inside = np.zeros((1, k, length + 2 * beyond), np.float32)
    inside[:, :, beyond : beyond + length] = 1
    of_other = inside.copy()
    of_other[:, :, beyond : beyond + length] = np.square(other).sum(1)
    squares = np.square(ours).sum(2) @ _along(inside, len(shifts), step)[0].T
    squares = squares * _along(of_other, len(shifts), step).sum(2)
    cosines = _along(products, len(shifts), step).sum(2) / np.sqrt(np.maximum(squares, FAINT))
    best = cosines.argmax(1)
    return cosines[np.arange(n), best], shifts[best]


def _least(moments: int) -> int:
    """How many moments have to lie in both."""
    return max(1, int(np.ceil(LEAST_SHARE * moments)))


def _along(rows: NDArray[np.float32], shifts: int, step: int) -> NDArray[np.float32]:
    """Of rows (N, K, W) what each moment meets at each shift: (N, shifts, K), a view."""
    of_clip, of_moment, of_frame = rows.strides
    shape, strides = (len(rows), shifts, rows.shape[1]), (of_clip, of_frame, of_moment + step * of_frame)
    return np.lib.stride_tricks.as_strided(rows, shape, strides, writeable=False)
