"""The derivatives of game/penalties.py by D's slope at each point, written out; a test holds them to the penalties."""

import numpy as np

TINY = 1e-12  # added to a slope's length before it is divided by


def zero_centred(slopes: np.ndarray, gamma: float) -> np.ndarray:
    """Of γ/2·E[‖∇D‖²]. slopes: (N, 2). Returns (N, 2)."""
    return slopes * (gamma / len(slopes))


def wasserstein(slopes: np.ndarray, weight: float) -> np.ndarray:
    """Of λ·E[(‖∇D‖ - 1)²]. slopes: (N, 2). Returns (N, 2)."""
    lengths = np.linalg.norm(slopes, axis=1, keepdims=True)
    return slopes * (2 * weight / len(slopes) * (1 - 1 / (lengths + TINY)))
