"""TODO"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figment.common.pixels import luma
from figment.data.decoding.resample import resize

SMALL = 64  # pixels of the small copy that a thumbnail is made from
SIDE = 48  # of a thumbnail
CROP = 0.08  # the widest strip that a crop takes off each side, as a share of the picture
FLAT = 1.0  # grey levels: a thumbnail whose standard deviation is lower shows nothing but its level


def thumbnail(picture: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The whole RGB picture, Pillow's or uint8 (H, W, 3), squeezed to a grey square: uint8 (48, 48)."""
    return thumbnails(resize(picture, SMALL, SMALL)[None])[0]


def thumbnails(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Thumbnails of RGB pictures that have been squeezed to small squares: uint8 (N, 64, 64, 3) → (N, 48, 48)."""
    # Triangles: with boxes or Lanczos's filter, copies' detail correlates a little less.
    scale = SMALL / SIDE
    distances = (np.arange(SIDE)[:, None] + 0.5) * scale - (np.arange(SMALL) + 0.5)
    weights = np.maximum(1 - np.abs(distances) / scale, 0).astype(np.float32)
    weights /= weights.sum(1, keepdims=True)
    return np.rint(weights @ luma(pictures) @ weights.T).clip(0, 255).astype(np.uint8)
