"""Animals, as children draw them: bodies of ellipses with heads, legs, ears, eyes and tails; birds, fish and insects."""

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import Array, Canvas, channels
from figment.data.world.colours import Palette, ground

DARK, WHITE = channels((0.05, 0.05, 0.07)), channels((0.98, 0.98, 0.96))


class Beast:
    """A place to draw an animal in: its own frame, x towards the head, brought to the canvas by size and side.

    x, y: its middle on the canvas. scale: of its own unit. side: 1 or −1, where its head is.
    """

    def __init__(self, rng: Generator, canvas: Canvas, x: float, y: float, scale: float, palette: Palette) -> None:
        self.rng, self.canvas, self.x, self.y, self.scale = rng, canvas, x, y, scale
        self.side = float(rng.choice([-1, 1]))
        self.coat, self.spots, self.belly = palette.one(), palette.one(), palette.one()

    def blob(self, x: float, y: float, a: float, b: float, colour: Array, angle: float = 0.0) -> None:
        s = self.scale
        self.canvas.ellipse(self.x + self.side * s * x, self.y + s * y, s * a, s * b, colour, self.side * angle)

    def line(self, points: list[tuple[float, float]], thick: float, colour: Array) -> None:
        placed = np.array(points) * (self.side * self.scale, self.scale) + np.array([self.x, self.y])
        self.canvas.stroke(placed.astype(np.float32), thick * self.scale, colour)

    def eye(self, x: float, y: float, r: float) -> None:
        if self.rng.random() < 0.6:
            self.blob(x, y, r * 1.6, r * 1.6, WHITE)
        self.blob(x, y, r, r, DARK)

    def mark(self, a: float, b: float) -> None:
        """Spots or stripes within the body's half axes."""
        style = self.rng.random()
        for _ in range(int(self.rng.integers(3, 10)) if style < 0.5 else 0):
            x, y = self.rng.uniform(-0.65, 0.65, 2) * (a, b)
            if style < 0.3:
                wide, high = self.rng.uniform(0.03, 0.14, 2)
                self.blob(x, y, wide, high, self.spots)
            else:
                reach = b * np.sqrt(1 - (x / a) ** 2) * 0.9
                self.line([(x, -reach), (x, reach * self.rng.uniform(0, 1))], 0.05, self.spots)


def _four_legs(rng: Generator, beast: Beast) -> None:
    """A beast on four legs, from mouse to giraffe."""
    long, high = rng.uniform(0.4, 0.75), rng.uniform(0.18, 0.4)
    leg, thick = rng.uniform(0.15, 0.7), rng.uniform(0.05, 0.16)
    neck, head = rng.uniform(0.05, 0.7) * rng.random(), rng.uniform(0.14, 0.3)
    for x in (-0.75, 0.7):
        beast.line([(x * long + 0.1, 0), (x * long + 0.08, high + leg)], thick, beast.coat * np.float32(0.7))
    tail = rng.uniform(-0.6, 0.4)
    beast.line(
        [(-long * 0.9, -0.05), (-long - 0.15, tail / 2), (-long - rng.uniform(0.15, 0.35), tail)], thick, beast.coat
    )
    hx, hy = long + neck * 0.4 + head * 0.3, -high * 0.6 - neck
    beast.line([(long * 0.8, 0), (hx, hy)], head * 1.1, beast.coat)
    beast.blob(0, 0, long, high, beast.coat)
    beast.mark(long, high)
    if rng.random() < 0.4:
        beast.blob(0, high * 0.5, long * 0.7, high * 0.4, beast.belly)
    for x in (-0.75, 0.7):
        beast.line([(x * long, 0), (x * long, high + leg)], thick, beast.coat)
    ear, slim = rng.uniform(0.05, 0.3), rng.uniform(0.3, 1)
    beast.blob(hx - head * 0.5, hy - head * 0.7, ear * slim, ear, beast.spots, rng.uniform(-0.5, 0.5))
    beast.blob(hx, hy, head, head * 0.85, beast.coat)
    snout = rng.uniform(0.4, 0.9) * head
    beast.blob(hx + head * 0.8, hy + head * 0.25, snout, snout * 0.7, beast.coat)
    beast.blob(hx + head * 0.8 + snout * 0.8, hy + head * 0.15, 0.04, 0.04, DARK)
    beast.eye(hx + head * 0.35, hy - head * 0.2, rng.uniform(0.03, 0.06))


def _sitting(rng: Generator, beast: Beast) -> None:
    """A cat, bear, owl or frog that looks at us: the same on both sides."""
    head, wide = rng.uniform(0.3, 0.5), rng.uniform(0.3, 0.55)
    beast.blob(0, 0.4, wide, rng.uniform(0.35, 0.55), beast.coat)
    beast.blob(0, 0.45, wide * 0.6, 0.3, beast.belly)
    ear, tall, out = rng.uniform(0.08, 0.25), rng.uniform(0.08, 0.5), rng.uniform(0.4, 0.9)
    eye, apart, squint = rng.uniform(0.03, 0.11), rng.uniform(0.25, 0.5), rng.uniform(0.6, 1)
    for side in (-1, 1):
        beast.blob(side * wide * 0.6, 0.85, 0.15, 0.09, beast.coat * np.float32(0.8))
        beast.blob(side * out * head, -0.3 - head * 0.75, ear, tall, beast.coat * np.float32(0.85), side * 0.3)
        beast.blob(side * out * head, -0.3 - head * 0.75, ear * 0.55, tall * 0.6, beast.spots, side * 0.3)
    beast.blob(0, -0.3, head * 1.1, head, beast.coat)
    beast.blob(0, -0.3 + head * 0.45, head * 0.5, head * 0.35, beast.belly)
    white = rng.random() < 0.6
    for side in (-1, 1):
        if white:
            beast.blob(side * apart * head, -0.35, eye * 1.7, eye * 1.7 * squint, WHITE)
        beast.blob(side * apart * head, -0.35, eye, eye, DARK)
    beast.blob(0, -0.3 + head * 0.3, 0.06, 0.045, DARK if rng.random() < 0.6 else beast.spots)
    if rng.random() < 0.5:
        for side in (-1, 1):
            beast.line([(0, -0.3 + head * 0.35), (side * 0.12, -0.3 + head * 0.6)], 0.03, DARK)


def _bird(rng: Generator, beast: Beast) -> None:
    head = rng.uniform(0.13, 0.28)
    slope, long, high = rng.uniform(-0.6, 0.1), rng.uniform(0.35, 0.6), rng.uniform(0.2, 0.38)
    hx, hy = long * 0.8, -high - head * rng.uniform(0, 1.8)
    for x in (-0.05, 0.1):
        beast.line([(x, high * 0.6), (x, high + rng.uniform(0.1, 0.5)), (x + 0.1, high + 0.5)], 0.04, beast.belly)
    beast.line([(-long * 0.6, 0), (-long - rng.uniform(0.2, 0.6), rng.uniform(-0.3, 0.3))], 0.16, beast.spots)
    beast.line([(long * 0.5, -high * 0.3), (hx, hy)], head * 1.3, beast.coat)
    beast.blob(0, 0, long, high, beast.coat, slope)
    beast.blob(-0.1, 0, long * 0.65, high * 0.55, beast.spots, slope + rng.uniform(-0.4, 0.4))
    beast.blob(hx, hy, head, head, beast.coat)
    beak = rng.uniform(0.1, 0.5)
    beast.line([(hx + head * 0.7, hy), (hx + head * 0.9 + beak / 2, hy + 0.02)], 0.1, beast.belly)
    beast.line([(hx + head + beak / 2, hy + 0.02), (hx + head + beak, hy + 0.05)], 0.05, beast.belly)
    beast.eye(hx + head * 0.25, hy - head * 0.2, rng.uniform(0.03, 0.06))


def _fish(rng: Generator, beast: Beast) -> None:
    long, high = rng.uniform(0.4, 0.8), rng.uniform(0.15, 0.5)
    fin = rng.uniform(0.2, 0.45)
    for up in (-1, 1):
        beast.blob(-long - 0.1, up * fin * 0.4, fin * 0.7, fin * 0.35, beast.spots, -up * 0.8)
        beast.blob(rng.uniform(-0.2, 0.2), up * high * 0.9, fin * 0.6, fin * 0.3, beast.spots, up * rng.uniform(0, 0.7))
    beast.blob(0, 0, long, high, beast.coat)
    beast.mark(long, high)
    if rng.random() < 0.5:
        beast.blob(0.1, high * 0.45, long * 0.7, high * 0.4, beast.belly)
    beast.blob(long * 0.1, 0, fin * 0.5, fin * 0.25, beast.spots, 0.4)
    beast.eye(long * 0.65, -high * 0.2, rng.uniform(0.04, 0.08))


def _insect(rng: Generator, beast: Beast) -> None:
    """A butterfly, beetle or spider from above."""
    wide, long = rng.uniform(0.06, 0.4), rng.uniform(0.3, 0.6)
    legs, reach, wing = int(rng.integers(0, 5)), rng.uniform(0.3, 0.8), rng.choice([0, rng.uniform(0.2, 0.5)])
    for side in (-1, 1):
        for k in range(legs):
            y = (k + 0.5) / legs * long - long / 2
            knee, foot = (side * (wide + reach * 0.5), y * 1.5 - 0.1), (side * (wide + reach), y * 2 + 0.1)
            beast.line([(0, y), knee, foot], 0.04, DARK)
        if wing:
            for up, size in ((-1, 1.0), (1, 0.7)):
                beast.blob(
                    side * (wide + wing * 0.7),
                    up * wing * 0.6,
                    wing * size,
                    wing * 0.6 * size,
                    beast.spots,
                    side * up * 0.6,
                )
                beast.blob(side * (wide + wing * 0.9), up * wing * 0.7, wing * 0.4 * size, wing * 0.3, beast.belly)
        beast.line([(0, -long), (side * 0.1, -long - 0.15), (side * 0.25, -long - 0.25)], 0.03, DARK)
    beast.blob(0, 0, wide, long, beast.coat)
    beast.blob(0, -long * 0.9, max(wide * 0.7, 0.08), max(wide * 0.6, 0.08), beast.coat * np.float32(0.6))
    for k in range(int(rng.integers(0, 5))):
        beast.blob(0, long * (k / 3 - 0.5), wide * 0.9, 0.04, beast.spots)


BEASTS = (_four_legs, _sitting, _bird, _fish, _insect)


def animals(rng: Generator, size: int) -> Canvas:
    """One animal, sometimes a few of a kind."""
    palette = Palette(rng)
    canvas = Canvas(size, ground(rng, palette, size)[0])
    draw = BEASTS[int(rng.integers(len(BEASTS)))]
    count = int(rng.choice([1, 1, 1, 2, 4]))
    for _ in range(count):
        reach = 0.25 if count == 1 else 0.7
        scale = rng.uniform(0.5, 1.0) if count == 1 else rng.uniform(0.2, 0.5)
        x, y = rng.uniform(-reach, reach, 2)
        draw(rng, Beast(rng, canvas, x, y, scale, palette))
    return canvas
