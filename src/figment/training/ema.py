"""The averaged generator: an exponential moving average over images seen, not over steps."""

import torch
from torch import nn


def decay(half_life: float, step: int) -> float:
    """What is kept of the average in a step of so many images: 0.5^(step / half-life), for any batch."""
    return 0.5 ** (step / max(half_life, 1e-8))


@torch.no_grad()
def update(average: nn.Module, net: nn.Module, kept: float) -> None:
    """average ← kept·average + (1 - kept)·net for weights; batch norm's statistics are copied, being averages already."""
    torch._foreach_lerp_(list(average.parameters()), list(net.parameters()), 1 - kept)
    for a, b in zip(average.buffers(), net.buffers(), strict=True):
        a.copy_(b)
