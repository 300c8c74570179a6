"""Signed distances, soft steps and other functions of numbers that the portraits are drawn with, in float32 numpy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float32 throughout


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
