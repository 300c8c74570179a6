"""Penalties on the discriminator's gradient with respect to its input.

A discriminator here is a function of pictures alone: labels and augmentation are bound in by the caller, so that the
gradient is with respect to the picture *before* augmentation, as R1 and R2 ask for (arXiv 2501.05441, section 3).
"""

from collections.abc import Callable

import torch
from torch import Tensor

EPSILON = 0.01  # arXiv 2509.24935; of pictures in [-1, 1]

Net = Callable[[Tensor], Tensor]


def zero_centred(discriminator: Net, pictures: Tensor) -> Tensor:
    """‖∇D(x)‖² of each picture: R1 at reals, R2 at fakes. Exact, and to be differentiated again with respect to D.

    pictures: (N, C, H, W). Returns (N,): sums over C, H, W. Through torch.func, because torch.compile can't look into
    autograd.grad(create_graph=True).
    """
    gradient = torch.func.grad(lambda x: discriminator(x).sum())(pictures.detach())
    return gradient.square().flatten(1).sum(1)


def finite_difference(discriminator: Net, pictures: Tensor, logits: Tensor, noise: Tensor) -> Tensor:
    """((D(x + εn) - D(x)) / ε)² of each picture, whose mean over n ~ N(0, I) is ‖∇D(x)‖² + O(ε²): no second derivatives.

    pictures, noise: (N, C, H, W); logits: D(x), (N,), with the same augmentation. Returns (N,). Since E[(n·g)²] = ‖g‖²
    for any vector g; the spread of one estimate is √2 times its mean. Used so by arXiv 2509.24935 and 2511.22475.
    """
    return ((discriminator(pictures + EPSILON * noise) - logits) / EPSILON).square()


def wasserstein_penalty(discriminator: Net, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """E[(‖∇D(x̂)‖₂ - 1)²] at x̂ = mix·real + (1-mix)·fake: eq. 3 of arXiv 1704.00028, without its weight λ.

    real, fake: pictures (N, C, H, W); mix: (N,) in [0, 1]. Returns a scalar that can be differentiated again.
    """
    mix = mix.view(-1, 1, 1, 1)
    between = (mix * real + (1 - mix) * fake).detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    return ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()
