"""A linear reader of features: logistic regression on what an eye sees, with its numbers laid open."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PENALTY = 0.003  # scikit-learn's C, of standardised features
MAX_STEPS = 300


@dataclass(frozen=True, eq=False)
class Probe:
    """Logit of fake = bias + Σ weights · (features - mean) / scale. mean, scale, weights: float32 (d,)."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: float

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Of features (…, d): (…), above 0 for fake."""
        return self.shares(features).sum(-1) + self.bias

    def shares(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each feature adds to the logit: (…, d)."""
        return (features.astype(np.float64) - self.mean) / self.scale * self.weights


def fitted(features: NDArray[np.float32], is_fake: NDArray[np.bool_], penalty: float = PENALTY) -> Probe:
    """Learnt from features (N, d) of both kinds, (N,), which weigh the same. The same give the same."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = features.mean(0), features.std(0)
    scale = np.where(scale > 1e-6, scale, 1).astype(np.float32)
    model = LogisticRegression(C=penalty, class_weight="balanced", max_iter=MAX_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a solution that is only near reads, too
        model.fit((features - mean) / scale, is_fake)
    return Probe(mean, scale, model.coef_[0].astype(np.float32), float(model.intercept_[0]))
