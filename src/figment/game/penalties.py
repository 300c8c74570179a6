"""Penalties on the discriminator's gradient with respect to its input."""

from collections.abc import Callable

import torch
from torch import Tensor


def wasserstein_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """E[(‖∇D(x̂)‖₂ - 1)²] at x̂ = mix·real + (1-mix)·fake: eq. 3 of arXiv 1704.00028, without its weight λ.

    real, fake: pictures (N, C, H, W); mix: (N,) in [0, 1]. Returns a scalar that can be differentiated again.
    """
    mix = mix.view(-1, 1, 1, 1)
    between = (mix * real + (1 - mix) * fake).detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    return ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()
