"""Pictures from one form into another: levels 0 … 255 and [-1, 1], grey and colour.

Arrays come from files and go to features; tensors go through nets. Torch is imported only where a tensor is at hand
already, so that rooms that do without it don't wait for it.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # brightness of red, green and blue: ITU-R BT.601, as Pillow's mode L has it


def as_array(pictures: "Tensor | NDArray[np.uint8]") -> NDArray[np.uint8]:
    """Pictures of either kind, on whatever device, as an array; nothing is copied that needn't be."""
    return np.asarray(pictures if isinstance(pictures, np.ndarray) else pictures.cpu())


def to_rgb(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey pictures in colour, others as they are: (N, 1 or 3, H, W) → (N, 3, H, W)."""
    return np.repeat(pictures, 3, axis=1) if pictures.shape[1] == 1 else pictures


def to_grey(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures in colour as grey ones, others as they are: (N, 1 or 3, H, W) → (N, 1, H, W); Pillow's mode L to the bit."""
    if pictures.shape[1] == 1:
        return pictures
    red, green, blue = (pictures[:, c : c + 1].astype(np.uint32) for c in range(3))
    return ((19595 * red + 38470 * green + 7471 * blue + (1 << 15)) >> 16).astype(np.uint8)  # LUMA in 65536ths


def luma(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey values in 0 … 255, not rounded, of RGB pictures with their channels last: uint8 (…, 3) → float32 (…)."""
    return pictures.astype(np.float32) @ np.array(LUMA, np.float32)


def to_float(pictures: "Tensor") -> "Tensor":
    """Levels 0 … 255, whole or not → float32 in [-1, 1], of the same shape and layout in memory."""
    return pictures.float() / 127.5 - 1


def to_levels(pictures: "Tensor") -> "Tensor":
    """Floats in [-1, 1] → levels 0 … 255, not rounded, so that gradients flow through: to_float undone."""
    return (pictures + 1) * 127.5


def to_input(pictures: "Tensor") -> "Tensor":
    """Levels (N, C, H, W) → float32 in [-1, 1], channels last in memory, as nets take it."""
    import torch

    return to_float(pictures).contiguous(memory_format=torch.channels_last)


def to_uint8(pictures: "Tensor") -> "Tensor":
    """Pictures in [-1, 1] → uint8 on the CPU, rounded to the nearest of 256 levels."""
    import torch

    return to_levels(pictures.float()).round().clamp(0, 255).to(torch.uint8).cpu()
