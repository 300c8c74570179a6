"""Sets of real and made pictures that differ by a trace of enlarging, and a small detector of them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figment.common.progress import Silent
from figment.forensics.detector import Detector
from figment.forensics.eyes import spectrum_eye
from figment.forensics.gathering import Set
from figment.forensics.teaching import taught

SIDE = 24


def textures(count: int, seed: int, side: int = SIDE) -> NDArray[np.uint8]:
    """Smooth noise in colour over a tone, as photographs have more of what is coarse: uint8 (count, 3, side, side)."""
    random = np.random.default_rng(seed)
    coarse = random.normal(0, 40, (count, 3, 6, 6))
    pictures = random.normal(128, 30, (count, 3, 1, 1)) + random.normal(0, 6, (count, 3, side, side))
    for i, picture in enumerate(coarse):
        for c, plane in enumerate(picture):
            pictures[i, c] += np.asarray(Image.fromarray(plane.astype(np.float32)).resize((side, side), 3))
    return pictures.round().clip(0, 255).astype(np.uint8)


def doubled(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same with each pixel of every second row and column doubled: what enlarging by repeating leaves."""
    return pictures[:, :, ::2, ::2].repeat(2, 2).repeat(2, 3)


def two_sets(count: int = 240, seed: int = 0) -> list[Set]:
    """Real pictures, two of a person, and made ones, each by itself."""
    real, made = textures(count, 2 * seed), doubled(textures(count, 2 * seed + 1))
    return [
        Set("real", False, real, [f"person {seed} {i // 2}" for i in range(count)], "r"),
        Set("made", True, made, [f"sample {seed} {i}" for i in range(count)], "m", "doubling"),
    ]


def small_detector(seed: int = 0) -> Detector:
    """By the spectrum alone, which takes a second."""
    return taught(two_sets(seed=seed), {"spectrum": spectrum_eye()}, seed, Silent())
