"""Draws the built-in portraits: signed distances, antialiased over a pixel and lit from one side, in float32 numpy.

scene.py has the coordinates and the light, face.py and hair.py what is in the middle of the picture.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from figment.data.portraits.face import (
    age_lines,
    beard,
    blush,
    brows,
    eyes,
    glasses,
    head_distance,
    mouth,
    nose,
    skin,
)
from figment.data.portraits.hair import HAIR_STYLES, hair_behind, hair_front, hair_shadow
from figment.data.portraits.scene import BACKGROUND, CLOTHES, SHADE, SKULL, Scene, colour, lit, stage, toned
from figment.data.portraits.shapes import circle, ellipse, ramp, rounded_box, smooth, smooth_min

BATCH_PIXELS = 1 << 16


# The parts, from back to front


def backdrop(s: Scene) -> None:
    base = ramp(BACKGROUND, s.a["background"][:, 0, 0])[..., None, None]
    dx, dy = s.x - 0.7 * s.a["light"], s.y + 0.5
    glow = 1 / (1 + 0.9 * (dx * dx + dy * dy))
    s.canvas[:] = base * (0.62 + 0.44 * glow[:, None]) + 0.06 * (glow * glow)[:, None]


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
