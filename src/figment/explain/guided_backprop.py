"""Guided backpropagation (Springenberg et al., arXiv 1412.6806): gradients that keep only what speaks for a unit.

Where plain backpropagation multiplies a gradient by the activation's slope, this also sets negative gradients to zero:
R_below = slope(x) · max(R_above, 0), with slope(x) the activation's own: for ReLU 1 above zero and 0 below, which is the
paper's rule, and for LeakyReLU 1 and its small slope. (To take LeakyReLU for a ReLU would be another rule: it would hide what
a net really hands on through units below zero.)
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


@contextmanager
def guided() -> Iterator[None]:
    """Within, gradients of whatever is computed flow back guided, through modules and functions alike.

    Values stay the same. It is enough that the forward pass is inside.
    """
    with _Guiding():
        yield


class _Guiding(TorchFunctionMode):
    """Sees every call of a function of torch's, so that no activation is missed: hooks on modules would miss R3GAN's, which
    are functions, and those on nn.ReLU all LeakyReLUs."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if func is F.leaky_relu:
            return _leaky(*args, **(kwargs or {}))
        if func is F.relu or func is torch.relu:
            return _Rectified.apply(args[0], 0.0)
        return func(*args, **(kwargs or {}))


def _leaky(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    return _Rectified.apply(input, negative_slope)


class _Rectified(torch.autograd.Function):
    """x above zero, slope · x below; backwards as this file's first lines say."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.slope = slope
        return torch.where(x > 0, x, slope * x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        (above,) = gradients
        return above.clamp(min=0) * torch.where(x > 0, 1.0, ctx.slope).to(above.dtype), None
