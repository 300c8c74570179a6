"""Directions with labels: linear models from codes to what a predictor reads, each made to leave the other attributes alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.attributes.predictor import Scores

CROSS_VALIDATION_FOLDS = 5
# By how much an attribute's own movement counts against that of the others, which are to be left alone. Of 13 labelled
# directions of a portraits generator after 600,000 and after 248,000 images (seed 1), 12 and 12 move their attribute with a
# correlation of 0.8 or more, 11 and 10 of these all others less than half as far; with 0.01: 7 and 9, all of them alone; with
# 10⁶: 13 and 12, 10 and 7 alone.
OWN_WEIGHT = 1.0


@dataclass(frozen=True, eq=False)
class AttributeSlopes:
    """How attributes change with codes: each row the linear model of one, (A, code_size), in deviations per deviation.

    predicted: by attribute, the correlation of what is read with what the model says of unseen samples.
    """

    names: tuple[str, ...]
    rows: NDArray[np.float64]
    predicted: dict[str, float]


def fit_slopes(gaussian: NDArray[np.float64], scores: Scores) -> AttributeSlopes:
    """Ridge regression of each attribute's scores (N,), log-odds among them, on Gaussian codes (N, code_size).

    How strong the ridge is, is found by leave-one-out; how well the model predicts, by five-fold cross-validation.
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict

    columns = np.stack(list(scores.values()), axis=1).astype(np.float64)
    wanted = (columns - columns.mean(0)) / np.maximum(columns.std(0), 1e-12)
    ridge = RidgeCV(np.logspace(-1, 5, 13), alpha_per_target=True)
    said = cross_val_predict(ridge, gaussian, wanted, cv=KFold(CROSS_VALIDATION_FOLDS)).reshape(wanted.shape)
    told = {name: _correlation(said[:, i], wanted[:, i]) for i, name in enumerate(scores)}
    return AttributeSlopes(tuple(scores), np.atleast_2d(ridge.fit(gaussian, wanted).coef_), told)


def attribute_group(name: str) -> str:
    """An attribute without its value: names of one group exclude or contain each other, as glasses and glasses=round do."""
    return name.partition("=")[0]


def conditional_direction(found: AttributeSlopes, name: str, own_weight: float = OWN_WEIGHT) -> NDArray[np.float64]:
    """The direction that moves an attribute most for how much it moves all others, of length 1: (code_size,).

    It maximises (a·v)² / (Σ (bᵢ·v)² + w |v|²), w being own_weight, a the attribute's slope and bᵢ those of attributes of
    another group. With w → 0 that is conditional manipulation, which projects the others' directions out (Shen et al., arXiv
    1907.10786, section 2.3); with w → ∞ it is a itself. The former leaves little of a where the others nearly span it.
    """
    own = found.rows[found.names.index(name)]
    others = found.rows[[attribute_group(other) != attribute_group(name) for other in found.names]]
    vector = np.linalg.solve(others.T @ others + own_weight * np.eye(len(own)), own)
    return vector / np.linalg.norm(vector)


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Of two columns; 0 where one of them is constant."""
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0
