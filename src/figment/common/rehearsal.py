"""A rehearsal: with FIGMENT_REHEARSAL set, all that takes long is done in small, so that examples can be run as they stand.

The only place that reads the variable. What is made in a rehearsal is good for nothing but to see that it can be made.
"""

import os
from typing import TypeVar

from figment.common import sizes

VARIABLE = "FIGMENT_REHEARSAL"
IMAGES = 512  # images seen in a training, whatever its budget
BATCH = 32
WIDTH = 8  # of DCGAN's nets
DRAWN, DRAWN_CLIPS = 400, 24  # pictures that figment draws itself, and clips
SAMPLES = 100  # that are measured
PLANTED = 10  # copies of each kind, to see which would be found
COMPARED = 30  # samples, and real pictures, by which it is told whether they look alike at all
LOOKED_THROUGH = 600  # samples, for an experiment
SEARCH_STEPS = 5  # of a descent to a code
MEASURED_PATHS = 4  # between samples
FILM_SECONDS = 3.0
FILM_FRAMES = 24  # of a film of clips
PEOPLE, EACH = 24, 3  # drawn out of a set, and pictures of each
READER_PICTURES, READER_STEPS = 1000, 120  # that the reader of portraits learns from, and how long
READER_EXAMINED = 300  # pictures that it is tried on
SMALLER = 4  # times a picture's sides; from 16 pixels to 32
Number = TypeVar("Number", int, float)


def rehearsing() -> bool:
    """Whether this is a rehearsal."""
    return bool(os.environ.get(VARIABLE))


def at_most(number: Number, most: Number) -> Number:
    """The number; in a rehearsal no more than most."""
    return min(number, most) if rehearsing() else number


def smaller(size: object) -> object:
    """A size, as a recipe takes it; in a rehearsal a quarter of it, and 16 to 32 pixels a side. What is none stays."""
    if not rehearsing():
        return size
    try:
        height, width = sizes.shape(sizes.parse(size))  # type: ignore[arg-type]
        sizes.start_grid(height, width)
        return sizes.parse(tuple(_smaller(side, min(height, width)) for side in (height, width)))
    except (TypeError, ValueError):
        return size


def _smaller(side: int, shorter: int) -> int:
    """A side, in the same proportion to the shorter one."""
    base = min(max(shorter // SMALLER, sizes.MIN_PIXELS), 2 * sizes.MIN_PIXELS)
    return round(side * base / shorter / 4) * 4
