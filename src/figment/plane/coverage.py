"""How much of a mixture's modes a generator covers, and when it has collapsed onto few of them."""

from dataclasses import dataclass

import numpy as np

from figment.plane.points import Mixture

NEAR = 4.0  # standard deviations from a centre within which a point is of its mode: 1 in 3,000 true ones lies outside
FAIR = 0.25  # share of the points due to a mode from which on it counts as covered
MIN_ON_MODES = 0.5  # share of points on modes below which a generator hasn't found them, rather than lost some
MAX_COLLAPSED = 0.5  # share of the modes up to which one that has found them has collapsed
MIN_SPREAD = 0.1  # of the true points' spread, below which a generator has collapsed wherever its points lie


@dataclass(frozen=True)
class Coverage:
    """modes: there are; covered: of them; on_modes: share of generated points that lie on one, each in [0, 1]."""

    modes: int
    covered: int
    on_modes: float


def coverage(points: np.ndarray, mixture: Mixture) -> Coverage:
    """points: generated, (N, 2)."""
    distances = np.linalg.norm(points[:, None] - mixture.centres.astype(points.dtype), axis=2)
    nearest = distances.argmin(1)
    near = distances[np.arange(len(points)), nearest] < NEAR * mixture.deviation
    counts = np.bincount(nearest[near], minlength=len(mixture.centres))
    due = np.maximum(1, FAIR * mixture.weights * len(points))
    return Coverage(len(mixture.centres), int((counts >= due).sum()), float(near.mean()))


def spread(points: np.ndarray) -> float:
    """Root of the mean squared distance from their mean. points: (N, 2)."""
    return float(np.sqrt(points.var(0).sum()))


def has_collapsed(points: np.ndarray, true: np.ndarray, covered: Coverage | None) -> bool:
    """Whether a generator makes all but one point, or lies on modes, but on half of them or fewer.

    points, true: (N, 2); covered: where the true points are a mixture of more than one.
    """
    if spread(points) < MIN_SPREAD * spread(true):
        return True
    if covered is None or covered.modes == 1:
        return False
    return covered.on_modes >= MIN_ON_MODES and covered.covered <= MAX_COLLAPSED * covered.modes
