"""The Fréchet distance of two sets of features, each taken to be normally distributed: eq. 6 of arXiv 1706.08500.

    |μ₁ - μ₂|² + tr C₁ + tr C₂ - 2 tr (C₁^½ C₂ C₁^½)^½

It is called FID only with the features of the Inception network; with others it is FD-<network>. It is biased upwards,
the more the fewer pictures there are: beside it belongs what as many reals reach, and its limit by 1/N.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.metrics.estimate import Estimate, jackknifed

BLOCK_ROWS = 1024  # of features that are made float64 at a time


@dataclass(frozen=True, eq=False)
class Gaussian:
    """What is kept of `count` features of d numbers, in float64.

    centred: (count, d), divided so that centredᵀ·centred is the covariance, where there are no more rows than d;
    covariance: (d, d), where there are. The other is None.
    """

    count: int
    mean: Tensor
    centred: Tensor | None
    covariance: Tensor | None

    @property
    def trace(self) -> Tensor:
        """Of the covariance."""
        if self.covariance is not None:
            return self.covariance.trace()
        assert self.centred is not None
        return self.centred.square().sum()

    @cached_property
    def root(self) -> Tensor:
        """A matrix R of d columns with RᵀR the covariance, by its symmetric eigen-decomposition."""
        if self.centred is not None:
            return self.centred
        assert self.covariance is not None
        values, vectors = torch.linalg.eigh(self.covariance)
        return values.clamp_min(0).sqrt()[:, None] * vectors.T


def gaussian(features: NDArray) -> Gaussian:
    """Mean and covariance of features, (N, d) with N at least 2; summed in float64, a block of rows at a time."""
    count, dimension = features.shape
    if count < 2:
        raise ValueError("a covariance needs at least two rows")
    mean = torch.from_numpy(features.mean(0, dtype=np.float64))
    if count <= dimension:
        rows = torch.from_numpy(features.astype(np.float64)) - mean
        return Gaussian(count, mean, rows / (count - 1) ** 0.5, None)
    covariance = torch.zeros(dimension, dimension, dtype=torch.float64)
    for start in range(0, count, BLOCK_ROWS):
        rows = torch.from_numpy(features[start : start + BLOCK_ROWS].astype(np.float64)) - mean
        covariance.addmm_(rows.T, rows)
    return Gaussian(count, mean, None, covariance / (count - 1))


def distance(a: Gaussian, b: Gaussian) -> float:
    """The Fréchet distance of two Gaussians of equal dimension, at least 0."""
    apart = (a.mean - b.mean).square().sum()
    return max(float(apart + a.trace + b.trace - 2 * _mixed(a, b)), 0.0)


def _mixed(a: Gaussian, b: Gaussian) -> Tensor:
    """tr (C₁^½ C₂ C₁^½)^½: the roots of the eigenvalues of R₂·C₁·R₂ᵀ, of R₁·C₂·R₁ᵀ, or of whichever is smaller.

    These are symmetric, so their eigenvalues are never imaginary, and of few rows they are as few.
    """
    if a.covariance is not None:
        squares = b.root @ a.covariance @ b.root.T
    else:
        product = a.root @ b.root.T
        squares = product @ product.T if len(product) <= product.shape[1] else product.T @ product
    return torch.linalg.eigvalsh(squares).clamp_min(0).sqrt().sum()


def frechet(features: NDArray, reference: NDArray | Gaussian) -> float:
    """The Fréchet distance between features (N, d) and those of a reference (M, d), or what is kept of these."""
    known = reference if isinstance(reference, Gaussian) else gaussian(reference)
    return distance(gaussian(features), known)


def with_limit(features: NDArray, reference: Gaussian) -> tuple[Estimate, Estimate]:
    """The Fréchet distance, and FD∞, its limit for ever more pictures in features: see jackknifed.

    The reference stays as it is, so what its own size adds remains in both. The straight line holds where there are
    more pictures than dimensions; with fewer, the limit still falls short of being unbiased.
    """
    return jackknifed(lambda indices: frechet(features[indices], reference), len(features))
