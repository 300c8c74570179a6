"""Lines and letters: strokes, curves, scribbles, and text in letters of our own strokes."""

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import Array, Canvas
from figment.data.world.colours import Palette, ground

# Each letter's strokes on a grid 2 wide and 4 high, y down: "0004" goes from (0, 0) to (0, 4); strokes are apart.
_LETTERS = (
    "042024 1323", "00040413231202 0222 0212", "2010020414 1424", "00041423211000", "20000424 0212", "200004 0212",
    "20100204142412", "0004 2024 0222", "1014 0020 0424", "2023140402", "0004 200224", "000424", "0400122024",
    "0400242010", "100222041402", "0400102112 1202", "100204142210 1324", "0400102112 0224", "20100122231404", "0020 1014",
    "0003142320", "001420", "0004122420", "0024 2004", "001220 1214", "00200424", "11121311", "1014", "00200424 0222",
    "0002222024", "20001222231404", "002014", "1001122314 1014", "2210012124", "0424 1113", "1211 1314", "0222",
    "00102122 13", "0123", "0321", "101424", "0420 00", "0110212404",
)  # fmt: skip


def _strokes(letter: str) -> Array:
    """A letter's strokes as straight lines (K, 2, 2)."""
    points = [np.array(list(map(int, stroke)), np.float32).reshape(-1, 2) for stroke in letter.split()]
    return np.concatenate([np.stack([stroke[:-1], stroke[1:]], 1) for stroke in points])


LETTERS = tuple(_strokes(letter) for letter in _LETTERS)


def bezier(corners: Array, count: int) -> Array:
    """So many points (count, 2) along the cubic curve with corners (4, 2)."""
    t = np.linspace(0, 1, count, dtype=np.float32)[:, None]
    s = 1 - t
    return s**3 * corners[0] + 3 * s * s * t * corners[1] + 3 * s * t * t * corners[2] + t**3 * corners[3]


MOST_LETTERS = 40  # in a picture


def _text(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """Lines of text of one size, in a hand that leans and is bold to some degree."""
    high = 2 ** rng.uniform(-3.4, 0.3)  # of a letter
    wide = high * rng.uniform(0.35, 0.8)
    lean, bold, shaky = rng.normal(0, 0.2), high * rng.uniform(0.05, 0.22), high * rng.choice([0, 0.04])
    y = rng.uniform(-1.1, -0.2) if high < 0.6 else rng.uniform(-0.8, 0.8 - high)
    strokes: list[Array] = []
    left, right = sorted(rng.uniform(-1, 1, 2)) if rng.random() < 0.3 else (-0.95, 0.95)
    for _ in range(int(rng.integers(1, 8))):
        x = left + rng.choice([0, 0.1])
        while x < right and y < 1 and len(strokes) < MOST_LETTERS:
            if rng.random() < 0.85:
                letter = LETTERS[int(rng.integers(len(LETTERS)))]
                points = letter * (wide / 2, high / 4) + rng.normal(0, shaky, letter.shape)
                points[..., 0] += x + lean * (high - points[..., 1])
                points[..., 1] += y
                strokes.append(points)
            x += wide * 1.35 + bold
        y += high * rng.uniform(1.3, 1.8)
    if strokes:
        canvas.lines(np.concatenate(strokes), bold, palette.one())


def _curves(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """Bézier curves, thin to thick; some swell along the way."""
    for _ in range(int(rng.integers(1, 9))):
        points = bezier(rng.uniform(-1.3, 1.3, (4, 2)).astype(np.float32), 16)
        thick = 2 ** rng.uniform(-6, -1.5)
        swell = np.sin(np.linspace(0.2, 3, 16)) if rng.random() < 0.4 else 1.0
        canvas.stroke(points, thick * swell, palette.one())


def _straight(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """Straight lines: all over, alike in direction, or out from one point."""
    style, angle = rng.integers(3), rng.uniform(0, np.pi)
    centre = rng.uniform(-0.8, 0.8, 2)
    for _ in range(int(2 ** rng.uniform(1, 5))):
        start = centre if style == 2 else rng.uniform(-1.2, 1.2, 2)
        turn = angle + rng.normal(0, 0.1) if style == 1 else rng.uniform(0, 2 * np.pi)
        end = start + rng.uniform(0.2, 2) * np.array([np.cos(turn), np.sin(turn)])
        canvas.stroke(np.array([start, end], np.float32), 2 ** rng.uniform(-6, -3), palette.one())


def _scribble(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """One line that wanders, as a pen on paper."""
    for _ in range(int(rng.integers(1, 4))):
        count = int(rng.integers(8, 40))
        steps = rng.normal(0, 1, (count, 2))
        steps = np.cumsum(steps + np.roll(steps, 1, 0), 0) * rng.uniform(0.04, 0.2)
        points = (steps - steps.mean(0) + rng.uniform(-0.4, 0.4, 2)).astype(np.float32)
        canvas.stroke(points, 2 ** rng.uniform(-5.5, -3), palette.one())


WRITINGS = (_text, _curves, _straight, _scribble)


def writing(rng: Generator, size: int) -> Canvas:
    """One or two kinds of lines on any ground."""
    palette = Palette(rng)
    canvas = Canvas(size, ground(rng, palette, size)[0])
    for _ in range(int(rng.integers(1, 3))):
        WRITINGS[int(rng.choice(4, p=[0.4, 0.25, 0.2, 0.15]))](rng, canvas, palette)
    return canvas
