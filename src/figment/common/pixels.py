"""TODO"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.attributes.small_nets import Pictures


def as_input(pictures: Tensor) -> Tensor:
    """uint8 (N, C, H, W) → float32 in [-1, 1], channels last in memory, as nets take it."""
    return (pictures.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def to_uint8(pictures: Tensor) -> Tensor:
    """Pictures in [-1, 1] → uint8 on the CPU, rounded to the nearest of 256 levels."""
    return ((pictures.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu()


def coloured(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey pictures in colour, others as they are: (N, 1 or 3, H, W) → (N, 3, H, W)."""
    return np.repeat(pictures, 3, axis=1) if pictures.shape[1] == 1 else pictures


def grey(pictures: Pictures) -> Pictures:
    """uint8 (N, 3, H, W) → (N, 1, H, W), by ITU-R BT.601's weights, as Pillow's mode L has them."""
    red, green, blue = (pictures[:, c : c + 1].astype(np.uint32) for c in range(3))
    return ((19595 * red + 38470 * green + 7471 * blue + (1 << 15)) >> 16).astype(np.uint8)
