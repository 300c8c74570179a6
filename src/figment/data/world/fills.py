"""What shapes are filled with: patterns, (h, w) or broadcast to it, about −1 to 1, by which two colours are mixed."""

from collections.abc import Callable, Sequence

import numpy as np

from figment.data.world.canvas import Array

# Each takes x, y in the shape's own frame, one unit being its radius; a frequency about 1; and three uniform numbers.
Pattern = Callable[[Array, Array, float, Sequence[float]], Array]


def _slope(x: Array, y: Array, frequency: float, u: Sequence[float]) -> Array:
    return x * 0.7 + y * (u[0] - 0.5)


def _stripes(x: Array, y: Array, frequency: float, u: Sequence[float]) -> Array:
    return np.clip(np.sin(x * (6 * frequency) + 6 * u[0]) * (1 + 5 * u[1]), -1, 1)


def _checks(x: Array, y: Array, frequency: float, u: Sequence[float]) -> Array:
    k = 5 * frequency
    return np.clip(np.sin(x * k) * np.sin(y * k) * (2 + 6 * u[1]), -1, 1)


def _dots(x: Array, y: Array, frequency: float, u: Sequence[float]) -> Array:
    k = 6 * frequency
    return np.clip((np.cos(x * k) + np.cos(y * k) - 2 * u[0]) * 3, -1, 1)


def _rings(x: Array, y: Array, frequency: float, u: Sequence[float]) -> Array:
    x, y = x - (2 * u[0] - 1), y - (2 * u[1] - 1)
    return np.sin(np.sqrt(x * x + y * y) * (10 * frequency))


def _ball(x: Array, y: Array, frequency: float, u: Sequence[float]) -> Array:
    """Light on a ball, from one side."""
    lx, ly = u[0] - 0.5, u[1] - 0.7
    z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    return np.maximum(x * lx + y * ly + z * 0.8, 0) * 2 - 1


def _spots(x: Array, y: Array, frequency: float, u: Sequence[float]) -> Array:
    """Irregular, like camouflage."""
    k = 3 * frequency
    bent = np.sin(y * k * 1.3 + 9 * u[0])
    return np.clip(2 * np.sin(x * k + 2 * bent) + np.sin(y * k * 2.1 + 7 * u[1] + 2 * x), -1, 1)


PATTERNS: tuple[Pattern, ...] = (_slope, _stripes, _checks, _dots, _rings, _ball, _spots)
BALL = PATTERNS.index(_ball)
