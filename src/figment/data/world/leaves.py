"""Dead leaves: shapes of all sizes that lie over one another, which share the statistics of nature's pictures.

Their radii follow a power law (Lee, Mumford & Huang 2001, "Occlusion models for natural images"); each is flat, patterned
or shaded, hard or soft at the edge.
"""

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import Array, Canvas, bearing, box, ellipse, segment
from figment.data.world.colours import Palette, ground
from figment.data.world.fills import BALL, PATTERNS

MOST, FEW = 120, 8  # shapes in a picture
SMALLEST, LARGEST = 0.04, 0.9  # radius, of half a side
ELLIPSE, BOX, TRIANGLE, RAGGED, BAR, STAR = range(6)


def radii(rng: Generator, count: int, exponent: float) -> Array:
    """So many radii from SMALLEST to LARGEST, with a density of r^−exponent (exponent above 1)."""
    low, high = SMALLEST ** (1 - exponent), LARGEST ** (1 - exponent)
    return (low + rng.random(count) * (high - low)) ** (1 / (1 - exponent))


def _distance(shape: int, x: Array, y: Array, r: float, u: list[float]) -> Array:
    """Signed distance from the edge of a shape of radius r, in its own frame; u makes it slim, ragged or pointed."""
    if shape == ELLIPSE:
        return ellipse(x, y, r, r * (0.25 + 0.75 * u[0]))
    if shape == BOX:
        return box(x, y, r * 0.9, r * (0.2 + 0.7 * u[0]))
    if shape == TRIANGLE:
        steep = 0.5 + u[0]
        side = (np.abs(x) * steep - y - 0.3 * r) * (1 + steep * steep) ** -0.5
        return np.maximum(side, y - 0.5 * r)
    if shape == BAR:
        return segment(x + r, y, 2 * r, 0) - r * (0.04 + 0.2 * u[0])
    around, far = bearing(x, y), np.sqrt(x * x + y * y)
    if shape == RAGGED:
        wave = 0.16 * np.sin(around * int(2 + 4 * u[0]) + 6 * u[1]) + 0.12 * np.sin(around * int(4 + 9 * u[2]))
        return far - 0.72 * r * (1 + wave)
    wave = (0.15 + 0.3 * u[1]) * np.cos(around * int(3 + 5 * u[0]))
    return (far - 0.62 * r * (1 + wave)) * 0.75


def scatter(rng: Generator, canvas: Canvas, palette: Palette, count: int) -> None:
    """Lay so many shapes on a canvas."""
    kinds = rng.permutation(6)[: int(rng.integers(1, 7))]  # a picture of few kinds is as usual as one of all
    sizes = radii(rng, count, rng.uniform(1.1, 2.6)) * rng.choice([0.8, 1, 1.3])
    if rng.random() < 0.3:  # the large ones behind, so that all are seen
        sizes = -np.sort(-sizes)
    places = rng.uniform(-1.15, 1.15, (count, 2))
    angles = rng.uniform(0, 2 * np.pi, count) if rng.random() < 0.7 else rng.integers(0, 4, count) * (np.pi / 2)
    patterned, softened = rng.choice([0, 0.3, 0.9]), rng.choice([0, 0.2, 0.8])
    opacity = float(rng.choice([1, 1, 0.7]))
    colours, others = palette.draw(2 * count).reshape(2, count, 3, 1, 1)
    shapes, u = rng.choice(kinds, count).tolist(), rng.random((count, 8)).tolist()
    radius, angle = sizes.tolist(), angles.tolist()
    for k, window in canvas.windows(places, sizes + canvas.pixel):
        r, own, colour = radius[k], u[k], colours[k]
        x, y = window.turned(angle[k])
        if own[3] < patterned and r > 2 * canvas.pixel:
            which = BALL if shapes[k] == ELLIPSE and own[7] < 0.3 else int(own[4] * len(PATTERNS))
            mixed = PATTERNS[which](x / r, y / r, 0.5 + 2 * own[5], own[5:])
            colour = colour + (others[k] - colour) * (0.5 + 0.5 * mixed)
        cover = window.cover(_distance(shapes[k], x, y, r, own), r * own[6] if own[7] < softened else 0.0)
        window.paint(cover if opacity == 1 else cover * opacity, colour)


def leaves(rng: Generator, size: int) -> Canvas:
    """A ground with up to MOST shapes on it."""
    palette = Palette(rng)
    below, noisy = ground(rng, palette, size)
    canvas = Canvas(size, below)
    fewest = 0 if noisy else FEW  # there is something in every picture
    scatter(rng, canvas, palette, fewest + int(rng.random() ** 2 * (MOST + 1 - fewest)))
    return canvas
