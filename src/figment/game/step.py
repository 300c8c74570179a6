"""The losses of one step of the game, from nets, pictures and random numbers that are all passed in."""

from collections.abc import Callable

import torch
from torch import Tensor

from figment.game.objectives import OBJECTIVES
from figment.game.penalties import wasserstein_penalty

Net = Callable[[Tensor], Tensor]


def targets(count: int, value: float, swapped: float, generator: torch.Generator) -> Tensor:
    """D's targets for one minibatch, (count,): value, or 1 - round(value) for a share of them that is swapped at random."""
    swap = torch.rand(count, generator=generator) < swapped
    return torch.where(swap, float(value < 0.5), value)


def discriminator_loss(
    discriminator: Net,
    real: Tensor,
    fake: Tensor,
    objective: str,
    real_target: Tensor | float = 1.0,
    fake_target: Tensor | float = 0.0,
) -> Tensor:
    """D's loss on a minibatch of reals and one of fakes, each shown on its own, as batch norm in D asks for.

    real, fake: pictures (N, C, H, W) in [-1, 1]; targets: scalars or (N,), for the objectives that take them.
    """
    row = OBJECTIVES[objective]
    # float32 logits: in bf16 softplus and means lose the small differences that the game is about.
    real_logits, fake_logits = discriminator(real).float(), discriminator(fake).float()
    if row.takes_targets:
        return row.discriminator(real_logits, fake_logits, real_target, fake_target)
    return row.discriminator(real_logits, fake_logits)


def generator_loss(discriminator: Net, fake: Tensor, objective: str) -> Tensor:
    """G's loss on a minibatch of fakes (N, C, H, W)."""
    return OBJECTIVES[objective].generator(discriminator(fake).float())


def gradient_penalty(discriminator: Net, real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    """The Wasserstein penalty at points drawn between reals and fakes."""
    mix = torch.rand(len(real), generator=generator).to(real.device)
    return wasserstein_penalty(lambda x: discriminator(x).float(), real, fake, mix)
