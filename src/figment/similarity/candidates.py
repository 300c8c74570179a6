"""TODO"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.similarity.alignment import BATCH, CENTRE, CONTRAST, WHOLE
from figment.similarity.thumbnails import CROP, SIDE

WAVES = 8  # cosine frequencies along each axis in a description
DIRECTIONS = 16  # of the discriminant; more of them find no more crops for the same number of candidates
REACH = 64.0  # squared distance of candidates, in units of what crops do: about 99 % of crops are nearer
MOST = 16  # candidates a picture, on average; in a set of look-alikes the reach shrinks until there are no more
SAMPLE = 2**14  # pictures that the discriminant is learnt from
BLOCK = 1024  # pictures compared with as many others at a time


def _describe(
    pictures: NDArray, rows: tuple[float, float] = WHOLE, columns: tuple[float, float] = WHOLE
) -> NDArray[np.float32]:
    """Low frequencies of a window of each thumbnail, without its brightness and contrast: (N, 63).

    Mirroring a picture negates the odd horizontal frequencies and changes nothing else.
    """
    down, across = _cosines(*rows), _cosines(*columns).T
    waves = np.empty((len(pictures), WAVES, WAVES), np.float32)
    for start in range(0, len(pictures), BATCH):  # what is between the products stays in the cache
        part = slice(start, start + BATCH)
        np.matmul(down @ pictures[part].astype(np.float32), across, out=waves[part])
    flat = waves.reshape(len(pictures), -1)[:, 1:]
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), CONTRAST)


def _cosines(start: float, stop: float) -> NDArray[np.float32]:
    """The window [start, stop] of an axis → its discrete cosine transform: (WAVES, SIDE); pixels at its ends count in part."""
    x = (np.arange(SIDE) + 0.5) / SIDE
    share = np.clip(np.minimum(x - start, stop - x) * SIDE + 0.5, 0, 1)
    waves = np.cos(np.pi * np.arange(WAVES)[:, None] * (x - start) / (stop - start)) * share / share.sum()
    waves[1:] *= np.sqrt(2)
    return waves.astype(np.float32)


@dataclass(frozen=True)
class _Space:
    """Where pictures are compared: directions (63, 16), and the sign that mirroring gives each of them (16,)."""

    directions: NDArray[np.float32]
    signs: NDArray[np.float32]

    def project(self, thumbnails: NDArray, distinct: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
        """Each whole picture, and its centre, which lies midway between the picture and its widest crop: (N, 16) each."""
        whole, centre = (np.empty((len(distinct), DIRECTIONS), np.float32) for _ in range(2))
        for start in range(0, len(distinct), BATCH):
            pictures, block = thumbnails[distinct[start : start + BATCH]], slice(start, start + BATCH)
            whole[block] = _describe(pictures) @ self.directions
            centre[block] = _describe(pictures, CENTRE, CENTRE) @ self.directions
        return whole, centre


def _discriminant(thumbnails: NDArray, sample: NDArray[np.int64]) -> _Space:
    """Directions in which pictures differ most for what crops change, scaled so that crops change each by 1."""
    pictures = thumbnails[sample]
    whole = _describe(pictures).astype(np.float64)
    odd = np.arange(1, WAVES**2) % WAVES % 2 == 1
    # Both scatters are those of the set together with its mirror images: their even and odd parts don't mix.
    centred = whole - whole.mean(0) * ~odd
    between = centred.T @ centred / len(whole)
    within, count, step = np.zeros_like(between), 0, min(64, len(pictures))
    for number, (top, bottom, left, right) in enumerate(np.random.default_rng(0).uniform(0, CROP, (64, 4))):
        some = pictures[number % step :: step]
        change = _describe(some, (top, 1 - bottom), (left, 1 - right)) - _describe(some, CENTRE, CENTRE)
        within += change.T.astype(np.float64) @ change
        count += len(some)
    within = within / count + 1e-5 * np.eye(
        len(within)
    )  # encoders' noise, and what keeps few pictures from a singular matrix

    values, vectors = [], []
    for part in (np.flatnonzero(~odd), np.flatnonzero(odd)):
        whitening = np.linalg.inv(np.linalg.cholesky(within[np.ix_(part, part)]))
        variances, turns = np.linalg.eigh(whitening @ between[np.ix_(part, part)] @ whitening.T)
        rows = np.zeros((len(part), len(odd)))
        rows[:, part] = turns.T @ whitening
        values.append(variances)
        vectors.append(rows)
    best = np.argsort(-np.concatenate(values), kind="stable")[:DIRECTIONS]
    mirrored = np.repeat([1, -1], [len(part) for part in values])
    return _Space(np.concatenate(vectors)[best].T.astype(np.float32), mirrored[best].astype(np.float32))


def _candidates(
    whole: NDArray, centre: NDArray, signs: NDArray, reach: float, start: int, other: int
) -> NDArray[np.int64]:
    """Pairs within reach of each other, a from the block at start and b from the other: rows (a, b, mirrored, view).

    a < b. mirrored: whether b is. view 0: both whole, 1: a's centre against b, 2: a against b's centre; the nearest of
    the three.
    """
    first, second = slice(start, start + BLOCK), slice(other, other + BLOCK)
    found = []
    for mirror, sign in enumerate((1, signs)):
        for view, (left, right) in enumerate(_views(whole, centre, first, second)):
            left_over = _left_over(left, right * sign, reach)
            i, j = np.divmod(np.flatnonzero(left_over > 0), left_over.shape[1])
            flags = np.full(len(i), mirror), np.full(len(i), view)
            found.append(np.stack([i + start, j + other, *flags, -left_over[i, j]], 1))
    rows = np.concatenate(found)
    rows = rows[rows[:, 0] < rows[:, 1]]
    rows = rows[np.lexsort((rows[:, 4], rows[:, 2], rows[:, 1], rows[:, 0]))]
    nearest = np.ones(len(rows), bool)
    nearest[1:] = (rows[1:, :3] != rows[:-1, :3]).any(1)
    return rows[nearest, :4].astype(np.int64)


def _reach(whole: NDArray, centre: NDArray, signs: NDArray) -> float:
    """REACH, or the shorter one within which a picture has MOST candidates, by a sample of pictures against all."""
    some = slice(None, None, -(-len(whole) // min(256, max(16, 2**20 // len(whole)))))
    near = []
    for sign in (1, signs):
        views = _views(whole, centre, some, slice(None))
        left_over = np.maximum.reduce([_left_over(left, right * sign, REACH) for left, right in views])
        near.append(left_over[left_over > 0])
    # Each picture of the sample meets itself, too.
    inside, wanted = np.concatenate(near), (MOST + 1) * len(whole[some])
    return REACH if len(inside) <= wanted else REACH - 2 * float(np.partition(inside, -wanted)[-wanted])


def _views(whole: NDArray, centre: NDArray, first: slice, second: slice) -> list[tuple[NDArray, NDArray]]:
    return [(whole[first], whole[second]), (centre[first], whole[second]), (whole[first], centre[second])]


def _left_over(left: NDArray, right: NDArray, reach: float) -> NDArray[np.float32]:
    """Half of what the squared distance of each pair leaves of the reach: (reach − |l − r|²)/2, above 0 within reach."""
    # = l·r + (reach − |l|²)/2 − |r|²/2, as one product.
    rows = np.hstack([left, (reach - (left**2).sum(1, keepdims=True)) / 2, np.ones((len(left), 1), np.float32)])
    columns = np.hstack([right, np.ones((len(right), 1), np.float32), -(right**2).sum(1, keepdims=True) / 2])
    return rows @ columns.T
