"""What distances between pictures are taken in, a network's features or small pixels, and the nearest few of many."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.features.base import Extractor
from figment.features.registry import extractor
from figment.similarity.nearest import Descriptor, Neighbours, PictureSet, distances, reduced_pixels, rgb_chunks

BLOCK_REFERENCES = 4096  # compared at a time


@dataclass(frozen=True)
class Space:
    """name: for tables. describe: colour pictures, uint8 (N, 3, H, W) → (N, d). unit: of distances, as it follows a number."""

    name: str
    describe: Descriptor
    unit: str = ""


PIXELS = Space("pixels", reduced_pixels, " levels")  # root mean square of means of 16×16 areas, in levels of 255


def network_space(network: Extractor) -> Space:
    """Euclidean distances of a network's features."""
    return Space(network.name, network)


def named_space(name: str, device: str = "cpu") -> Space:
    """ "pixels", or the features of a network that extractor() knows by this name. Raises InputError for any other."""
    return PIXELS if name == "pixels" else network_space(extractor(name, device))


def described_both_ways(
    pictures: PictureSet, where: Space, done: Callable[[int], None] = lambda count: None
) -> tuple[NDArray, NDArray]:
    """Descriptions (N, d) of pictures and of their mirror images. done: told how many more pictures are described."""
    plain, mirrored = [], []
    for part in rgb_chunks(pictures):
        plain.append(where.describe(part))
        mirrored.append(where.describe(np.ascontiguousarray(part[..., ::-1])))
        done(len(part))
    return np.concatenate(plain), np.concatenate(mirrored)


def described(pictures: PictureSet, where: Space, done: Callable[[int], None] = lambda count: None) -> NDArray:
    """Descriptions (N, d) of pictures."""
    found = []
    for part in rgb_chunks(pictures):
        found.append(where.describe(part))
        done(len(part))
    return np.concatenate(found)


def nearest_neighbours(queries: NDArray, mirrored: NDArray, references: NDArray, count: int) -> Neighbours:
    """The nearest references of each query or its mirror image, nearest first, the first of equally near ones.

    As nearest_neighbour(), which finds one. All of Neighbours' are (N, count), or (N, M) where there are fewer references.
    """
    both = [its.astype(np.float32) for its in (queries, mirrored)]
    place = np.zeros((len(queries), 0), np.int64)
    flipped, half = place.astype(bool), place.astype(np.float32)
    for start in range(0, len(references), BLOCK_REFERENCES):
        block = references[start : start + BLOCK_REFERENCES].astype(np.float32)
        # |q − r|²/2; of reduced pixels a whole number of halves
        plain, turned = ((q**2).sum(1)[:, None] / 2 + (block**2).sum(1) / 2 - q @ block.T for q in both)
        here = np.broadcast_to(np.arange(start, start + len(block)), plain.shape)
        half = np.concatenate([half, np.minimum(plain, turned)], 1)
        place = np.concatenate([place, here], 1)
        flipped = np.concatenate([flipped, turned < plain], 1)
        best = np.argsort(half, 1, kind="stable")[:, :count]
        place, flipped, half = (np.take_along_axis(its, best, 1) for its in (place, flipped, half))
    found = [
        distances(np.where(flipped[:, i, None], mirrored, queries), references[place[:, i]])
        for i in range(place.shape[1])
    ]
    return Neighbours(place, flipped, np.stack(found, 1))
