"""Thumbnails: what near-duplicates and copies are found by, and what of them counts."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figment.common.pixels import luma
from figment.data.decoding.resample import resize

COPY_SIDE = 64  # pixels a side of the small copy that a thumbnail is made from
THUMBNAIL_SIDE = 48  # pixels
MIN_DEVIATION = 1.0  # grey levels: a thumbnail whose standard deviation is lower shows nothing but its level
MIN_CONTRAST = 4.0  # grey levels: fainter pictures aren't stretched further, which would blow up their noise

# Windows along an axis of a picture, as shares of it.
MAX_CROP = 0.08  # the widest strip that a crop takes off each side
WHOLE = (0.0, 1.0)
CENTRE = (MAX_CROP / 2, 1 - MAX_CROP / 2)  # midway between the whole picture and its widest crop


def thumbnail(picture: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The whole RGB picture, Pillow's or uint8 (H, W, 3), squeezed to a grey square: uint8 (48, 48)."""
    return thumbnails(resize(picture, COPY_SIDE, COPY_SIDE)[None])[0]


def thumbnails(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Thumbnails of RGB pictures that have been squeezed to small squares: uint8 (N, 64, 64, 3) → (N, 48, 48)."""
    # Triangles: with boxes or Lanczos's filter, copies' detail correlates a little less.
    scale = COPY_SIDE / THUMBNAIL_SIDE
    distances = (np.arange(THUMBNAIL_SIDE)[:, None] + 0.5) * scale - (np.arange(COPY_SIDE) + 0.5)
    weights = np.maximum(1 - np.abs(distances) / scale, 0).astype(np.float32)
    weights /= weights.sum(1, keepdims=True)
    return np.rint(weights @ luma(pictures) @ weights.T).clip(0, 255).astype(np.uint8)
