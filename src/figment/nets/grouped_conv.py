"""A grouped 3×3 convolution whose gradient can be differentiated again at a convolution's own speed.

PyTorch's second derivative of a grouped convolution goes through its groups one by one: a step of R3GAN with exact R1 + R2
launched 1,600 small convolutions on a GPU, which took most of its time (LOG 46). Here the gradient with respect to the
input is a convolution that autograd knows by itself, and so what is differentiated again is of the first order.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from figment.nets.autocast import autocast_off, autocast_type


class Grouped(nn.Conv2d):
    """Conv2d of 3×3 in groups, (N, C, H, W) → (N, C, H, W), under autocast in its type."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__(channels, channels, 3, padding=1, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        # Compiled within torch.func.grad, a Function's second derivative would come out wrong (PyTorch 2.11 and 2.13).
        if self.groups == 1 or torch.compiler.is_compiling():
            return super().forward(x)
        weight, lowered = self.weight, autocast_type(x.device.type)
        if lowered is not None:
            x, weight = x.to(lowered), weight.to(lowered)
        y: Tensor = _Convolved.apply(x, weight, self.groups)
        assert self.bias is not None
        return y + self.bias.to(y.dtype)[:, None, None]


class _Convolved(Function):
    """y = conv(x, w)."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, groups: int) -> Tensor:
        return in_its_type(F.conv2d, x, w, groups)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor) -> None:
        x, w, ctx.groups = inputs
        ctx.save_for_backward(x, w)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, w = ctx.saved_tensors
        at_input, at_weight = ctx.needs_input_grad[:2]
        return (
            _Returned.apply(gradient, w, ctx.groups) if at_input else None,
            _weight_gradient(x, gradient, w, ctx.groups) if at_weight else None,
            None,
        )


class _Returned(Function):
    """x' = conv's adjoint (y, w): the transposed convolution, whose own adjoint is the convolution again."""

    @staticmethod
    def forward(y: Tensor, w: Tensor, groups: int) -> Tensor:
        return in_its_type(F.conv_transpose2d, y, w, groups)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor) -> None:
        y, w, ctx.groups = inputs
        ctx.save_for_backward(y, w)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        y, w = ctx.saved_tensors
        at_input, at_weight = ctx.needs_input_grad[:2]
        return (
            _Convolved.apply(gradient, w, ctx.groups) if at_input else None,
            _weight_gradient(gradient, y, w, ctx.groups) if at_weight else None,
            None,
        )


def in_its_type(convolution: Callable[..., Tensor], x: Tensor, w: Tensor, groups: int) -> Tensor:
    """Out of autocast's sight: a gradient may be asked for within it, of a layer that was left in float32."""
    with autocast_off(x.device.type):
        return convolution(x, w, padding=1, groups=groups)


def _weight_gradient(x: Tensor, y: Tensor, w: Tensor, groups: int) -> Tensor:
    """Gradient at the weight of a convolution of x, for a gradient y at its output."""
    settings = ([1, 1], [1, 1], [1, 1], False, [0, 0], groups)  # stride, padding, dilation, transposed, output padding
    gradient: Tensor = torch.ops.aten.convolution_backward(y, x, w, None, *settings, [False, True, False])[1]
    return gradient
