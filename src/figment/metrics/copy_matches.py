"""Which pictures are training pictures, pair by pair: matches of whole pictures, and what all kinds of matches are."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from figment.common.pixels import to_rgb
from figment.data.decoding.resample import resize
from figment.similarity.lookup import BANDS, UNALIGNED, Lookup, likeness, noise_in_bands
from figment.similarity.nearest import CHUNK_PICTURES, Neighbours, PictureSet, area_weights, mirrored_where
from figment.similarity.parts import PARTS
from figment.similarity.thumbnails import COPY_SIDE, THUMBNAIL_SIDE, thumbnails

MAX_CORRELATION = 0.99999  # a correlation of 1 would be infinite in Fisher's z
CANDIDATES = 8  # training pictures that a whole picture is compared with, beside the nearest one
TINT_AREAS = 8  # areas a side, by which colours are compared
MAX_TINT_GAIN = 1.6  # times, by which brightening makes colours stronger at most
# Grey levels, and a share of the colours' strength, by which a copy's colours may be off: of the widest crops one in a
# hundred is nearly as far off, of two portraits of a set one in ten isn't.
TINT_TOLERANCE, TINT_TOLERANCE_SHARE = 5.0, 0.35

# Families of copies, each with levels of its own, surest first; the kinds that pairs are told by, and their families.
FAMILIES = ("whole", "recoloured", "turned", "enlarged", "half", "blend", "quarter")
KINDS = {
    "whole": "whole", "recoloured": "recoloured", "turned": "turned", "enlarged": "enlarged", "blend": "blend",
    **{part: "half" if part.endswith("half") else "quarter" for part in PARTS},
}  # fmt: skip
KIND = {kind: number for number, kind in enumerate(KINDS)}
FAMILY_OF_KIND = np.array([FAMILIES.index(family) for family in KINDS.values()])


@dataclass(frozen=True, eq=False)
class Matches:
    """What N pictures were compared with, K training pictures each.

    place: int (N, K), among the training pictures, −1: nothing. mirrored: bool (N, K). kind: int (N, K), of KINDS.
    scores: (N, K, 3), Fisher's z of the correlations in each of BANDS, −∞ where they are not even coarsely alike.
    second, second_mirrored: (N, K), the other picture of a blend, −1 in all other kinds.
    """

    place: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    kind: NDArray[np.int64]
    scores: NDArray[np.float32]
    second: NDArray[np.int64]
    second_mirrored: NDArray[np.bool_]

    def highest(self) -> NDArray[np.float32]:
        """Of each picture, family and band, (N, 7, 3)."""
        found = np.full((len(self.place), len(FAMILIES), len(BANDS)), -np.inf, np.float32)
        for family in range(len(FAMILIES)):
            inside = (FAMILY_OF_KIND[self.kind] == family)[:, :, None]
            found[:, family] = np.where(inside, self.scores, -np.inf).max(1, initial=-np.inf)
        return found

    def best(self, levels: NDArray) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The column of each picture's best match, and how far that lies above its family's levels, in any band: (N,) each.

        Best is the surest family that reaches its levels, and the highest of it: a whole copy is one of its halves, too.
        """
        family = FAMILY_OF_KIND[self.kind]
        above = (self.scores - levels.astype(np.float32)[family]).max(2)
        rank = np.where(above >= 0, len(FAMILIES) - family, 0)
        column = np.lexsort((above, rank), axis=1)[:, -1] if above.size else np.zeros(len(above), np.int64)
        return column, above[np.arange(len(above)), column]


def matches(
    place: NDArray[np.int64], mirrored: NDArray, kind: NDArray[np.int64], correlations: NDArray[np.float32],
    second: tuple[NDArray[np.int64], NDArray] | None = None,
) -> Matches:  # fmt: skip
    """Matches of these correlations, −1 (UNALIGNED) where there is none, or no place."""
    none = (correlations <= UNALIGNED) | (place < 0)[:, :, None]
    scores = np.where(none, -np.inf, fisher_z(correlations)).astype(np.float32)
    other, flipped = second or (np.full(place.shape, -1), np.zeros(place.shape, bool))
    return Matches(place, mirrored > 0, kind, scores, other, flipped > 0)


def joined(parts: Sequence[Matches], axis: int) -> Matches:
    """Of other pictures (axis 0), or of the same pictures with others (axis 1)."""
    return Matches(*(np.concatenate([getattr(part, its.name) for part in parts], axis) for its in fields(Matches)))


def fisher_z(correlations: NDArray | np.float32) -> NDArray:
    """Fisher's z, in which equal steps are equally hard to take: artanh, of at most ±MAX_CORRELATION."""
    return np.arctanh(np.clip(correlations, -MAX_CORRELATION, MAX_CORRELATION))


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
    second = mirrored_where(second, mirrored > 0)
    a, b = (its.reshape(len(its), 2 * TINT_AREAS**2) for its in (first, second))
    square = (b * b).sum(1)
    gain = ((a * b).sum(1) / np.maximum(square, 1)).clip(1 / MAX_TINT_GAIN, MAX_TINT_GAIN)
    tolerance = TINT_TOLERANCE + TINT_TOLERANCE_SHARE * np.sqrt(square / b.shape[1])
    return ((a - gain[:, None] * b) ** 2).mean(1) <= tolerance**2


def recoloured(first: NDArray, second: NDArray, mirrored: NDArray) -> NDArray[np.bool_]:
    """Whether one change of all colours alike turns the second's tints, (N, 2, 8, 8), into the first's, about as tints_match.

    A turn of the hue, a tint, and grey are such changes: tints are taken to be a·red + b·blue + c, fitted by least squares.
    """
    second = mirrored_where(second, mirrored > 0)
    a, b = (its.reshape(len(its), 2, TINT_AREAS**2).astype(np.float64) for its in (first, second))
    strength = np.sqrt((b * b).mean((1, 2)))
    a, b = (its - its.mean(2, keepdims=True) for its in (a, b))
    turn = np.linalg.solve(b @ b.transpose(0, 2, 1) + np.eye(2), b @ a.transpose(0, 2, 1))
    left = a - turn.transpose(0, 2, 1) @ b
    return (left * left).mean((1, 2)) <= (TINT_TOLERANCE + TINT_TOLERANCE_SHARE * strength) ** 2


@dataclass(frozen=True, eq=False)
class TrainingIndex:
    """The training pictures, as whole ones are compared with them: thumbnails (M, 48, 48), tints (M, 2, 8, 8)."""

    lookup: Lookup
    tints: NDArray[np.float32]
    noise: tuple[float, ...]  # see thumbnail_noise


def thumbnail_noise(height: int, width: int) -> tuple[float, ...]:
    """How much of the white noise of pictures of a size there is in each band of their thumbnails (noise_in_bands)."""
    noise = np.random.default_rng(0).normal(128, 20, (64, 3, height, width))
    return noise_in_bands(small_copies(np.rint(noise).clip(0, 255).astype(np.uint8)))


def whole_matches(
    small: NDArray[np.uint8], its_tints: NDArray[np.float32], training: TrainingIndex, near: Neighbours | None = None,
    own: NDArray[np.int64] | None = None,
) -> Matches:  # fmt: skip
    """Compare pictures as wholes, by their thumbnails and tints, with those that they could be copies of, recoloured or not.

    near: what is nearest to each by distance, which is compared as well, as the last. own: int (N,), the pictures' own
    places among the training pictures, passed over.
    """
    place, mirrored, view = training.lookup.candidates(small, CANDIDATES, own)
    if near is not None:
        place = np.hstack([place, near.place[:, None]])
        mirrored = np.hstack([mirrored, near.mirrored[:, None]])
        view = np.hstack([view, np.zeros((len(view), 1), np.int64)])
    scores = np.full((*place.shape, len(BANDS)), UNALIGNED, np.float32)
    kind = np.full(place.shape, KIND["whole"])
    i, j = np.nonzero(place >= 0)
    colours = its_tints[i], training.tints[place[i, j]], mirrored[i, j]
    same = tints_match(*colours)
    kind[i[~same], j[~same]] = KIND["recoloured"]
    fitting = same | recoloured(*colours)
    i, j = i[fitting], j[fitting]
    theirs = training.lookup.thumbnails[place[i, j]]
    scores[i, j] = likeness(small[i], theirs, mirrored[i, j], view[i, j], training.noise)
    return matches(place, mirrored, kind, scores)


def mark_identical(found: Matches, near: Neighbours, pictures: PictureSet, train: PictureSet) -> None:
    """Give the highest score to pictures whose nearest, their last match, is the same to the pixel, mirrored or not.

    Correlations can't tell that of pictures that hardly show anything: flat ones, or of a few faint pixels.
    """
    for start in range(0, len(pictures), CHUNK_PICTURES):
        rows = np.arange(start, min(start + CHUNK_PICTURES, len(pictures)))
        its, nearest = to_rgb(pictures[rows]), to_rgb(train[near.place[rows]])
        nearest = mirrored_where(nearest, near.mirrored[rows])
        same = rows[(its == nearest).all((1, 2, 3))]
        found.scores[same, -1], found.kind[same, -1] = fisher_z(np.float32(1)), KIND["whole"]
