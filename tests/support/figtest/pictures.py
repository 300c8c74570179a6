"""Small pictures to train on."""

from pathlib import Path

import numpy as np
from PIL import Image


def draw_faces(folder: Path) -> Path:
    """Fill a new folder with 80 small pictures, each its own: a disc of a random colour and place on a random ground."""
    folder.mkdir()
    random = np.random.default_rng(0)
    y, x = np.mgrid[:24, :24]
    for i in range(80):
        picture = np.empty((24, 24, 3), np.uint8)
        picture[:] = random.integers(0, 256, 3)
        cy, cx, r = random.integers(6, 18, 3)
        picture[(y - cy) ** 2 + (x - cx) ** 2 < (r / 2) ** 2] = random.integers(0, 256, 3)
        Image.fromarray(picture).save(folder / f"{i:03d}.png")
    return folder
