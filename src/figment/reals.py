"""Some real pictures for an experiment: of a bank, or from files that a user names."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from figment.common import sizes
from figment.common.progress import Say
from figment.common.text import printable
from figment.data.decoding.decode import read
from figment.data.decoding.fit import Target
from figment.errors import InputError, Unreadable


def some(rows: NDArray[np.int64], count: int, seed: int, place: int) -> NDArray[np.int64]:
    """At most so many rows of a bank, drawn by the seed and a place that tells this draw from others, in order."""
    drawn = np.random.default_rng([seed, place]).choice(rows, min(count, len(rows)), replace=False)
    return np.sort(drawn)


def given(files: Sequence[Path], target: Target, say: Say) -> NDArray[np.uint8]:
    """Pictures of files of any kind that train reads, brought to the target: (N, C, H, W).

    say: told of each that had another size. Raises InputError for a file that is no picture.
    """
    found = []
    for file in files:
        if file.is_dir():
            raise InputError(f"{file} is a folder: name the pictures in it, such as {file}/*.png.")
        try:
            picture = read(str(file), target.enough)
            found.append(target.bring(picture.pixels))
        except Unreadable as error:
            raise InputError(f"{printable(str(file))} can't be used ({error}): name a picture.") from None
        if (picture.height, picture.width) != (target.height, target.width):
            theirs, ours = ((its.height, its.width) for its in (picture, target))
            say(f"{printable(file.name)} is {sizes.text(theirs)}: brought to {sizes.text(ours)} (fit: {target.fit})")
    return np.stack(found)
