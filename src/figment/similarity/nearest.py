"""Nearest training pictures, mirrored or not, and how far: exhaustively, in blocks, so that memory stays bounded.

Distances are those of pictures reduced to 16×16 pixels, or of a network's features.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from figment.common.pixels import to_rgb

REDUCED_SIDE = 16  # pixels
BLOCK_QUERIES, BLOCK_REFERENCES = 1024, 4096  # compared at a time: 16 MiB of products
CHUNK_PICTURES = 256  # read at a time


class PictureSet(Protocol):
    """uint8 pictures (N, C, H, W) that are read part by part: an array, a memory map, Shards or a Subset of these."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, which: NDArray[np.int64], /) -> NDArray[np.uint8]: ...


@dataclass(frozen=True, eq=False)
class Subset:
    """Some of the pictures, by their indices, read when they are asked for: Subset(bank.pictures, bank.train)."""

    pictures: PictureSet
    indices: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.indices), *self.pictures.shape[1:])

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, which: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self.pictures[self.indices[which]]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """For each of N pictures the nearest training picture: its place int (N,), whether mirrored bool, distance float64."""

    place: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    distance: NDArray[np.float64]


Descriptor = Callable[[NDArray[np.uint8]], NDArray]  # colour pictures, uint8 (N, 3, H, W) → (N, d)


def mirrored_where(pictures: NDArray, mirrored: NDArray) -> NDArray:
    """Pictures (N, …, W), those mirrored for which that is said, bool (N,)."""
    return np.where(mirrored.reshape(-1, *[1] * (pictures.ndim - 1)), pictures[..., ::-1], pictures)


def rgb_chunks(pictures: PictureSet) -> Iterator[NDArray[np.uint8]]:
    """The pictures in colour, some at a time: uint8 (n, 3, H, W). At least one part, which may be empty."""
    for start in range(0, max(1, len(pictures)), CHUNK_PICTURES):
        yield to_rgb(pictures[np.arange(start, min(start + CHUNK_PICTURES, len(pictures)))])


def reduced_pixels(pictures: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Means of 16×16 areas, less 128: uint8 (N, 3, H, W) → int8 (N, 768). Smaller pictures are enlarged."""
    down, across = (area_weights(side, REDUCED_SIDE) for side in pictures.shape[2:])
    means = np.rint(down @ pictures.astype(np.float32) @ across.T).clip(0, 255) - 128
    return means.astype(np.int8).reshape(len(pictures), 3 * REDUCED_SIDE**2)


def nearest_neighbour(
    queries: NDArray,
    mirrored: NDArray,
    references: NDArray,
    own: NDArray[np.int64] | None = None,
    done: Callable[[int], None] = lambda count: None,
) -> Neighbours:
    """The nearest reference of each query or its mirror image; the first of equally near ones.

    queries, mirrored: descriptions (N, d) of the pictures and of their mirror images; references (M, d). own: int (N,), a
    reference that is passed over for each query: itself. done: told how many more queries are through. Of reduced
    pixels every product is a whole number below 2²⁴, so nothing depends on the order of sums or on blocks.
    """
    place, flipped = np.zeros(len(queries), np.int64), np.zeros(len(queries), bool)
    halves = np.concatenate(
        [_squares(references[i : i + BLOCK_REFERENCES]) for i in range(0, len(references), BLOCK_REFERENCES)]
    )
    for start in range(0, len(queries), BLOCK_QUERIES):
        rows = slice(start, start + BLOCK_QUERIES)
        both = [descriptions[rows].astype(np.float32) for descriptions in (queries, mirrored)]
        own_halves = [_squares(its) for its in both]
        best = np.full(len(both[0]), -np.inf, np.float32)
        for first in range(0, len(references), BLOCK_REFERENCES):
            block = references[first : first + BLOCK_REFERENCES].astype(np.float32).T
            for flip, its in enumerate(both):
                near = its @ block  # q·r − |r|²/2, and less |q|²/2 that is −|q − r|²/2
                near -= halves[first : first + BLOCK_REFERENCES]
                if own is not None:
                    inside = np.flatnonzero((own[rows] >= first) & (own[rows] < first + near.shape[1]))
                    near[inside, own[rows][inside] - first] = -np.inf
                top = near.argmax(1)
                value = near[np.arange(len(near)), top] - own_halves[flip]
                earlier = (value == best) & (top + first < place[rows])
                better = np.flatnonzero((value > best) | earlier)
                best[better], place[start + better], flipped[start + better] = value[better], top[better] + first, flip
        done(len(best))
    return Neighbours(place, flipped, distances(np.where(flipped[:, None], mirrored, queries), references[place]))


def kmeans_centres(descriptions: NDArray, count: int, seed: int = 0) -> NDArray[np.float32]:
    """Centres of a division of the space into cells, by 20 rounds of k-means: (count, d)."""
    points = descriptions.astype(np.float32)
    centres = points[np.random.default_rng(seed).choice(len(points), count, replace=False)]
    for _ in range(20):
        of = nearest_centre(points, centres)
        for cell in range(count):
            if (of == cell).any():
                centres[cell] = points[of == cell].mean(0)
    return centres


def nearest_centre(descriptions: NDArray, centres: NDArray[np.float32]) -> NDArray[np.int64]:
    """The cell that each description lies in: the nearest centre's number."""
    return (descriptions.astype(np.float32) @ centres.T - (centres**2).sum(1) / 2).argmax(1)


def _squares(descriptions: NDArray) -> NDArray[np.float32]:
    return (descriptions.astype(np.float32) ** 2).sum(1) / 2


def distances(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """Root mean square of reduced pixels, Euclidean distance of features: (N, d), (N, d) → (N,)."""
    found = np.empty(len(first))
    for start in range(0, len(first), BLOCK_QUERIES):
        rows = slice(start, start + BLOCK_QUERIES)
        squares = (first[rows].astype(np.float64) - second[rows]) ** 2
        found[rows] = squares.mean(1) if first.dtype == np.int8 else squares.sum(1)
    return np.sqrt(found)


def area_weights(side: int, count: int) -> NDArray[np.float32]:
    """Weights of a row's pixels in the means of equal stretches of it: (count, side)."""
    edges, pixels = np.linspace(0, side, count + 1), np.arange(side)
    weights = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = weights.clip(0)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)
