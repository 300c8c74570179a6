"""Latent codes: drawn from the prior, one by one from a seed, and drawn in towards the mean."""

import math

import torch
from torch import Tensor

from figment.randomness import generator_at


def draw(count: int, code_size: int, prior: str, generator: torch.Generator) -> Tensor:
    """Codes from the prior: "uniform" on (-1, 1), as in arXiv 1511.06434, or "normal". Returns float32 (count, code_size)."""
    if prior == "uniform":
        return torch.rand(count, code_size, generator=generator) * 2 - 1
    return torch.randn(count, code_size, generator=generator)


def numbered(seed: int, start: int, count: int, code_size: int, prior: str) -> Tensor:
    """Codes number start … start + count - 1 of a seed, float32 (count, code_size).

    Code i depends on (seed, i) alone, so that a sample can be named by its number and had again.
    """
    rows = [draw(1, code_size, prior, generator_at(seed, "sample", i)) for i in range(start, start + count)]
    return torch.cat(rows) if rows else torch.empty(0, code_size)


def numbered_classes(seed: int, start: int, count: int, classes: int) -> Tensor:
    """Classes of samples number start … start + count - 1 of a seed, int64 (count,), each as likely as the others.

    Class i depends on (seed, i) alone, and is drawn apart from code i.
    """
    rows = [torch.randint(classes, (1,), generator=generator_at(seed, "class", i)) for i in range(start, start + count)]
    return torch.cat(rows) if rows else torch.empty(0, dtype=torch.int64)


def truncated(codes: Tensor, truncation: float) -> Tensor:
    """Scale codes towards the prior's mean, which is 0 for both priors: 1 leaves them, 0 gives the mean picture."""
    return codes * truncation


def from_gaussian(codes: Tensor, prior: str) -> Tensor:
    """Carry standard-normal codes onto the prior: through the normal CDF for "uniform", unchanged for "normal".

    A path that is standard normal at every moment thereby stays on the prior.
    """
    return torch.erf(codes / math.sqrt(2)) if prior == "uniform" else codes
