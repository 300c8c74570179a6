"""Favourites: codes that a person kept, in a file of the run that figment sample --codes takes, too.

A file of codes as those of findings, whose header gives each a name and an id, by which it is renamed and removed.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from figment.common.text import printable
from figment.errors import InputError
from figment.run_files import Record, Text
from figment.studio.studio import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from figment.generator import Generator
    from figment.run import Run

MAX_FAVOURITES = 500
ID_BYTES = 6


class Favourite(Record):
    """What the header tells of a code."""

    id: str = Field(pattern="^[0-9a-f]{12}$")
    name: Text


class Header(Record):
    favourites: list[Favourite]


class Shelf:
    """A run's favourites as they were read: names, codes, float32 (N, code_size), and classes (N,), or None."""

    def __init__(self, favourites: list[Favourite], codes: Tensor, labels: Tensor | None) -> None:
        self.favourites, self.codes, self.labels = favourites, codes, labels

    def place(self, id: str) -> int:
        """Where a favourite stands. Raises Missing."""
        for place, one in enumerate(self.favourites):
            if one.id == id:
                return place
        raise Missing("This favourite is no longer there: it may have been removed in another window.")


def shelf(run: Run, generator: Generator) -> Shelf:
    """The favourites of a run. Raises InputError where the file is damaged, or another generator's."""
    import torch

    from figment import codes
    from figment.common import tensorfiles

    file, size = run.favourites_file, generator.recipe.code_size
    if not file.is_file():
        labels = torch.empty(0, dtype=torch.int64) if generator.classes else None
        return Shelf([], torch.empty(0, size), labels)
    z, labels = codes.read(file, size, len(generator.classes))
    try:
        with tensorfiles.opened(file) as content:
            found = Header.model_validate(content.header).favourites
    except (ValidationError, *tensorfiles.DAMAGED, ValueError, KeyError):
        found = []
    if len(found) != len(z):
        raise InputError(f"{file} doesn't name its codes: move it away to keep new favourites.")
    return Shelf(found, z, labels)


def listed(run: Run, generator: Generator) -> list[dict[str, Any]]:
    """Them all, the newest first, with their codes."""
    from figment.studio.play.looks import class_names

    kept, names = shelf(run, generator), class_names(generator)
    rows = [
        {
            "id": one.id, "name": printable(one.name), "code": [round(number, 4) for number in kept.codes[i].tolist()],
            "label": None if kept.labels is None else names[int(kept.labels[i])],
        }
        for i, one in enumerate(kept.favourites)
    ]  # fmt: skip
    return rows[::-1]


def add(run: Run, generator: Generator, name: str, z: Tensor, label: int | None) -> str:
    """Keep a code, (code_size,), under a name; gives its id. Raises InputError where it can't be written, or they are many."""
    import torch

    with _changing(run):
        kept = shelf(run, generator)
        if len(kept.favourites) >= MAX_FAVOURITES:
            raise InputError(f"There are {MAX_FAVOURITES} favourites already: remove some first.")
        one = Favourite(id=secrets.token_hex(ID_BYTES), name=name)
        labels = None if kept.labels is None else torch.cat([kept.labels, torch.tensor([label or 0])])
        _write(run, Shelf([*kept.favourites, one], torch.cat([kept.codes, z[None]]), labels))
    return one.id


def rename(run: Run, generator: Generator, id: str, name: str) -> None:
    """Raises Missing, and InputError as add does."""
    with _changing(run):
        kept = shelf(run, generator)
        kept.favourites[kept.place(id)] = Favourite(id=id, name=name)
        _write(run, kept)


def remove(run: Run, generator: Generator, id: str) -> None:
    """Raises Missing, and InputError as add does. With the last of them the file goes, too."""
    import torch

    with _changing(run):
        kept = shelf(run, generator)
        gone = kept.place(id)
        rows = torch.tensor([place for place in range(len(kept.favourites)) if place != gone], dtype=torch.int64)
        if not len(rows):
            with suppress(FileNotFoundError):
                run.favourites_file.unlink()
            return
        labels = None if kept.labels is None else kept.labels[rows]
        _write(run, Shelf([kept.favourites[place] for place in rows], kept.codes[rows], labels))


def _write(run: Run, kept: Shelf) -> None:
    from figment.common import tensorfiles
    from figment.common.files import write_output

    tensors = {"codes": kept.codes.float()} | ({} if kept.labels is None else {"labels": kept.labels})
    header = {"kind": "codes", "favourites": [one.model_dump() for one in kept.favourites]}
    write_output(run.favourites_file, tensorfiles.packed(tensors, header))


@contextmanager
def _changing(run: Run) -> Iterator[None]:
    """Two studios may have one run open: they change its favourites one after the other."""
    from figment.common.locks import lock_held
    from figment.common.refusals import naming_refusals

    lock = run.folder / "state" / "favourites.lock"
    with naming_refusals(lock.parent, elsewhere="move the run to another disk"):
        lock.parent.mkdir(exist_ok=True)
    with lock_held(lock):
        yield
