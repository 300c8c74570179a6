"""From what is asked to codes and pictures. Torch is only imported inside: the server answers before it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from figment.common.text import printable
from figment.errors import InputError
from figment.studio.play.asked import Between, Code, Look, Loop, Numbered, Pad, Point, Sum, Values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from figment.explore.direction_file import Direction
    from figment.generator import Generator


def codes_of(generator: Generator, asked: Sequence[Code]) -> Tensor:
    """Codes, float32 (N, code_size). Raises InputError for one of another size than the generator's."""
    import torch

    return torch.stack([_code(generator, one) for one in asked])


def _code(generator: Generator, asked: Code) -> Tensor:
    import torch

    from figment.explore.code_arithmetic import add_codes
    from figment.explore.paths import slerp

    prior = generator.recipe.prior
    match asked:
        case Numbered(number=number, seed=seed):
            return generator.codes(1, seed, number)[0]
        case Values(values=values):
            if len(values) != generator.recipe.code_size:
                raise InputError(
                    f"This code has {len(values)} numbers, and the generator takes {generator.recipe.code_size}."
                )
            return torch.tensor(values)
        case Sum(a=a, b=b, c=c):
            first, second, third = (codes_of(generator, group) for group in (a, b, c))
            return add_codes(first, second, third, prior)
        case Pad(corners=corners, x=x, y=y):
            z = codes_of(generator, corners)
            rows = slerp(z[::2], z[1::2], torch.tensor([x]), prior)[:, 0]
            return slerp(rows[:1], rows[1:], torch.tensor([y]), prior)[0, 0]
        case Between(first=first, second=second, share=share):
            z = codes_of(generator, [first, second])
            return slerp(z[:1], z[1:], torch.tensor([share]), prior)[0, 0]
        case Loop(keyframes=keyframes, time=time):
            return _moment(generator, codes_of(generator, keyframes), time)


def _moment(generator: Generator, keyframes: Tensor, time: float) -> Tensor:
    import torch

    from figment import codes
    from figment.explore.walk import along_loop

    prior = generator.recipe.prior
    times = torch.tensor([time * len(keyframes)], dtype=torch.float64)
    return codes.from_gaussian(along_loop(codes.to_gaussian(keyframes.double(), prior), times), prior)[0].float()


def labels_of(generator: Generator, asked: Sequence[Code], label: str | None = None) -> Tensor | None:
    """Classes of codes, int64 (N,); None for a generator without. Where none is named, a sample has its own, and what is made of
    several that of the first. Raises InputError for a class that the generator doesn't know."""
    import torch

    if label is not None:
        return torch.full((len(asked),), class_number(generator, label))
    if not generator.classes:
        return None
    found = []
    for one in asked:
        first = _first(one)
        own = generator.labels(1, first.seed, first.number) if isinstance(first, Numbered) else None
        found.append(torch.zeros(1, dtype=torch.int64) if own is None else own)
    return torch.cat(found)


def class_names(generator: Generator) -> list[str]:
    """The classes that can be asked for, as they are shown: names of folders may hold what is no text."""
    return [printable(name) for name in generator.classes]


def class_number(generator: Generator, label: str) -> int:
    """The number that the nets know a class by. Raises InputError for one that this generator doesn't know."""
    names = class_names(generator)
    return names.index(label) if label in names else generator.class_number(label)


def _first(asked: Code) -> Point:
    """The first of the codes that something is made of."""
    match asked:
        case Sum(a=[first, *_]) | Pad(corners=[first, *_]) | Loop(keyframes=[first, *_]) | Between(first=first):
            return first
    assert isinstance(asked, Numbered | Values)
    return asked


def moved_codes(generator: Generator, directions: Mapping[str, Direction], look: Look) -> Tensor:
    """The codes that are drawn in the end, float32 (N, code_size): drawn in by truncation, then moved, as figment sample does.

    Raises InputError for a direction that isn't there.
    """
    from figment import codes

    z, shift = codes.truncated(codes_of(generator, look.codes), look.truncation), shift_of(directions, look)
    return z if shift is None else codes.shifted(z, shift, generator.recipe.prior)


def shift_of(directions: Mapping[str, Direction], look: Look) -> Tensor | None:
    """What all moves together add to a code, (code_size,); None without any. Raises InputError as moved_codes does."""
    shift = None
    for name, amount in look.moves.items():
        if name not in directions:
            raise InputError(f"There is no direction {name} any more: load the page anew.")
        step = amount * directions[name].vector.double()
        shift = step if shift is None else shift + step
    return shift


def drawn(generator: Generator, z: Tensor, labels: Tensor | None, look: Look) -> Tensor:
    """Pictures of codes (N, code_size) as they are to look: uint8 (N, C, H, W)."""
    if look.late is None:
        return generator.decode(z, labels)
    from figment.explore.style_mixing import mix

    late = codes_of(generator, [look.late]).expand(len(z), -1)
    return mix(generator, z, late, look.stage, labels)
