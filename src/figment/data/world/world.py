"""The drawn world's pictures: picture i of a seed at a size is a pure function of the three, whatever is drawn beside it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from figment.data.world.animals import animals
from figment.data.world.canvas import Canvas
from figment.data.world.finish import finish
from figment.data.world.leaves import leaves
from figment.data.world.objects import objects
from figment.data.world.plants import plants
from figment.data.world.scenes import landscapes, rooms
from figment.data.world.textures import textures
from figment.data.world.writing import writing
from figment.errors import InputError

MIN_SIDE, MAX_SIDE = 16, 512  # pixels

# Stands for the pictures wherever they are known again, as portraits.table.DRAWING does: whoever changes a picture puts
# another mark here (a test holds the two together).
DRAWING = "world-3"


@dataclass(frozen=True)
class Kind:
    """A kind of picture: its name, its share among all, and what draws one at a size."""

    name: str
    share: float
    draw: Callable[[Generator, int], Canvas]


KINDS = (
    Kind("leaves", 0.52, leaves),
    Kind("objects", 0.12, objects),
    Kind("textures", 0.09, textures),
    Kind("writing", 0.07, writing),
    Kind("animals", 0.06, animals),
    Kind("plants", 0.05, plants),
    Kind("landscapes", 0.05, landscapes),
    Kind("rooms", 0.04, rooms),
)
_ENDS = np.cumsum([kind.share for kind in KINDS]) / sum(kind.share for kind in KINDS)


def world(count: int, seed: int = 0, size: int = 64, start: int = 0) -> NDArray[np.uint8]:
    """Pictures start … start + count − 1 of a seed: uint8, count×3×size×size, sRGB.

    The bytes of a picture depend on its seed, number and size alone, but for a value in half a million that another version
    of numpy rounds otherwise. At another size it is the same scene.
    size: pixels a side, 16 to 512. Raises InputError for another size, or where count, seed or start is negative.
    """
    for name, value in (("count", count), ("seed", seed), ("start", start)):
        if value < 0:
            raise InputError(f"{name} is {value}, but pictures are numbered from 0: give 0 or more.")
    if not MIN_SIDE <= size <= MAX_SIDE:
        raise InputError(f"the world can't be drawn at size {size}: give a size from {MIN_SIDE} to {MAX_SIDE} pixels.")
    pictures = np.empty((count, 3, size, size), np.uint8)
    for place in range(count):
        rng = _generator(seed, start + place)
        kind = KINDS[_kind(rng)]
        pictures[place] = finish(rng, kind.draw(rng, size))
    return pictures


def kind_of(index: int, seed: int = 0) -> str:
    """The name of the kind that a picture of a seed is of."""
    return KINDS[_kind(_generator(seed, index))].name


def _generator(seed: int, index: int) -> Generator:
    """A stream of numbers of its own for each picture: 2**128 of a counter's 2**256 values apart."""
    return Generator(Philox(key=seed, counter=[0, 0, index, 0]))


def _kind(rng: Generator) -> int:
    return int(np.searchsorted(_ENDS, rng.random(), side="right"))
