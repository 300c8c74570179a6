"""Codes in motion: the loop of a clip that Play shows, of the code on the stage and a path of the motion's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from figment.errors import InputError
from figment.studio.play.asked import Look, Numbered
from figment.studio.play.looks import codes_of, labels_of, shift_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from figment.explore.direction_file import Direction
    from figment.generator import Generator

MOST_FRAMES = 64  # of a loop, drawn anew whenever a slider moves: of longer ones fewer a second


def looped(
    generator: Generator, directions: Mapping[str, Direction], asked: Look, path: Numbered
) -> tuple[Tensor, float]:
    """A loop of the first code along a path: frames, uint8 (T, C, H, W), as figment sample --video --loop has them, and frames a
    second. It lasts four training clips.

    Raises InputError for a generator of pictures, and for a look that can't move.
    """
    import torch

    from figment import motion

    count, fps = generator.film_length(loop=True), float(generator.recipe.fps)
    if asked.late is not None:
        raise InputError("Styles of another picture don't move: leave late or motion out.")
    seconds, fewer = count / fps, -(-count // MOST_FRAMES)
    count = -(-count // fewer)
    paths = motion.numbered(generator.recipe, path.seed, range(path.number, path.number + 1), seconds, seconds)
    first = asked.codes[:1]
    frames = generator.play(
        codes_of(generator, first), paths, count, count / seconds, labels_of(generator, first, asked.label),
        asked.truncation, shift_of(directions, asked),
    )  # fmt: skip
    return torch.cat(list(frames)), count / seconds
