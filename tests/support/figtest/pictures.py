"""Small pictures: to train on, and of noise."""

import io
from pathlib import Path

import numpy as np
from PIL import Image


def draw_faces(folder: Path, count: int = 80) -> Path:
    """Fill a new folder with small pictures, each its own: a disc of a random colour and place on a random ground."""
    folder.mkdir()
    random = np.random.default_rng(0)
    y, x = np.mgrid[:24, :24]
    for i in range(count):
        picture = np.empty((24, 24, 3), np.uint8)
        picture[:] = random.integers(0, 256, 3)
        cy, cx, r = random.integers(6, 18, 3)
        picture[(y - cy) ** 2 + (x - cx) ** 2 < (r / 2) ** 2] = random.integers(0, 256, 3)
        Image.fromarray(picture).save(folder / f"{i:03d}.png")
    return folder


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Random pixels: uint8 (height, width, channels), or (height, width) of one channel."""
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def noise_batch(count: int, height: int = 64, width: int | None = None, seed: int = 0) -> np.ndarray:
    """Random pixels as features are taken of: uint8 (count, 3, height, width); squares where no width is given."""
    return np.random.default_rng(seed).integers(0, 256, (count, 3, height, width or height), dtype=np.uint8)


def draw_shades(folder: Path) -> Path:
    """Fill a new folder with 60 bright and 60 dark pictures of 16 px, in a folder each."""
    random = np.random.default_rng(0)
    for kind, level in (("bright", 180), ("dark", 60)):
        (folder / kind).mkdir(parents=True)
        for i in range(60):
            grey = random.integers(-40, 41, (16, 16, 3)) + level
            Image.fromarray(grey.astype(np.uint8)).save(folder / kind / f"{i:02d}.png")
    return folder


def noise_folder(folder: Path, count: int, side: int = 10, name: str = "{:04d}.png") -> Path:
    """Files of noise, each of its own seed from 0: side pixels high and two more wide."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        Image.fromarray(noise(side, side + 2, seed=seed)).save(folder / name.format(seed))
    return folder


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A picture as its file would be."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def natural(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Random clouds whose spectrum falls as that of photographs, with even parts and edges: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    distance = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    distance[0, 0] = 1
    waves = np.fft.fft2(rng.normal(size=(4, height, width))) / distance**1.6
    planes = np.fft.ifft2(waves).real
    planes = (planes - planes.mean((1, 2), keepdims=True)) / planes.std((1, 2), keepdims=True)
    light, tint = planes[0] + 0.8 * (planes[1] > 0.7), 0.25 * planes[1:]
    return np.clip(120 + 45 * (light + tint), 0, 255).astype(np.uint8).transpose(1, 2, 0).copy()
