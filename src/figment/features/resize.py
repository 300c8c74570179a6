"""Pictures brought to the size that a network sees: bicubic, antialiased, and in whole levels again."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


def resize_text(height: int, width: int | None = None) -> str:
    """resized() in words."""
    return f"bicubic, antialiased, to {height}" + (f"×{width}" if width and width != height else "")


def resized_array(pictures: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    """resized() of uint8 (N, 3, H, W), as the same."""
    import torch

    return resized(torch.from_numpy(pictures).float(), sides).byte().numpy()


def resized(pictures: "Tensor", sides: tuple[int, int]) -> "Tensor":
    """Pictures of 0…255, (N, 3, H, W), at another size: bicubic, antialiased, in whole numbers, as an image file has.

    Gradients pass as if nothing had been rounded (straight through, arXiv 1308.3432, section 4), or there would be
    none.
    """
    if pictures.shape[2:] == sides:
        return pictures
    from torch.nn import functional as F

    fine = F.interpolate(pictures, sides, mode="bicubic", antialias=True, align_corners=False)
    if fine.requires_grad:
        return fine.detach().round().clamp(0, 255) + (fine - fine.detach())
    return fine.round_().clamp_(0, 255)
