"""Sizes that the nets can make: some halvings down to a small start grid; squares and other shapes alike."""

import re
from typing import NamedTuple

MIN_PIXELS, MAX_PIXELS = 16, 512  # of a side
MAX_ASPECT = 4  # times the shorter side that the longer one may have


class Grid(NamedTuple):
    """The start grid of the nets and how often it is doubled: 64×96 is 4×6 doubled 4 times."""

    height: int
    width: int
    doublings: int


def start_grid(height: int, width: int) -> Grid:
    """The grid whose shorter side has 4 to 7 pixels, from which a size is reached by doublings.

    16 → 4 doubled twice, 64 → 4 four times, 96 → 6 four times, 64×96 → 4×6 four times. Raises ValueError, with the
    nearest size that there is, for one that isn't reached so, and for those outside 16 to 512.
    """
    doublings = (min(height, width) // 4).bit_length() - 1
    factor = 2 ** max(doublings, 0)
    nearest = tuple(max(factor, round(side / factor) * factor) for side in (height, width))
    if min(height, width) < MIN_PIXELS or max(height, width) > MAX_PIXELS:
        raise ValueError(f"sizes go from {MIN_PIXELS} to {MAX_PIXELS} pixels a side")
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise ValueError(f"the longer side must be at most {MAX_ASPECT} times the shorter")
    if nearest != (height, width):
        raise ValueError(
            f"both sides must be multiples of {factor}, to be halved {doublings} times; near is {as_text(nearest)}"
        )
    return Grid(height // factor, width // factor, doublings)


def shape(size: int | tuple[int, int]) -> tuple[int, int]:
    """(height, width) of a size."""
    return (size, size) if isinstance(size, int) else size


def as_text(size: int | tuple[int, ...]) -> str:
    """64 or 64x96, height first, as --size takes it."""
    sides = (size,) if isinstance(size, int) else size
    return str(sides[0]) if len(set(sides)) == 1 else "x".join(map(str, sides))


def sides(text: str) -> tuple[int, int] | None:
    """(height, width) of a size written as 64 or 64x96, height first; None where it isn't one."""
    found = re.fullmatch(r"([0-9]{1,6})(?:[xX×]([0-9]{1,6}))?", text.strip())
    return (int(found[1]), int(found[2] or found[1])) if found else None


def parse(size: object) -> object:
    """A size written as "64" or "64x96" as numbers; squares as one. Raises ValueError for other text."""
    if isinstance(size, str):
        size = sides(size)
        if size is None:
            raise ValueError("give one number of pixels, such as 64, or height x width, such as 64x96")
    if isinstance(size, list | tuple) and len(size) == 2 and size[0] == size[1]:
        return size[0]
    return size
