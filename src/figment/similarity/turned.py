"""Copies that were turned by a few degrees, or are the enlarged middle of a picture: found, aligned, and compared.

Found as parts are (see parts): by cosine waves of the middle three quarters of each of the set's pictures, against those
of the looked-up picture turned back by several angles, and of several of its own windows. Aligned by a similarity, that
is a scale, an angle and a shift, with Gauss and Newton's steps (Lucas and Kanade 1981), blurred at first.
"""

from dataclasses import dataclass
from math import pi, radians

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.similarity.alignment import UNALIGNED, blurred
from figment.similarity.candidates import BATCH_PICTURES, cosines
from figment.similarity.parts import BLOCK_QUERIES, BLOCK_REFERENCES, band_correlations, spread_of, unit
from figment.similarity.thumbnails import MIN_CONTRAST, THUMBNAIL_SIDE

MIDDLE = 0.75  # of a picture's side: what is compared of pictures that may be turned, and what an enlarged one shows
ANGLES = (-8.0, -4.0, 4.0, 8.0)  # degrees; each finds what is turned by up to three more or less
ENLARGED = (0.75, 0.8, 0.86)  # share of a picture's side that an enlarged one shows; each finds what lies near to it
WAVES = 8  # cosine frequencies along each axis: with more, less is found between the angles
VERIFIED = 1  # views of each picture that are aligned: those with the nearest pictures
COARSE_PIXELS, COARSE_STEPS, FINE_STEPS = 2.0, 3, 2  # blur at first, in pixels of a thumbnail; steps
MIN_COARSE_CORRELATION, MIN_INSIDE = 0.75, 0.9  # below which a pair is given up then; share of what is seen
MAX_STEP = 0.06  # of a picture's side, of the scale, and in radians
MAX_SCALE, MAX_ANGLE, MAX_SHIFT = (0.6, 1.15), 0.25, 0.12  # beyond which nothing is aligned; radians; of a side


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
    scores = np.full((len(first), 3), UNALIGNED, np.float32)
    for start in range(0, len(first), BATCH_PICTURES):
        part = slice(start, start + BATCH_PICTURES)
        shown = np.where(mirrored[part, None, None], second[part][:, :, ::-1], second[part])
        scores[part] = _likeness(view, first[part].astype(np.float32), shown.astype(np.float32))
    return scores


def _likeness(view: View, first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    scores = np.full((len(first), 3), UNALIGNED, np.float32)
    extent = MIDDLE if view.angle else 1.0
    frames = start_frames(view, len(first))
    # Coarsely: blurred, and every other pixel.
    theirs, ours = (torch.from_numpy(blurred(pictures, COARSE_PIXELS)) for pictures in (second, first))
    ours = standardised(F.avg_pool2d(cut(ours, extent), 2))
    for _ in range(COARSE_STEPS):
        frames = gauss_newton_step(frames, ours, theirs, extent)
    seen, inside = sampled(theirs, frames, extent, ours.shape[1])
    alike = (ours * standardised(seen)).mean((1, 2)) >= MIN_COARSE_CORRELATION
    kept = torch.nonzero(alike & (inside.mean((1, 2)) >= MIN_INSIDE))[:, 0]
    if not len(kept):
        return scores
    frames, theirs, ours = frames[kept], torch.from_numpy(second)[kept], cut(torch.from_numpy(first)[kept], extent)
    aim = standardised(ours)
    for _ in range(FINE_STEPS):
        frames = gauss_newton_step(frames, aim, theirs, extent)
    seen = sampled(theirs, frames, extent, ours.shape[1], "bicubic")[0]
    scores[kept.numpy()] = band_correlations(ours.numpy(), seen.numpy())
    return scores


def start_frames(view: View, count: int) -> Tensor:
    """Where a picture would lie in one of the set, before it is aligned: scale, angle in radians, shift: (count, 4)."""
    return torch.tensor([view.shown, radians(view.angle), 0.0, 0.0]).repeat(count, 1)


def sampled(pictures: Tensor, frames: Tensor, extent: float, side: int, how: str = "bilinear") -> tuple[Tensor, Tensor]:
    """Pictures (N, 48, 48) as frames see them, (N, side, side), and 1 where that lies within them, else 0.

    frames (N, 4): a point u of the looked-up picture, in shares of its side from its middle, lies at scale·R(angle)·u +
    shift. extent: what is seen, the looked-up picture's middle, as a share of its side. how: the interpolation.
    """
    x, y = _points(side, extent)
    scale, angle, right, down = frames.T[:, :, None, None]
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    # grid_sample counts from −1 to 1 what is counted here from −½ to ½.
    across, along = 2 * (cosine * x - sine * y + right), 2 * (sine * x + cosine * y + down)
    grid = torch.stack([across, along], 3)
    seen = F.grid_sample(pictures[:, None], grid, how, "border", align_corners=False)[:, 0]
    return seen, ((across.abs() <= 1) & (along.abs() <= 1)).float()


def _points(side: int, extent: float) -> tuple[Tensor, Tensor]:
    """Where the pixels of a picture's middle lie, in shares of its side from its middle: a row (S,), a column (S, 1)."""
    along = ((torch.arange(side) + 0.5) / side - 0.5) * extent
    return along, along[:, None]


def gauss_newton_step(frames: Tensor, ours: Tensor, pictures: Tensor, extent: float) -> Tensor:
    """Frames moved to where pictures look more like ours, (N, S, S) standardised, by a step that also fits gain and offset."""
    side = ours.shape[1]
    seen, inside = sampled(pictures, frames, extent, side)
    seen = standardised(seen)
    # The mean of both pictures' slopes makes a step exact to second order (Malis 2004).
    down, across = torch.gradient((ours + seen) * (side / extent / 2), dim=(1, 2))
    x, y = _points(side, extent)
    changes = [across * x + down * y, down * x - across * y, across, down, seen, torch.ones_like(seen)]
    jacobian = (torch.stack(changes, 1) * inside[:, None]).flatten(2)
    error = ((ours - seen) * inside).flatten(1)[:, :, None]
    # A little damping holds still what a picture says nothing about.
    normal = (jacobian @ jacobian.transpose(1, 2)).double() + 1e-4 * side**2 * torch.eye(6, dtype=torch.float64)
    step = torch.linalg.solve(normal, (jacobian @ error).double())[:, :4, 0].clamp(-MAX_STEP, MAX_STEP).float()
    scale, angle, shift_x, shift_y = frames.T
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    return torch.stack(
        [
            (scale * (1 + step[:, 0])).clamp(*MAX_SCALE), (angle + step[:, 1]).clamp(-MAX_ANGLE, MAX_ANGLE),
            (shift_x + cosine * step[:, 2] - sine * step[:, 3]).clamp(-MAX_SHIFT, MAX_SHIFT),
            (shift_y + sine * step[:, 2] + cosine * step[:, 3]).clamp(-MAX_SHIFT, MAX_SHIFT),
        ], 1,
    )  # fmt: skip


def turned_back(pictures: NDArray[np.uint8], degrees: float) -> NDArray[np.float32]:
    """Thumbnails turned about their middles: what was turned by so many degrees stands upright again."""
    found = [np.zeros((0, *pictures.shape[1:]), np.float32)]
    for start in range(0, len(pictures), BATCH_PICTURES):
        part = torch.from_numpy(pictures[start : start + BATCH_PICTURES].astype(np.float32))
        frames = torch.tensor([1.0, -degrees * pi / 180, 0.0, 0.0]).repeat(len(part), 1)
        found.append(sampled(part, frames, 1.0, THUMBNAIL_SIDE)[0].numpy())
    return np.concatenate(found)


def cut(pictures: Tensor, extent: float) -> Tensor:
    """The middle of thumbnails, (N, S, S)."""
    edge = round(THUMBNAIL_SIDE * (1 - extent) / 2)
    return pictures[:, edge : THUMBNAIL_SIDE - edge, edge : THUMBNAIL_SIDE - edge]


def _waves(pictures: NDArray, window: float) -> NDArray[np.float32]:
    """Cosine waves of the middle of thumbnails without their mean: (N, 63)."""
    found = np.empty((len(pictures), WAVES**2 - 1), np.float32)
    along = cosines((1 - window) / 2, (1 + window) / 2, WAVES)
    for start in range(0, len(pictures), BATCH_PICTURES):
        part = slice(start, start + BATCH_PICTURES)
        found[part] = (along @ pictures[part].astype(np.float32) @ along.T).reshape(-1, WAVES**2)[:, 1:]
    return found


def standardised(pictures: Tensor) -> Tensor:
    """Pictures (N, S, S) of brightness 0 and contrast 1, faint ones of less."""
    centred = pictures - pictures.mean((1, 2), keepdim=True)
    return centred / (centred * centred).mean((1, 2), keepdim=True).sqrt().clamp(min=MIN_CONTRAST)
