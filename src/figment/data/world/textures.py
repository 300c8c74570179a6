"""Textures that fill the picture: patterns, wood, cells, and noise alone."""

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import Array, Canvas, unit
from figment.data.world.colours import Palette, clouds, gradient
from figment.data.world.fills import PATTERNS
from figment.data.world.noise import noise


def _pattern(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """A pattern at any angle and scale, bent a little by noise, between two colours or two textures."""
    x, y = canvas.whole.turned(rng.uniform(0, np.pi) if rng.random() < 0.6 else 0.0)
    if rng.random() < 0.6:
        bend = noise(rng, canvas.size, 2, 2.0) * np.float32(rng.uniform(0, 0.15))
        x, y = x + bend[0], y + bend[1]
    which = PATTERNS[int(rng.integers(1, len(PATTERNS)))]
    mixed = which(x, y, float(2 ** rng.uniform(-0.5, 2.5)), rng.random(3).tolist())
    part = np.float32(0.5) + np.float32(0.5) * mixed
    front = clouds(rng, palette, canvas.size) if rng.random() < 0.3 else palette.one()
    canvas.pixels += part * (front - canvas.pixels)


def _wood(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """Rings about a middle that may lie outside, drawn out along the grain."""
    x, y = canvas.whole.turned(rng.uniform(0, np.pi))
    x0, y0 = rng.uniform(-1.5, 1.5, 2).astype(np.float32)
    bend = noise(rng, canvas.size, 1, rng.uniform(1.3, 2.2), rng.uniform(1, 5), rng.uniform(0, np.pi))[0]
    r = np.sqrt((x - x0) ** 2 + ((y - y0) * rng.uniform(0.1, 1)) ** 2) + bend * rng.uniform(0.02, 0.2)
    rings = np.abs((r * np.float32(rng.uniform(2, 10))) % 1 * 2 - 1) ** np.float32(rng.uniform(0.5, 3))
    canvas.pixels += rings * (palette.one() - canvas.pixels)


def _cells(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """Voronoi's cells: each in its colour, dark at the borders, or shaded from the middle."""
    count = int(4 * 2 ** rng.uniform(0, 4))
    points = rng.uniform(-1.1, 1.1, (count, 2)).astype(np.float32)
    if rng.random() < 0.3:  # rows of bricks, scales or tiles
        side = max(int(np.sqrt(count)), 2)
        down, along = np.divmod(np.arange(side * side), side)
        points = (
            np.stack([(along + 0.5 * (down % 2)) / (side - 1), down / (side - 1)], 1).astype(np.float32) * 2.4 - 1.2
        )
    points = points.astype(np.float32)
    x, y = canvas.axis[None, None], canvas.axis[None, :, None]
    square = (x - points[:, 0, None, None]) ** 2 + (y - points[:, 1, None, None]) ** 2
    nearest = square.argmin(0)
    colours = palette.draw(len(points))
    near = np.sqrt(square.min(0))
    fill = colours[nearest].transpose(2, 0, 1)
    if rng.random() < 0.5:
        fill = fill * (1 - np.float32(rng.uniform(0.2, 1)) * unit(near * np.float32(np.sqrt(len(points)) * 0.6)))
    if rng.random() < 0.6:  # the border lies where two points are equally near
        np.put_along_axis(square, nearest[None], np.inf, 0)
        gap = (np.sqrt(square.min(0)) - near) / 2
        line = unit(np.float32(0.5) - (gap - np.float32(rng.uniform(0, 0.05))) / np.float32(canvas.pixel))
        fill = fill + line * (palette.one() - fill)
    canvas.pixels[:] = fill if rng.random() < 0.7 else (fill + canvas.pixels) / 2


def _weave(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """Bands across and down, as in tartan or wicker."""
    angle = rng.uniform(0, np.pi) if rng.random() < 0.3 else 0.0
    for turn in (0.0, np.pi / 2):
        x, _ = canvas.whole.turned(angle + turn)
        for _ in range(int(rng.integers(1, 4))):
            wide, repeat, start = rng.uniform(0.1, 0.6), rng.uniform(0.15, 0.9), rng.random()
            place = np.abs((x / np.float32(repeat) + np.float32(start)) % 1 - np.float32(0.5)) * np.float32(repeat)
            band = unit(np.float32(0.5) - (place - np.float32(wide * repeat / 2)) / np.float32(canvas.pixel))
            canvas.pixels += band * np.float32(rng.uniform(0.3, 0.9)) * (palette.one() - canvas.pixels)


def _plain(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """The ground alone."""


TEXTURES = (_pattern, _wood, _cells, _weave, _plain)


def textures(rng: Generator, size: int) -> Canvas:
    """One texture over the whole picture."""
    palette = Palette(rng)
    start: Array = clouds(rng, palette, size) if rng.random() < 0.6 else gradient(rng, palette, size)
    canvas = Canvas(size, start)
    TEXTURES[int(rng.choice(len(TEXTURES), p=[0.3, 0.2, 0.25, 0.15, 0.1]))](rng, canvas, palette)
    return canvas
