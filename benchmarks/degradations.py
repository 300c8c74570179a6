"""Sets of pictures made worse, each kind in several strengths whose order nobody doubts; not a script.

A kind's strengths stand from the weakest to the strongest; strength 0 of every kind is the reals themselves. Any two
strengths of a kind are a pair of a better and a worse set: 63 in all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from figment.features.codec import through_codec
from figment.features.resize import resized_array
from figment.similarity.nearest import kmeans_centres, nearest_centre, reduced_pixels

Pictures = NDArray[np.uint8]  # (N, 3, H, W)
CELLS = 8  # that a set's modes are, by k-means of pictures reduced to 16×16 pixels


@dataclass(frozen=True)
class Material:
    """What worse sets are made of: reals (M, 3, H, W), pictures of another kind (K, 3, H, W), and the reals' cells (M,)."""

    reals: Pictures
    others: Pictures
    cells: NDArray[np.int64]

    @classmethod
    def of(cls, reals: Pictures, others: Pictures) -> "Material":
        small = reduced_pixels(reals)
        return cls(reals, others, nearest_centre(small, kmeans_centres(small, CELLS)))

    def draw(self, count: int, random: np.random.Generator) -> Pictures:
        """So many of the reals."""
        return self.reals[drawn(np.arange(len(self.reals)), count, random)]


Make = Callable[[Material, int, float, np.random.Generator], Pictures]


@dataclass(frozen=True)
class Kind:
    """A way to make a set worse. strengths: weakest first. variety: what is lost is variety, and not realism."""

    name: str
    strengths: tuple[float, ...]
    make: Make
    variety: bool = False

    def pairs(self) -> list[tuple[float, float]]:
        """All pairs of a better and a worse strength, the reals being 0."""
        return list(combinations((0.0, *self.strengths), 2))


def changed(change: Callable[[Pictures, float, np.random.Generator], Pictures]) -> Make:
    """A kind that changes each picture by itself."""
    return lambda material, count, strength, random: change(material.draw(count, random), strength, random)


def blurred(pictures: Pictures, sigma: float, random: np.random.Generator) -> Pictures:
    """By a Gaussian of sigma pixels."""
    soft = [cv2.GaussianBlur(picture.transpose(1, 2, 0), (0, 0), sigma) for picture in pictures]
    return np.stack(soft).transpose(0, 3, 1, 2)


def compressed(pictures: Pictures, coarseness: float, random: np.random.Generator) -> Pictures:
    """By JPEG of quality 100 - coarseness."""
    return through_codec(f"jpeg:{100 - round(coarseness)}", pictures)


def noised(pictures: Pictures, sigma: float, random: np.random.Generator) -> Pictures:
    """By Gaussian noise of sigma levels of 255."""
    return np.clip(np.rint(pictures + random.normal(0, sigma, pictures.shape)), 0, 255).astype(np.uint8)


def reduced(pictures: Pictures, factor: float, random: np.random.Generator) -> Pictures:
    """To 1/factor of the side, and enlarged again."""
    height, width = pictures.shape[2:]
    small = resized_array(pictures, (round(height / factor), round(width / factor)))
    return resized_array(small, (height, width))


def shuffled(pictures: Pictures, blocks: float, random: np.random.Generator) -> Pictures:
    """Cut into blocks × blocks, which change places, in each picture otherwise. Sides must be multiples of blocks."""
    count, channels, height, width = pictures.shape
    n = round(blocks)
    cut = pictures.reshape(count, channels, n, height // n, n, width // n).transpose(0, 2, 4, 1, 3, 5)
    cut = cut.reshape(count, n * n, channels, height // n, width // n)
    order = random.permuted(np.tile(np.arange(n * n), (count, 1)), axis=1)
    mixed = np.take_along_axis(cut, order[:, :, None, None, None], 1)
    whole = mixed.reshape(count, n, n, channels, height // n, width // n).transpose(0, 3, 1, 4, 2, 5)
    return np.ascontiguousarray(whole.reshape(pictures.shape))


def tinted(pictures: Pictures, levels: float, random: np.random.Generator) -> Pictures:
    """So many levels of 255 more red, and as many less blue."""
    shift = levels * np.array([1, 0, -1])[:, None, None]
    return np.clip(np.rint(pictures + shift), 0, 255).astype(np.uint8)


def faded(pictures: Pictures, strength: float, random: np.random.Generator) -> Pictures:
    """So much of the contrast taken, towards the middle grey."""
    return np.rint(128 + (1 - strength) * (pictures - 128.0)).astype(np.uint8)


def of_fewer_modes(material: Material, count: int, parts: float, random: np.random.Generator) -> Pictures:
    """Of 1/parts of the cells alone, the same ones in every draw; pictures recur where these hold too few."""
    kept = np.arange(round(CELLS / parts))
    return material.reals[drawn(np.flatnonzero(np.isin(material.cells, kept)), count, random)]


def with_others(material: Material, count: int, share: float, random: np.random.Generator) -> Pictures:
    """A share of the pictures is of another kind."""
    strange = random.random(count) < share
    strange[: round(1 / share)] = np.arange(round(1 / share)) == 0  # one at least, in few pictures
    pictures = material.draw(count, random).copy()
    pictures[strange] = material.others[drawn(np.arange(len(material.others)), int(strange.sum()), random)]
    return pictures


def drawn(rows: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """So many of rows in random order; all of them again and again where there are fewer."""
    rounds = [random.permutation(rows) for _ in range(-(-count // len(rows)))]
    return np.concatenate(rounds)[:count]


KINDS = (
    # name             strengths              how
    Kind("blur",       (1, 1.5, 2.5, 4),      changed(blurred)),     # pixels
    Kind("JPEG",       (70, 80, 90, 95),      changed(compressed)),  # 100 less the quality
    Kind("noise",      (10, 20, 40, 80),      changed(noised)),      # levels of 255
    Kind("reduction",  (2, 4, 8),             changed(reduced)),     # times
    Kind("shuffle",    (2, 4, 8),             changed(shuffled)),    # blocks a side
    Kind("modes",      (2, 4, 8),             of_fewer_modes, True), # 1/…
    Kind("colour",     (15, 30, 60),          changed(tinted)),      # levels of 255
    Kind("others",     (0.1, 0.3, 1),         with_others),          # share
    Kind("contrast",   (0.4, 0.7),            changed(faded)),       # share lost
)  # fmt: skip
