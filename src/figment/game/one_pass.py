"""One pass through D for both nets: the gradient that D's loss has at each fake, scaled, is G's (arXiv 2103.00430).

Where D judges each picture by itself, its logit lᵢ of fake xᵢ carries all that either loss knows of it:
∂L_G/∂xᵢ = (∂L_G/∂lᵢ) / (∂L_D/∂lᵢ) · ∂L_D/∂xᵢ, for bce -σ(-l)/σ(l). So what D's backward pass brings to the fakes needn't be
asked for again. Both losses are those of D before its step: the nets move at once, not in turn.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from figment.game.objectives import Objective

# What D's loss is given for a slope at a fake that it is indifferent to, as hinge's is beyond the margin, so that nothing is
# divided by 0: far below what float32 tells beside the slopes of others, far above its smallest number.
FAINT_SLOPE = 1e-25


class Shared(NamedTuple):
    """What makes D's backward pass serve G: slopes to be added to D's at each fake logit, (N,), nearly always 0; what the
    gradient at each fake is to be multiplied by, (N,); and G's loss."""

    faint: Tensor
    scales: Tensor
    generator_loss: Tensor


def shared(row: Objective, real: Tensor, fake: Tensor, targets: tuple[Tensor | float, ...] = ()) -> Shared:
    """How one pass serves both losses of an objective, at logits (N,) that nothing is differentiated through.

    targets: D's, for an objective that takes them. Each slope is the very number that autograd starts from, rounding and
    all, so that its share in the gradient cancels wherever it isn't 0.
    """
    slopes = torch.func.grad(lambda logits: row.discriminator(real, logits, *targets))(fake)
    paired = (real,) if row.paired else ()
    wanted, loss = torch.func.grad_and_value(lambda logits: row.generator(logits, *paired))(fake)
    followed = torch.where(slopes.abs() < FAINT_SLOPE, FAINT_SLOPE, slopes)
    return Shared(followed - slopes, wanted / followed, loss)


def rescaled(gradient: Tensor, scales: Tensor) -> Tensor:
    """G's gradient at each fake, (N, C, H, W), from D's: in the pictures' type."""
    return (gradient * scales.view(-1, 1, 1, 1)).to(gradient.dtype)
