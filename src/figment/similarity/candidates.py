"""Candidates: pairs of thumbnails whose lowest frequencies differ by no more than a crop could make them differ.

The measure is learnt from the set itself: directions in which its pictures differ much and crops of them little
(Fisher's discriminant).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.similarity.thumbnails import CENTRE, MAX_CROP, MIN_CONTRAST, THUMBNAIL_SIDE, WHOLE

WAVES = 8  # cosine frequencies along each axis in a description
DIRECTIONS = 16  # of the discriminant; more of them find no more crops for the same number of candidates
MAX_REACH = 64.0  # squared distance of candidates, in units of what crops do: about 99 % of crops are nearer
# On average; in a set of look-alikes the reach shrinks until there are no more.
CANDIDATES_PER_PICTURE = 16
SAMPLE_PICTURES = 2**14  # that the discriminant is learnt from
BLOCK_PICTURES = 1024  # compared with as many others at a time
BATCH_PICTURES = 128  # described at a time: what is between the products stays in the processor's cache


@dataclass(frozen=True)
class Discriminant:
    """Where pictures are compared: directions (63, 16), and the sign that mirroring gives each of them (16,)."""

    directions: NDArray[np.float32]
    signs: NDArray[np.float32]

    def project(self, thumbnails: NDArray, distinct: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
        """Each whole picture, and its centre, which lies midway between the picture and its widest crop: (N, 16) each."""
        whole, centre = (np.empty((len(distinct), DIRECTIONS), np.float32) for _ in range(2))
        for start in range(0, len(distinct), BATCH_PICTURES):
            block = slice(start, start + BATCH_PICTURES)
            pictures = thumbnails[distinct[block]]
            whole[block] = _low_frequencies(pictures) @ self.directions
            centre[block] = _low_frequencies(pictures, CENTRE, CENTRE) @ self.directions
        return whole, centre


def fisher_discriminant(thumbnails: NDArray, sample: NDArray[np.int64]) -> Discriminant:
    """Directions in which pictures differ most for what crops change, scaled so that crops change each by 1.

    thumbnails: uint8 (N, 48, 48); sample: int (n,), those that it is learnt from.
    """
    pictures = thumbnails[sample]
    whole = _low_frequencies(pictures).astype(np.float64)
    odd = np.arange(1, WAVES**2) % WAVES % 2 == 1
    # Both scatters are those of the set together with its mirror images: their even and odd parts don't mix.
    centred = whole - whole.mean(0) * ~odd
    between = centred.T @ centred / len(whole)
    within, count, step = np.zeros_like(between), 0, min(64, len(pictures))
    for number, (top, bottom, left, right) in enumerate(np.random.default_rng(0).uniform(0, MAX_CROP, (64, 4))):
        some = pictures[number % step :: step]
        cropped = _low_frequencies(some, (top, 1 - bottom), (left, 1 - right))
        change = cropped - _low_frequencies(some, CENTRE, CENTRE)
        within += change.T.astype(np.float64) @ change
        count += len(some)
    # Encoders' noise, and what keeps few pictures from a singular matrix.
    within = within / count + 1e-5 * np.eye(len(within))

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
    return Discriminant(np.concatenate(vectors)[best].T.astype(np.float32), mirrored[best].astype(np.float32))


def candidate_pairs(
    whole: NDArray, centre: NDArray, signs: NDArray, reach: float, start: int, other: int
) -> NDArray[np.int64]:
    """Pairs within reach of each other, a from the block at start and b from the other: rows (a, b, mirrored, view).

    a < b. mirrored: whether b is. view 0: both whole, 1: a's centre against b, 2: a against b's centre; the nearest of
    the three. whole, centre: what a discriminant's `project` gives, (N, 16); signs: its own.
    """
    first, second = slice(start, start + BLOCK_PICTURES), slice(other, other + BLOCK_PICTURES)
    found = []
    for mirror, sign in enumerate((1, signs)):
        for view, (left, right) in enumerate(views(whole[first], centre[first], whole[second], centre[second])):
            near = closeness(left, right * sign, reach)
            i, j = np.divmod(np.flatnonzero(near > 0), near.shape[1])
            flags = np.full(len(i), mirror), np.full(len(i), view)
            found.append(np.stack([i + start, j + other, *flags, -near[i, j]], 1))
    rows = np.concatenate(found)
    rows = rows[rows[:, 0] < rows[:, 1]]
    rows = rows[np.lexsort((rows[:, 4], rows[:, 2], rows[:, 1], rows[:, 0]))]
    nearest = np.ones(len(rows), bool)
    nearest[1:] = (rows[1:, :3] != rows[:-1, :3]).any(1)
    return rows[nearest, :4].astype(np.int64)


def candidate_reach(whole: NDArray, centre: NDArray, signs: NDArray) -> float:
    """MAX_REACH, or what is short enough for CANDIDATES_PER_PICTURE, by a sample of pictures against all."""
    some = slice(None, None, -(-len(whole) // min(256, max(16, 2**20 // len(whole)))))
    found = []
    for sign in (1, signs):
        pairs = views(whole[some], centre[some], whole, centre)
        near = np.maximum.reduce([closeness(left, right * sign, MAX_REACH) for left, right in pairs])
        found.append(near[near > 0])
    # Each picture of the sample meets itself, too.
    inside, wanted = np.concatenate(found), (CANDIDATES_PER_PICTURE + 1) * len(whole[some])
    return MAX_REACH if len(inside) <= wanted else MAX_REACH - 2 * float(np.partition(inside, -wanted)[-wanted])


def views(whole: NDArray, centre: NDArray, its_whole: NDArray, its_centre: NDArray) -> list[tuple[NDArray, NDArray]]:
    """What is compared of two blocks in each view: both whole, one's centre, the other's."""
    return [(whole, its_whole), (centre, its_whole), (whole, its_centre)]


def closeness(left: NDArray, right: NDArray, reach: float) -> NDArray[np.float32]:
    """Half of what the squared distance of each pair leaves of the reach: (reach − |l − r|²)/2, above 0 within reach.

    left: (N, 16), right: (M, 16). Returns (N, M).
    """
    # = l·r + (reach − |l|²)/2 − |r|²/2, as one product.
    rows = np.hstack([left, (reach - (left**2).sum(1, keepdims=True)) / 2, np.ones((len(left), 1), np.float32)])
    columns = np.hstack([right, np.ones((len(right), 1), np.float32), -(right**2).sum(1, keepdims=True) / 2])
    return rows @ columns.T


def _low_frequencies(
    pictures: NDArray, rows: tuple[float, float] = WHOLE, columns: tuple[float, float] = WHOLE
) -> NDArray[np.float32]:
    """Low frequencies of a window of each thumbnail, without its brightness and contrast: (N, 63).

    Mirroring a picture negates the odd horizontal frequencies and changes nothing else.
    """
    down, across = cosines(*rows), cosines(*columns).T
    waves = np.empty((len(pictures), WAVES, WAVES), np.float32)
    for start in range(0, len(pictures), BATCH_PICTURES):
        part = slice(start, start + BATCH_PICTURES)
        np.matmul(down @ pictures[part].astype(np.float32), across, out=waves[part])
    flat = waves.reshape(len(pictures), -1)[:, 1:]
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), MIN_CONTRAST)


def cosines(start: float, stop: float, count: int = WAVES) -> NDArray[np.float32]:
    """The window [start, stop] of an axis → its discrete cosine transform: (count, 48); pixels at its ends count in part."""
    x = (np.arange(THUMBNAIL_SIDE) + 0.5) / THUMBNAIL_SIDE
    share = np.clip(np.minimum(x - start, stop - x) * THUMBNAIL_SIDE + 0.5, 0, 1)
    waves = np.cos(np.pi * np.arange(count)[:, None] * (x - start) / (stop - start)) * share / share.sum()
    waves[1:] *= np.sqrt(2)
    return waves.astype(np.float32)
