"""Hair: its strands and curls, and the styles that it is cut in, behind the head and before it."""

from dataclasses import replace

import numpy as np

from figment.data.portraits.scene import CROWN_V, SHADE, SKULL, Scene, lit, toned
from figment.data.portraits.shapes import Array, bump, circle, ellipse, rounded_box, smooth, smooth_min, unit

HAIR_STYLES = ("bald", "short", "curly", "bob", "long", "bun")


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
