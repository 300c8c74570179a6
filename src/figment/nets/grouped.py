"""A grouped 3×3 convolution whose gradient can be differentiated again at a convolution's own speed.

PyTorch's second derivative of a grouped convolution goes through its groups one by one: a step of R3GAN with exact R1 + R2
launched 1,600 small convolutions on a GPU, which took most of its time (LOG.md). Here the gradient with respect to the
input is a convolution that autograd knows by itself, and so what is differentiated again is of the first order.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function


class Grouped(nn.Conv2d):
    """Conv2d of 3×3 in groups, (N, C, H, W) → (N, C, H, W), under autocast in its type."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__(channels, channels, 3, padding=1, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        # Compiled within torch.func.grad, a Function's second derivative would come out wrong (PyTorch 2.11 and 2.13).
        if self.groups == 1 or torch.compiler.is_compiling():
            return super().forward(x)
        weight, kind = self.weight, x.device.type
        if kind != "meta" and torch.is_autocast_enabled(kind):
            x, weight = (t.to(torch.get_autocast_dtype(kind)) for t in (x, weight))
        y: Tensor = _Convolved.apply(x, weight, self.groups)
        assert self.bias is not None
        return y + self.bias.to(y.dtype)[:, None, None]


class _Convolved(Function):
    """y = conv(x, w)."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, groups: int) -> Tensor:
        return F.conv2d(x, w, padding=1, groups=groups)

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
        return F.conv_transpose2d(y, w, padding=1, groups=groups)

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


def _weight_gradient(x: Tensor, y: Tensor, w: Tensor, groups: int) -> Tensor:
    """Gradient at the weight of a convolution of x, for a gradient y at its output."""
    settings = ([1, 1], [1, 1], [1, 1], False, [0, 0], groups)  # stride, padding, dilation, transposed, output padding
    gradient: Tensor = torch.ops.aten.convolution_backward(y, x, w, None, *settings, [False, True, False])[1]
    return gradient
