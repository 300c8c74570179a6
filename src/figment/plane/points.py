"""Sets of true points in the plane, within about [-1, 1] each way, for a generator to imitate."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

POOL = 16_384  # true points that a match draws its batches from
JITTER = 0.015  # standard deviation, that points which somebody drew are spread by
SPREAD = 0.02  # standard deviation of points about a curve


@dataclass(frozen=True)
class Mixture:
    """Round Gaussians. centres: (K, 2); weights: (K,), adding up to 1; deviation: of each, standard, in either direction."""

    centres: np.ndarray
    weights: np.ndarray
    deviation: float

    def draw(self, random: np.random.Generator, count: int) -> np.ndarray:
        """Points, (count, 2)."""
        which = random.choice(len(self.centres), count, p=self.weights)
        return self.centres[which] + self.deviation * random.standard_normal((count, 2))


def pool(name: str, drawn: tuple[tuple[float, float], ...], random: np.random.Generator) -> np.ndarray:
    """True points of a set, float32 (POOL, 2); "drawn" takes those that somebody drew."""
    if name == "drawn":
        points = np.array(drawn)[random.integers(len(drawn), size=POOL)] + JITTER * random.standard_normal((POOL, 2))
    elif name in MIXTURES:
        points = MIXTURES[name].draw(random, POOL)
    else:
        points = CURVES[name](random.random(POOL), random) + SPREAD * random.standard_normal((POOL, 2))
    return points.astype(np.float32)


def _polar(radius: np.ndarray | float, turns: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(2 * np.pi * turns), radius * np.sin(2 * np.pi * turns)], 1)


def _circle(count: int, radius: float) -> np.ndarray:
    return _polar(radius, np.arange(count) / count)


def _even(centres: np.ndarray, deviation: float) -> Mixture:
    return Mixture(centres, np.full(len(centres), 1 / len(centres)), deviation)


def _falling(count: int, ratio: float) -> np.ndarray:
    """Weights of which each is so much of the one before."""
    weights = ratio ** np.arange(count)
    return weights / weights.sum()


def _rings(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    outer = random.random(len(t)) < 2 / 3  # as many points an inch on both
    return _polar(np.where(outer, 0.8, 0.4), t)


def _spirals(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    radius = np.sqrt(t)  # as many points an inch within and without
    return _polar(0.9 * radius, radius + random.integers(2, size=len(t)) / 2)


def _moons(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    half = _polar(0.55, t / 2) - np.array([0.275, 0.12])
    return np.where(random.random((len(t), 1)) < 0.5, half, -half)


GRID = np.linspace(-0.8, 0.8, 5)

MIXTURES: dict[str, Mixture] = {
    "eight": _even(_circle(8, 0.75), 0.03),
    "grid": _even(np.stack(np.meshgrid(GRID, GRID), -1).reshape(-1, 2), 0.02),
    "lopsided": Mixture(_circle(8, 0.75), _falling(8, 0.65), 0.03),
    "pair": Mixture(np.array([[-0.5, 0.0], [0.5, 0.0]]), np.array([0.9, 0.1]), 0.06),
    "dot": _even(np.array([[0.5, 0.3]]), 0.03),
}

CURVES: dict[
    str, Callable[[np.ndarray, np.random.Generator], np.ndarray]
] = {  # of places along the curve, (N,) in [0, 1]
    "ring": lambda t, _: _polar(0.8, t),
    "rings": _rings,
    "spiral": lambda t, _: _polar(0.9 * np.sqrt(t), 2 * np.sqrt(t)),
    "spirals": _spirals,
    "moons": _moons,
}

NAMES = {
    "eight": "eight Gaussians",
    "grid": "25 Gaussians",
    "lopsided": "eight Gaussians of uneven weight",
    "pair": "two Gaussians, nine to one",
    "dot": "a dot",
    "ring": "a ring",
    "rings": "two rings",
    "spiral": "a spiral",
    "spirals": "two spirals",
    "moons": "two moons",
    "drawn": "points of your own",
}
