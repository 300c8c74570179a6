"""The scene that a portrait is drawn in: coordinates, attributes, canvas, colours and light of a batch.

A picture spans VIEW to either side of its middle, y downwards. Features are painted on a ball: every column x is turned
back to the coordinate u of the face seen from the front, so whatever is drawn at (u, v) follows the head's turn and is
foreshortened on the far side. u depends on the column alone and v on the row alone, so most of the work is on vectors;
planes are made where the two meet. Where a head is tilted, both are planes from the beginning.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from figment.data.portraits.shapes import Array, ramp, scatter, unit

VIEW, MIDDLE_Y = 0.86, -0.01
BALL = 0.46  # radius of the ball that the features are painted on
AXIS = 0.22  # how far the head's axis moves back as it turns, so that the face stays in the middle
SKULL = 0.44  # half the width of the skull
EYE_U, EYE_V = 0.185, -0.04
EYE_A = 0.108  # half the width of an eye
PIVOT = 0.5  # height about which the head is tilted: the nape
MAX_TILT, TILT_REACH = 8.0, 0.2  # degrees, and how far they carry the crown
CROWN_V, MOUTH_V = -0.12, 0.335


def rgb(*hexes: str) -> Array:
    """Colours such as "f1c2a0" as rows of numbers from 0 to 1."""
    return np.array([[int(h[i : i + 2], 16) / 255 for i in (0, 2, 4)] for h in hexes], np.float32)


SKIN = rgb("f8d3ba", "f0bf9c", "dca079", "bd7e57", "9a6545", "7a4d3a")
HAIR = rgb("2a2329", "6a4027", "b04a20", "dfb15c", "b3b0b0")
BACKGROUND = rgb("1f5f68", "5e9787", "aec39a", "e6d09c", "efac80", "d4776f", "a65883", "675597", "3f62a4")
CLOTHES = rgb("f3e9d8", "e3ab42", "cc5a3e", "862f49", "40366b", "2b5f8c", "2f8a74")
IRIS = rgb("4a2c1c", "6b4a2a", "5f7a4a", "4b7f9c")
FRAMES = rgb("291a1f", "291a1f", "1f8a94", "f5cc7a", "f5cc7a")  # by skin, for the contrast


@dataclass
class Scene:
    """A batch of portraits, or a part of each. Attributes are (N, 1, 1); colours are (N, 3, 1, 1)."""

    canvas: Array  # (N, 3, H, W)
    x: Array  # (1, 1, W)
    y: Array  # (1, H, 1)
    u: Array  # (N, 1, W), across the face seen from the front; (N, H, W) where heads are tilted
    v: Array  # (N, H, 1), down the face; or (N, H, W)
    head: Array  # (N, 1, W), x from the axis of the head; or (N, H, W)
    pixel: float
    a: dict[str, Array]
    skin: Array
    hair: Array
    reach: float = 0.0  # how far a tilt may carry what is drawn at (u, v) from its place

    def crop(self, top: float, bottom: float, half: float = 1.0) -> "Scene":
        """The part between two heights and within half a width of the middle, sharing the canvas.

        Of a tilted head that much more as its parts may be elsewhere.
        """
        if self.reach:
            top, bottom, half = top - self.reach, bottom + self.reach, half + self.reach
        down = slice(*np.searchsorted(self.y[0, :, 0], (top, bottom)))
        along = slice(*np.searchsorted(self.x[0, 0], (-half, half)))
        return replace(
            self,
            canvas=self.canvas[:, :, down, along],
            x=self.x[..., along],
            y=self.y[:, down],
            u=_part(self.u, down, along),
            v=_part(self.v, down, along),
            head=_part(self.head, down, along),
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


def _part(plane: Array, down: slice, along: slice) -> Array:
    """A part of what may depend on column or row alone."""
    return plane[:, down if plane.shape[1] > 1 else slice(None), along if plane.shape[2] > 1 else slice(None)]


def colour(*values: float) -> Array:
    return np.array(values, np.float32).reshape(1, 3, 1, 1)


SHADE = colour(0.66, 0.5, 0.5)
NIGHT = colour(0.16, 0.1, 0.12)


def stage(table: dict[str, NDArray], size: int) -> Scene:
    """Lay out coordinates, attributes and an empty canvas for a batch.

    table: may have columns tilt and lids, which are 0 where it hasn't.
    """
    a = {name: column.astype(np.float32)[:, None, None] for name, column in table.items() if name != "detail"}
    for k, name in enumerate(("side", "wave", "tuft", "iris", "collar", "lips")):
        a[name] = scatter(table["detail"], k)[:, None, None]
    a["side"] = np.where(a["side"] < 0.5, np.float32(-1), np.float32(1))
    angle = np.deg2rad(a["turn"])
    a["sin"], a["cos"] = np.sin(angle), np.cos(angle)
    a.setdefault("lids", np.zeros_like(angle))
    a["wide"] = 1 + 0.14 * a["face_width"]
    pixel = 2 * VIEW / size
    x = ((np.arange(size, dtype=np.float32) + 0.5) * pixel - VIEW)[None, None]
    y = x.transpose(0, 2, 1) + MIDDLE_Y
    along, down, reach = x, y, 0.0
    if "tilt" in a and a["tilt"].any():
        tilt = np.deg2rad(a["tilt"])
        sin, cos, below = np.sin(tilt), np.cos(tilt), y - PIVOT
        along, down, reach = cos * x + sin * below, cos * below - sin * x + PIVOT, TILT_REACH
    head = along + AXIS * a["sin"]
    front = np.minimum(np.maximum(head, -BALL), BALL)
    u = front * a["cos"] - np.sqrt(np.maximum(BALL**2 - front * front, 0)) * a["sin"] + (head - front)
    v = (down - EYE_V) / (1 + 0.075 * a["face_length"]) + EYE_V
    canvas = np.empty((len(angle), 3, size, size), np.float32)
    tone = ramp(SKIN, table["skin"].astype(np.float32))[..., None, None]
    hair = HAIR[table["hair_colour"]][..., None, None]
    return Scene(canvas, x, y, u, v, head, pixel, a, tone, hair, reach)


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
