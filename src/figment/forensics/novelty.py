"""How unlike a picture is to those that a detector knows: its distance from them in a network's features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_DIRECTIONS = 64
PICTURES_A_DIRECTION = 8  # at least, or its variance is that of chance
FLOOR = 1e-6  # of a variance, as a share of the largest


@dataclass(frozen=True, eq=False)
class Novelty:
    """Mahalanobis' distance under a Gaussian that has a variance of its own in its first directions, and one for all others.

    That is probabilistic PCA's (Tipping and Bishop 1999). mean (d,), directions (k, d), orthonormal, variances (k,), rest: the
    variance in each of the other d - k directions. limit: beyond which a picture is unlike them.
    """

    mean: NDArray[np.float32]
    directions: NDArray[np.float32]
    variances: NDArray[np.float32]
    rest: float
    limit: float

    def distances(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Of features (N, d), the root of the mean square over all directions, float64 (N,): about 1 for pictures like these."""
        off = (features - self.mean).astype(np.float64)
        along = off @ self.directions.T.astype(np.float64)
        across = np.maximum(np.square(off).sum(1) - np.square(along).sum(1), 0)
        return np.sqrt((np.square(along) / self.variances).sum(1) / off.shape[1] + across / self.rest / off.shape[1])


def fitted(features: NDArray[np.float32], others: NDArray[np.float32], share: float) -> Novelty:
    """Fitted to features (N, d), N at least 2; the limit is what this share of others of the kind, (M, d), stay within."""
    mean = features.mean(0)
    _, spread, directions = np.linalg.svd((features - mean).astype(np.float64), full_matrices=False)
    variances = np.square(spread) / max(len(features) - 1, 1)
    kept = max(1, min(MAX_DIRECTIONS, len(features) // PICTURES_A_DIRECTION, len(variances) - 1))
    floor = max(FLOOR * float(variances[0]), 1e-12)
    rest = max(float(variances[kept:].sum()) / max(features.shape[1] - kept, 1), floor)
    first = Novelty(
        mean,
        directions[:kept].astype(np.float32),
        np.maximum(variances[:kept], floor).astype(np.float32),
        rest,
        np.inf,
    )
    limit = float(np.quantile(first.distances(others), share, method="higher"))
    return Novelty(first.mean, first.directions, first.variances, rest, limit)
