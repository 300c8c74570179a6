"""Copies that were turned by a few degrees, or are the enlarged middle of a picture: found, aligned, and compared.

Found as parts are (see parts): by cosine waves of the middle three quarters of each of the set's pictures, against those
of the looked-up picture turned back by several angles, and of several of its own windows.
"""

from dataclasses import dataclass
from math import radians

import numpy as np
import torch
from numpy.typing import NDArray

from figment.similarity.candidates import BATCH_PICTURES, cosines
from figment.similarity.frames import EVERYWHERE, region_likeness, sampled
from figment.similarity.parts import BLOCK_QUERIES, BLOCK_REFERENCES, spread_of, unit
from figment.similarity.thumbnails import THUMBNAIL_SIDE

MIDDLE = 0.75  # of a picture's side: what is compared of pictures that may be turned, and what an enlarged one shows
ANGLES = (-8.0, -4.0, 4.0, 8.0)  # degrees; each finds what is turned by up to three more or less
ENLARGED = (0.75, 0.8, 0.86)  # share of a picture's side that an enlarged one shows; each finds what lies near to it
WAVES = 8  # cosine frequencies along each axis: with more, less is found between the angles
VERIFIED = 1  # views of each picture that are aligned: those with the nearest pictures
_EDGE = round(THUMBNAIL_SIDE * (1 - MIDDLE) / 2)
_MIDDLE_REGION = slice(_EDGE, THUMBNAIL_SIDE - _EDGE), slice(_EDGE, THUMBNAIL_SIDE - _EDGE)


@dataclass(frozen=True)
class View:
    """How a picture is looked up: turned back by an angle in degrees, or by a window of it, as a share of its side.

    shown: of the set's pictures, as a share of a side, that the picture would then show.
    """

    kind: str
    angle: float = 0.0
    shown: float = 1.0

    @property
    def window(self) -> float:
        """Share of the looked-up picture's side that is compared with the middle of the set's pictures."""
        return MIDDLE / self.shown


VIEWS = (*(View("turned", angle) for angle in ANGLES), *(View("enlarged", shown=shown) for shown in ENLARGED))


@dataclass(frozen=True, eq=False)
class Found:
    """For each of N pictures the nearest of a set in the most promising view, (N, 1) each: places, −1 if the set holds
    no other; whether mirrored; and which of VIEWS it was."""

    place: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    view: NDArray[np.int64]


class MiddleIndex:
    """The middles of a set's thumbnails, uint8 (M, 48, 48), among which turned and enlarged pictures are looked up."""

    def __init__(self, thumbnails: NDArray[np.uint8]) -> None:
        self.thumbnails = thumbnails
        waves = _waves(thumbnails, MIDDLE)
        self._spread = spread_of((waves**2).mean(0))
        self._middles = unit(waves / self._spread)
        self._signs = np.where(np.arange(1, WAVES**2) % WAVES % 2 == 1, -1, 1).astype(np.float32)

    def nearest(self, pictures: NDArray[np.uint8], own: NDArray[np.int64] | None = None) -> Found:
        """What is nearest to each picture, uint8 (N, 48, 48), in its VERIFIED most promising views.

        own: int (N,), a place that is passed over for each picture.
        """
        shape = len(pictures), len(VIEWS)
        place, flipped, best = np.full(shape, -1), np.zeros(shape, bool), np.full(shape, -np.inf, np.float32)
        for column, view in enumerate(VIEWS):
            turned = turned_back(pictures, view.angle) if view.angle else pictures
            queries = unit(_waves(turned, view.window) / self._spread)
            for start in range(0, len(pictures), BLOCK_QUERIES):
                rows = slice(start, start + BLOCK_QUERIES)
                for first in range(0, len(self.thumbnails), BLOCK_REFERENCES):
                    block = self._middles[first : first + BLOCK_REFERENCES].T
                    for flip in (False, True):
                        product = (queries[rows] * self._signs if flip else queries[rows]) @ block
                        if own is not None:
                            inside = np.flatnonzero((own[rows] >= first) & (own[rows] < first + product.shape[1]))
                            product[inside, own[rows][inside] - first] = -np.inf
                        top = product.argmax(1)
                        value = product[np.arange(len(top)), top]
                        better = start + np.flatnonzero(value > best[rows, column])
                        best[better, column], flipped[better, column] = value[better - start], flip
                        place[better, column] = top[better - start] + first
        order = np.argsort(-best, axis=1, kind="stable")[:, :VERIFIED]
        return Found(np.take_along_axis(place, order, 1), np.take_along_axis(flipped, order, 1), order)


def turned_likeness(
    view: View, first: NDArray[np.uint8], second: NDArray[np.uint8], mirrored: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Correlations of pairs of thumbnails in each of BANDS, where the first shows the second turned or enlarged: (N, 3).

    first, second: uint8 (N, 48, 48); mirrored: bool (N,), whether the second is. −1 where they aren't coarsely alike.
    Of a picture that may be turned only the middle is looked at, since its corners may have been filled with anything.
    """
    frame = view.shown, radians(view.angle), 0.0, 0.0
    return region_likeness(first, second, mirrored, _MIDDLE_REGION if view.angle else EVERYWHERE, frame)


def turned_back(pictures: NDArray[np.uint8], degrees: float) -> NDArray[np.float32]:
    """Thumbnails turned about their middles: what was turned by so many degrees stands upright again."""
    found = [np.zeros((0, *pictures.shape[1:]), np.float32)]
    for start in range(0, len(pictures), BATCH_PICTURES):
        part = torch.from_numpy(pictures[start : start + BATCH_PICTURES].astype(np.float32))
        frames = torch.tensor([1.0, -radians(degrees), 0.0, 0.0]).repeat(len(part), 1)
        found.append(sampled(part, frames, EVERYWHERE, part.shape[1:])[0].numpy())
    return np.concatenate(found)


def _waves(pictures: NDArray, window: float) -> NDArray[np.float32]:
    """Cosine waves of the middle of thumbnails without their mean: (N, 63)."""
    found = np.empty((len(pictures), WAVES**2 - 1), np.float32)
    along = cosines((1 - window) / 2, (1 + window) / 2, WAVES)
    for start in range(0, len(pictures), BATCH_PICTURES):
        part = slice(start, start + BATCH_PICTURES)
        found[part] = (along @ pictures[part].astype(np.float32) @ along.T).reshape(-1, WAVES**2)[:, 1:]
    return found
