"""Clips as strips: horizontal rows of frames."""

from pathlib import Path

import numpy as np
from PIL import Image

SIDE, FRAMES = 16, 8


def draw_strips(folder: Path, count: int = 40) -> Path:
    """Clips of a disc that crosses, each a strip of frames."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE]
    for number in range(count):
        at, way, colour = random.uniform(3, 12, 2), random.uniform(-1, 1, 2), random.integers(80, 255, 3)
        frames = []
        for t in range(FRAMES + number % 3):
            disc = np.hypot(y - at[0] - way[0] * t, x - at[1] - way[1] * t) < 3
            frames.append(np.where(disc[..., None], colour, 20).astype(np.uint8))
        Image.fromarray(np.concatenate(frames, 1)).save(folder / f"{number:03d}.png")
    return folder
