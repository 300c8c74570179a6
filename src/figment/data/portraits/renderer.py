"""Draws the built-in portraits: signed distances, antialiased over a pixel and lit from one side, in float32 numpy.

A picture spans VIEW to either side of its middle, y downwards. Features are painted on a ball: every column x is turned
back to the coordinate u of the face seen from the front, so whatever is drawn at (u, v) follows the head's turn and is
foreshortened on the far side. u depends on the column alone and v on the row alone, so most of the work is on vectors;
planes are made where the two meet.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float32 throughout

VIEW, MIDDLE_Y = 0.86, -0.01
BALL = 0.46  # radius of the ball that the features are painted on
AXIS = 0.22  # how far the head's axis moves back as it turns, so that the face stays in the middle
SKULL = 0.44  # half the width of the skull
EYE_U, EYE_V = 0.185, -0.04
EYE_A = 0.108  # half the width of an eye
CROWN_V, MOUTH_V = -0.12, 0.335
BATCH_PIXELS = 1 << 16
HAIR_STYLES = ("bald", "short", "curly", "bob", "long", "bun")


def rgb(*hexes: str) -> Array:
    """Colours such as "f1c2a0" as rows of numbers from 0 to 1."""
    return np.array([[int(h[i : i + 2], 16) / 255 for i in (0, 2, 4)] for h in hexes], np.float32)


SKIN = rgb("f8d3ba", "f0bf9c", "dca079", "bd7e57", "9a6545", "7a4d3a")
HAIR = rgb("2a2329", "6a4027", "b04a20", "dfb15c", "b3b0b0")
BACKGROUND = rgb("1f5f68", "5e9787", "aec39a", "e6d09c", "efac80", "d4776f", "a65883", "675597", "3f62a4")
CLOTHES = rgb("f3e9d8", "e3ab42", "cc5a3e", "862f49", "40366b", "2b5f8c", "2f8a74")
IRIS = rgb("4a2c1c", "6b4a2a", "5f7a4a", "4b7f9c")
FRAMES = rgb("291a1f", "291a1f", "1f8a94", "f5cc7a", "f5cc7a")  # by skin, for the contrast


# Signed distances and soft steps


def circle(x: Array, y: Array, radius: Array | float) -> Array:
    return np.sqrt(x * x + y * y) - radius


def ellipse(x: Array, y: Array, a: Array | float, b: Array | float) -> Array:
    """Distance to first order: the implicit function over the length of its gradient."""
    xx, yy = x / a, y / b
    r = np.sqrt(xx * xx + yy * yy)
    xx, yy = xx / a, yy / b
    return r * (r - 1) / (np.sqrt(xx * xx + yy * yy) + 1e-6)


def rounded_box(x: Array, y: Array, a: Array | float, b: Array | float, radius: float) -> Array:
    qx, qy = np.abs(x) - (a - radius), np.abs(y) - (b - radius)
    outside = np.sqrt(np.square(np.maximum(qx, 0)) + np.square(np.maximum(qy, 0)))
    return outside + np.minimum(np.maximum(qx, qy), 0) - radius


def smooth_min(a: Array, b: Array, k: float) -> Array:
    """Minimum with the corner rounded over a width k."""
    h = np.maximum(k - np.abs(a - b), 0) / k
    return np.minimum(a, b) - h * h * (k / 4)


def unit(t: Array) -> Array:
    return np.minimum(np.maximum(t, 0), 1)


def smooth(t: Array) -> Array:
    """Smooth step from 0 at t ≤ 0 to 1 at t ≥ 1."""
    t = unit(t)
    return t * t * (3 - 2 * t)


def bump(t: Array) -> Array:
    """A hill of height 1 and half width 1 that ends in exact zeros."""
    t = np.maximum(1 - t * t, 0)
    return t * t


def slope(t: Array) -> Array:
    """Derivative of bump."""
    return -4 * t * np.maximum(1 - t * t, 0)


def ramp(palette: Array, t: Array) -> Array:
    """Colours (N, 3) at places t (N) in [0, 1] along a palette of evenly spaced colours."""
    at = t * (len(palette) - 1)
    low = np.minimum(at.astype(np.int64), len(palette) - 2)
    part = (at - low.astype(np.float32))[:, None]
    return palette[low] * (1 - part) + palette[low + 1] * part


def scatter(detail: Array, stream: int) -> Array:
    """Uniform numbers in [0, 1) from integers (N): two rounds of a multiply-and-shift hash."""
    h = detail.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(stream * 0xD1342543DE82EF95 % 2**64)
    for _ in range(2):
        h = (h ^ (h >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return ((h >> np.uint64(40)).astype(np.float32)) * np.float32(2.0**-24)


# The scene: coordinates, attributes and canvas of a batch


@dataclass
class Scene:
    """A batch of portraits, or a part of each. Attributes are (N, 1, 1); colours are (N, 3, 1, 1)."""

    canvas: Array  # (N, 3, H, W)
    x: Array  # (1, 1, W)
    y: Array  # (1, H, 1)
    u: Array  # (N, 1, W), across the face seen from the front
    v: Array  # (N, H, 1), down the face
    head: Array  # (N, 1, W), x from the axis of the head
    pixel: float
    a: dict[str, Array]
    skin: Array
    hair: Array

    def crop(self, top: float, bottom: float, half: float = 1.0) -> "Scene":
        """The part between two heights and within half a width of the middle, sharing the canvas."""
        down = slice(*np.searchsorted(self.y[0, :, 0], (top, bottom)))
        along = slice(*np.searchsorted(self.x[0, 0], (-half, half)))
        return replace(
            self,
            canvas=self.canvas[:, :, down, along],
            x=self.x[..., along],
            y=self.y[:, down],
            u=self.u[..., along],
            v=self.v[:, down],
            head=self.head[..., along],
        )

    def cover(self, distance: Array) -> Array:
        """How much of each pixel lies inside a shape."""
        return unit(0.5 - distance / self.pixel)

    def line(self, distance: Array, thickness: float) -> Array:
        """A line of a given half thickness along distance 0; thinner than a pixel, it fades instead of breaking up."""
        half = max(thickness, self.pixel / 2)
        return unit((half - np.abs(distance)) / self.pixel + 0.5) * (thickness / half)

    def between(self, y: Array, upper: Array, lower: Array) -> Array:
        """How much of each pixel lies between two heights."""
        return np.minimum(unit((y - upper) / self.pixel + 0.5), unit((lower - y) / self.pixel + 0.5))

    def paint(self, alpha: Array, colour: Array) -> None:
        self.canvas += alpha[:, None] * (colour - self.canvas)

    def tint(self, alpha: Array, factor: Array) -> None:
        """Multiply by a colour, as a shadow or a glaze does."""
        self.canvas *= 1 + alpha[:, None] * (factor - 1)


def colour(*values: float) -> Array:
    return np.array(values, np.float32).reshape(1, 3, 1, 1)


SHADE = colour(0.66, 0.5, 0.5)
NIGHT = colour(0.16, 0.1, 0.12)


def stage(table: dict[str, NDArray], size: int) -> Scene:
    """Lay out coordinates, attributes and an empty canvas for a batch."""
    a = {name: column.astype(np.float32)[:, None, None] for name, column in table.items() if name != "detail"}
    for k, name in enumerate(("side", "wave", "tuft", "iris", "collar", "lips")):
        a[name] = scatter(table["detail"], k)[:, None, None]
    a["side"] = np.where(a["side"] < 0.5, np.float32(-1), np.float32(1))
    angle = np.deg2rad(a["turn"])
    a["sin"], a["cos"] = np.sin(angle), np.cos(angle)
    a["wide"] = 1 + 0.14 * a["face_width"]
    pixel = 2 * VIEW / size
    x = ((np.arange(size, dtype=np.float32) + 0.5) * pixel - VIEW)[None, None]
    y = x.transpose(0, 2, 1) + MIDDLE_Y
    head = x + AXIS * a["sin"]
    front = np.minimum(np.maximum(head, -BALL), BALL)
    u = front * a["cos"] - np.sqrt(np.maximum(BALL**2 - front * front, 0)) * a["sin"] + (head - front)
    v = (y - EYE_V) / (1 + 0.075 * a["face_length"]) + EYE_V
    canvas = np.empty((len(angle), 3, size, size), np.float32)
    tone = ramp(SKIN, table["skin"].astype(np.float32))[..., None, None]
    hair = HAIR[table["hair_colour"]][..., None, None]
    return Scene(canvas, x, y, u, v, head, pixel, a, tone, hair)


def lit(s: Scene, nx: Array, ny: Array | np.float32, nz: Array | float) -> Array:
    """Diffuse light from 0 to 1 on a surface with these (unscaled) normals; it wraps softly around the edge."""
    lx = 0.8 * s.a["light"]
    norm = np.sqrt(nx * nx + ny * ny + nz * nz) * np.sqrt(lx * lx + 0.81)
    return unit(((nx * lx - ny * 0.5 + nz * 0.75) / norm + 0.3) / 1.3)


def toned(base: Array, light: Array) -> Array:
    """Colour under diffuse light: warm deep shadow, the base, and a warm glow at the brightest."""
    light = light[:, None]
    glow = np.maximum(light - 0.76, 0) * colour(0.3, 0.23, 0.15)
    return base * (SHADE + (1.02 - SHADE) * np.minimum(light * 1.3, 1)) + glow


# The parts, from back to front


def backdrop(s: Scene) -> None:
    base = ramp(BACKGROUND, s.a["background"][:, 0, 0])[..., None, None]
    dx, dy = s.x - 0.7 * s.a["light"], s.y + 0.5
    glow = 1 / (1 + 0.9 * (dx * dx + dy * dy))
    s.canvas[:] = base * (0.62 + 0.44 * glow[:, None]) + 0.06 * (glow * glow)[:, None]


def head_distance(s: Scene) -> Array:
    """Skull, cheeks and chin; the lower parts lean towards the side that the face points to."""
    wide, sin = s.a["wide"], s.a["sin"]
    skull = ellipse(s.head - 0.03 * sin, s.v - CROWN_V, SKULL * wide, 0.5)
    jaw = ellipse(s.head - 0.12 * sin, s.v - 0.12, 0.388 * wide, 0.4)
    chin = ellipse(s.head - 0.36 * sin, s.v - 0.46, 0.165 * wide * wide, 0.13)
    return smooth_min(smooth_min(skull, jaw, 0.12), chin, 0.2)


def neck(s: Scene) -> None:
    s = s.crop(0.35, 1.0, 0.55)
    x = s.x + 0.05 * s.a["sin"]
    width = 0.17 + 0.05 * s.a["wide"] + 1.2 * np.square(np.maximum(s.y - 0.55, 0))
    nx = x / width
    light = lit(s, nx, np.float32(0.1), np.sqrt(np.maximum(1.1 - nx * nx, 0.1)))
    # The chin's shadow falls away from the light.
    shadow = smooth(0.5 - circle(s.x - 0.1 * s.a["sin"] + 0.07 * s.a["light"], (s.v - 0.42) * 0.8, 0.27) / 0.14)
    s.paint(s.cover(np.abs(x) - width), toned(s.skin * (1 - 0.12 * shadow[:, None]), light * (1 - 0.85 * shadow)))


def clothes(s: Scene) -> None:
    s = s.crop(0.5, 1.0)
    base = ramp(CLOTHES, s.a["clothes"][:, 0, 0])[..., None, None]
    x = s.x + 0.03 * s.a["sin"]
    body = smooth_min(ellipse(x, s.y - 1.3, 0.98, 0.6), rounded_box(x, s.y - 1.1, 0.42, 0.42, 0.2), 0.2)
    opening = ellipse(x, s.y - 0.66, 0.29, 0.13 + 0.09 * s.a["collar"])
    shape = np.maximum(body, -opening)
    light = lit(s, x * 0.9, s.y - 1.05, 0.75)
    s.paint(s.cover(shape), toned(base * 0.98, light * (0.85 + 0.15 * smooth(opening / 0.2))))
    s.tint(s.cover(np.abs(opening - 0.035) - 0.012) * s.cover(body) * 0.3, SHADE)


def ears(s: Scene, in_front: bool) -> None:
    """Both ears, wider on the near side: behind the head, and again before the hair where the turn uncovers them."""
    s = s.crop(-0.25, 0.3)
    for side in (-1, 1):
        near = -side * s.a["sin"]
        x = side * s.head - SKULL * s.a["wide"] + 0.1 * np.maximum(near, 0) - 0.025
        shape = ellipse(x, s.v - 0.02 + 0.2 * x, np.maximum(0.065 + 0.07 * near, 0.02), 0.13)
        light = lit(s, side * (0.26 + 6 * x), 3 * (s.v - 0.03), 1.0) * smooth(0.2 - shape / 0.05)
        covered = -0.1 - x - 0.9 * np.minimum(near, 0)
        s.paint(
            s.cover(np.maximum(shape, covered) if in_front else shape), toned(s.skin * colour(0.98, 0.88, 0.86), light)
        )


# height, place (u, v), half widths (u, v) and how much further than the ball it sticks out
RELIEF = (
    (0.055, 0.0, 0.02, 0.085, 0.27, 0.06),  # bridge of the nose
    (0.075, 0.0, 0.16, 0.12, 0.13, 0.13),  # tip of the nose
    (0.04, 0.25, 0.17, 0.22, 0.2, 0.0),  # cheeks
    (-0.045, 0.175, -0.045, 0.175, 0.14, 0.0),  # eye sockets
    (0.03, 0.0, -0.2, 0.4, 0.13, 0.0),  # brow ridge
    (0.03, 0.0, 0.35, 0.26, 0.14, 0.03),  # mouth
    (0.045, 0.0, 0.52, 0.19, 0.13, 0.03),  # chin
)


def skin(s: Scene) -> None:
    """The head's skin: a ball with the face's relief on it, lit, with a soft highlight and a rim on the dark side."""
    nx = s.head / 0.56
    ny = (s.v + 0.02) / 0.78
    nz = np.sqrt(np.maximum(1 - nx * nx - ny * ny, 0.06))
    gx, gy = np.zeros_like(nz), np.zeros_like(nz)
    for height, u0, v0, a, b, out in RELIEF:
        u = np.abs(s.u - out * s.a["sin"]) - u0 if u0 else s.u - out * s.a["sin"]
        along, down = u / a, (s.v - v0) / b
        across = np.sign(s.u) if u0 else 1
        gx += (height / a * across * slope(along)) * bump(down)
        gy += bump(along) * (height / b * slope(down))
    nx, ny = nx - gx, ny - gy
    light = lit(s, nx, ny, nz)
    shine = np.square(np.maximum(light - 0.86, 0)) * 9
    rim = np.square(np.maximum(0.62 - nz, 0)) * unit(-nx * np.sign(s.a["light"]) * 2) * np.abs(s.a["light"])
    s.canvas[:] = toned(s.skin, light) + (shine * 0.6 + rim * 0.9)[:, None] * colour(1, 0.93, 0.85)


def blush(s: Scene) -> None:
    cheeks = bump((np.abs(s.u) - 0.28) / 0.2) * bump((s.v - 0.2) / 0.17)
    nose = bump((s.u - 0.12 * s.a["sin"]) / 0.1) * bump((s.v - 0.17) / 0.1)
    s.tint((0.34 + 0.12 * unit(s.a["smile"])) * cheeks + 0.2 * nose, colour(1.02, 0.72, 0.7))


def nose(s: Scene) -> None:
    s = s.crop(-0.1, 0.42, 0.4)
    u = s.u - 0.13 * s.a["sin"]
    light = s.a["light"]
    cast = bump((u + 0.085 * light) / 0.1) * bump((s.v - 0.225) / 0.07)
    flank = bump((u + 0.1 * light) / 0.07) * bump((s.v - 0.1) / 0.2) * np.abs(light)
    s.tint(0.5 * cast + 0.28 * flank, SHADE)
    nostril = ellipse(np.abs(u) - 0.05, s.v - 0.212 - 0.1 * (np.abs(u) - 0.05), 0.026, 0.014)
    s.paint(0.6 * s.cover(nostril), s.skin * SHADE * 0.55)
    wing = bump((np.abs(u) - 0.085) / 0.03) * bump((s.v - 0.18) / 0.05)
    s.tint(0.3 * wing, SHADE)
    s.canvas += (0.2 * bump((u - 0.02 * light) / 0.045) * bump((s.v - 0.142) / 0.045))[:, None] * colour(1, 0.95, 0.9)


def eyes(s: Scene) -> None:
    s = s.crop(-0.25, 0.2)
    sign = np.sign(s.u)
    m = np.abs(s.u) - EYE_U  # outwards from the middle of either eye
    squint = 1 - 0.22 * np.maximum(s.a["smile"], 0) + 0.1 * s.a["brows"]
    # The lids: parabolas a little tilted, higher at the outer corner.
    arch = 1 - np.square(m / EYE_A)
    v = s.v - EYE_V + 0.06 * m
    top, low = -0.068 * squint * arch, 0.046 * squint * arch
    ends = s.cover(np.abs(m) - EYE_A)
    lens = s.between(v, top, low) * ends
    s.tint(0.35 * bump(m / 0.17) * bump((s.v - EYE_V + 0.035) / 0.13), SHADE)
    white = 0.97 - 0.3 * smooth(1 - (v - top) / 0.05) - 0.1 * np.square(m / 0.11)
    s.paint(lens, white[:, None] * colour(1, 0.98, 0.96))
    across = m - 0.058 * s.a["gaze"] * sign
    down = v + 0.008
    iris = circle(across, down, 0.056)
    tone = ramp(IRIS, unit(1.2 * s.a["iris"] - s.a["skin"])[:, 0, 0])[..., None, None]
    s.paint(lens * s.cover(iris), tone * (0.75 + 6 * np.maximum(down, -0.03)[:, None]))
    s.paint(lens * s.cover(iris + 0.028), NIGHT * 0.7)
    shift = 0.022 * np.minimum(np.maximum(4 * s.a["light"], -1), 1)
    glint = circle(across - sign * shift, down + 0.024, 0.017)
    s.paint(s.cover(glint) * lens, colour(1, 1, 1))
    lash = s.line(v - top, 0.017) * s.cover(np.abs(m) - EYE_A - 0.006)
    s.paint(0.9 * lash, NIGHT)
    s.tint(0.35 * s.line(v - low, 0.008) * ends, SHADE)
    s.tint(0.35 * s.line(v - top + 0.04, 0.008) * ends, SHADE)


def brows(s: Scene) -> None:
    s = s.crop(-0.4, 0.0)
    lift = s.a["brows"]
    m = np.abs(s.u) - EYE_U
    middle = -0.2 - 0.05 * lift + 1.4 * np.square(m - 0.02) + (0.08 + 0.36 * np.minimum(lift, 0)) * m
    taper = 0.027 * unit(1.1 - np.square((m + 0.04) / 0.19))
    shape = np.abs(s.v - middle) - taper
    ends = smooth((0.15 - np.abs(m)) / 0.03)
    s.paint(0.9 * s.cover(shape) * ends, s.hair * 0.72)


def mouth(s: Scene) -> None:
    s = s.crop(0.15, 0.62, 0.5)
    smile = s.a["smile"]
    wide = 0.165 + 0.045 * np.maximum(smile, 0)
    u = (s.u - 0.03 * s.a["sin"]) / wide
    arch = 1 - u * u
    inside = np.maximum(arch, 0)
    gap = 0.115 * smooth((smile - 0.25) / 0.75)
    bend = smile - 0.35 * np.minimum(smile, 0)
    line = MOUTH_V - 0.08 * bend * (1 - arch) + 0.02 * smile - gap * 0.25
    top = line - (0.034 - 0.012 * np.maximum(smile, 0)) * inside * (1.15 - 0.5 * bump(u / 0.3))
    seam = line + gap * inside  # from line to seam the mouth is open
    low = seam + 0.052 * inside
    ends = s.cover((np.abs(u) - 1) * wide)

    red = smooth(3 * s.a["lips"] - 1.5)[:, None] * (s.a["beard"] == 0)[:, None]
    rose = s.skin * (colour(0.93, 0.6, 0.6) + red * colour(-0.06, -0.22, -0.16))
    s.tint(0.3 * bump(u / 0.9) * bump((s.v - low - 0.035) / 0.05), SHADE)
    s.paint(s.between(s.v, top, line) * ends, rose * 0.82)
    s.paint(s.between(s.v, seam, low) * ends, rose * (1 + 0.12 * s.a["light"][:, None] * u[:, None]))
    s.canvas += (0.14 * bump(u / 0.5) * bump((s.v - seam - 0.024) / 0.02))[:, None]
    s.paint(s.between(s.v, line, seam) * ends * unit(gap / 0.02), colour(0.32, 0.08, 0.1))
    teeth = s.between(s.v, line, line + 0.62 * gap * inside) * ends
    s.paint(teeth * unit(gap / 0.03), colour(0.97, 0.95, 0.91))
    s.paint(0.75 * s.line(s.v - line, 0.011) * s.cover((np.abs(u) - 1.06) * wide), s.skin * SHADE * 0.45)
    corner = bump((np.abs(u) - 1.08) / 0.22) * bump((s.v - line) / 0.06)
    s.tint(0.4 * corner, SHADE)


def age_lines(s: Scene) -> None:
    s = s.crop(-0.5, 0.55)
    age = s.a["age"]
    lines = np.zeros((len(age), s.v.shape[1], s.u.shape[2]), np.float32)
    for k, height in enumerate((-0.385, -0.315)):
        wave = height - 0.04 * s.a["brows"] + 0.25 * np.square(s.u) + 0.008 * np.sin(14 * s.u + 2 * k)
        lines += 0.7 * s.line(s.v - wave, 0.016) * bump(s.u / 0.36)
    m = np.abs(s.u) - EYE_U
    bag = EYE_V + 0.105 - 1.9 * np.square(m)
    lines += 0.9 * s.line(s.v - bag, 0.016) * bump(m / 0.15)
    away = np.abs(s.u) - (0.1 + 0.55 * (s.v - 0.17) - 0.02 * s.a["smile"])
    lines += s.line(away, 0.016) * bump((s.v - 0.29) / 0.14)
    s.tint(unit(0.95 * age * lines), SHADE * 0.85)
    pouch = bump(m / 0.13) * bump((s.v - EYE_V - 0.075) / 0.05)
    s.tint(0.4 * age * pouch, SHADE)


def beard(s: Scene) -> None:
    """Stubble and full beard lie below a line from the ear past the mouth's corner to the nose."""
    if not s.a["beard"].any():
        return
    s = s.crop(-0.15, 0.85, 0.64)
    head = head_distance(s)
    kind = s.a["beard"]
    edge = np.abs(s.u)
    top = 0.25 + 0.1 * bump((edge - 0.24) / 0.16) - 6.2 * np.square(np.maximum(edge - 0.24, 0))
    below = (s.v - top) / 0.05
    grown = smooth_min(head, ellipse(s.head - 0.3 * s.a["sin"], s.v - 0.4, 0.3 * s.a["wide"], 0.27), 0.08)
    grain = 0.5 + 0.5 * np.sin(60 * s.u + 9 * np.sin(23 * s.v + 6 * s.a["tuft"])) * np.sin(47 * s.v + 11 * s.u)
    light = lit(s, s.head / 0.56, (s.v - 0.2) / 0.6, 0.7)
    tone = toned(s.hair * 0.92, light * (0.7 + 0.3 * grain))
    full = (kind == 3) * smooth(below) * s.cover(grown)
    s.paint(0.97 * full, tone)
    stubble = (kind == 1) * smooth(below * 0.7) * s.cover(head)
    s.paint(stubble * (0.36 + 0.12 * grain), s.hair * 0.3 + 0.22 * s.skin)
    u = s.u - 0.06 * s.a["sin"]
    middle = 0.275 + 1.3 * u * u - 0.045 * s.a["smile"] * np.square(u / 0.2)
    lip = np.abs(s.v - middle) - 0.042 * unit(1.15 - np.square(u / 0.22))
    s.paint(0.97 * s.cover(np.maximum(lip, np.abs(u) - 0.22)) * (kind >= 2), tone * 0.95)


def glasses(s: Scene) -> None:
    kind = s.a["glasses"]
    if not kind.any():
        return
    s = s.crop(-0.3, 0.25, 0.64)
    worn = (kind > 0).astype(np.float32)
    # Frames are flat: they keep their plane, a little before the eyes, where the face curves away.
    u = (s.head - 0.44 * s.a["sin"]) / s.a["cos"]
    m, v = np.abs(u) - EYE_U - 0.005, s.v - EYE_V - 0.01
    rim = np.where(kind == 2, rounded_box(m, v, 0.165, 0.122, 0.04), circle(m, v, 0.155))
    frame = s.line(rim, 0.016)
    bridge = s.line(v + 0.035 + 2.5 * u * u, 0.014) * s.cover(np.abs(u) - 0.05)
    arm = s.line(v + 0.04, 0.014) * s.cover(0.355 - np.abs(u)) * s.cover(np.abs(s.head) - 0.45)
    metal = ramp(FRAMES, s.a["skin"][:, 0, 0])[..., None, None]
    s.canvas += (worn * 0.05 * s.cover(rim))[:, None]
    streak = smooth(1 - np.abs(m + 0.6 * v + 0.05) / 0.05) * s.cover(rim + 0.03)
    s.canvas += (worn * 0.12 * streak)[:, None]
    s.tint(worn * 0.3 * s.line(rim, 0.03), SHADE)
    s.paint(worn * np.maximum(np.maximum(frame, bridge), arm), metal)


# Hair


def strands(s: Scene) -> Array:
    """Light and dark along the strands, −1 to 1: waves of the angle about the parting."""
    px = 0.12 * s.a["side"] - 0.05 * s.a["sin"]
    angle = np.arctan2(s.head - px, s.v + 0.95)
    phase = 6.3 * s.a["wave"]
    wobble = angle + 0.05 * np.sin(7 * s.v + phase)
    coarse = 0.5 * np.sin(17 * wobble + phase) + 0.3 * np.sin(31 * wobble + 2 * phase)
    # The finest strands come in where the pixels are small enough to hold them.
    fine = min(max(0.05 / s.pixel - 1.8, 0), 1)
    return coarse + 0.4 * fine * np.sin(71 * wobble + 5 * phase) if fine else coarse


def curls(s: Scene) -> Array:
    phase = 6.3 * s.a["wave"]
    a = np.sin(23 * s.head + 2.4 * np.sin(13 * s.v + phase))
    b = np.sin(25 * s.v + 2.4 * np.sin(15 * s.head + 2 * phase))
    return 1.3 * a * b


def coiffure(s: Scene, shape: Array, pattern: Array) -> None:
    """Paint hair within a shape: a glossy dome, with the pattern breaking up its highlight."""
    nx, ny = s.head / 0.68, (s.v + 0.1) / 0.85
    nz = np.sqrt(np.maximum(1 - nx * nx - ny * ny, 0.08))
    light = lit(s, nx, ny, nz)
    gloss = 0.2 * bump((light - 0.83 + 0.07 * pattern) / 0.19) * (0.8 + 0.5 * pattern)
    tone = toned(s.hair, unit(light * 0.9 + 0.15 * pattern)) + gloss[:, None] * (0.22 + s.hair)
    s.paint(s.cover(shape), tone * (1 - 0.2 * smooth(1 + shape / 0.07))[:, None])


def volume(s: Scene, grow: float) -> Array:
    """The skull grown by so much."""
    return ellipse(s.head + 0.03 * s.a["sin"], s.v - CROWN_V, SKULL * s.a["wide"] + grow, 0.53 + grow)


def opening(s: Scene, a: float, top: float, bottom: float = 0.75) -> Array:
    """Where the hair lets the face through."""
    return ellipse(s.u, s.v - (top + bottom) / 2, a * (0.3 + 0.7 * s.a["wide"]), (bottom - top) / 2)


def hang(s: Scene, grow: float, length: float, wave: float) -> Array:
    """Hair that falls from the grown skull to a length, in a wave."""
    w = SKULL * s.a["wide"] + grow + wave * np.sin(6 * s.v + 6.3 * s.a["wave"])
    fall = rounded_box(s.head + 0.05 * s.a["sin"], s.v - length / 2 + 0.1, w, length / 2 + 0.1, 0.2)
    return smooth_min(volume(s, 0.09), fall, 0.15)


def window(s: Scene, style: str) -> Array:
    """The gap in the hair that the face shows through; negative inside."""
    parting = s.u - 0.22 * s.a["side"]
    if style == "bald":
        return opening(s, 0.41, -1.2, 1.2)
    if style == "short":
        swept = 0.1 * bump(parting / 0.5) * bump((s.v + 0.42) / 0.3)
        return opening(s, 0.4, -0.4) + swept + 0.012 * strands(s)
    if style == "curly":
        return opening(s, 0.4, -0.37) + 0.022 * curls(s)
    if style == "bob":
        width = 0.365 * (0.3 + 0.7 * s.a["wide"])
        return rounded_box(s.u, s.v - 0.27 + 0.25 * np.square(s.u), width, 0.53, 0.12)
    if style == "long":
        arch = opening(s, 0.385, -0.46, 1.2) + 0.05 * bump(parting / 0.3) * bump((s.v + 0.3) / 0.4)
        return smooth_min(arch, rounded_box(s.u, s.v - 0.9, 0.32 * s.a["wide"], 0.5, 0.1), 0.3)
    return opening(s, 0.41, -0.45)


def fringe(s: Scene) -> Array:
    """What a bald head keeps: a tuft about each ear."""
    return ellipse(np.abs(s.head) - SKULL * s.a["wide"] + 0.05, s.v + 0.06, 0.12, 0.2) + 0.015 * curls(s)


# How far down each style reaches.
REACH = {"bald": 0.3, "short": 0.2, "curly": 0.6, "bob": 0.7, "long": 1.0, "bun": 0.1}


def hair_behind(s: Scene, style: str) -> None:
    s = s.crop(-1.0, REACH[style], 0.8)
    if style == "bald":
        coiffure(s, fringe(s), curls(s) - 0.2)
    elif style == "curly":
        coiffure(s, circle(s.head + 0.1 * s.a["sin"], s.v + 0.2, 0.64) + 0.02 * curls(s), curls(s) - 0.3)
    elif style == "bob":
        coiffure(s, hang(s, 0.09, 0.52, 0.0), strands(s) - 0.5)
    elif style == "long":
        coiffure(s, hang(s, 0.1, 1.6, 0.03), strands(s) - 0.5)
    elif style == "bun":
        coiffure(s, circle(s.head + 0.2 * s.a["sin"], s.v + 0.68, 0.19), strands(s))


def hair_front(s: Scene, style: str) -> None:
    s = s.crop(-1.0, REACH[style], 0.8)
    pattern = curls(s) if style in ("bald", "curly") else strands(s)
    if style == "bald":
        mass = fringe(s)
    elif style == "short":
        top = volume(s, 0.075) + 0.05 * bump((s.head - 0.3 * s.a["side"]) / 0.6) * bump((s.v + 0.6) / 0.4)
        mass = np.maximum(top - 0.018 * pattern, s.v - 0.03 + 0.02 * pattern)
    elif style == "curly":
        mass = circle(s.head + 0.08 * s.a["sin"], s.v + 0.22, 0.6 + 0.2 * (s.a["wide"] - 1)) + 0.025 * pattern
    elif style == "bob":
        mass = hang(s, 0.08, 0.48, 0.0)
    elif style == "long":
        mass = hang(s, 0.09, 1.6, 0.03)
    else:
        mass = np.maximum(volume(s, 0.03), s.v)
    coiffure(s, np.maximum(mass, -window(s, style)), pattern)


def hair_shadow(s: Scene, style: str) -> None:
    """The shade that the hair throws on the face, away from the light."""
    if style != "bald":
        moved = replace(s, u=s.u + 0.07 * s.a["light"], v=s.v - 0.05)
        s.tint(0.75 * smooth(1 + window(moved, style) / 0.09), SHADE)


def face(s: Scene, style: str) -> None:
    """The face on a layer of its own, so that one mask keeps every feature inside the head."""
    s = s.crop(-0.75, 0.75, 0.66)
    layer = replace(s, canvas=np.empty_like(s.canvas))
    skin(layer)
    blush(layer)
    nose(layer)
    eyes(layer)
    age_lines(layer)
    brows(layer)
    hair_shadow(layer, style)
    s.paint(s.cover(head_distance(s)), layer.canvas)


def render_batch(table: dict[str, NDArray], style: str, size: int) -> NDArray[np.uint8]:
    s = stage(table, size)
    backdrop(s)
    hair_behind(s, style)
    neck(s)
    clothes(s)
    bare = style in ("bald", "short", "bun")
    if bare:
        ears(s, in_front=False)
    face(s, style)
    beard(s)
    mouth(s)
    glasses(s)
    hair_front(s, style)
    if bare:
        ears(s, in_front=True)
    return (np.minimum(np.maximum(s.canvas, 0), 1) * 255 + 0.5).astype(np.uint8)


def draw(table: dict[str, NDArray], size: int) -> NDArray[np.uint8]:
    """Draw a checked table at a checked size, a hair style at a time, in batches that stay in the cache."""
    count = len(table["detail"])
    pictures = np.empty((count, 3, size, size), np.uint8)
    step = max(BATCH_PIXELS // size**2, 1)
    for style, name in enumerate(HAIR_STYLES):
        rows = np.flatnonzero(table["hair_style"] == style)
        for start in range(0, len(rows), step):
            batch = rows[start : start + step]
            pictures[batch] = render_batch({key: column[batch] for key, column in table.items()}, name, size)
    return pictures
