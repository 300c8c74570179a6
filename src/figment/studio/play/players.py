"""The generators that are played: kept for as long as their files are the same, the last few of them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from figment.common.text import printable
from figment.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from figment.explore.direction_file import Direction
    from figment.generator import Generator
    from figment.run import Run

KEPT_GENERATORS = 6
UNNAMED_DIRECTIONS = 8

Stamp = tuple[int, int, int]  # of a file: what changes with its content


def generator_of(run: Run, net: str = "result") -> Generator:
    """A run's generator. net: "result", "best", or the images seen of a snapshot.

    Raises InputError where it isn't there, or can't be used.
    """
    return _loaded(*_stamped(net_file(run, net)))


def net_file(run: Run, net: str) -> Path:
    """Its file. Raises InputError where there is none."""
    if net == "result":
        if not run.generator_file.is_file():
            raise run.lacking("generator")
        return run.generator_file
    file = run.best_file if net == "best" else run.snapshot_file(int(net))
    if not file.is_file():
        what = "generator that was the best" if net == "best" else f"snapshot after {int(net):,} images"
        raise InputError(f"{run.folder} has no {what} any more: choose another moment.")
    return file


def directions_of(run: Run) -> dict[str, Direction]:
    """The run's directions by name: those that were found in its generator, else the ones that its weights stretch most."""
    generator, file = _stamped(net_file(run, "result")), run.directions_file
    return _directions(*generator, *(_stamped(file) if file.is_file() else (file, None)))


def _stamped(file: Path) -> tuple[Path, Stamp]:
    try:
        found = file.stat()
    except OSError:
        raise InputError(f"{file} is gone: put it back, or play another run.") from None
    return file, (found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(KEPT_GENERATORS)
def _loaded(file: Path, stamp: Stamp) -> Generator:
    import torch

    from figment.generator import load

    generator = load(file)
    generator.net = generator.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a single picture in a third of the time
    return generator


@lru_cache(KEPT_GENERATORS)
def _directions(generator_file: Path, its: Stamp, file: Path, stamp: Stamp | None) -> dict[str, Direction]:
    from figment.explore.direction_file import is_stale, load_directions, unit_direction
    from figment.explore.sefa import sefa
    from figment.nets.hooks import entries

    generator = _loaded(generator_file, its)
    if stamp is not None:
        try:
            if not is_stale(file, generator):
                return {printable(one.name): one for one in load_directions(file, generator)}
        except InputError:  # damaged: what plays without it does
            pass
    size = generator.recipe.code_size
    vectors = sefa(entries(generator.net, size), min(UNNAMED_DIRECTIONS, size))
    return {name: unit_direction(name, v, "weights") for i, v in enumerate(vectors) if (name := f"direction {i + 1}")}
