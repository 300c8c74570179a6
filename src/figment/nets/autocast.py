"""Which parts of a net autocast may lower to bf16, for any device; without autocast nothing here does anything."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def in_float32(layer: Callable[..., Tensor], x: Tensor, *more: Tensor | None) -> Tensor:
    """layer(x, *more) outside of autocast, x raised to float32 where it is lower; float64 stays."""
    with autocast_off(x.device.type):
        return layer(x.to(torch.promote_types(x.dtype, torch.float32)), *more)


def in_autocast(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """layer(x), x in autocast's type where that is on: autocast alone would leave a residual sum in float32."""
    lowered = autocast_type(x.device.type)
    return layer(x if lowered is None else x.to(lowered))


def autocast_type(kind: str) -> torch.dtype | None:
    """The type that autocast lowers to on a kind of device, where it is on."""
    return torch.get_autocast_dtype(kind) if _has_autocast(kind) and torch.is_autocast_enabled(kind) else None


def autocast_off(kind: str) -> AbstractContextManager[None]:
    """Within, autocast does nothing."""
    return torch.autocast(kind, enabled=False) if _has_autocast(kind) else nullcontext()


def _has_autocast(kind: str) -> bool:
    return kind != "meta"  # torch.amp.is_autocast_available would say so, too, but PyTorch 2.11 can't compile it
