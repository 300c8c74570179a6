"""Two kinds of pictures that are drawn here, since they can't be had everywhere: radiographs and emoji; not a script.

Neither comes from anywhere: shapes with random sizes, places and colours, picture i of a seed always the same.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

OVERSAMPLING = 4  # emoji are drawn so many times as large, and reduced


def radiographs(count: int, size: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """Chests as X-rays show them, grey: uint8 (N, 3, size, size).

    The logarithm of what passes falls with the thickness of tissue (Beer and Lambert), here a sum of soft ellipses: body,
    two lungs that take away, heart, diaphragm, spine, ribs as arcs, collar bones; then the grain of few photons.
    """
    return np.stack([_radiograph(np.random.default_rng([seed, i, 1]), size) for i in range(count)])


def _radiograph(random: np.random.Generator, size: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:size, 0:size] / (size - 1) * 2 - 1
    turn, zoom = random.normal(0, 0.06), random.uniform(0.85, 1.15)
    x, y = (
        zoom * (x * math.cos(turn) - y * math.sin(turn)) + random.normal(0, 0.05),
        zoom * (x * math.sin(turn) + y * math.cos(turn)) + random.normal(0, 0.05),
    )
    wide, tall = random.uniform(0.8, 1.2, 2)

    def ellipse(cx: float, cy: float, rx: float, ry: float, soft: float) -> NDArray:
        far = np.hypot((x - cx) / rx, (y - cy) / ry)
        return 1 / (1 + np.exp((far - 1) / soft))

    thickness = 1.6 * ellipse(0, 0.25, 0.95 * wide, 1.3, 0.05) + 0.7 * ellipse(0, -1, 0.32, 0.5, 0.12)
    for side in (-1, 1):
        top = random.normal(-0.1, 0.04)
        thickness -= random.uniform(0.85, 1.1) * ellipse(side * 0.43 * wide, top, 0.3 * wide, 0.62 * tall, 0.08)
        thickness += random.uniform(0.1, 0.4) * np.exp(
            -(((y + 0.72 - 0.25 * np.abs(x)) / 0.035) ** 2)
        ) * (side * x > 0.08) * (side * x < 0.75)  # fmt: skip
        for rib in range(8):
            middle = -0.62 + 0.19 * rib + random.normal(0, 0.008)
            bend = middle + random.uniform(0.28, 0.36) * (np.abs(x) - 0.2) ** 2 * 2
            thickness += 0.22 * np.exp(-(((y - bend) / 0.028) ** 2)) * (side * x > 0.05) * (np.abs(x) < 0.8 * wide)
    heart = random.uniform(0.8, 1.25)
    thickness += 0.8 * ellipse(0.13 * wide, 0.2, 0.28 * heart * wide, 0.36 * heart, 0.1)
    thickness += 0.7 * np.exp(-((x / 0.07) ** 2)) * (0.8 + 0.2 * np.cos(24 * y + random.uniform(0, 6)))
    thickness += 0.9 / (1 + np.exp(-(y - random.normal(0.58, 0.06) - 0.15 * np.cos(4 * x)) / 0.03))
    if random.random() < 0.3:  # a shadow
        thickness += random.uniform(0.2, 0.6) * ellipse(
            random.choice([-1, 1]) * random.uniform(0.3, 0.55), random.uniform(-0.5, 0.2),
            *random.uniform(0.06, 0.16, 2), 0.25,
        )  # fmt: skip
    photons = random.uniform(600, 2500)
    passed = random.poisson(photons * np.exp(-thickness.clip(0))) / photons
    bright = -np.log(passed + 0.01)  # films are read as negatives
    low, high = np.quantile(bright, [0.01, 0.99])
    grey = (bright - low) / (high - low) * random.uniform(200, 250) + random.uniform(0, 15)
    return np.repeat(np.rint(grey.clip(0, 255)).astype(np.uint8)[None], 3, 0)


def emoji(count: int, size: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """Flat signs on white, such as messages hold: faces, hearts, stars, suns, leaves, houses: uint8 (N, 3, size, size)."""
    pictures = [_emoji(np.random.default_rng([seed, i, 2]), size) for i in range(count)]
    return np.stack([np.asarray(picture).transpose(2, 0, 1) for picture in pictures])


def _emoji(random: np.random.Generator, size: int) -> Image.Image:
    side = size * OVERSAMPLING
    image = Image.new("RGB", (side, side), "white")
    radius = side * random.uniform(0.33, 0.46)
    middle = side / 2 + random.normal(0, 0.02 * side, 2)
    SIGNS[random.integers(len(SIGNS))](ImageDraw.Draw(image), middle, radius, random)
    return image.resize((size, size), Image.Resampling.BOX)


Draw, Point = ImageDraw.ImageDraw, NDArray[np.float64]


def _colour(random: np.random.Generator, *bases: tuple[int, int, int]) -> tuple[int, ...]:
    """One of some colours, a little changed."""
    base = np.array(bases[random.integers(len(bases))])
    return tuple(int(value) for value in (base + random.integers(-18, 19, 3)).clip(0, 255))


def _disc(draw: Draw, x: float, y: float, rx: float, ry: float, fill: tuple[int, ...] | str) -> None:
    draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill)


def _face(draw: Draw, at: Point, r: float, random: np.random.Generator) -> None:
    x, y = at
    _disc(draw, x, y, r, r, _colour(random, (255, 204, 50), (255, 204, 50), (240, 90, 60), (130, 200, 90)))
    dark, look = (90, 55, 20), random.integers(3)
    apart, eye = random.uniform(0.3, 0.42) * r, random.uniform(0.09, 0.17) * r
    for side in (-1, 1):
        ex, ey = x + side * apart, y - 0.22 * r
        if look == 0:
            _disc(draw, ex, ey, eye, 1.4 * eye, dark)
        elif look == 1:
            draw.arc((ex - 1.6 * eye, ey - eye, ex + 1.6 * eye, ey + 1.6 * eye), 180, 360, dark, round(0.07 * r))
        else:
            _disc(draw, ex, ey, 1.5 * eye, 1.5 * eye, "white")
            _disc(draw, ex, ey, 0.7 * eye, 0.7 * eye, dark)
        if random.random() < 0.3:
            _disc(draw, x + side * 0.62 * r, y + 0.15 * r, 0.16 * r, 0.1 * r, (245, 130, 110))
    wide, mouth = random.uniform(0.35, 0.6) * r, random.integers(4)
    if mouth == 0:
        draw.arc((x - wide, y - 0.2 * r, x + wide, y + 0.6 * r), 20, 160, dark, round(0.08 * r))
    elif mouth == 1:
        draw.arc((x - wide, y + 0.3 * r, x + wide, y + 0.9 * r), 200, 340, dark, round(0.08 * r))
    elif mouth == 2:
        draw.chord((x - wide, y - 0.2 * r, x + wide, y + 0.7 * r), 0, 180, dark)
    else:
        _disc(draw, x, y + 0.42 * r, 0.4 * wide, 0.5 * wide, dark)


def _heart(draw: Draw, at: Point, r: float, random: np.random.Generator) -> None:
    t = np.linspace(0, 2 * math.pi, 80)
    across = 16 * np.sin(t) ** 3
    down = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    fill = _colour(random, (220, 40, 60), (90, 150, 230), (150, 90, 200), (250, 190, 40))
    draw.polygon([(at[0] + r / 16 * a, at[1] + r / 16 * b) for a, b in zip(across, down, strict=True)], fill)


def _star(draw: Draw, at: Point, r: float, random: np.random.Generator) -> None:
    points, inner, turn = int(random.integers(4, 8)), random.uniform(0.35, 0.6), random.normal(-math.pi / 2, 0.1)
    corners = [(r * (inner if i % 2 else 1), turn + math.pi * i / points) for i in range(2 * points)]
    fill = _colour(random, (255, 200, 40), (240, 120, 40), (80, 170, 220))
    draw.polygon([(at[0] + far * math.cos(way), at[1] + far * math.sin(way)) for far, way in corners], fill)


def _sun(draw: Draw, at: Point, r: float, random: np.random.Generator) -> None:
    rays, fill = int(random.integers(7, 13)), _colour(random, (255, 180, 30), (250, 140, 30))
    for i in range(rays):
        way = 2 * math.pi * i / rays
        end = (at[0] + r * math.cos(way), at[1] + r * math.sin(way))
        draw.line([tuple(at), end], fill, round(0.1 * r))
    _disc(draw, *at, 0.6 * r, 0.6 * r, _colour(random, (255, 215, 70)))


def _flower(draw: Draw, at: Point, r: float, random: np.random.Generator) -> None:
    petals, fill = int(random.integers(5, 9)), _colour(random, (240, 120, 170), (250, 240, 120), (150, 130, 230))
    draw.line([tuple(at), (at[0], at[1] + 1.1 * r)], (70, 150, 60), round(0.1 * r))
    for i in range(petals):
        way = 2 * math.pi * i / petals
        _disc(draw, at[0] + 0.5 * r * math.cos(way), at[1] + 0.5 * r * math.sin(way), 0.28 * r, 0.28 * r, fill)
    _disc(draw, *at, 0.28 * r, 0.28 * r, _colour(random, (240, 180, 40), (120, 70, 30)))


def _house(draw: Draw, at: Point, r: float, random: np.random.Generator) -> None:
    x, y = at
    wide, eaves = random.uniform(0.6, 0.9) * r, y - random.uniform(0.05, 0.3) * r
    draw.rectangle((x - wide, eaves, x + wide, y + 0.9 * r), _colour(random, (240, 220, 170), (210, 220, 230)))
    roof = [(x - 1.2 * wide, eaves), (x + 1.2 * wide, eaves), (x, y - r)]
    draw.polygon(roof, _colour(random, (200, 70, 50), (100, 80, 70)))
    draw.rectangle(
        (x - 0.18 * r, y + 0.35 * r, x + 0.18 * r, y + 0.9 * r), _colour(random, (130, 80, 40), (60, 90, 150))
    )
    for side in (-1, 1):
        left = x + side * 0.55 * wide - 0.13 * r
        draw.rectangle((left, eaves + 0.2 * r, left + 0.26 * r, eaves + 0.46 * r), (120, 190, 230))


SIGNS: tuple[Callable[[Draw, Point, float, np.random.Generator], None], ...] = (
    _face, _face, _face, _heart, _star, _sun, _flower, _house,
)  # fmt: skip
