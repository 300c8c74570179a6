"""Samples as files: one sheet, or a file a picture."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from figment.errors import InputError
from figment.generator import Generator
from figment.names import plain_name
from figment.pictures import write

AT_ONCE = 256  # samples in memory
LONGEST = 60  # characters of a class in a file's name


def write_grid(
    generator: Generator, path: Path, count: int | None, seed: int, truncation: float, labels: Sequence[str] = ()
) -> None:
    """Samples 0 … count - 1 of a seed as one sheet: see Generator.sheet."""
    write(path, generator.sheet(count, seed, truncation, labels))


def write_files(
    generator: Generator, folder: Path, count: int, seed: int, truncation: float, suffix: str,
    progress: Callable[[int, int], None], labels: Sequence[str] = (),
) -> None:  # fmt: skip
    """Samples 0 … count - 1 of a seed as folder/<seed>-<number>.<suffix>, a few at a time; of several labels so many each.

    Of a generator with classes they are folder/<seed>-<number>-<class>.<suffix>. Raises InputError if folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out {folder} is a file: name a folder for --files.")
    endings, done, total = file_endings(generator.classes), 0, count * max(len(labels), 1)
    asked: Sequence[str | None] = labels or [None]
    for label in asked:
        for start in range(0, count, AT_ONCE):
            n = min(AT_ONCE, count - start)
            pictures = generator.sample(n, seed, truncation, start, label)
            numbers = generator.labels(n, seed, start, label)
            for i, picture in enumerate(pictures):
                ending = "" if numbers is None else endings[int(numbers[i])]
                path = folder / f"{seed}-{start + i:06d}{ending}.{suffix}"
                write(path, np.ascontiguousarray(picture.permute(1, 2, 0).numpy()))
                done += 1
                progress(done, total)


def file_endings(classes: Sequence[str]) -> list[str]:
    """-<class> as a part of file names, without what file systems refuse; with the number where names would be alike."""
    plain = [plain_name(name)[:LONGEST] for name in classes]
    alike = Counter(name.lower() for name in plain)  # which some file systems don't tell apart
    return [f"-{name}-{k}" if alike[name.lower()] > 1 else f"-{name}" for k, name in enumerate(plain)]
