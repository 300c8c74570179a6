"""Samples as files: one sheet, or a file a picture."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from figment.errors import InputError
from figment.generator import Generator
from figment.pictures import grid, write


def write_grid(generator: Generator, path: Path, count: int, seed: int, truncation: float) -> None:
    """Samples 0 … count - 1 of a seed as one sheet."""
    write(path, grid(generator.sample(count, seed, truncation)))


def write_files(
    generator: Generator, folder: Path, count: int, seed: int, truncation: float, suffix: str,
    progress: Callable[[int, int], None],
) -> None:  # fmt: skip
    """Samples 0 … count - 1 of a seed as folder/<seed>-<number>.<suffix>, a few at a time.

    Raises InputError if folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out {folder} is a file: name a folder for --files.")
    for start in range(0, count, 256):
        pictures = generator.sample(min(256, count - start), seed, truncation, start)
        for i, picture in enumerate(pictures, start):
            write(folder / f"{seed}-{i:06d}.{suffix}", np.ascontiguousarray(picture.permute(1, 2, 0).numpy()))
            progress(i + 1, count)
