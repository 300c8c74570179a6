"""Directions without samples: those that the weights by which the code enters the generator stretch most (SeFa)."""

from collections.abc import Sequence

import torch
from torch import Tensor


def sefa(entries: Sequence[Tensor], count: int) -> Tensor:
    """The directions n, |n| = 1, that maximise |A n|², largest first: rows, float64 (count, code_size).

    They are the eigenvectors of AᵀA, eq. 5 of Shen and Zhou, arXiv 2007.06600. A is all matrices by which the code enters,
    (outputs, code_size) each, on top of each other. The largest number of each direction is above 0.
    """
    weights = torch.cat([matrix.double().cpu() for matrix in entries])
    vectors = torch.linalg.eigh(weights.T @ weights).eigenvectors.T.flip(0)[:count]
    largest = vectors.gather(1, vectors.abs().argmax(1, keepdim=True))
    return vectors * largest.sign()
