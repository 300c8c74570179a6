"""The face: skin with its relief, features, beard and glasses, painted at (u, v) of the face seen from the front."""

import numpy as np

from figment.data.portraits.scene import (
    CROWN_V,
    EYE_A,
    EYE_U,
    EYE_V,
    FRAMES,
    IRIS,
    MOUTH_V,
    NIGHT,
    SHADE,
    SKULL,
    Scene,
    colour,
    lit,
    toned,
)
from figment.data.portraits.shapes import (
    Array,
    bump,
    circle,
    ellipse,
    ramp,
    rounded_box,
    slope,
    smooth,
    smooth_min,
    unit,
)


def head_distance(s: Scene) -> Array:
    """Skull, cheeks and chin; the lower parts lean towards the side that the face points to."""
    wide, sin = s.a["wide"], s.a["sin"]
    skull = ellipse(s.head - 0.03 * sin, s.v - CROWN_V, SKULL * wide, 0.5)
    jaw = ellipse(s.head - 0.12 * sin, s.v - 0.12, 0.388 * wide, 0.4)
    chin = ellipse(s.head - 0.36 * sin, s.v - 0.46, 0.165 * wide * wide, 0.13)
    return smooth_min(smooth_min(skull, jaw, 0.12), chin, 0.2)


CLOSED = 0.55  # where closed lids meet, from the middle of the eye to the lower lid

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
    crease, low = -0.068 * squint * arch, 0.046 * squint * arch
    lids = s.a["lids"]
    # A closing lid comes down to a line a little above the lower one, which rises to meet it.
    top, low = crease + lids * (CLOSED * low - crease), low - lids * (1 - CLOSED) * low
    ends = s.cover(np.abs(m) - EYE_A)
    lens = s.between(v, top, low) * ends * unit(12 * (1 - lids))
    s.tint(0.35 * bump(m / 0.17) * bump((s.v - EYE_V + 0.035) / 0.13), SHADE)
    if lids.any():
        s.tint(0.35 * s.between(v, crease - 0.01, top) * ends * lids, SHADE)
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
    s.tint(0.35 * s.line(v - crease + 0.04, 0.008) * ends, SHADE)


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
    lines = np.zeros((len(age), *s.canvas.shape[2:]), np.float32)
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
