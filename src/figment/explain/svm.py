"""A linear support-vector machine on features: how the DCGAN paper measures what a discriminator has learnt (section 5.1)."""

import warnings

import numpy as np
from numpy.typing import NDArray

PENALTIES = (1e-4, 1e-3, 1e-2)  # scikit-learn's C
FOLDS = 3  # of the cross-validation
TOLERANCE = 0.1  # of the solver's stopping: a hundredth of it changed no picture's class, and took a third longer


class LinearSVM:
    """A linear support-vector machine on standardised features. penalty: scikit-learn's C."""

    def __init__(self, penalty: float, seed: int = 0) -> None:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import LinearSVC

        svc = LinearSVC(C=penalty, dual=True, tol=TOLERANCE, random_state=seed)
        self.pipeline = make_pipeline(StandardScaler(), svc)

    def fit(self, features: NDArray[np.float32], classes: NDArray[np.int64]) -> "LinearSVM":
        """Learn from features (N, d) of known classes (N,)."""
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a solution that is only near is a classifier, too
            self.pipeline.fit(features, classes)
        return self

    def predict(self, features: NDArray[np.float32]) -> NDArray[np.int64]:
        """Classes (N,) of features (N, d)."""
        predictions: NDArray[np.int64] = self.pipeline.predict(features)
        return predictions

    def score(self, features: NDArray[np.float32], classes: NDArray[np.int64]) -> float:
        """The share of features (N, d) whose class, (N,), is predicted."""
        return float((self.predict(features) == classes).mean())


def best_penalty(features: NDArray[np.float32], classes: NDArray[np.int64], seed: int = 0) -> float:
    """The C with the most right classes in a cross-validation in 3 parts, the smallest of equal ones.

    Of a class with fewer than 3 pictures some parts have none; where each part would be a single class's, it is the middle C.
    """
    from sklearn.model_selection import StratifiedKFold

    folds = min(FOLDS, int(np.bincount(classes)[np.unique(classes)].min()))
    if folds < 2:
        return PENALTIES[len(PENALTIES) // 2]
    parts = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, classes))
    scores = [
        sum(LinearSVM(penalty, seed).fit(features[a], classes[a]).score(features[b], classes[b]) for a, b in parts)
        for penalty in PENALTIES
    ]
    return PENALTIES[int(np.argmax(scores))]
