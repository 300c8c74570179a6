"""Pictures in chunks of bounded size, as sources give them and workers take them: stored ones to decode, others to draw."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

import numpy as np

from figment.data.decoding.decode import Broken, DecodedPicture, Payload, naming_damage, read, short_hash
from figment.data.decoding.depth import Scales, Unscaled
from figment.data.decoding.film_chunks import FilmChunk
from figment.data.decoding.fit import Target
from figment.data.decoding.prepared import PreparedPicture
from figment.data.decoding.strips import StripChunk
from figment.errors import Unreadable

T = TypeVar("T")
DrawnSet = Literal["portraits", "world", "portraits-moving"]
DRAWN_PIXELS = 2**18  # of pictures drawn at once: drawing takes memory by the pixel


@dataclass(frozen=True)
class StoredChunk:
    """A chunk of stored pictures, light enough to be sent to another process."""

    slots: list[int]
    payloads: list[Payload]

    def each(self, reading: Callable[[Payload], T]) -> Iterator[tuple[int, T | Unreadable]]:
        """What reading makes of each picture, with its slot, one after the other: a result, or why there is none.

        reading: of a payload; raises Unreadable for one that can't be read.
        """
        for slot, payload in zip(self.slots, self.payloads, strict=True):
            found: T | Unreadable
            try:
                found = reading(payload)
            except Unreadable as error:
                found = error
            yield slot, found

    def prepare(
        self, target: Target, scales: Scales | None = None, keep_marked: bool = True
    ) -> Iterator[PreparedPicture]:
        """Decode one after the other; a picture that can't be read comes out with the reason.

        scales, keep_marked: as read takes them.
        """
        for slot, found in self.each(partial(_fitted, target, scales, keep_marked)):
            if isinstance(found, Unreadable):
                yield PreparedPicture(slot, None, str(found), deep=found.range if isinstance(found, Unscaled) else None)
            else:
                picture, pixels = found
                digest = picture.digest()
                yield PreparedPicture(
                    slot, digest, None, pixels, picture.width, picture.height, profile=picture.profile
                )


@dataclass(frozen=True)
class DrawnChunk:
    """A chunk of pictures that figment draws: drawn where they are prepared, so only numbers travel.

    drawn_set: which of the sets. start, stop: which pictures of the seed. offset: a picture's place in the source is
    its number plus this. clip_frames, fps: of moving ones, whose pictures are the frames of one clip after the other.
    """

    drawn_set: DrawnSet
    start: int
    stop: int
    seed: int
    offset: int = 0
    clip_frames: int = 0
    fps: float = 0.0

    @property
    def slots(self) -> range:
        return range(self.offset + self.start, self.offset + self.stop)

    def prepare(
        self, target: Target, scales: Scales | None = None, keep_marked: bool = True
    ) -> Iterator[PreparedPicture]:
        """Draw the pictures, square and as large as the target; their identity is the same at any size."""
        # Portraits are drawn with the face at its place, and the detector knows photographs only.
        target = replace(target, fit="crop") if target.fit == "face" else target
        side = max(target.height, target.width)
        for index, pixels in self.draw(side):
            yield PreparedPicture(self.offset + index, self.digest(index), None, target.apply(pixels), side, side)

    def draw(self, side: int) -> Iterator[tuple[int, np.ndarray]]:
        """Each picture's number and its pixels, uint8 (side, side, 3)."""
        step = max(1, DRAWN_PIXELS // side**2)
        for start in range(self.start, self.stop, step):
            pictures = self._drawn(min(step, self.stop - start), side, start)
            yield from enumerate(pictures.transpose(0, 2, 3, 1), start)

    def digest(self, index: int) -> bytes:
        """Identity of one picture, DIGEST_BYTES long: by (seed, index), of moving ones by (seed, clip, time)."""
        place = f"{index}"
        if self.clip_frames:
            clip, frame = divmod(index, self.clip_frames)
            place = f"{clip} {frame / self.fps!r}"
        return short_hash(_IDENTITY[self.drawn_set], f"{self.seed} {place}".encode())

    def _drawn(self, count: int, side: int, start: int) -> np.ndarray:
        """Pictures of the set, uint8 (count, 3, side, side). What draws them is imported by those who need it."""
        if self.drawn_set == "world":
            from figment.data.world.world import world

            return world(count, self.seed, side, start)
        if self.drawn_set == "portraits-moving":
            from figment.data.portraits.moving import moving_portraits

            return moving_portraits(count, self.seed, side, start, frames=self.clip_frames, fps=self.fps)
        from figment.data.portraits.table import portraits

        return portraits(count, self.seed, side, start)[0]


_IDENTITY: dict[DrawnSet, bytes] = {
    "portraits": b"portrait",
    "world": b"world",
    "portraits-moving": b"moving portrait",
}


Chunk = StoredChunk | DrawnChunk | StripChunk | FilmChunk


def rescue(chunk: Chunk, reason: str) -> list[Chunk]:
    """What to try in place of a chunk whose worker was lost: its pictures one by one; of one picture, telling why."""
    if isinstance(chunk, StripChunk | FilmChunk):
        return [chunk.given_up(reason)]
    if isinstance(chunk, DrawnChunk):
        raise RuntimeError(f"drawing {chunk.drawn_set} ended a worker: it {reason}")
    if len(chunk.slots) > 1:
        return [StoredChunk([slot], [payload]) for slot, payload in zip(chunk.slots, chunk.payloads, strict=True)]
    if isinstance(chunk.payloads[0], Broken):
        raise RuntimeError(f"a worker can't even be told of a broken picture: it {reason}")
    return [StoredChunk(chunk.slots, [Broken(reason)])]


def _fitted(
    target: Target, scales: Scales | None, keep_marked: bool, payload: Payload
) -> tuple[DecodedPicture, np.ndarray]:
    """A picture, and its pixels brought to the target."""
    picture = read(payload, target.min_decoded, scales, keep_marked)
    with naming_damage():
        return picture, target.apply(picture.pixels)
