"""Copies in part, and blends: which picture of a set shows the same in a half, a quarter or the centre, or shines through?

A matched filter: cosine waves of the quarters and the centre of each thumbnail, each wave divided by its spread over the
set (or a power of it), so that all details count alike. Two pictures that share nothing are then nearly at right angles,
whatever lies beside the part that they share; the products of the quarters add up to those of halves and of the whole.
All pairs are compared. What is blended with what is found by matching pursuit (Mallat and Zhang 1993): the nearest
picture is taken out, and what is left is looked up anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from figment.similarity.alignment import GRAIN_LEVELS
from figment.similarity.candidates import BATCH_PICTURES, cosines
from figment.similarity.frames import bands, region_likeness
from figment.similarity.lookup import BANDS
from figment.similarity.nearest import mirrored_where
from figment.similarity.thumbnails import THUMBNAIL_SIDE

# Cosine frequencies along each axis of a window, and by which power of its spread over the set a wave is divided. For
# blends all details: a blend of two drawn faces is nearer to a third one in what is coarse. For parts less of them, so
# that what is shifted by a pixel of 64 is found, too.
BLEND_WAVES, BLEND_POWER = 12, 1.0
PART_WAVES, PART_POWER = 8, 0.7
LEAST_SPREAD = 0.02  # of a wave, as a share of the mean spread: rarer ones would count too much
EDGE_PIXELS = 2  # of a part in a thumbnail, that aren't compared: what is shifted by so many shows something else there
FAINT_LENGTH = 1.0  # of a description, which is 8 to 12 on average: of shorter ones noise isn't blown up
# Windows that are described, as (top, bottom, left, right) in shares of the picture, and which of them each becomes in
# the mirror.
WINDOWS = ((0, 0.5, 0, 0.5), (0, 0.5, 0.5, 1), (0.5, 1, 0, 0.5), (0.5, 1, 0.5, 1), (0.25, 0.75, 0.25, 0.75))
MIRRORED = (1, 0, 3, 2, 4)
# Parts of a picture: the windows that they are made of.
PARTS = {
    "left half": (0, 2), "right half": (1, 3), "upper half": (0, 1), "lower half": (2, 3),
    "upper left quarter": (0,), "upper right quarter": (1,), "lower left quarter": (2,), "lower right quarter": (3,),
    "centre": (4,),
}  # fmt: skip
WHOLE = (0, 1, 2, 3)
BLOCK_QUERIES, BLOCK_REFERENCES = 512, 2048  # compared at a time: the products of a window take 4 MiB
MIN_BLEND_SHARE = 0.2  # of a blend's fainter picture in the sum of both


@dataclass(frozen=True, eq=False)
class Nearest:
    """For each of N pictures the nearest of a set, in R ways: places int (N, R), −1 if the set holds no other; whether
    mirrored, bool; and products of descriptions, at most 1."""

    place: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    product: NDArray[np.float32]


class DetailIndex:
    """A set's thumbnails, uint8 (M, 48, 48), as they are compared window by window, by so many waves (see PART_WAVES)."""

    def __init__(self, thumbnails: NDArray[np.uint8], waves: int, power: float) -> None:
        self.thumbnails, self.waves = thumbnails, waves
        found = _waves(thumbnails, waves)
        # Of the set together with its mirror images, which the same waves describe.
        square = (found**2).mean(1)
        spread = spread_of((square + square[list(MIRRORED)]) / 2)[:, None]
        self._spread = spread**power * spread.mean(-1, keepdims=True) ** (1 - power)
        self._windows = unit(found / self._spread)
        self._signs = np.where(np.arange(1, waves**2) % waves % 2 == 1, -1, 1).astype(np.float32)

    def nearest(
        self, pictures: NDArray[np.uint8], parts: Sequence[tuple[int, ...]], own: NDArray[np.int64] | None = None
    ) -> Nearest:
        """The nearest picture by each of R parts, as PARTS has them: (N, R).

        own: int (N,), a place that is passed over for each picture.
        """
        return self._nearest(unit(_waves(pictures, self.waves) / self._spread), parts, own)

    def second(
        self, pictures: NDArray[np.uint8], first: NDArray[np.int64], mirrored: NDArray[np.bool_],
        own: NDArray[np.int64] | None = None,
    ) -> Nearest:  # fmt: skip
        """What is nearest to each picture once another of the set, its first, is taken out of it: (N, 1)."""
        waves, taken = _waves(pictures, self.waves) / self._spread, self._windows[:, first]
        turned = self._windows[list(MIRRORED)][:, first] * self._signs
        taken = np.where(mirrored[:, None], turned, taken)
        left = waves - (waves * taken).sum(2, keepdims=True) * taken
        return self._nearest(unit(left), [WHOLE], own, first)

    def _nearest(
        self, queries: NDArray[np.float32], parts: Sequence[tuple[int, ...]], *passed_over: NDArray[np.int64] | None
    ) -> Nearest:
        """queries: (5, N, d). The first of equally near ones is taken, as it is before its mirror image."""
        count = queries.shape[1]
        place, flipped = np.full((count, len(parts)), -1), np.zeros((count, len(parts)), bool)
        best = np.full((count, len(parts)), -np.inf, np.float32)
        needed = sorted({window for part in parts for window in part})
        for start in range(0, count, BLOCK_QUERIES):
            rows = slice(start, start + BLOCK_QUERIES)
            its_place, its_flipped, its_best = place[rows], flipped[rows], best[rows]
            for first in range(0, len(self.thumbnails), BLOCK_REFERENCES):
                block = slice(first, first + BLOCK_REFERENCES)
                for flip in (False, True):
                    products = {}
                    for window in needed:
                        its = queries[window, rows]
                        theirs = self._windows[MIRRORED[window] if flip else window, block]
                        products[window] = (its * self._signs if flip else its) @ theirs.T
                    for others in passed_over:
                        if others is not None:
                            inside = np.flatnonzero((others[rows] >= first) & (others[rows] < first + theirs.shape[0]))
                            for product in products.values():
                                product[inside, others[rows][inside] - first] = -np.inf
                    for column, part in enumerate(parts):
                        total = reduce(np.add, [products[window] for window in part])
                        top = total.argmax(1)
                        value = total[np.arange(len(top)), top] / len(part)
                        better = value > its_best[:, column]
                        its_best[better, column], its_flipped[better, column] = value[better], flip
                        its_place[better, column] = top[better] + first
        return Nearest(place, flipped, best)


def part_likeness(part: str, first: NDArray, second: NDArray, mirrored: NDArray) -> NDArray[np.float32]:
    """Correlations of pairs of thumbnails in one of PARTS, shifted by little, in each of BANDS (see region_likeness): (N, 3)."""
    rows, columns = (slice(its.start + EDGE_PIXELS, its.stop - EDGE_PIXELS) for its in box(part))
    return region_likeness(first, second, mirrored, (rows, columns), shifted_only=True)


def box(part: str, height: int = THUMBNAIL_SIDE, width: int = THUMBNAIL_SIDE) -> tuple[slice, slice]:
    """Rows and columns of a picture, by default a thumbnail, that one of PARTS takes."""
    tops, bottoms, lefts, rights = zip(*(WINDOWS[window] for window in PARTS[part]), strict=True)
    rows = slice(round(min(tops) * height), round(max(bottoms) * height))
    return rows, slice(round(min(lefts) * width), round(max(rights) * width))


def blend_likeness(
    pictures: NDArray, first: NDArray, second: NDArray, mirrored: NDArray
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How much of pictures is a sum of two others: the multiple correlation in each of BANDS (N, 3), and shares (N,).

    Least squares of a picture's detail on that of both: picture ≈ a·first + b·second. pictures, first, second: uint8
    (N, 48, 48); mirrored: bool (N, 2), whether first and second are. A share is the smaller of a and b in their sum in
    the coarsest band, where noise and encoders spoil least; below 0 where one is subtracted.
    """
    scores, shares = np.empty((len(pictures), len(BANDS)), np.float32), np.empty(len(pictures), np.float32)
    for start in range(0, len(pictures), BATCH_PICTURES):
        part = slice(start, start + BATCH_PICTURES)
        three_bands = zip(
            bands(pictures[part]), bands(mirrored_where(first[part], mirrored[part, 0])),
            bands(mirrored_where(second[part], mirrored[part, 1])), strict=True,
        )  # fmt: skip
        for band, three in enumerate(three_bands):
            y, a, b = (x.astype(np.float64) - x.mean(1, keepdims=True) for x in three)
            yy, aa, bb = ((x * x).mean(1) + GRAIN_LEVELS**2 for x in (y, a, b))
            ya, yb, ab = ((x * z).mean(1) for x, z in ((y, a), (y, b), (a, b)))
            # Grain keeps the determinant above 0.
            determinant = aa * bb - ab**2
            by_a, by_b = (ya * bb - yb * ab) / determinant, (yb * aa - ya * ab) / determinant
            scores[part, band] = np.sqrt(((by_a * ya + by_b * yb) / yy).clip(0, 1))
            shares[part] = np.minimum(by_a, by_b) / np.maximum(np.abs(by_a) + np.abs(by_b), 1e-6)
    return scores, shares


def _waves(pictures: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """Cosine waves of each window of thumbnails, without their mean: (5, N, count² − 1)."""
    found = np.empty((len(WINDOWS), len(pictures), count**2 - 1), np.float32)
    for window, (top, bottom, left, right) in enumerate(WINDOWS):
        down, across = cosines(top, bottom, count), cosines(left, right, count).T
        for start in range(0, len(pictures), BATCH_PICTURES):
            part = slice(start, start + BATCH_PICTURES)
            waves = down @ pictures[part].astype(np.float32) @ across
            found[window, part] = waves.reshape(len(waves), -1)[:, 1:]
    return found


def spread_of(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """What waves are divided by: their spread over a set, of the rarest a little more. square: mean squares (…, d)."""
    spread = np.sqrt(square)
    return spread + LEAST_SPREAD * spread.mean(-1, keepdims=True) + np.float32(1e-6)


def unit(descriptions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of length 1, faint ones shorter."""
    return descriptions / np.maximum(np.linalg.norm(descriptions, axis=-1, keepdims=True), FAINT_LENGTH)
