"""Real pictures made worse on purpose: what a network must tell from real ones before it may praise anything."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.common.pixels import to_rgb
from figment.features.codec import through_codec
from figment.features.extract import LazyPictures

BLUR_DEVIATION = 1.0  # pixels, of the Gaussian that blurs
BLUR_REACH = 3  # pixels to each side, of the same
JPEG_QUALITY = 10
REDUCTION = 4  # times smaller, and enlarged again


@dataclass(frozen=True)
class Degradation:
    """One way to make pictures worse. name: in records; said: of pictures, "real pictures …"; apply: to uint8 (N, 3, H, W)."""

    name: str
    said: str
    apply: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

    def of(self, pictures: LazyPictures) -> LazyPictures:
        """The same pictures, made worse when they are asked for; in colour."""
        key = f"{pictures.key}, {self.name}" if pictures.key else ""
        return LazyPictures(pictures.count, lambda start, stop: self.apply(to_rgb(pictures.between(start, stop))), key)


def blurred(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Blurred by a Gaussian of one pixel's deviation; what lies beyond the edge is its mirror image."""
    places = torch.arange(-BLUR_REACH, BLUR_REACH + 1, dtype=torch.float32)
    weights = torch.exp(-(places**2) / (2 * BLUR_DEVIATION**2))
    weights = (weights / weights.sum()).repeat(3, 1, 1, 1)
    padded = F.pad(torch.from_numpy(pictures).float(), [BLUR_REACH] * 4, mode="reflect")
    return _as_pixels(F.conv2d(F.conv2d(padded, weights, groups=3), weights.transpose(2, 3), groups=3))


def reduced(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduced to a quarter of height and width, with antialiasing, and enlarged again."""
    size = pictures.shape[2:]
    small = F.interpolate(
        torch.from_numpy(pictures).float(), [max(1, side // REDUCTION) for side in size], mode="bicubic", antialias=True
    )
    return _as_pixels(F.interpolate(small, size, mode="bicubic"))


def _as_pixels(pictures: Tensor) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = pictures.round().clamp(0, 255).to(torch.uint8).numpy()
    return found


DEGRADATIONS = (
    Degradation("blur 1 px", "blurred by a pixel", blurred),
    Degradation(
        f"JPEG {JPEG_QUALITY}", f"saved as JPEG {JPEG_QUALITY}", lambda x: through_codec(f"jpeg:{JPEG_QUALITY}", x)
    ),
    Degradation("size 1/4", "reduced to a quarter of their size", reduced),
)
