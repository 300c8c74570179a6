"""Landscapes and rooms: a horizon or a floor, things that stand on it and grow smaller with distance, and light."""

from typing import Any

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import Array, Canvas, channels, unit
from figment.data.world.colours import Palette, from_hsv
from figment.data.world.fills import PATTERNS
from figment.data.world.noise import noise


def _ridge(rng: Generator, size: int, rough: float) -> Array:
    """A line of hills along the picture, (size), mean 0, deviation 1."""
    waves = np.arange(1, 33)
    phase, height = rng.uniform(0, 2 * np.pi, 32), rng.normal(0, 1, 32) * waves**-rough
    along = np.linspace(0, 2 * np.pi * 0.8, size)[:, None] * waves + phase
    line = (np.cos(along) * height).sum(1)
    return ((line - line.mean()) / (line.std() + 1e-9)).astype(np.float32)


def _mixed(low: Array, high: Array, part: Any) -> Array:
    return low + (high - low) * part


def landscapes(rng: Generator, size: int) -> Canvas:
    """Sky, sun, clouds; hills or roofs, the further the paler; sea, meadow or field in front, with trees or stones."""
    palette = Palette(rng)
    natural = rng.random() < 0.6
    sky = from_hsv(
        np.array([rng.normal(0.58, 0.06), rng.normal(0.08, 0.07)]), rng.random(2) * 0.7, 0.4 + 0.6 * rng.random(2)
    )
    upper, lower = (channels(c) for c in (sky if natural else palette.draw(2)))
    horizon = float(rng.uniform(-0.5, 0.6))
    canvas = Canvas(size, upper)
    down = unit((canvas.axis[:, None] + 1) / np.float32(horizon + 1))
    canvas.pixels[:] = _mixed(upper, lower, down)
    if rng.random() < 0.5:
        sky_noise = noise(rng, size, 1, rng.uniform(1.2, 2), rng.uniform(1, 4), 0.0)[0]
        canvas.pixels += unit(sky_noise * np.float32(0.5) - np.float32(rng.uniform(-0.2, 0.6))) * (1 - canvas.pixels)
    if rng.random() < 0.4:
        x, y, r = rng.uniform(-0.9, 0.9), rng.uniform(-0.9, horizon), rng.uniform(0.05, 0.25)
        canvas.ellipse(x, y, r, r, channels((1, rng.uniform(0.6, 1), rng.uniform(0.3, 0.9))), 0, rng.choice([0, r]))
    green = from_hsv(rng.normal(0.28, 0.08, 4), rng.random(4) * 0.7, 0.15 + 0.6 * rng.random(4))
    near = channels(green[0] if natural else palette.draw(1)[0])
    layers = int(rng.integers(1, 5))
    for k in range(layers):
        depth = (k + 1) / layers
        base = horizon - 0.3 * (1 - depth) + 0.1 * k
        line = base + _ridge(rng, size, rng.uniform(0.8, 2)) * rng.uniform(0.02, 0.2)
        if rng.random() < 0.2:  # roofs
            steps = np.repeat(rng.uniform(-0.35, 0, 16), -(-size // 16))[:size]
            line = base + steps
        colour = _mixed(lower, near * np.float32(rng.uniform(0.6, 1.2)), np.float32(depth))
        cover = unit(np.float32(0.5) + (canvas.axis[:, None] - line.astype(np.float32)) / np.float32(canvas.pixel))
        if rng.random() < 0.4:
            colour = colour + np.float32(0.1) * noise(rng, size, 1, rng.uniform(0.6, 1.5), 3.0, 0.0)
        canvas.whole.paint(cover, colour)
    if rng.random() < 0.3:  # water, which mirrors what is above it
        shore = min(int((horizon + 1) / 2 * size) + size // 8, size - 2)
        depth = size - shore
        mirrored = canvas.pixels[:, max(shore - depth, 0) : shore][:, ::-1][:, :depth]
        region = canvas.pixels[:, shore : shore + mirrored.shape[1]]
        region += np.float32(0.75) * (mirrored * np.float32(0.85) - region)
    for depth in np.sort(rng.uniform(0, 1, int(rng.integers(0, 9)))):
        foot = horizon + 0.1 + depth * (0.9 - horizon)
        _tree(rng, canvas, float(rng.uniform(-1, 1)), float(foot), float(0.12 + 0.5 * depth * rng.random()), green)
    return canvas


def _tree(rng: Generator, canvas: Canvas, x: float, foot: float, high: float, green: Array) -> None:
    """A tree, fir or bush of ellipses and triangles on a trunk."""
    trunk = np.array([[x, foot], [x, foot - high * 0.6]], np.float32)
    canvas.stroke(
        trunk, high * 0.12, channels(from_hsv(np.array([0.07]), np.array([0.5]), rng.uniform(0.1, 0.5, 1))[0])
    )
    colour = channels(green[int(rng.integers(1, 4))])
    if rng.random() < 0.4:
        for k in range(3):
            tip, wide = foot - high * (1.2 - 0.25 * k), high * (0.2 + 0.08 * k)
            corners = [[x, tip], [x + wide, tip + high * 0.45], [x - wide, tip + high * 0.45]]
            canvas.polygon(np.array(corners, np.float32), colour * np.float32(1 - 0.08 * k))
        return
    for _ in range(int(rng.integers(1, 6))):
        dx, dy = rng.normal(0, 0.18 * high, 2)
        r = high * rng.uniform(0.2, 0.4)
        canvas.ellipse(x + dx, foot - 0.75 * high + dy, r, r * 0.85, colour * np.float32(rng.uniform(0.8, 1.2)))


def rooms(rng: Generator, size: int) -> Canvas:
    """A room seen from inside: back wall, floor and side walls in perspective, windows, pictures, boxes."""
    palette = Palette(rng)
    canvas = Canvas(size, palette.one())
    x0, y0 = rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.2)  # the vanishing point
    wide, high = rng.uniform(0.3, 0.8), rng.uniform(0.25, 0.65)
    wall = np.array([[x0 - wide, y0 - high], [x0 + wide, y0 - high], [x0 + wide, y0 + high], [x0 - wide, y0 + high]])
    outer = (wall - (x0, y0)) * 6 + (x0, y0)
    tone = palette.one()
    for k, shade in zip(range(4), rng.uniform(0.6, 1.1, 4), strict=True):  # ceiling, right, floor, left
        corners = np.array([wall[k], wall[(k + 1) % 4], outer[(k + 1) % 4], outer[k]], np.float32)
        canvas.polygon(corners, (palette.one() if k == 2 else tone) * np.float32(shade))
    canvas.polygon(wall.astype(np.float32), tone)
    if rng.random() < 0.6:  # boards or tiles, closer together with distance
        floor = canvas.axis[:, None] - np.float32(y0)
        deep = 1 / np.maximum(floor, np.float32(0.02))
        across = (canvas.axis[None] - np.float32(x0)) * deep
        pattern = PATTERNS[int(rng.integers(1, 4))](across, deep, float(rng.uniform(0.3, 1.2)), rng.random(3).tolist())
        below = unit((floor - np.float32(high)) / np.float32(canvas.pixel) + np.float32(0.5))
        inside = below * (np.abs(canvas.axis[None] - np.float32(x0)) < floor * np.float32(wide / high))
        canvas.whole.paint(inside * (np.float32(0.3) + pattern * np.float32(0.3)), palette.one())
    for _ in range(int(rng.integers(0, 5))):
        _window(rng, canvas, palette, x0, y0, wide, high)
    for depth in np.sort(rng.uniform(1, 2.5, int(rng.integers(0, 5)))):
        _box(rng, canvas, palette, x0, y0, wide, high, float(depth))
    if rng.random() < 0.4:  # a lamp
        x, y, r = x0 + rng.uniform(-0.4, 0.4), rng.uniform(-0.9, y0), rng.uniform(0.05, 0.2)
        canvas.stroke(np.array([[x, -1], [x, y]], np.float32), 0.02, channels((0.1, 0.1, 0.1)))
        canvas.ellipse(x, y, r, r * 0.8, channels((1, 0.95, 0.75)), 0, rng.choice([0, r]))
    if rng.random() < 0.5:  # light from one side
        light = rng.uniform(-0.4, 0.4)
        canvas.pixels *= 1 + np.float32(light) * canvas.axis[None]
    return canvas


def _window(rng: Generator, canvas: Canvas, palette: Palette, x0: float, y0: float, wide: float, high: float) -> None:
    """A window, door or picture on the back wall or, seen aslant, on a side wall; with bars or without."""
    u = np.sort(rng.uniform(-0.9, 0.9, 2))
    v = np.sort(rng.uniform(-0.8, 0.9, 2))
    if rng.random() < 0.6:
        corners = [
            (u[0] * wide, v[0] * high),
            (u[1] * wide, v[0] * high),
            (u[1] * wide, v[1] * high),
            (u[0] * wide, v[1] * high),
        ]
    else:
        side, (near, far) = rng.choice([-1, 1]), 1.3 + 0.4 * u
        corners = [(side * wide * d, y * high * d) for d, y in ((near, v[0]), (far, v[0]), (far, v[1]), (near, v[1]))]
    points = (np.array(corners) + np.array([x0, y0])).astype(np.float32)
    canvas.polygon(points, palette.one())
    inner = points.mean(0) + (points - points.mean(0)) * np.float32(0.82)
    light = channels(from_hsv(rng.uniform(0.5, 0.65, 1), rng.random(1) * 0.5, rng.uniform(0.6, 1, 1))[0])
    canvas.polygon(inner, light if rng.random() < 0.6 else palette.one())
    if rng.random() < 0.5:
        frame = palette.one()
        middles = (inner + np.roll(inner, -1, 0)) / 2
        canvas.stroke(middles[[0, 2]], 0.03, frame)
        canvas.stroke(middles[[1, 3]], 0.03, frame)


def _box(
    rng: Generator, canvas: Canvas, palette: Palette, x0: float, y0: float, wide: float, high: float, depth: float
) -> None:
    """A box on the floor, its front, top and one side."""
    left, across, up = rng.uniform(-0.9, 0.6) * wide, rng.uniform(0.1, 0.6) * wide, rng.uniform(0.1, 0.9) * high
    far = depth * rng.uniform(0.6, 0.9)

    def at(x: float, y: float, d: float) -> tuple[float, float]:
        return x0 + x * d, y0 + y * d

    right, top = left + across, high - up
    colour = palette.one()
    sides = (
        [at(left, top, depth), at(right, top, depth), at(right, top, far), at(left, top, far)],
        [at(left, high, depth), at(left, top, depth), at(left, top, far), at(left, high, far)] if left > 0
        else [at(right, high, depth), at(right, top, depth), at(right, top, far), at(right, high, far)],
        [at(left, high, depth), at(right, high, depth), at(right, top, depth), at(left, top, depth)],
    )  # fmt: skip
    for corners, shade in zip(sides, (1.15, 0.6, 0.9), strict=True):
        canvas.polygon(np.array(corners, np.float32), colour * np.float32(shade))
