"""Dead leaves: shapes of all sizes that lie over one another, which share the statistics of nature's pictures.

Their radii follow a power law (Lee, Mumford & Huang 2001, "Occlusion models for natural images"); each is flat, patterned
or shaded, hard or soft at the edge.
"""

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import Array, Canvas, Window, box, ellipse, segment
from figment.data.world.colours import Palette, ground
from figment.data.world.fills import BALL, PATTERNS

MOST = 120  # shapes in a picture
SMALLEST, LARGEST = 0.04, 0.9  # radius, of half a side
ELLIPSE, BOX, TRIANGLE, RAGGED, BAR, STAR = range(6)


def radii(rng: Generator, count: int, exponent: float) -> Array:
    """So many radii from SMALLEST to LARGEST, with a density of r^−exponent (exponent above 1)."""
    low, high = SMALLEST ** (1 - exponent), LARGEST ** (1 - exponent)
    return (low + rng.random(count) * (high - low)) ** (1 / (1 - exponent))


def _distance(window: Window, shape: int, r: float, angle: float, u: Array) -> tuple[Array, Array, Array]:
    """Signed distance from the edge of a shape, and x and y in its own frame."""
    x, y = window.turned(angle)
    narrow = float(0.25 + 0.75 * u[0])
    if shape == ELLIPSE:
        return ellipse(x, y, r, r * narrow), x, y
    if shape == BOX:
        return box(x, y, r * 0.9, r * narrow * 0.9), x, y
    if shape == TRIANGLE:
        s = np.float32(0.5 + u[0])
        side = (np.abs(x) * s - y) / np.sqrt(1 + s * s) - np.float32(0.3 * r)
        return np.maximum(side, y - np.float32(0.5 * r)), x, y
    if shape == BAR:
        return segment(x + np.float32(r), y, 2 * r, 0) - np.float32(r * (0.04 + 0.2 * u[0])), x, y
    around = np.arctan2(y, x)
    if shape == RAGGED:
        wave = np.sin(around * np.float32(int(2 + 4 * u[0])) + np.float32(6 * u[1]))
        wave = wave * np.float32(0.16) + np.float32(0.12) * np.sin(around * np.float32(int(4 + 9 * u[2])))
        return np.sqrt(x * x + y * y) - np.float32(0.72 * r) * (1 + wave), x, y
    points = np.float32(int(3 + 5 * u[0]))
    wave = np.cos(around * points) * np.float32(0.15 + 0.3 * u[1])
    return (np.sqrt(x * x + y * y) - np.float32(0.62 * r) * (1 + wave)) * np.float32(0.75), x, y


def scatter(rng: Generator, canvas: Canvas, palette: Palette, count: int) -> None:
    """Lay so many shapes on a canvas."""
    kinds = rng.permutation(6)[: int(rng.integers(1, 7))]  # a picture of few kinds is as usual as one of all
    shapes = rng.choice(kinds, count)
    sizes = radii(rng, count, rng.uniform(1.2, 2.8)) * rng.choice([0.8, 1, 1.3])
    places = rng.uniform(-1.15, 1.15, (count, 2))
    angles = rng.uniform(0, 2 * np.pi, count) if rng.random() < 0.7 else rng.integers(0, 4, count) * (np.pi / 2)
    colours = palette.draw(2 * count).reshape(count, 2, 3, 1, 1)
    u = rng.random((count, 8))
    patterned, softened = rng.choice([0, 0.3, 0.9]), rng.choice([0, 0.2, 0.8])
    seen = rng.choice([1, 1, 0.7])  # opacity
    if rng.random() < 0.3:  # the large ones behind, so that all are seen
        sizes = -np.sort(-sizes)
    for k, window in canvas.windows(places, sizes + canvas.pixel):
        r = float(sizes[k])
        distance, x, y = _distance(window, int(shapes[k]), r, angles[k], u[k])
        colour, other = colours[k]
        if u[k, 3] < patterned and r > 2 * canvas.pixel:
            which = BALL if shapes[k] == ELLIPSE and u[k, 7] < 0.3 else int(u[k, 4] * len(PATTERNS))
            mixed = PATTERNS[which](x / np.float32(r), y / np.float32(r), float(0.5 + 2 * u[k, 5]), u[k, 5:])
            colour = colour + (other - colour) * (np.float32(0.5) + np.float32(0.5) * mixed)
        soft = float(r * u[k, 6]) if u[k, 7] < softened else 0.0
        cover = window.cover(distance, soft)
        window.paint(cover * np.float32(seen) if seen < 1 else cover, colour)


def leaves(rng: Generator, size: int) -> Canvas:
    """A ground with 0 to MOST shapes on it."""
    palette = Palette(rng)
    canvas = Canvas(size, ground(rng, palette, size))
    scatter(rng, canvas, palette, int(rng.random() ** 2.2 * (MOST + 1)))
    return canvas
