"""Which parts of a net autocast may lower to bf16, for any device; without autocast nothing here does anything."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def in_float32(layer: Callable[..., Tensor], x: Tensor, *more: Tensor | None) -> Tensor:
    """layer(x, *more) outside of autocast, x raised to float32 where it is lower; float64 stays."""
    with _autocast_off(x.device.type):
        return layer(x.to(torch.promote_types(x.dtype, torch.float32)), *more)


def in_autocast(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """layer(x), x in autocast's type where that is on: autocast alone would leave a residual sum in float32."""
    kind = x.device.type
    if _has_autocast(kind) and torch.is_autocast_enabled(kind):
        x = x.to(torch.get_autocast_dtype(kind))
    return layer(x)


def _autocast_off(kind: str) -> AbstractContextManager[None]:
    return torch.autocast(kind, enabled=False) if _has_autocast(kind) else nullcontext()


def _has_autocast(kind: str) -> bool:
    return kind != "meta"  # torch.amp.is_autocast_available would say so, too, but PyTorch 2.11 can't compile it
