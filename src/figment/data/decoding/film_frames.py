"""Frames of films, whatever they are stored in: what each is and when it is shown."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from figment.errors import Unreadable

MIN_FRAME_SIDE = 8  # pixels: smaller frames show nothing
MAX_FRAME_PIXELS = 2**25  # of a frame: an 8K film's; decoders keep up to sixteen of them
# Frames whose time is later than they should be shown by less than this count as shown: many containers round to ms.
TOLERANCE = 0.001  # seconds
NO_FRAMES = "none of its frames can be read"  # a reason that a person is told


class Frame(Protocol):
    """A frame as it is decoded, with what it takes to show it.

    seconds: when it is shown, as its container counts. duration: how long, in seconds; 0 where it doesn't say.
    """

    @property
    def seconds(self) -> float: ...

    @property
    def duration(self) -> float: ...

    def pixels(self) -> np.ndarray:
        """Upright, of square pixels, 8 bits: uint8 (H, W, 3)."""
        ...

    def small(self) -> np.ndarray:
        """A few of its colours: uint8 (n, 3), the same n for all frames."""
        ...

    def digest(self) -> bytes:
        """Identity of its pixels as they are decoded, DIGEST_BYTES long."""
        ...


class Film(Protocol):
    """A film that is open. declared: how long it says that it lasts, in seconds, where it does."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def declared(self) -> float | None: ...

    def frames(self, since: float | None = None) -> Iterator[Frame]:
        """Its frames in the order of time; with since, from the one that is shown then on, and maybe some before it.

        What is broken in the middle is left out, and a broken end is an end. Raises Unreadable where there is none.
        """
        ...


def check_size(height: int, width: int) -> None:
    """Raise Unreadable for frames that are too small to show anything, or too large to be decoded."""
    if min(height, width) == 0:  # as FFmpeg has it of more than it was told to decode
        raise Unreadable("frames of no size that it tells, or of more pixels than we decode")
    if min(height, width) < MIN_FRAME_SIDE:
        raise Unreadable(f"frames of {width}×{height} pixels, which show nothing")
    if height * width > MAX_FRAME_PIXELS:
        raise Unreadable(f"frames of {width}×{height} pixels, more than we decode")


def shown_at(frames: Iterator[Frame], times: Sequence[float]) -> Iterator[Frame | None]:
    """The frame that is shown at each of the times, which ascend; None where there is none yet, or no longer one.

    The last frame is shown for its duration, or as long as the one before where it doesn't say.
    """
    current: Frame | None = None
    before = 0.0
    upcoming = next(frames, None)
    for time in times:
        while upcoming is not None and upcoming.seconds <= time + TOLERANCE:
            before = upcoming.seconds - current.seconds if current else before
            current, upcoming = upcoming, next(frames, None)
        over = (
            upcoming is None
            and current is not None
            and time + TOLERANCE >= current.seconds + (current.duration or before)
        )
        yield None if over else current
