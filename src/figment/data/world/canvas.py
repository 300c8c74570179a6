"""What pictures are drawn on and with: signed distances, antialiased over a pixel, in float32 numpy.

x goes to the right and y down, both from −1 to 1. A shape is painted in the window around it alone, so that many small
ones cost little.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float32 throughout
LINES_AT_ONCE = 4  # that follow one another and so lie near


class Window(NamedTuple):
    """A part of a canvas, around a point.

    pixels: (3, h, w), shared with the canvas. x (1, w) and y (h, 1): distance from the point. rows, columns: of the canvas.
    """

    pixels: Array
    x: Array
    y: Array
    rows: slice
    columns: slice
    pixel: float

    def cover(self, distance: Array, soft: float = 0.0) -> Array:
        """How much of each pixel lies inside a shape, whose edge is as wide as `soft` where that is over a pixel."""
        return unit(0.5 - distance * (1 / max(self.pixel, soft)))

    def paint(self, cover: Array, colour: Array) -> None:
        """Lay a colour, (3, 1, 1) or a plane for each channel, over the pixels where cover (h, w) is above 0."""
        change = colour - self.pixels
        change *= cover
        np.add(self.pixels, change, out=self.pixels)

    def turned(self, angle: float) -> tuple[Array, Array]:
        """x and y of the window, (h, w), in a frame turned by an angle in radians."""
        c, s = math.cos(angle), math.sin(angle)
        return c * self.x + s * self.y, c * self.y - s * self.x


class Canvas:
    """A picture in the making, float32 (3, size, size), from 0 to 1.

    ground: what it starts from, anything that fits (3, size, size).
    """

    def __init__(self, size: int, ground: Array) -> None:
        self.size = size
        self.pixel = 2 / size
        self.axis = ((np.arange(size, dtype=np.float32) + 0.5) * np.float32(self.pixel)) - 1
        self.pixels = np.empty((3, size, size), np.float32)
        self.pixels[:] = ground

    def near(self, x: float, y: float, reach: float, reach_y: float | None = None) -> Window | None:
        """The window that reaches so far to each side of a point (and up and down); None where it lies outside."""
        rows, columns = self._slice(y, reach if reach_y is None else reach_y), self._slice(x, reach)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        return Window(
            self.pixels[:, rows, columns],
            self.axis[None, columns] - np.float32(x),
            self.axis[rows, None] - np.float32(y),
            rows,
            columns,
            self.pixel,
        )

    @property
    def whole(self) -> Window:
        every = slice(0, self.size)
        return Window(self.pixels, self.axis[None], self.axis[:, None], every, every, self.pixel)

    def windows(self, places: Array, reach: Array) -> Iterator[tuple[int, Window]]:
        """The windows around places (N, 2) that reach so far (N), each with its number, where they lie inside."""
        ends = [(places - reach[:, None] + 1) / self.pixel, (places + reach[:, None] + 1) / self.pixel + 1]
        low, high = (np.clip(end, 0, self.size).astype(np.int64) for end in ends)
        seen = np.flatnonzero((low < high).all(1))
        middles = places.astype(np.float32)
        for k, (left, top), (right, bottom) in zip(seen.tolist(), low[seen].tolist(), high[seen].tolist(), strict=True):
            rows, columns = slice(top, bottom), slice(left, right)
            x, y = self.axis[None, columns] - middles[k, 0], self.axis[rows, None] - middles[k, 1]
            yield k, Window(self.pixels[:, rows, columns], x, y, rows, columns, self.pixel)

    def ellipse(
        self, x: float, y: float, a: float, b: float, colour: Array, angle: float = 0.0, soft: float = 0.0
    ) -> None:
        """Paint an ellipse with half axes a and b."""
        window = self.near(x, y, max(a, b) + self.pixel + soft / 2)
        if window:
            u, v = window.turned(angle)
            window.paint(window.cover(ellipse(u, v, float(a), float(b)), float(soft)), colour)

    def polygon(self, points: Array, colour: Array, soft: float = 0.0) -> None:
        """Paint a convex polygon, its corners (K, 2) in either order."""
        low, high = points.min(0), points.max(0)
        middle, half = (low + high) / 2, (high - low) / 2 + self.pixel + soft / 2
        window = self.near(float(middle[0]), float(middle[1]), float(half[0]), float(half[1]))
        if window:
            window.paint(window.cover(convex(window.x, window.y, points - middle), soft), colour)

    def stroke(self, points: Array, thickness: Array | float, colour: Array) -> None:
        """Paint a line along points (K, 2), so thick from edge to edge at each of them; a thin one fades, unbroken."""
        thick = np.full(len(points), thickness, np.float32)[1:]
        self.lines(np.stack([points[:-1], points[1:]], 1), thick, colour)

    def lines(self, ends: Array, thickness: Array | float, colour: Array) -> None:
        """Paint straight lines with round ends (K, 2, 2), all in one colour; quickest where near ones follow one another."""
        half = np.full(len(ends), thickness, np.float32) / 2
        low = (ends.min(1) - half[:, None]).min(0) - self.pixel
        high = (ends.max(1) + half[:, None]).max(0) + self.pixel
        middle, reach = ((low + high) / 2).tolist(), ((high - low) / 2).tolist()
        window = self.near(*middle, *reach)
        if window:
            cover = np.zeros((self.size, self.size), np.float32)
            for start in range(0, len(ends), LINES_AT_ONCE):
                part = slice(start, start + LINES_AT_ONCE)
                self._cover_lines(cover, ends[part].astype(np.float32), half[part])
            window.paint(cover[window.rows, window.columns], colour)

    def _cover_lines(self, cover: Array, ends: Array, half: Array) -> None:
        """Raise cover where a few lines lie, each half as thick as `half` says."""
        low, high = ends.min((0, 1)), ends.max((0, 1))
        middle = (low + high) / 2
        (x, y), (reach, reach_y) = middle.tolist(), ((high - low) / 2 + half.max() + self.pixel).tolist()
        window = self.near(x, y, reach, reach_y)
        if window is None:
            return
        starts, along = (ends[:, 0] - middle)[:, :, None, None], (ends[:, 1] - ends[:, 0])[:, :, None, None]
        thick = np.maximum(half, np.float32(self.pixel / 2))
        distance = segment(window.x - starts[:, 0], window.y - starts[:, 1], along[:, 0], along[:, 1])
        inside = unit(0.5 - (distance - thick[:, None, None]) * (1 / self.pixel)) * (half / thick)[:, None, None]
        part = cover[window.rows, window.columns]
        np.maximum(part, inside.max(0), out=part)

    def _slice(self, middle: float, reach: float) -> slice:
        first, last = (middle - reach + 1) / self.pixel, (middle + reach + 1) / self.pixel
        return slice(min(max(math.floor(first), 0), self.size), min(max(math.ceil(last), 0), self.size))


def unit(t: Array) -> Array:
    """t within 0 … 1."""
    return np.minimum(np.maximum(t, 0), 1)


def smooth(t: Array) -> Array:
    """Smooth step from 0 at t ≤ 0 to 1 at t ≥ 1."""
    t = unit(t)
    return t * t * (3 - 2 * t)


def bearing(x: Array, y: Array) -> Array:
    """The angle of (x, y) from −π to π, to .004: a sixth of the time that arctan2 takes."""
    across, down = np.abs(x), np.abs(y)
    t = np.minimum(across, down) / (np.maximum(across, down) + 1e-9)
    turn = t * (
        np.pi / 4 + 0.273 - 0.273 * t
    )  # Rajan et al. 2006, "Efficient approximations for the arctangent function"
    turn = np.where(down > across, np.pi / 2 - turn, turn)
    return np.copysign(np.where(x < 0, np.pi - turn, turn), y)


def channels(colour: Sequence[float] | Array) -> Array:
    """A colour (3) as planes (3, 1, 1)."""
    return np.asarray(colour, np.float32).reshape(3, 1, 1)


# Signed distances, above 0 outside; exact or to first order, which a pixel's width of edge doesn't tell apart


def ellipse(x: Array, y: Array, a: float, b: float) -> Array:
    """The implicit function over the length of its gradient."""
    xx, yy = x * (1 / a), y * (1 / b)
    r = np.sqrt(xx * xx + yy * yy)
    xx, yy = xx * (1 / a), yy * (1 / b)
    return r * (r - 1) / (np.sqrt(xx * xx + yy * yy) + 1e-6)


def box(x: Array, y: Array, a: float, b: float) -> Array:
    return np.maximum(np.abs(x) - a, np.abs(y) - b)


def segment(x: Array, y: Array, dx: Array | float, dy: Array | float) -> Array:
    """Distance to the segment from the origin to (dx, dy)."""
    along = unit((x * dx + y * dy) / (dx * dx + dy * dy + 1e-12))
    u, v = x - along * dx, y - along * dy
    return np.sqrt(u * u + v * v)


def convex(x: Array, y: Array, corners: Array) -> Array:
    """A convex polygon with corners (K, 2), as the furthest of its edges' half planes."""
    following = np.roll(corners, -1, 0)
    along = following - corners
    normal = np.stack([along[:, 1], -along[:, 0]], 1) / (np.hypot(along[:, 0], along[:, 1])[:, None] + 1e-9)
    turn = along[:, 0] * np.roll(along[:, 1], -1) - along[:, 1] * np.roll(along[:, 0], -1)
    normal = (normal if turn.sum() > 0 else -normal).astype(np.float32)
    offset = (normal * corners).sum(1).astype(np.float32)
    distance = normal[0, 0] * x + normal[0, 1] * y - offset[0]
    for (nx, ny), at in zip(normal[1:], offset[1:], strict=True):
        distance = np.maximum(distance, nx * x + ny * y - at)
    return distance
