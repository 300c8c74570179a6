"""Batch norm over the batch of several processes, as if one process had it all."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from figment.training.distributed import World, all_gather, all_reduce_sum


def synchronised(net: nn.Module, world: World) -> nn.Module:
    """The net, in place, with every BatchNorm2d taking its statistics over all processes: as over the whole batch.

    Weights and buffers stay the same objects under the same names. Of one process the net is left as it is.
    """
    for name, child in net.named_children() if world.size > 1 else ():
        if isinstance(child, nn.BatchNorm2d):
            setattr(net, name, SynchronisedBatchNorm2d(child))
        else:
            synchronised(child, world)
    return net


@contextmanager
def local_statistics(*nets: nn.Module) -> Iterator[None]:
    """Within, batch norm normalises what this process shows it by itself: for nets that one process alone looks at."""
    norms = [m for net in nets for m in net.modules() if isinstance(m, SynchronisedBatchNorm2d)]
    for norm in norms:
        norm.together = False
    try:
        yield
    finally:
        for norm in norms:
            norm.together = True


class SynchronisedBatchNorm2d(nn.BatchNorm2d):
    """Batch norm whose batch is that of all processes, on any device. (torch.nn.SyncBatchNorm needs a GPU.)"""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, device="meta")
        self.weight, self.bias = norm.weight, norm.bias
        for name, buffer in norm.named_buffers():
            self.register_buffer(name, buffer)
        self.train(norm.training)
        self.together = True

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training and self.together):
            return super().forward(x)
        y, count, mean, variance = _Normalised.apply(x, self.weight, self.bias, self.eps)
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        return y


class _Normalised(torch.autograd.Function):
    """x (N, C, H, W), scales and shifts (C,) → x normalised over all processes; and with it their count, mean, variance."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, ...]:
        count, mean, variance = _whole_statistics(x)
        ctx.save_for_backward(x, weight, count, mean, (variance + eps).rsqrt())
        ctx.mark_non_differentiable(count, mean, variance)
        return F.batch_norm(x, mean, variance, weight, bias, eps=eps), count, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        """Of the sum of all processes' losses. With respect to weights it is this process's part of it."""
        x, weight, count, mean, scale = ctx.saved_tensors
        normalised = (x - _wide(mean)) * _wide(scale)
        own = torch.stack([dy.sum((0, 2, 3), dtype=mean.dtype), (dy * normalised).sum((0, 2, 3))])
        shift, slope = all_reduce_sum(own.clone()) / count
        dx = (dy - _wide(shift) - normalised * _wide(slope)) * _wide(weight * scale)
        return dx.to(x.dtype), own[1], own[0], None


def _whole_statistics(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Count of numbers a channel (), mean and variance (C,) over all processes, in float32 at least.

    Each process's own are taken about its own mean and then combined (Chan et al. 1979), so that a mean far from 0 costs
    no digits.
    """
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    variance, mean = torch.var_mean(wide, (0, 2, 3), correction=0)
    own = torch.cat([mean.new_full((1,), x.numel() // x.shape[1]), mean, variance])
    counts, means, variances = all_gather(own).split([1, len(mean), len(mean)], dim=1)
    count = counts.sum()
    share = counts / count
    mean = (share * means).sum(0)
    return count, mean, (share * (variances + (means - mean) ** 2)).sum(0)


def _wide(channels: Tensor) -> Tensor:
    """(C,) beside (N, C, H, W)."""
    return channels.view(1, -1, 1, 1)
