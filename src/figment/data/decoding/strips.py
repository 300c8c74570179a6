"""Horizontal strips: pictures of square frames side by side, the first at the left."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from figment.data.decoding.decode import Broken, Payload, load, naming_damage, pillow_formats, read, short_hash
from figment.data.decoding.depth import Scales, Unscaled
from figment.data.decoding.fit import Target
from figment.data.decoding.prepared import PreparedPicture
from figment.data.decoding.rgb import orientation_of
from figment.errors import Unreadable


@dataclass(frozen=True)
class StripChunk:
    """Frames of one strip: which of them, by their numbers from the left, and their places in the source."""

    slots: list[int]
    frames: list[int]
    payload: Payload

    def pictures(self) -> Iterator[np.ndarray]:
        """The frames, uint8 (H, H, 3). Raises Unreadable."""
        whole = np.asarray(read(self.payload).pixels)
        return (_frame(whole, frame) for frame in self.frames)

    def prepare(
        self, target: Target, scales: Scales | None = None, keep_marked: bool = True
    ) -> Iterator[PreparedPicture]:
        """Decode the strip once and bring each frame to the target, as StoredChunk does pictures."""
        try:
            picture = read(self.payload, None, scales, keep_marked)
            whole = np.asarray(picture.pixels)
        except Unreadable as error:
            deep = error.range if isinstance(error, Unscaled) else None
            for slot in self.slots:
                yield PreparedPicture(slot, None, str(error), deep=deep)
            return
        for slot, frame in zip(self.slots, self.frames, strict=True):
            pixels = _frame(whole, frame)
            side = len(pixels)
            digest = short_hash(f"{side}x{side}".encode(), pixels.tobytes())
            yield PreparedPicture(slot, digest, None, target.apply(pixels), side, side, profile=picture.profile)

    def given_up(self, reason: str) -> "StripChunk":
        """What to try in its place where its worker was lost: telling why."""
        if isinstance(self.payload, Broken):
            raise RuntimeError(f"a worker can't even be told of a broken strip: it {reason}")
        return replace(self, payload=Broken(reason))


def stored_size(payload: Payload) -> tuple[int, int]:
    """Height and width of a picture, upright, without decoding it. Raises Unreadable."""
    with naming_damage():
        content = load(payload)
        if isinstance(content, np.ndarray):
            return content.shape[0], content.shape[1]
        with Image.open(io.BytesIO(content), formats=pillow_formats(content)) as picture:
            sideways = orientation_of(picture) >= 5
            return (picture.width, picture.height) if sideways else (picture.height, picture.width)


def frames_of(height: int, width: int) -> int:
    """How many square frames a picture of this size is a strip of; 0: it is none."""
    return width // height if width % height == 0 else 0


def _frame(strip: np.ndarray, frame: int) -> np.ndarray:
    side = len(strip)
    return np.ascontiguousarray(strip[:, frame * side : (frame + 1) * side])
