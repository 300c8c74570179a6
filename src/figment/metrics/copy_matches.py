"""Which pictures are training pictures, pair by pair: matches, and the levels from which these count as copies."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from figment.common.pixels import to_rgb
from figment.data.decoding.resample import resize
from figment.similarity.lookup import BANDS, UNALIGNED, Lookup, likeness, noise_in_bands
from figment.similarity.nearest import CHUNK_PICTURES, Neighbours, PictureSet, area_weights
from figment.similarity.thumbnails import COPY_SIDE, THUMBNAIL_SIDE, thumbnails

CANDIDATES = 8  # training pictures that a picture is compared with, beside the nearest one
# Correlations in each of BANDS below which nothing is a copy, however few look-alikes a set has: what one held-out face
# of CelebA in a thousand reaches, and fewer of other photographs.
MIN_LEVELS = np.arctanh((0.85, 0.93, 0.97))
# What whole and mirrored copies reach in the finest band, however alike a set's pictures are; in the others nearly 1.
MAX_LEVELS = np.arctanh((0.995, 0.9998, 0.9998))
MAX_CORRELATION = 0.99999  # a correlation of 1 would be infinite in Fisher's z
TINT_AREAS = 8  # areas a side, by which colours are compared
MAX_TINT_GAIN = 1.6  # times, by which brightening makes colours stronger at most
# Grey levels, and a share of the colours' strength, by which a copy's colours may be off: of the widest crops one in a
# hundred is nearly as far off, of two portraits of a set one in ten isn't.
TINT_TOLERANCE, TINT_TOLERANCE_SHARE = 5.0, 0.35
FALSE_ALARM_SHARE = 0.0003  # of pictures that are no copies, in each band: in all about one in a thousand
TAIL_SHARES = 0.02, 0.05  # of such pictures those most alike, by which a level is set
TAIL_GAP = 0.2  # in Fisher's z
MIN_OF_A_KIND, MIN_IN_ALL = 200, 50  # pictures to set a level by, of one kind, and of all kinds together


@dataclass(frozen=True, eq=False)
class Matches:
    """What N pictures were compared with: places among the training pictures, int (N, K), −1: nothing; whether
    mirrored, bool (N, K); Fisher's z of the correlations in each of BANDS, (N, K, 3), −∞ where they are not even
    coarsely alike."""

    place: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    scores: NDArray[np.float32]

    def highest(self) -> NDArray[np.float32]:
        """Of each picture and band, (N, 3)."""
        return self.scores.max(1, initial=-np.inf)

    def best(self, levels: NDArray) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The column of each picture's best match, and how far that lies above the levels, in any band: (N,) each."""
        above = (self.scores - levels.astype(np.float32)).max(2)
        column = above.argmax(1)
        return column, above[np.arange(len(above)), column]


def small_copies(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Thumbnails of pictures, uint8 (N, C, H, W) → (N, 48, 48)."""
    rows = np.ascontiguousarray(to_rgb(pictures).transpose(0, 2, 3, 1))
    if not len(rows):
        return np.zeros((0, THUMBNAIL_SIDE, THUMBNAIL_SIDE), np.uint8)
    if rows.shape[1:3] != (COPY_SIDE, COPY_SIDE):
        rows = np.stack([resize(picture, COPY_SIDE, COPY_SIDE) for picture in rows])
    return thumbnails(rows)


def tints(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Red and blue less green of 8×8 areas: uint8 (N, C, H, W) → float32 (N, 2, 8, 8)."""
    down, across = (area_weights(side, TINT_AREAS) for side in pictures.shape[2:])
    red, green, blue = np.moveaxis(down @ to_rgb(pictures).astype(np.float32) @ across.T, 1, 0)
    return np.stack([red - green, blue - green], 1)


def tints_match(first: NDArray, second: NDArray, mirrored: NDArray) -> NDArray[np.bool_]:
    """Whether two pictures' tints, (N, 2, 8, 8) each, differ by no more than by how strong they are and by a crop.

    Thumbnails are grey: to them a portrait is the same with other hair.
    """
    second = np.where(mirrored[:, None, None, None] > 0, second[..., ::-1], second)
    a, b = (its.reshape(len(its), 2 * TINT_AREAS**2) for its in (first, second))
    square = (b * b).sum(1)
    gain = ((a * b).sum(1) / np.maximum(square, 1)).clip(1 / MAX_TINT_GAIN, MAX_TINT_GAIN)
    tolerance = TINT_TOLERANCE + TINT_TOLERANCE_SHARE * np.sqrt(square / b.shape[1])
    return ((a - gain[:, None] * b) ** 2).mean(1) <= tolerance**2


@dataclass(frozen=True, eq=False)
class TrainingIndex:
    """The training pictures, as others are compared with them: thumbnails (M, 48, 48), tints (M, 2, 8, 8)."""

    lookup: Lookup
    tints: NDArray[np.float32]
    noise: tuple[float, ...]  # see thumbnail_noise


def thumbnail_noise(height: int, width: int) -> tuple[float, ...]:
    """How much of the white noise of pictures of a size there is in each band of their thumbnails (noise_in_bands)."""
    noise = np.random.default_rng(0).normal(128, 20, (64, 3, height, width))
    return noise_in_bands(small_copies(np.rint(noise).clip(0, 255).astype(np.uint8)))


def find_matches(
    small: NDArray[np.uint8],
    its_tints: NDArray[np.float32],
    training: TrainingIndex,
    near: Neighbours | None = None,
    own: NDArray[np.int64] | None = None,
    done: Callable[[int], None] = lambda count: None,
) -> Matches:
    """Compare pictures, by their thumbnails and tints, with the training pictures that they could be copies of.

    near: what is nearest to each by distance, which is compared as well. own: int (N,), the pictures' own places among
    the training pictures, passed over. done: told how many more pictures are through.
    """
    found = []
    for start in range(0, len(small), CHUNK_PICTURES):
        rows = slice(start, start + CHUNK_PICTURES)
        place, mirrored, view = training.lookup.candidates(small[rows], CANDIDATES, None if own is None else own[rows])
        if near is not None:
            place = np.hstack([place, near.place[rows, None]])
            mirrored = np.hstack([mirrored, near.mirrored[rows, None]])
            view = np.hstack([view, np.zeros((len(view), 1), np.int64)])
        scores = np.full((*place.shape, len(BANDS)), UNALIGNED, np.float32)
        i, j = np.nonzero(place >= 0)
        fitting = tints_match(its_tints[rows][i], training.tints[place[i, j]], mirrored[i, j])
        i, j = i[fitting], j[fitting]
        theirs = training.lookup.thumbnails[place[i, j]]
        scores[i, j] = likeness(small[rows][i], theirs, mirrored[i, j], view[i, j], training.noise)
        found.append((place, mirrored > 0, scores))
        done(len(place))
    if not found:
        return Matches(np.zeros((0, 1), np.int64), np.zeros((0, 1), bool), np.zeros((0, 1, len(BANDS)), np.float32))
    places, flips, correlations = (np.concatenate(parts) for parts in zip(*found, strict=True))
    scores = np.where(correlations <= UNALIGNED, -np.inf, fisher_z(correlations)).astype(np.float32)
    return Matches(places, flips, scores)


def mark_identical(found: Matches, near: Neighbours, pictures: PictureSet, train: PictureSet) -> None:
    """Give the highest score to pictures whose nearest is the same to the pixel, mirrored or not.

    Correlations can't tell that of pictures that hardly show anything: flat ones, or of a few faint pixels.
    """
    for start in range(0, len(pictures), CHUNK_PICTURES):
        rows = np.arange(start, min(start + CHUNK_PICTURES, len(pictures)))
        its, nearest = to_rgb(pictures[rows]), to_rgb(train[near.place[rows]])
        nearest = np.where(near.mirrored[rows, None, None, None], nearest[..., ::-1], nearest)
        same = rows[(its == nearest).all((1, 2, 3))]
        found.scores[same, -1] = fisher_z(np.float32(1))


def copy_levels(*strangers: NDArray) -> NDArray[np.float64]:
    """Fisher's z in each band from which a match is a copy: one that strangers hardly ever reach (FALSE_ALARM_SHARE).

    strangers: the highest z of pictures that are no copies, (N, 3) each; the sets that are large enough are judged one
    by one and the highest level is taken, else all are judged together.
    """
    enough = [sample for sample in strangers if len(sample) >= MIN_OF_A_KIND] or [np.concatenate(strangers)]
    return np.max([[_level(band) for band in sample.T] for sample in enough], 0).clip(MIN_LEVELS, MAX_LEVELS)


def _level(highest: NDArray) -> float:
    """Likeness is taken to fall off as a normal distribution does that goes through two of its upper quantiles.

    Most tails fall faster, which is on the safe side. An empirical quantile would be that of the copies which a set
    holds of its own pictures; these two don't mind one copy in a hundred.
    """
    if len(highest) < MIN_IN_ALL:
        return -math.inf
    ordered = np.sort(highest)[::-1]
    outer, inner = (float(ordered[int(share * len(ordered))]) for share in TAIL_SHARES)
    if inner == -math.inf:  # there is no tail
        return -math.inf
    far, near, wanted = (NormalDist().inv_cdf(1 - share) for share in (*TAIL_SHARES, FALSE_ALARM_SHARE))
    level = outer + (outer - inner) / (far - near) * (wanted - far)
    if len(highest) < MIN_OF_A_KIND:  # too few for two quantiles to be sure of
        level = max(level, float(ordered[0]) + TAIL_GAP)
    # Where more lie above, they are copies if there is a gap below them, as in a set of photographs, or else
    # look-alikes, as in a set of drawings from one table.
    while (above := np.count_nonzero(ordered >= level)) > FALSE_ALARM_SHARE * len(ordered):
        if np.count_nonzero(ordered >= level - TAIL_GAP) - above <= above / 2:
            break
        level += TAIL_GAP / 4
    return level


def fisher_z(correlations: NDArray | np.float32) -> NDArray:
    """Fisher's z, in which equal steps are equally hard to take: artanh, of at most ±MAX_CORRELATION."""
    return np.arctanh(np.clip(correlations, -MAX_CORRELATION, MAX_CORRELATION))
