"""Animated pictures as films: GIF, WebP and PNG through Pillow, frames by their durations (equal ones may be merged)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from figment.data.decoding.decode import MAX_PICTURE_BYTES, TOO_MANY_BYTES, naming_damage, short_hash
from figment.data.decoding.film_frames import Frame, check_size
from figment.data.decoding.rgb import to_rgb
from figment.errors import Unreadable

FORMATS = ("GIF", "WEBP", "PNG")
SMALL = (32, 18)  # width and height of the few colours
# Browsers show frames of a hundredth of a second and less, or of none, for a tenth.
SHORTEST_SHOWN, SHOWN_INSTEAD = 0.0101, 0.1


@dataclass(frozen=True)
class AnimationFrame:
    """A frame, composed as it is shown; what shows through is white."""

    seconds: float
    duration: float
    picture: Image.Image

    def pixels(self) -> np.ndarray:
        return np.asarray(self._rgb)

    def small(self) -> np.ndarray:
        return np.asarray(self._rgb.resize(SMALL, Image.Resampling.BOX)).reshape(-1, 3)

    def digest(self) -> bytes:
        return short_hash(f"{self.picture.width}x{self.picture.height}".encode(), self._rgb.tobytes())

    @cached_property
    def _rgb(self) -> Image.Image:
        return to_rgb(self.picture)[0]


class Animation:
    """An animated picture that is open."""

    declared: float | None = None

    def __init__(self, picture: Image.Image) -> None:
        self._picture = picture
        self.width, self.height = picture.size

    def frames(self, since: float | None = None) -> Iterator[Frame]:
        """See Film: there is no way to a frame but through those before it."""
        seconds, last = 0.0, None
        for number in range(1 if self._picture.info.get("default_image") else 0, 2**31):
            try:
                with naming_damage():
                    self._picture.seek(number)
                    self._picture.load()
                    duration = float(self._picture.info.get("duration") or 0) / 1000
                    shown = self._picture.copy()
            except Unreadable:
                if last is None and number <= 1:
                    raise
                break
            duration = duration if duration > SHORTEST_SHOWN else SHOWN_INSTEAD
            frame = AnimationFrame(seconds, duration, shown)
            if since is None or seconds > since:
                if last is not None:
                    yield last
                    last = None
                yield frame
            else:
                last = frame
            seconds += duration
        if last is not None:
            yield last


@contextmanager
def open_animation(path: str) -> Iterator[Animation]:
    """Raises Unreadable for what isn't animated, or can't be read."""
    with naming_damage():
        if os.path.getsize(path) > MAX_PICTURE_BYTES:
            raise Unreadable(TOO_MANY_BYTES)
        picture = Image.open(path, formats=FORMATS)
    with picture:
        check_size(picture.height, picture.width)
        with naming_damage():
            if not getattr(picture, "is_animated", False):
                raise Unreadable("a still picture")
        yield Animation(picture)


def is_animated(path: str) -> bool:
    """Whether a file is a picture that moves, by its head; False for one that can't be read."""
    try:
        with naming_damage(), Image.open(path, formats=FORMATS) as picture:
            return bool(getattr(picture, "is_animated", False))
    except Unreadable:
        return False
