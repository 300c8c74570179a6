"""Copies of every kind: whole, recoloured, turned, enlarged, in part, blended; each looked up in its own way.

What each search finds is judged by levels of its own (see copy_levels), for look-alikes share quarters more easily than
whole pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.metrics.copy_matches import KIND, Matches, TrainingIndex, joined, matches, thumbnail_noise, whole_matches
from figment.similarity.lookup import BANDS, UNALIGNED, Lookup
from figment.similarity.nearest import CHUNK_PICTURES, Neighbours
from figment.similarity.parts import (
    BLEND_POWER,
    BLEND_WAVES,
    MIN_BLEND_SHARE,
    PART_POWER,
    PART_WAVES,
    PARTS,
    WHOLE,
    DetailIndex,
    blend_likeness,
    part_likeness,
)
from figment.similarity.turned import VERIFIED, VIEWS, MiddleIndex, turned_likeness

# Product of descriptions with the nearest picture's (see parts), below which nobody looks for a second one: of a blend
# one of both reaches .65 and more.
MIN_BLEND_PRODUCT = 0.5
_HALVES, _QUARTERS = (
    np.array([column for column, part in enumerate(PARTS) if part.endswith("half") == half]) for half in (True, False)
)


@dataclass(frozen=True, eq=False)
class KindsIndex:
    """The training pictures, as other pictures are looked up among them in every way."""

    whole: TrainingIndex
    parts: DetailIndex
    blends: DetailIndex
    middles: MiddleIndex

    @classmethod
    def of(cls, small: NDArray[np.uint8], tints: NDArray[np.float32], height: int, width: int) -> "KindsIndex":
        """Of thumbnails (M, 48, 48) and tints (M, 2, 8, 8) of pictures of a height and width."""
        whole = TrainingIndex(Lookup(small), tints, thumbnail_noise(height, width))
        parts, blends = DetailIndex(small, PART_WAVES, PART_POWER), DetailIndex(small, BLEND_WAVES, BLEND_POWER)
        return cls(whole, parts, blends, MiddleIndex(small))


def find_matches(
    small: NDArray[np.uint8], its_tints: NDArray[np.float32], training: KindsIndex, near: Neighbours | None = None,
    own: NDArray[np.int64] | None = None, done: Callable[[int], None] = lambda count: None,
) -> tuple[Matches, Matches]:  # fmt: skip
    """Compare pictures, by their thumbnails and tints, with the training pictures that they could be copies of.

    near: what is nearest to each by distance, which is compared as well. own: int (N,), the pictures' own places among
    the training pictures, passed over. done: told how many more pictures are through. Returns the matches of whole
    pictures, the nearest last, and those of all other kinds.
    """
    wholes, others = [], []
    for start in range(0, max(1, len(small)), CHUNK_PICTURES):
        rows = slice(start, start + CHUNK_PICTURES)
        part, its_own = small[rows], None if own is None else own[rows]
        nearest = near and Neighbours(near.place[rows], near.mirrored[rows], near.distance[rows])
        wholes.append(whole_matches(part, its_tints[rows], training.whole, nearest, its_own))
        of_parts, of_blends = _parts(part, training.parts, its_own), _blends(part, training.blends, its_own)
        others.append(joined([of_parts, of_blends, _turned(part, training.middles, its_own)], 1))
        done(len(part))
    return joined(wholes, 0), joined(others, 0)


def _parts(small: NDArray[np.uint8], training: DetailIndex, own: NDArray[np.int64] | None) -> Matches:
    """Of all halves, and of all quarters and the centre, the one with the nearest picture: (N, 2)."""
    found = training.nearest(small, list(PARTS.values()), own)
    best = np.stack([columns[found.product[:, columns].argmax(1)] for columns in (_HALVES, _QUARTERS)], 1)
    place, mirrored = np.take_along_axis(found.place, best, 1), np.take_along_axis(found.mirrored, best, 1)
    scores = np.full((*place.shape, len(BANDS)), UNALIGNED, np.float32)
    for column, part in enumerate(PARTS):
        i, j = np.nonzero(best == column)
        scores[i, j] = part_likeness(part, small[i], training.thumbnails[place[i, j]], mirrored[i, j])
    kind = np.array([KIND[part] for part in PARTS])[best]
    return matches(place, mirrored, kind, scores)


def _blends(small: NDArray[np.uint8], training: DetailIndex, own: NDArray[np.int64] | None) -> Matches:
    """The nearest picture as a whole, and what is nearest once it is taken out: (N, 1)."""
    found = training.nearest(small, [WHOLE], own)
    place, mirrored, second, flipped = (np.zeros((len(small), 1), np.int64) for _ in range(4))
    scores = np.full((len(small), 1, len(BANDS)), UNALIGNED, np.float32)
    place[:], mirrored[:], second[:] = found.place, found.mirrored, -1
    some = np.flatnonzero(found.product[:, 0] >= MIN_BLEND_PRODUCT)
    if len(some) and len(training.thumbnails) > 2:
        first, its_flips = place[some, 0], mirrored[some, 0] > 0
        left = training.second(small[some], first, its_flips, None if own is None else own[some])
        both = np.stack([its_flips, left.mirrored[:, 0]], 1)
        thumbnails = training.thumbnails
        likeness, shares = blend_likeness(small[some], thumbnails[first], thumbnails[left.place[:, 0]], both)
        good = (shares >= MIN_BLEND_SHARE) & (left.place[:, 0] >= 0)
        scores[some[good], 0] = likeness[good]
        second[some[good], 0], flipped[some[good], 0] = left.place[good, 0], left.mirrored[good, 0]
    return matches(place, mirrored, np.full(place.shape, KIND["blend"]), scores, (second, flipped))


def _turned(small: NDArray[np.uint8], middles: MiddleIndex, own: NDArray[np.int64] | None) -> Matches:
    """What is nearest once a picture is turned back, or taken for an enlarged middle: (N, 1)."""
    found = middles.nearest(small, own)
    scores = np.full((len(small), VERIFIED, len(BANDS)), UNALIGNED, np.float32)
    for number, view in enumerate(VIEWS):
        i, j = np.nonzero(found.view == number)
        scores[i, j] = turned_likeness(view, small[i], middles.thumbnails[found.place[i, j]], found.mirrored[i, j])
    kind = np.array([KIND[view.kind] for view in VIEWS])[found.view]
    return matches(found.place, found.mirrored, kind, scores)
