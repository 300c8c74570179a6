"""What the two nets play for: a discriminator's and a generator's loss for each objective, as pure functions of logits.

A logit above 0 means real. All logits are (N,), all losses scalars to be minimised.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor


def cross_entropy(
    real: Tensor, fake: Tensor, real_target: Tensor | float = 1.0, fake_target: Tensor | float = 0.0
) -> Tensor:
    """D's binary cross-entropy, E[-t log D(x) - (1-t) log(1-D(x))] over reals plus fakes: eq. 1 of arXiv 1406.2661.

    real_target below 1 is one-sided label smoothing (section 3.4 of arXiv 1606.03498); tensors of targets, (N,), carry
    swapped labels. With logit l, -t log σ(l) - (1-t) log σ(-l) = softplus(l) - t·l.
    """
    return (F.softplus(real) - real_target * real).mean() + (F.softplus(fake) - fake_target * fake).mean()


def non_saturating(fake: Tensor) -> Tensor:
    """G's loss against cross_entropy, E[-log D(G(z))]: section 3 of arXiv 1406.2661. -log σ(l) = softplus(-l)."""
    return F.softplus(-fake).mean()


def maximum_likelihood(fake: Tensor) -> Tensor:
    """G's loss whose gradient is maximum likelihood's where D is optimal, -½ E[exp(σ⁻¹(D(G(z))))] = -½ E[exp(logit)].

    Section 3.2.4 of arXiv 1701.00160.
    """
    return -fake.exp().mean() / 2


def least_squares(real: Tensor, fake: Tensor) -> Tensor:
    """D's least-squares loss with targets 1 for reals and 0 for fakes, ½E[(D(x)-1)²] + ½E[D(G(z))²]: eq. 9 of 1611.04076."""
    return ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2


def least_squares_generator(fake: Tensor) -> Tensor:
    """G's least-squares loss with target 1, ½E[(D(G(z))-1)²]: eq. 9 of arXiv 1611.04076."""
    return ((fake - 1) ** 2).mean() / 2


def hinge(real: Tensor, fake: Tensor) -> Tensor:
    """D's hinge loss, E[max(0, 1-D(x))] + E[max(0, 1+D(G(z)))]: eq. 4 of arXiv 1802.05957 (and arXiv 1705.02894)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def wasserstein(real: Tensor, fake: Tensor) -> Tensor:
    """The critic's loss, E[D(G(z))] - E[D(x)]: eq. 2 of arXiv 1704.00028, whose penalty stands in penalties.py."""
    return fake.mean() - real.mean()


def generator_critic(fake: Tensor) -> Tensor:
    """G's loss against hinge and wasserstein, -E[D(G(z))]: eq. 5 of arXiv 1802.05957."""
    return -fake.mean()


def relativistic(real: Tensor, fake: Tensor) -> Tensor:
    """D's relativistic pairing loss, E[softplus(-(D(x) - D(G(z))))]: eq. 2 of arXiv 2501.05441. Paired by position."""
    return F.softplus(fake - real).mean()


def relativistic_generator(fake: Tensor, real: Tensor) -> Tensor:
    """G's relativistic pairing loss, E[softplus(-(D(G(z)) - D(x)))]: eq. 2 of arXiv 2501.05441. Paired by position."""
    return F.softplus(real - fake).mean()


class Objective(NamedTuple):
    """One row of the table: the two losses, and whether D's takes targets.

    paired: G's loss sets each fake against a real, so it takes both.
    """

    discriminator: Callable[..., Tensor]
    generator: Callable[..., Tensor]
    takes_targets: bool
    paired: bool = False


OBJECTIVES: dict[str, Objective] = {
    # name                   discriminator   generator                takes targets  paired
    "bce":          Objective(cross_entropy, non_saturating,          True),
    "ml":           Objective(cross_entropy, maximum_likelihood,      True),
    "mse":          Objective(least_squares, least_squares_generator, False),
    "hinge":        Objective(hinge,         generator_critic,        False),
    "wgan":         Objective(wasserstein,   generator_critic,        False),
    "relativistic": Objective(relativistic,  relativistic_generator,  False,         True),
}  # fmt: skip
