"""Directions in the latent space by name, kept in a file beside the generator that they belong to.

A direction is a unit vector in Gaussian space: t along it is t deviations of the prior, whatever the prior.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, ValidationError
from torch import Tensor

from figment import codes
from figment.common import tensorfiles
from figment.common.files import write_output
from figment.common.jsontext import fault
from figment.common.progress import Say
from figment.common.text import suggestion, typed
from figment.errors import InputError
from figment.generator import Generator
from figment.run_files import Record, Table, Text

DIRECTIONS_FILE = "directions.safetensors"
GENERATOR_FILE = "generator.safetensors"  # of a run
MAX_DEVIATIONS = 3.0  # to either side, of what is shown of a direction
MAX_AMOUNT = 100  # deviations, that a sample may be moved by


class Entry(Record):
    """What the header of a file of directions tells of one."""

    name: Text
    how: Text
    facts: Table = Field(default_factory=dict)


class Header(Record):
    """The header of a file of directions. generator: a digest of the weights that they belong to."""

    kind: Literal["directions"]
    generator: str
    directions: list[Entry]


@dataclass(frozen=True, eq=False)
class Direction:
    """A named direction.

    vector: float32 (code_size,), of length 1. how: it was found, one of direction_search.METHODS or "groups". facts: what it
    does, whatever JSON can hold.
    """

    name: str
    vector: Tensor
    how: str
    facts: dict[str, Any] = field(default_factory=dict)


def unit_direction(name: str, vector: Tensor, how: str, **facts: Any) -> Direction:
    """A direction of any vector but 0, (code_size,)."""
    return Direction(name, (vector.double() / vector.double().norm()).float(), how, facts)


def move_codes(z: Tensor, vector: Tensor, amount: Tensor | float, prior: str, replace: bool = False) -> Tensor:
    """Codes (N, d) moved along a unit vector (d,) in Gaussian space by amount, one for all or (N,), in deviations.

    replace: what a code has of the direction already is taken away first, so that it is then at amount exactly.
    """
    amounts = torch.as_tensor(amount, dtype=torch.float64).expand(len(z))
    if replace:
        amounts = amounts - codes.to_gaussian(z.double(), prior) @ vector.double()
    return codes.shifted(z, amounts[:, None] * vector.double(), prior)


def directions_file(generator: Path) -> Path:
    """Where the directions of a run's generator, or of another file, are kept."""
    if generator.is_dir() or generator.name == GENERATOR_FILE:
        return (generator if generator.is_dir() else generator.parent) / DIRECTIONS_FILE
    return generator.with_name(f"{generator.stem}.{DIRECTIONS_FILE}")


def save_directions(file: Path, found: Sequence[Direction], generator: Generator) -> None:
    """Add directions to a file, in place of those of the same names, and of all that belong to another generator.

    Raises InputError where what lies there is no file of directions, or can't be written.
    """
    before = [] if not file.exists() or is_stale(file, generator) else load_directions(file, generator)
    kept = list({one.name: one for one in [*before, *found]}.values())
    header = {
        "kind": "directions", "generator": generator.digest,
        "directions": [{"name": one.name, "how": one.how, "facts": one.facts} for one in kept],
    }  # fmt: skip
    write_output(file, tensorfiles.packed({"vectors": torch.stack([one.vector for one in kept])}, header))


def is_stale(file: Path, generator: Generator) -> bool:
    """Whether the directions of a file were found in another generator, or in this one before it learnt more."""
    return _read(file)[0].generator != generator.digest


def check_directions_file(file: Path, generator: Generator, findings: Path | None, say: Say) -> None:
    """Look, before any work, at the file that a generator's directions will be kept in, and say if others are lost in it.

    findings: folder that their finding is to be written to, if not the run's. Raises InputError where the file can't be read,
    or the finding's codes, a file of the same name, would take its place.
    """
    if file.exists() and is_stale(file, generator):
        say(f"{file} holds directions that were found before the generator learnt more: they are replaced")
    if findings and (findings / file.name).resolve() == file.resolve():
        raise InputError(f"--out {findings}: the directions themselves are kept there: name another folder.")


def load_directions(file: Path, generator: Generator) -> list[Direction]:
    """The directions of a file, in the order in which they were found.

    Raises InputError where there is no such file, it is damaged or none of directions, or they are another generator's.
    """
    header, vectors = _read(file)
    if header.generator != generator.digest:
        raise InputError(
            f"{file} holds directions of another generator, or of this one before it learnt more: find them anew, with figment "
            "explore directions."
        )
    return [
        Direction(one.name, vector, one.how, one.facts) for one, vector in zip(header.directions, vectors, strict=True)
    ]


def _read(file: Path) -> tuple[Header, Tensor]:
    """Header and unit vectors, float32 (K, code_size), of a file of directions."""
    if not file.is_file():
        lone = file.with_name(f"{file.name.removesuffix(f'.{DIRECTIONS_FILE}')}.safetensors")
        where = typed(file.parent if file.name == DIRECTIONS_FILE else lone)
        raise InputError(f"{file} doesn't exist: find directions first, with figment explore directions {where}.")
    mend = "move it away, and find them anew"
    try:
        with tensorfiles.opened(file) as content:
            stored = content.tensor("vectors")
            header, vectors = Header.model_validate(content.header), tensorfiles.sound("vectors", stored)
    except ValidationError as error:
        raise InputError(f"{file} holds no directions, or is no whole file of them ({fault(error)}): {mend}.") from None
    except tensorfiles.Unsound as error:
        raise InputError(f"{file} was changed by hand ({error}): {mend}.") from None
    except (*tensorfiles.DAMAGED, ValueError, KeyError) as error:
        raise InputError(f"{file} is no whole file of directions ({error}): {mend}.") from None
    lengths = vectors.norm(dim=1) if vectors.ndim == 2 else torch.zeros(1)
    tolerance = 1e-3 if stored.dtype == torch.float32 else 1e-2  # halves are coarser
    if len(vectors) != len(header.directions) or not ((lengths - 1).abs() < tolerance).all():
        raise InputError(f"{file} holds no directions, or was changed by hand: {mend}.")
    return header, vectors if stored.dtype == torch.float32 else vectors / lengths[:, None]


def find_direction(file: Path, name: str, generator: Generator) -> Direction:
    """A direction of a file. Raises InputError, with the nearest name, for one that isn't there, and as load_directions does."""
    found = {one.name: one for one in load_directions(file, generator)}
    if name in found:
        return found[name]
    raise InputError(f"--direction {name}: no direction of this generator{suggestion(name, list(found))}")


def total_shift(file: Path, moves: Sequence[str], generator: Generator) -> Tensor | None:
    """The sum of directions from texts such as "smile=2", float64 (code_size,); None where there are none.

    Raises InputError for a text that is none, and as find_direction does.
    """
    total = None
    for move in moves:
        name, _, text = move.rpartition("=")
        try:
            amount = float(text)
        except ValueError:
            amount = float("nan")
        if not name or not abs(amount) <= MAX_AMOUNT:
            raise InputError(f"--direction {move}: write it as NAME=AMOUNT, in deviations, such as smile=2.")
        step = amount * find_direction(file, name, generator).vector.double()
        total = step if total is None else total + step
    return total
