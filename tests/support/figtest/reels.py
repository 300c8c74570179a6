"""Clips in files: strips of frames and folders of them, of noise or of a disc that moves."""

from pathlib import Path

import numpy as np
from PIL import Image

from figtest.pictures import noise


def frames_of_noise(count: int, side: int = 12, seed: int = 0) -> np.ndarray:
    """uint8 (count, side, side, 3)."""
    return noise(count * side, side, seed=seed).reshape(count, side, side, 3)


def moving_disc(count: int, height: int = 48, width: int = 64, seed: int = 0, speed: float = 1.0) -> np.ndarray:
    """A disc of a random colour that crosses a random ground at so many pixels a frame: uint8 (count, height, width, 3)."""
    random = np.random.default_rng(seed)
    ground, colour = random.integers(0, 256, (2, 3))
    cy, cx, radius = random.uniform(0.3, 0.7) * height, random.uniform(0.1, 0.3) * width, height / 5
    y, x = np.mgrid[:height, :width]
    frames = np.empty((count, height, width, 3), np.uint8)
    frames[:] = ground
    for place, frame in enumerate(frames):
        frame[(y - cy) ** 2 + (x - (cx + speed * place) % width) ** 2 < radius**2] = colour
    return frames


def save_strip(file: Path, frames: np.ndarray) -> None:
    """Frames side by side as one picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(list(frames), axis=1)).save(file)


def save_frames(folder: Path, frames: np.ndarray, name: str = "frame{}.png") -> None:
    """Each frame as a picture of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / name.format(place))
