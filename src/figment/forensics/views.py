"""The views of a picture that a detector looks at: the whole, and crops, squares where nothing else is said."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from figment.forensics.conditions import MIN_SIDE

CROP_SHARE = 5 / 8  # of the whole square's side
CROPS_A_SIDE = 2  # beside the whole: at the corners
MAP_SHARE, MAP_CROPS_A_SIDE = 1 / 2, 5  # for a map of where


class Box(NamedTuple):
    """A part of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int

    def of(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What is in it of a picture (C, H, W)."""
        return picture[:, self.top : self.top + self.height, self.left : self.left + self.width]


def boxes(
    height: int, width: int, share: float = CROP_SHARE, a_side: int = CROPS_A_SIDE, square: bool = True
) -> list[Box]:
    """The largest square in the middle, or the whole picture, then a_side² crops from the upper left on, evenly spread over all.

    share: of the sides of the first, that crops have.
    """
    whole = (min(height, width),) * 2 if square else (height, width)
    sides = [min(side, max(MIN_SIDE, round(share * side))) for side in whole]
    tops, lefts = (
        np.linspace(0, length - side, a_side).round().astype(int)
        for length, side in zip((height, width), sides, strict=True)
    )
    crops = [Box(int(top), int(left), *sides) for top in tops for left in lefts]
    return [Box((height - whole[0]) // 2, (width - whole[1]) // 2, *whole), *crops]


def spread_out(crops: list[Box], values: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """For each pixel the mean value of the crops that hold it: (height, width); 0 where none does."""
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for box, value in zip(crops, values, strict=True):
        place = np.s_[box.top : box.top + box.height, box.left : box.left + box.width]
        total[place] += value
        count[place] += 1
    return total / np.maximum(count, 1)
