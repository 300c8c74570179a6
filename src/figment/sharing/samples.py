"""Samples as files: one sheet, or a file a picture."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from figment import codes
from figment.common.places import check_folder
from figment.common.progress import Progress
from figment.common.text import plain_name
from figment.generator import Generator
from figment.media.images import check_picture, columns_for, grid, write
from figment.media.strips import strips

BATCH_SAMPLES = 256  # samples in memory
MAX_CLASS_CHARACTERS = 60  # characters of a class in a file's name


def write_grid(
    generator: Generator, path: Path, count: int | None, seed: int, truncation: float, labels: Sequence[str] = (),
    shift: Tensor | None = None, numbered: bool = False,
) -> None:  # fmt: skip
    """Samples 0 … count - 1 of a seed as one sheet: see Generator.sheet. numbered: with their numbers."""
    check_picture(path)
    if not numbered:
        write(path, generator.sheet(count, seed, truncation, labels, shift))
        return
    count, labels = generator.shown(count, labels)
    rows = [generator.sample(count, seed, truncation, label=name, shift=shift) for name in labels or (None,)]
    if len(rows) > 1:
        write(path, strips(list(zip(labels, rows, strict=True)), list(map(str, range(count)))))
        return
    columns = columns_for(count, *generator.recipe.shape)
    parts = [(str(columns * i), part) for i, part in enumerate(rows[0].split(columns))]
    write(path, strips(parts, [f"+{i}" for i in range(min(columns, count))]))


def write_files(
    generator: Generator, folder: Path, count: int, seed: int, truncation: float, suffix: str,
    progress: Progress, labels: Sequence[str] = (), shift: Tensor | None = None,
) -> None:  # fmt: skip
    """Samples 0 … count - 1 of a seed as folder/<seed>-<number>.<suffix>, a few at a time; of several labels so many each.

    Of a generator with classes they are folder/<seed>-<number>-<class>.<suffix>. shift: see Generator.sample. Raises
    InputError if folder is a file.
    """
    check_folder(folder)
    endings, done, total = file_endings(generator.classes), 0, count * max(len(labels), 1)
    asked: Sequence[str | None] = labels or [None]
    for label in asked:
        for start in range(0, count, BATCH_SAMPLES):
            n = min(BATCH_SAMPLES, count - start)
            pictures = generator.sample(n, seed, truncation, start, label, shift)
            numbers = generator.labels(n, seed, start, label)
            for i, picture in enumerate(pictures):
                ending = "" if numbers is None else endings[int(numbers[i])]
                _write_one(folder / f"{seed}-{start + i:06d}{ending}.{suffix}", picture)
                done += 1
                progress(done, total)


def write_coded(
    generator: Generator, path: Path, file: Path, truncation: float, shift: Tensor | None, suffix: str | None,
    progress: Progress,
) -> int:  # fmt: skip
    """Pictures of the codes in a file as one sheet; with a suffix as path/<number>.<suffix>. Gives their number.

    All are decoded in one go, as a finding's are, so that they are the same to the byte. Raises InputError as codes.read.
    """
    check_picture(path) if suffix is None else check_folder(path)
    z, labels = codes.read(file, generator.recipe.code_size, len(generator.classes))
    z = codes.truncated(z, truncation)
    pictures = generator.decode(z if shift is None else codes.shifted(z, shift, generator.recipe.prior), labels)
    if suffix is None:
        write(path, grid(pictures))
        return len(pictures)
    for i, picture in enumerate(pictures):
        _write_one(path / f"{i:06d}.{suffix}", picture)
        progress(i + 1, len(pictures))
    return len(pictures)


def file_endings(classes: Sequence[str]) -> list[str]:
    """-<class> as a part of file names, without what file systems refuse; with the number where names would be alike."""
    plain = [plain_name(name)[:MAX_CLASS_CHARACTERS] for name in classes]
    alike = Counter(name.lower() for name in plain)  # which some file systems don't tell apart
    return [f"-{name}-{k}" if alike[name.lower()] > 1 else f"-{name}" for k, name in enumerate(plain)]


def _write_one(path: Path, picture: Tensor) -> None:
    write(path, np.ascontiguousarray(picture.permute(1, 2, 0).numpy()))
