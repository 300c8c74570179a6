"""What became of a picture that was to be prepared, whatever it was stored in."""

from dataclasses import dataclass

import numpy as np

from figment.data.decoding.depth import Range
from figment.data.decoding.profiles import PLAIN, Profile


@dataclass(frozen=True)
class PreparedPicture:
    """What became of one picture: its place in the source, and its identity or the reason why it has none.

    deep: the range of its values, where they wait for the scale of the whole set. profile: of its colours.
    """

    slot: int
    digest: bytes | None
    reason: str | None = None
    pixels: np.ndarray | None = None  # uint8 (channels, height, width) of the target
    width: int = 0  # of the whole upright picture
    height: int = 0
    deep: Range | None = None
    profile: Profile = PLAIN
