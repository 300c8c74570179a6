"""Directions without labels: the principal components of what the generator's first layer does (GANSpace)."""

import numpy as np
from numpy.typing import NDArray


def ganspace(activations: NDArray[np.float32], gaussian: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Directions along which the first layer varies most, largest first: rows of length 1, (count, code_size).

    The principal components of activations (N, m) are taken back to the Gaussian codes that they came from, (N, code_size), by
    least squares: eq. 3 of Härkönen et al., arXiv 2004.02546.
    """
    from sklearn.decomposition import PCA

    coordinates = PCA(count, svd_solver="randomized", random_state=0).fit_transform(activations)  # which have mean 0
    found = np.linalg.lstsq(coordinates.astype(np.float64), gaussian, rcond=None)[0]
    return found / np.linalg.norm(found, axis=1, keepdims=True)
