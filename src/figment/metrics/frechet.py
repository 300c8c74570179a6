"""The Fréchet distance of two sets of features, each taken to be normally distributed: eq. 6 of arXiv 1706.08500.

    |μ₁ - μ₂|² + tr C₁ + tr C₂ - 2 tr (C₁^½ C₂ C₁^½)^½

It is called FID only with the features of the Inception network; with others it is FD-<network>. It is biased upwards,
the more the fewer pictures there are: beside it belongs what as many reals reach, and its limit by 1/N.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.metrics.estimate import Estimate, jackknifed
from figment.metrics.halves import Compared, compared, halves_errors, with_differences

BLOCK_ROWS = 1024  # of features that are made float64 at a time
# Of all sets together, on which errors are taken: the rest of the dimensions adds to the distance, but hardly to its
# scatter (LOG 76).
PRINCIPAL_AXES = 128
AXES_PICTURES = 2000  # of each set, that these are taken of


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


def compared_frechet(
    features: NDArray, others: NDArray, reference: NDArray, known: Gaussian, limits: bool, seed: int = 0
) -> dict[str, Compared]:
    """The distance, fd, and with `limits` its limit, fd_limit, of samples, of other reals, and their differences.

    features (N, d), others (L, d), reference (M, d), of which known is kept. Both have the error of the distance, from
    halves of the pictures on PRINCIPAL_AXES of them.
    """
    errors = _errors(features, others, reference, seed)
    if not limits:
        return {"fd": compared(frechet(features, known), frechet(others, known), errors)}
    found = [with_limit(x, known) for x in (features, others)]
    return {name: compared(found[0][i].value, found[1][i].value, errors) for i, name in enumerate(("fd", "fd_limit"))}


def _errors(features: NDArray, others: NDArray, reference: NDArray, seed: int) -> list[float]:
    """Errors of the distance of samples, of that of others, and of the difference."""
    axes = _principal_axes([features, others, reference])
    ours, spare, theirs = (x @ axes for x in (features, others, reference))

    def distances(rows: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
        known = gaussian(theirs[rows[2]])
        return with_differences(*(np.array([frechet(x[its], known)]) for x, its in ((ours, rows[0]), (spare, rows[1]))))

    return halves_errors(distances, [len(x) for x in (ours, spare, theirs)], seed, pairs=True).tolist()


def _principal_axes(sets: Sequence[NDArray]) -> NDArray[np.float32]:
    """The axes along which sets of features scatter most, taken together, (d, at most PRINCIPAL_AXES)."""
    together = gaussian(np.concatenate([x[:AXES_PICTURES] for x in sets]))
    covariance = together.covariance if together.covariance is not None else together.root.T @ together.root
    vectors = torch.linalg.eigh(covariance).eigenvectors
    return vectors[:, -PRINCIPAL_AXES:].float().numpy()
