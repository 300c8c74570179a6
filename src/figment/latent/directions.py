"""Directions in the latent space by name, kept in a file beside the generator that they belong to.

A direction is a unit vector in Gaussian space: t along it is t deviations of the prior, whatever the prior.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from figment import codes
from figment.errors import InputError
from figment.files import write_output

FILE = "directions.safetensors"
REACH = 3.0  # deviations, to either side


@dataclass(frozen=True, eq=False)
class Direction:
    """name; vector: float32 (code_size,), of length 1; how it was found; facts: what it does, whatever JSON can hold."""

    name: str
    vector: Tensor
    how: str
    facts: dict[str, Any] = field(default_factory=dict)


def direction(name: str, vector: Tensor, how: str, **facts: Any) -> Direction:
    """A direction of any vector but 0, (code_size,)."""
    return Direction(name, (vector.double() / vector.double().norm()).float(), how, facts)


def moved(z: Tensor, vector: Tensor, amount: Tensor | float, prior: str, replace: bool = False) -> Tensor:
    """Codes (N, d) moved along a unit vector (d,) in Gaussian space by amount, one for all or (N,), in deviations.

    replace: what a code has of the direction already is taken away first, so that it is then at amount exactly.
    """
    amounts = torch.as_tensor(amount, dtype=torch.float64).expand(len(z))
    if replace:
        amounts = amounts - codes.to_gaussian(z.double(), prior) @ vector.double()
    return codes.shifted(z, amounts[:, None] * vector.double(), prior)


def beside(generator: Path) -> Path:
    """Where the directions of a run folder, or of a generator's file, are kept."""
    return (generator if generator.is_dir() else generator.parent) / FILE


def keep(file: Path, found: Sequence[Direction], code_size: int) -> None:
    """Add directions to a file, in place of those of the same names. Raises InputError as stored() does."""
    all_of_them = {d.name: d for d in [*(stored(file, code_size) if file.exists() else []), *found]}
    header = {"kind": "directions", "directions": {d.name: {"how": d.how, **d.facts} for d in all_of_them.values()}}
    tensors = {d.name: d.vector.float().contiguous() for d in all_of_them.values()}
    write_output(file, save(tensors, {"figment": json.dumps(header)}))


def stored(file: Path, code_size: int) -> list[Direction]:
    """The directions of a file, in the order in which they were found.

    Raises InputError where there is no such file, it is damaged or none of directions, or they are another generator's.
    """
    if not file.is_file():
        raise InputError(f"{file} doesn't exist: find directions first, with figment explore directions {file.parent}.")
    try:
        with safe_open(file, framework="pt") as content:
            header = json.loads((content.metadata() or {}).get("figment", "{}"))
            if header.get("kind") != "directions":
                raise InputError(f"{file} holds no directions: move it away, and find them anew.")
            facts = {name: dict(of_one) for name, of_one in header["directions"].items()}
            found = [Direction(n, content.get_tensor(n), str(f.pop("how")), f) for n, f in facts.items()]
    except (SafetensorError, OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise InputError(f"{file} is no whole file of directions ({error}): delete it, and find them anew.") from None
    for one in found:
        fits = one.vector.shape == (code_size,) and one.vector.dtype == torch.float32
        if not fits or not abs(float(one.vector.norm()) - 1) < 1e-3:
            raise InputError(
                f"{file}: {one.name} belongs to another generator, or was changed by hand: this one's directions have "
                f"{code_size} numbers and length 1. Delete the file, and find them anew."
            )
    return found


def named(file: Path, name: str, code_size: int) -> Direction:
    """A direction of a file. Raises InputError, with the nearest name, for one that isn't there, and as stored() does."""
    found = {one.name: one for one in stored(file, code_size)}
    if name in found:
        return found[name]
    near = get_close_matches(name, found, n=1, cutoff=0.5)
    mend = f"did you mean {near[0]}?" if near else f"there are {', '.join(found)}."
    raise InputError(f"--direction {name}: no direction of this generator; {mend}")


def shift(file: Path, wishes: Sequence[str], code_size: int) -> Tensor | None:
    """The sum of directions from wishes such as "smile=2", float64 (code_size,); None where there are none.

    Raises InputError for a wish that is none, and as named() does.
    """
    total = None
    for wish in wishes:
        name, _, text = wish.rpartition("=")
        try:
            amount = float(text)
        except ValueError:
            amount = float("nan")
        if not name or not abs(amount) <= 100:
            raise InputError(f"--direction {wish}: write it as NAME=AMOUNT, in deviations, such as smile=2.")
        step = amount * named(file, name, code_size).vector.double()
        total = step if total is None else total + step
    return total
