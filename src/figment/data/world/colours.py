"""Colours that go together, and grounds made of them."""

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import Array, channels, unit
from figment.data.world.noise import noise


def from_hsv(hue: Array, saturation: Array, value: Array) -> Array:
    """sRGB (N, 3), 0 to 1, of hues (any real number; its fraction counts), saturations and values (N)."""
    k = (np.asarray(hue)[:, None] * 6 + np.array([5, 3, 1])) % 6
    rgb = np.asarray(value)[:, None] * (1 - np.asarray(saturation)[:, None] * np.clip(np.minimum(k, 4 - k), 0, 1))
    return rgb.astype(np.float32)


class Palette:
    """Colours of one picture: a few that it keeps coming back to, each varied a little.

    At random they are of all hues, of neighbours, of two opposites, or hardly coloured; light, dark or both.
    """

    def __init__(self, rng: Generator) -> None:
        self.rng = rng
        count = int(rng.integers(2, 8))
        centre, width = rng.random(), rng.choice([0.03, 0.1, 0.5])
        hue = centre + width * rng.uniform(-1, 1, count) + 0.5 * (rng.random(count) < rng.choice([0, 0, 0.4]))
        saturation = rng.random(count) ** rng.choice([0.6, 1.2, 3])
        value = 1 - rng.random(count) * rng.uniform(0.3, 1)
        self.colours = from_hsv(hue, saturation, value)
        self.colours[0] = self.colours[0] ** rng.uniform(0.5, 2.5)
        self.variety = rng.choice([0.02, 0.08, 0.2])

    def draw(self, count: int) -> Array:
        """So many colours, (count, 3), 0 to 1."""
        chosen = self.colours[self.rng.integers(0, len(self.colours), count)]
        return unit(chosen + self.rng.normal(0, self.variety, (count, 3)).astype(np.float32))

    def one(self) -> Array:
        """A colour, (3, 1, 1)."""
        return channels(self.draw(1)[0])


def gradient(rng: Generator, palette: Palette, size: int) -> Array:
    """A ground that goes from one colour to another, in a straight line or around a point: (3, size, size)."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    if rng.random() < 0.6:
        angle = rng.uniform(0, 2 * np.pi)
        place = 0.5 + 0.4 * (np.float32(np.cos(angle)) * axis[None] + np.float32(np.sin(angle)) * axis[:, None])
    else:
        x, y = rng.uniform(-1, 1, 2).astype(np.float32)
        place = np.sqrt((axis[None] - x) ** 2 + (axis[:, None] - y) ** 2) / np.float32(rng.uniform(0.8, 2.4))
    place = unit(place) ** np.float32(rng.uniform(0.6, 1.6))
    return palette.one() * (1 - place) + palette.one() * place


def clouds(rng: Generator, palette: Palette, size: int) -> Array:
    """A ground of noise with a random spectrum and random colours: (3, size, size)."""
    stretch = rng.uniform(1, 6) if rng.random() < 0.25 else 1.0
    field = noise(rng, size, 3, rng.triangular(0.5, 1.6, 2.4), stretch, rng.uniform(0, np.pi))
    # One plane is strongest, as light is in pictures; the others give it colour, much or hardly any.
    mixing = rng.normal(0, rng.choice([0.1, 0.35, 1]), (3, 3))
    mixing[:, 0] += rng.uniform(0.5, 1.5) * rng.choice([-1, 1])
    mixing /= np.sqrt((mixing**2).sum(1).mean())
    mixed = (mixing.astype(np.float32) @ field.reshape(3, -1)).reshape(3, size, size)
    return palette.one() + np.float32(rng.uniform(0.05, 0.3)) * mixed


def ground(rng: Generator, palette: Palette, size: int) -> tuple[Array, bool]:
    """A ground of any kind, and whether it is noise, as it is for the most part; else a gradient or a single colour."""
    kind = rng.random()
    if kind < 0.55:
        return clouds(rng, palette, size), True
    return (gradient(rng, palette, size) if kind < 0.85 else palette.one()), False
