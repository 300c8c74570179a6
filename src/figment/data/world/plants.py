"""Plants: stems that branch, with leaves along them, flowers at their ends, grass and fruit."""

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import LINES_AT_ONCE, Array, Canvas, bearing, channels, unit
from figment.data.world.colours import Palette, from_hsv, ground

MOST_PIECES = 32  # of stem in a plant


def _greens(rng: Generator, palette: Palette) -> Array:
    """Colours for leaves, (6, 3): natural ones more often than the palette's."""
    if rng.random() < 0.3:
        return palette.draw(6)
    return from_hsv(rng.normal(rng.uniform(0.2, 0.4), 0.04, 6), rng.uniform(0.2, 0.9, 6), rng.uniform(0.2, 0.85, 6))


def _leaf(canvas: Canvas, x: float, y: float, angle: float, long: float, wide: float, colour: Array) -> None:
    """A leaf that starts at a point: two arcs that meet in a tip."""
    window = canvas.near(x + long / 2 * np.cos(angle), y + long / 2 * np.sin(angle), long / 2 + canvas.pixel)
    if window:
        u, v = window.turned(angle)
        t = unit(u / np.float32(long) + np.float32(0.5))
        half = np.sqrt(t) * (1 - t) * np.float32(2.6 * wide)  # widest a third of the way
        window.paint(window.cover(np.abs(v) - half), colour)


def _flower(rng: Generator, canvas: Canvas, x: float, y: float, r: float, colour: Array, heart: Array) -> None:
    """Petals round a heart."""
    petals, turn, slim = int(rng.integers(4, 11)), float(rng.uniform(0, 6)), float(rng.uniform(0.4, 2))
    window = canvas.near(x, y, r + canvas.pixel)
    if window:
        wave = np.abs(np.cos(bearing(window.x, window.y) * np.float32(petals / 2) + np.float32(turn)))
        wave = wave ** np.float32(slim)
        distance = np.sqrt(window.x**2 + window.y**2) - np.float32(r) * (np.float32(0.25) + np.float32(0.75) * wave)
        window.paint(window.cover(distance * np.float32(0.6)), colour * (np.float32(0.6) + np.float32(0.4) * wave))
    canvas.ellipse(x, y, 0.3 * r, 0.3 * r, heart)


def _branch(rng: Generator, x: float, y: float, high: float, angle: float, wild: float) -> list[tuple[Array, float]]:
    """Pieces of stem, each with its points (LINES_AT_ONCE + 1, 2) and its thickness."""
    pieces: list[tuple[Array, float]] = []
    waiting = [(x, y, high, angle, high * rng.uniform(0.04, 0.14))]
    twigs = int(rng.integers(1, 4))
    while waiting and len(pieces) < MOST_PIECES:
        x, y, long, angle, thick = waiting.pop(0)
        bend = rng.normal(0, wild)
        points = [(x, y)]
        for _ in range(LINES_AT_ONCE):
            angle += bend / LINES_AT_ONCE
            step = long / LINES_AT_ONCE
            x, y = x + step * np.cos(angle), y + step * np.sin(angle)
            points.append((x, y))
        ends = long < 0.12 * high
        pieces.append((np.array(points, np.float32), thick))
        if not ends:
            for k in range(twigs):
                fork = angle + (k - (twigs - 1) / 2) * rng.uniform(0.4, 1.1) + rng.normal(0, 0.2)
                waiting.append((x, y, long * rng.uniform(0.55, 0.8), fork, thick * 0.65))
    return pieces


def _bush(rng: Generator, canvas: Canvas, palette: Palette, x: float, foot: float, high: float) -> None:
    """A branching plant or a bare tree, with leaves on its twigs and blossom or fruit at the ends."""
    greens = _greens(rng, palette)
    wood = channels(
        greens[0] if rng.random() < 0.5 else from_hsv(np.array([0.07]), rng.random(1), rng.random(1) * 0.6)[0]
    )
    leafy, flowery = rng.choice([0, 0.6, 1]), rng.choice([0, 0, 0.5])
    size = high * rng.uniform(0.12, 0.4)
    blossom, heart, slim = palette.one(), palette.one(), rng.uniform(0.15, 0.5)
    pieces = _branch(rng, x, foot, high * rng.uniform(0.35, 0.6), -np.pi / 2 + rng.normal(0, 0.1), rng.uniform(0, 0.6))
    ends = np.concatenate([np.stack([points[:-1], points[1:]], 1) for points, _ in pieces])
    canvas.lines(ends, np.repeat([thick for _, thick in pieces], LINES_AT_ONCE), wood)
    for k, (points, _) in enumerate(pieces[1:], 1):
        end, along = points[-1], points[-1] - points[0]
        angle = float(np.arctan2(along[1], along[0]))
        if rng.random() < leafy:
            for side in (-0.7, 0.7):
                _leaf(
                    canvas,
                    float(points[1, 0]),
                    float(points[1, 1]),
                    angle + side,
                    size,
                    size * slim,
                    channels(greens[k % 6]),
                )
        if rng.random() < flowery:
            _flower(rng, canvas, float(end[0]), float(end[1]), size * 0.6, blossom, heart)


def _flowers(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """A few large flowers, on stems or by themselves."""
    greens = _greens(rng, palette)
    for _ in range(int(rng.integers(1, 7))):
        x, y, r = rng.uniform(-0.8, 0.8), rng.uniform(-0.7, 0.5), rng.uniform(0.12, 0.6)
        if rng.random() < 0.7:
            stem = np.array([[x, y], [x + rng.normal(0, 0.1), y + 0.5], [x + rng.normal(0, 0.2), 1.1]], np.float32)
            canvas.stroke(stem, r * 0.1, channels(greens[0]))
            _leaf(canvas, float(stem[1, 0]), float(stem[1, 1]), rng.uniform(-2, -1), r, r * 0.3, channels(greens[1]))
            _leaf(
                canvas, float(stem[1, 0]), float(stem[1, 1]), rng.uniform(-2.5, -0.5), r, r * 0.3, channels(greens[2])
            )
        _flower(rng, canvas, x, y, r, palette.one(), palette.one())


def _grass(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """Blades from below, or leaves from one place, as ferns, reeds and agaves have them."""
    greens = _greens(rng, palette)
    count, spread = int(rng.integers(8, 40)), rng.choice([0.1, 1.2])
    slim, high = rng.uniform(0.03, 0.15), rng.uniform(0.5, 1.6)
    for k in range(count):
        x, angle = rng.uniform(-spread, spread), -np.pi / 2 + rng.normal(0, 0.7 if spread < 1 else 0.2)
        long = high * rng.uniform(0.5, 1)
        _leaf(canvas, x, 1.0, angle, long, long * slim, channels(greens[k % 6]) * np.float32(rng.uniform(0.7, 1.2)))


def plants(rng: Generator, size: int) -> Canvas:
    """One plant or a few."""
    palette = Palette(rng)
    canvas = Canvas(size, ground(rng, palette, size)[0])
    kind = rng.random()
    if kind < 0.5:
        for _ in range(int(rng.choice([1, 1, 2, 3]))):
            _bush(rng, canvas, palette, rng.uniform(-0.5, 0.5), rng.uniform(0.5, 1.1), rng.uniform(0.8, 1.6))
    elif kind < 0.8:
        _flowers(rng, canvas, palette)
    else:
        _grass(rng, canvas, palette)
    return canvas
