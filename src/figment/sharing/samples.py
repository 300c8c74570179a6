"""Samples as files: one sheet, or a file a picture."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from figment import codes
from figment.common.places import check_folder
from figment.common.progress import Progress, Tally
from figment.common.text import plain_name
from figment.generator import Generator, choice
from figment.media.images import check_picture, check_sheet, columns_for, grid, grid_size, write
from figment.media.strips import strips, strips_size

BATCH_SAMPLES = 256  # samples in memory; candidates between two steps of the progress
MAX_CLASS_CHARACTERS = 60  # characters of a class in a file's name


def write_grid(
    generator: Generator, path: Path, count: int | None, seed: int, truncation: float, labels: Sequence[str] = (),
    shift: Tensor | None = None, numbered: bool = False, pick: int = 1, progress: Progress | None = None,
) -> None:  # fmt: skip
    """Samples 0 … count - 1 of a seed as one sheet: see Generator.sheet. numbered: with their numbers, which pick lacks."""
    check_picture(path)
    count, labels = generator.shown(count, labels)
    done = Tally(progress, count * max(len(labels), 1))

    def drawn() -> list[Tensor]:
        found = []
        for _, _, pictures in _batches(generator, count, seed, truncation, labels, shift, pick):
            found.append(pictures)
            done(len(pictures))
        return list(torch.cat(found).split(count))

    if not numbered:
        columns = count if len(labels) > 1 else None
        check_sheet(path, *grid_size(count * max(len(labels), 1), *generator.recipe.shape, columns))
        write(path, grid(torch.cat(drawn()), columns), remark=choice(pick))
        return
    if len(labels) > 1:
        names, counts, titles = list(labels), [count] * len(labels), list(map(str, range(count)))
    else:
        columns = min(columns_for(count, *generator.recipe.shape), count)
        counts = [min(columns, count - start) for start in range(0, count, columns)]
        names, titles = [str(columns * i) for i in range(len(counts))], [f"+{i}" for i in range(columns)]
    check_sheet(path, *strips_size(names, counts, titles, generator.recipe.shape))
    rows = drawn() if len(labels) > 1 else drawn()[0].split(counts)
    write(path, strips(list(zip(names, rows, strict=True)), titles))


def write_files(
    generator: Generator, folder: Path, count: int, seed: int, truncation: float, suffix: str,
    progress: Progress, labels: Sequence[str] = (), shift: Tensor | None = None, pick: int = 1,
) -> None:  # fmt: skip
    """Samples 0 … count - 1 of a seed as folder/<seed>-<number>.<suffix>, a few at a time; of several labels so many each.

    Of a generator with classes they are folder/<seed>-<number>-<class>.<suffix>. shift, pick: see
    Generator.sample. Raises InputError if folder is a file.
    """
    check_folder(folder)
    endings, done = file_endings(generator.classes), Tally(progress, count * max(len(labels), 1))
    for label, start, pictures in _batches(generator, count, seed, truncation, labels, shift, pick):
        numbers = generator.labels(len(pictures), seed, start, label)
        for i, picture in enumerate(pictures):
            ending = "" if numbers is None else endings[int(numbers[i])]
            _write_one(folder / f"{seed}-{start + i:06d}{ending}.{suffix}", picture, choice(pick))
            done(1)


def _batches(
    generator: Generator,
    count: int,
    seed: int,
    truncation: float,
    labels: Sequence[str],
    shift: Tensor | None,
    pick: int,
) -> Iterator[tuple[str | None, int, Tensor]]:
    """Samples 0 … count - 1, of each label if there are some, a few at a time: label, number of the first, pictures."""
    batch = max(1, BATCH_SAMPLES // pick)
    asked: Sequence[str | None] = labels or [None]
    for label in asked:
        for start in range(0, count, batch):
            yield label, start, generator.sample(min(batch, count - start), seed, truncation, start, label, shift, pick)


def write_coded(
    generator: Generator, path: Path, file: Path, truncation: float, shift: Tensor | None, suffix: str | None,
    progress: Progress,
) -> int:  # fmt: skip
    """Pictures of the codes in a file as one sheet; with a suffix as path/<number>.<suffix>. Gives their number.

    All are decoded in one go, as a finding's are, so that they are the same to the byte. Raises InputError as codes.read.
    """
    check_picture(path) if suffix is None else check_folder(path)
    z, labels = codes.read(file, generator.recipe.code_size, len(generator.classes))
    if suffix is None:
        check_sheet(path, *grid_size(len(z), *generator.recipe.shape))
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


def _write_one(path: Path, picture: Tensor, remark: str = "") -> None:
    write(path, np.ascontiguousarray(picture.permute(1, 2, 0).numpy()), remark=remark)
