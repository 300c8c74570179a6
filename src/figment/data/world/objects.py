"""Single things in the middle of a plain ground, the same on both sides, as garments, vessels, masks and emblems are."""

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import Array, Canvas, Window, bearing, box, channels, ellipse, segment, smooth, unit
from figment.data.world.colours import Palette, gradient
from figment.data.world.fills import PATTERNS
from figment.data.world.noise import noise


def profile(rng: Generator, knots: int, low: float, high: float, corners: bool) -> tuple[Array, Array]:
    """Heights from −1 to 1 and the half width at each, smooth or with corners."""
    heights = np.concatenate([[-1], np.sort(rng.uniform(-1, 1, knots)), [1]])
    widths = rng.uniform(low, high, knots + 2)
    fine = np.linspace(-1, 1, 65)
    if corners:
        return fine.astype(np.float32), np.interp(fine, heights, widths).astype(np.float32)
    place = np.interp(fine, heights, np.arange(knots + 2))
    left = np.minimum(place.astype(int), knots)
    part = smooth(place - left)
    return fine.astype(np.float32), (widths[left] * (1 - part) + widths[left + 1] * part).astype(np.float32)


def _dressed(rng: Generator, canvas: Canvas, palette: Palette, x: Array, y: Array, round_: bool) -> Array:
    """What a thing's surface looks like, (3, size, size): plain, patterned or cloudy, and shaded across."""
    surface = np.broadcast_to(palette.one(), canvas.pixels.shape)
    look = rng.random()
    if look < 0.4:
        pattern = PATTERNS[int(rng.integers(len(PATTERNS)))](
            x, y, float(2 ** rng.uniform(0, 2)), rng.random(3).tolist()
        )
        surface = surface + (palette.one() - surface) * (np.float32(0.5) + np.float32(0.5) * pattern)
    elif look < 0.6:
        surface = surface + np.float32(rng.uniform(0.03, 0.2)) * noise(rng, canvas.size, 1, rng.uniform(1, 2))
    if round_:
        light = np.float32(rng.uniform(-0.6, 0.6))
        surface = surface * (1 - np.float32(rng.uniform(0.2, 0.7)) * unit((x - light) ** 2))
        shine = unit(1 - np.abs(x - light) * 4) ** 2 * np.float32(rng.choice([0, 0.15, 0.4]))
        surface = surface + shine * (1 - surface)
    return surface


def _vessel(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """A vase, bottle, cup, lamp or tower: a profile turned about its axis, perhaps with handles."""
    tall, wide = rng.uniform(0.45, 0.9), rng.uniform(0.3, 0.85)
    at, half = profile(rng, int(rng.integers(1, 6)), 0.15, 1, bool(rng.random() < 0.4))
    x, y = canvas.whole.x, canvas.whole.y - np.float32(rng.uniform(-0.1, 0.1))
    width = np.interp(y[:, 0] / tall, at, half * wide).astype(np.float32)[:, None]
    if rng.random() < 0.4:
        both = rng.random() < 0.6
        side = np.abs(x) if both else x
        middle, reach = float(rng.uniform(-0.4, 0.4)), float(rng.uniform(0.1, 0.3))
        ring = np.abs(ellipse(side - np.float32(wide * 0.6), y - np.float32(middle), reach, reach * 1.3)) - np.float32(
            0.05
        )
        canvas.whole.paint(canvas.whole.cover(ring), palette.one())
    cover = np.minimum(canvas.whole.cover(np.abs(x) - width), canvas.whole.cover(np.abs(y) - np.float32(tall)))
    canvas.whole.paint(
        cover, _dressed(rng, canvas, palette, x / (width + np.float32(0.05)), y / np.float32(tall), True)
    )


def _garment(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """A shirt, dress, coat or pair of trousers: a body, sleeves at an angle, a neck, a front."""
    x, y = np.abs(canvas.whole.x), canvas.whole.y
    top, bottom = float(rng.uniform(-0.9, -0.5)), float(rng.uniform(0.3, 0.95))
    shoulder, waist, hem = rng.uniform(0.25, 0.6), rng.uniform(0.2, 0.5), rng.uniform(0.25, 0.8)
    width = np.interp(y[:, 0], [top, top * 0.2 + bottom * 0.3, bottom], [shoulder, waist, hem]).astype(np.float32)
    body = np.maximum(x - width[:, None], np.maximum(np.float32(top) - y + x * np.float32(0.2), y - np.float32(bottom)))
    kind = rng.random()
    if kind < 0.2:  # legs
        body = np.maximum(
            body, np.float32(0.02 + 0.1 * rng.random()) * (y - np.float32(top + 0.45)) / np.float32(0.4) - x
        )
    elif kind < 0.85:
        long, thick, down = rng.uniform(0.2, 1.3), float(rng.uniform(0.08, 0.2)), rng.uniform(0.2, 1.5)
        sleeve = segment(
            x - np.float32(shoulder - thick),
            y - np.float32(top + thick + 0.08),
            long * np.cos(down),
            long * np.sin(down),
        )
        body = np.minimum(body, sleeve - np.float32(thick))
    if rng.random() < 0.7:
        body = np.maximum(body, -ellipse(x, y - np.float32(top), rng.uniform(0.1, 0.25), rng.uniform(0.08, 0.35)))
    window = canvas.whole
    window.paint(window.cover(body), _dressed(rng, canvas, palette, canvas.whole.x, y, bool(rng.random() < 0.5)))
    inside = window.cover(body)
    if rng.random() < 0.5:  # a front with buttons, or a belt
        line = (
            x - np.float32(rng.uniform(0.01, 0.05))
            if rng.random() < 0.7
            else np.abs(y - np.float32(0.1)) - np.float32(0.05)
        )
        window.paint(inside * window.cover(line), palette.one())
        colour = palette.one()
        for place in np.linspace(top + 0.3, bottom - 0.1, int(rng.integers(2, 7))):
            canvas.ellipse(0, float(place), 0.03, 0.03, colour)


def _mask(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """A rounded blob with marks on both sides: a mask, an emblem, a beetle, a leaf with spots."""
    window: Window = canvas.whole
    x, y = np.abs(window.x), window.y
    around, r = bearing(x, y), np.sqrt(x * x + y * y)
    edge = np.float32(rng.uniform(0.45, 0.8)) * np.ones_like(around)
    for k in range(1, 7):
        edge += np.float32(rng.normal(0, 0.12 / k)) * np.cos(around * k + np.float32(rng.choice([0, np.pi / 2])))
    cover = window.cover((r - edge) * np.float32(0.8), float(rng.choice([0, 0, 0.2])))
    window.paint(cover, _dressed(rng, canvas, palette, window.x, y, bool(rng.random() < 0.6)))
    for _ in range(int(rng.integers(0, 7))):
        px, py = rng.uniform(0, 0.5), rng.uniform(-0.6, 0.6)
        a, b, angle = rng.uniform(0.03, 0.25), rng.uniform(0.03, 0.25), rng.uniform(-1, 1)
        colour = palette.one()
        for side in (1, -1):
            canvas.ellipse(side * px, py, a, b, colour, side * angle)
            if a > 0.1 and rng.random() < 0.5:
                canvas.ellipse(side * px, py, a / 2, b / 2, palette.one(), side * angle)


def _turned(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """The same part several times round the middle: a flower, wheel, star or rosette."""
    x, y = canvas.whole.x, canvas.whole.y
    r, around = np.sqrt(x * x + y * y), bearing(x, y)
    turn = float(rng.uniform(0, 2 * np.pi))
    for outer in sorted(rng.uniform(0.15, 0.9, int(rng.integers(1, 5))), reverse=True):
        petals, deep = int(rng.integers(3, 17)), np.float32(rng.uniform(0, 0.5))
        wave = np.cos(around * petals + np.float32(turn))
        wave = wave if rng.random() < 0.6 else np.abs(wave) * 2 - 1
        edge = np.float32(outer) * (1 - deep / 2 + deep / 2 * wave)
        shade = 1 - np.float32(rng.uniform(0, 0.6)) * unit(r / np.float32(outer)) if rng.random() < 0.5 else 1
        canvas.whole.paint(canvas.whole.cover((r - edge) * np.float32(0.7)), palette.one() * shade)


def _shoe(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """A shoe or boot from the side, from slipper to heel."""
    x, y = canvas.whole.x * float(rng.choice([-1, 1])), canvas.whole.y - 0.35
    high, long, low = rng.uniform(0.15, 1.1), rng.uniform(0.55, 0.8), rng.uniform(0.15, 0.3)
    toe = ellipse(x - long * 0.35, y, long * 0.65, low)
    shaft = box(x + long * 0.55 + 0.1 * y, y + high / 2 - low / 2, rng.uniform(0.15, 0.3), high / 2 + low / 2)
    heel = box(x + long * 0.6, y, 0.2, low)
    shoe = np.maximum(np.minimum(np.minimum(toe, shaft), heel), y - low * 0.7)
    lift = rng.uniform(0, 0.35)
    sole = np.maximum(np.abs(x + 0.05) - long, np.abs(y - low * 0.75 - 0.02) - 0.04)
    sole = np.minimum(sole, box(x + long * 0.75, y - low * 0.75 - lift / 2, rng.uniform(0.05, 0.2), lift / 2 + 0.01))
    window = canvas.whole
    window.paint(window.cover(shoe), _dressed(rng, canvas, palette, x, y, bool(rng.random() < 0.3)))
    window.paint(window.cover(sole), palette.one())
    if rng.random() < 0.5:
        colour = palette.one()
        for place in np.linspace(-0.2, 0.25, int(rng.integers(2, 6))).tolist():
            strap = segment(x - place, y + low * 0.8 - place * 0.3, 0.1, low * 0.9) - 0.02
            window.paint(window.cover(strap), colour)


def _bag(rng: Generator, canvas: Canvas, palette: Palette) -> None:
    """A bag, box, book or house with a handle or a roof."""
    window = canvas.whole
    x, y = window.x, window.y - float(rng.uniform(0, 0.3))
    wide, high, slant = rng.uniform(0.3, 0.85), rng.uniform(0.25, 0.6), rng.uniform(-0.3, 0.3)
    if rng.random() < 0.8:
        reach = rng.uniform(0.4, 0.9) * wide
        arc = np.abs(ellipse(x, y + high, reach, rng.uniform(0.1, 0.6))) - rng.uniform(0.02, 0.06)
        window.paint(window.cover(arc), palette.one())
    body = box(x * (1 + slant * y), y, wide, high)
    window.paint(window.cover(body), _dressed(rng, canvas, palette, x / wide, y / high, bool(rng.random() < 0.4)))
    if rng.random() < 0.6:  # a flap, roof or label
        part = box(x, y + high * rng.uniform(-0.5, 1), wide * rng.uniform(0.3, 1), high * rng.uniform(0.1, 0.5))
        window.paint(window.cover(np.maximum(part, body)), palette.one())
    if rng.random() < 0.5:
        canvas.ellipse(0, float(rng.uniform(-0.2, 0.3)), 0.06, 0.06, palette.one())


OBJECTS = (_vessel, _garment, _mask, _turned, _shoe, _bag)


def objects(rng: Generator, size: int) -> Canvas:
    """One thing, on a plain ground or one that fades, with or without its shadow."""
    palette = Palette(rng)
    plain = rng.random()
    white = channels([rng.choice([0.0, 0.95, 1.0])] * 3)
    canvas = Canvas(size, white if plain < 0.35 else palette.one() if plain < 0.6 else gradient(rng, palette, size))
    if rng.random() < 0.4:
        canvas.ellipse(rng.uniform(-0.2, 0.2), 0.8, 0.7, 0.15, canvas.pixels.mean((1, 2))[:, None, None] * 0.5, 0, 0.3)
    OBJECTS[int(rng.integers(len(OBJECTS)))](rng, canvas, palette)
    return canvas
