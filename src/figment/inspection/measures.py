"""What is read off each picture: how it was stored, its identity, a few measures, and small copies; in the workers.

A large JPEG is decoded at a fraction of its size, and everything is measured on the small copy, for a chunk of pictures
at once, so that a scan costs little more than decoding.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from figment.common.pixels import luma
from figment.data.decoding.chunks import Chunk, DrawnChunk, StoredChunk
from figment.data.decoding.decode import DecodedPicture, Payload, content_of, read
from figment.data.decoding.depth import Range, Scales, Unscaled
from figment.data.decoding.fit import Target
from figment.data.decoding.resample import resize
from figment.errors import Unreadable
from figment.inspection.made import Made, can_bear, invisible, own_pixels, stated
from figment.similarity.thumbnails import COPY_SIDE, thumbnails

TAIL_SHARE = 0.02  # of the pixels may be darker than `darkest`, or lighter than `lightest`

#: What is kept of every picture: 60 bytes. Measures are of the small copy; grey values run from 0 to 255.
FACTS = np.dtype([
    ("digest", np.uint8, 16),    # as the bank has it; zeros: the picture can't be read
    ("width", np.int32),         # upright
    ("height", np.int32),
    ("animated", np.bool_),
    ("colour", np.uint8, 3),     # mean R, G and B
    ("darkest", np.uint8),       # grey value of the picture's dark end
    ("lightest", np.uint8),      # and of its light end
    ("brightness", np.float32),  # mean grey value
    ("contrast", np.float32),    # standard deviation of the grey values
    ("saturation", np.float32),  # mean over pixels of the largest less the smallest of R, G and B
    ("sharpness", np.float32),   # variance of the grey values' Laplacian, as a share of their own variance
])  # fmt: skip


class Kind(NamedTuple):
    """How a picture is stored. depth: in words, "8 bits" or the container of a deep one. profile: of its colours, its name."""

    format: str
    mode: str
    depth: str = "8 bits"
    profile: str = "none"


class ReadPicture(NamedTuple):
    """One picture as it comes from its file."""

    slot: int
    digest: bytes
    kind: Kind
    animated: bool
    size: tuple[int, int]
    small: np.ndarray  # uint8 (64, 64, 3), squashed to a square
    made: Made | None = None  # what marks it as made by machine
    looked: bool = False  # whether its pixels were looked at for that


@dataclass(frozen=True)
class ScannedChunk:
    """What a chunk of pictures turned out to be.

    slots: of the n that can be read; facts: FACTS (n,); kinds: of each; broken: slot → reason; deep: slot → range of its
    values, of those that wait for their set's scale. made: slot → what marks it as made by machine. looked: slots whose pixels
    were looked at for figment's invisible mark.
    """

    slots: list[int]
    facts: np.ndarray
    kinds: list[Kind]
    broken: dict[int, str]
    deep: dict[int, Range]
    made: dict[int, Made]
    looked: list[int]

    def __len__(self) -> int:
        return len(self.slots) + len(self.broken) + len(self.deep)


@dataclass(frozen=True)
class Scanner:
    """Reads chunks of pictures and writes each one's small copies at its slot in two files; runs in the workers.

    pictures: file of uint8 (slots, 64, 64, 3); thumbnails: file of uint8 (slots, 48, 48). first: of strips of frames only
    the first frame is looked at. scales: of deep pictures; those whose kind has none are left for later.
    keep_marked: pictures that figment made are looked at, too. look_every: so manieth picture's pixels are looked at for the
    invisible mark; 0: all, however large; None: no mark is looked for.
    """

    pictures: str
    thumbnails: str
    first: bool = False
    scales: Scales = field(default_factory=dict)
    keep_marked: bool = True
    look_every: int | None = None

    def __call__(self, chunk: Chunk) -> ScannedChunk:
        missing: dict[int, Unreadable] = {}
        if not isinstance(chunk, StoredChunk | DrawnChunk):
            raise TypeError("frames of clips are looked at by inspection/clips.py")
        seen = list(_read_drawn(chunk) if isinstance(chunk, DrawnChunk) else self._read_stored(chunk, missing))
        slots = [one.slot for one in seen]
        small = np.array([one.small for one in seen], np.uint8).reshape(-1, COPY_SIDE, COPY_SIDE, 3)
        # Plain writes: on a full disk they raise an OSError, where a memory map would end the process.
        _write_at_slots(self.pictures, slots, small)
        _write_at_slots(self.thumbnails, slots, thumbnails(small))
        facts = measure(small)
        for row, one in zip(facts, seen, strict=True):
            row["digest"] = np.frombuffer(one.digest, np.uint8)
            row["width"], row["height"] = one.size
            row["animated"] = one.animated
        deep = {slot: error.range for slot, error in missing.items() if isinstance(error, Unscaled)}
        broken = {slot: str(error) for slot, error in missing.items() if slot not in deep}
        made = {one.slot: one.made for one in seen if one.made}
        looked = [one.slot for one in seen if one.looked]
        return ScannedChunk(slots, facts, [one.kind for one in seen], broken, deep, made, looked)

    def _read_stored(self, chunk: StoredChunk, missing: dict[int, Unreadable]) -> Iterator[ReadPicture]:
        """Pictures of a stored chunk; the reasons of those that can't be read go into `missing`."""
        for slot, it in chunk.each(self._read):
            if isinstance(it, Unreadable):
                missing[slot] = it
                continue
            content, found = it
            size = (found.width, found.height)
            small = resize(found.pixels, COPY_SIDE, COPY_SIDE)
            if self.first:
                small = Target(COPY_SIDE, COPY_SIDE, fit="first").apply(found.pixels).transpose(1, 2, 0)
                size = (min(size), min(size))
            kind = Kind(found.format, found.mode, found.container or "8 bits", found.profile.name or "none")
            made, looked = self._marked(slot, content, found)
            yield ReadPicture(slot, found.digest(), kind, found.animated, size, small, made, looked)

    def _read(self, payload: Payload) -> tuple[bytes | np.ndarray, DecodedPicture]:
        """A picture as it is stored, and as it is read. Raises Unreadable."""
        content = content_of(payload)
        return content, read(content, (COPY_SIDE, COPY_SIDE), self.scales, self.keep_marked)

    def _marked(self, slot: int, content: bytes | np.ndarray, found: DecodedPicture) -> tuple[Made | None, bool]:
        """What marks a picture as made by machine; whether its pixels were looked at for that."""
        if self.look_every is None:
            return None, False
        made = stated(content) if isinstance(content, bytes) else None
        is_turn = self.look_every == 0 or slot % self.look_every == 0
        if not is_turn or not can_bear(found.height, found.width):
            return made, False
        pixels = own_pixels(found, content, thorough=self.look_every == 0)
        return made or (None if pixels is None else invisible(pixels)), pixels is not None


def measure(pictures: np.ndarray) -> np.ndarray:
    """What can be measured on small copies, uint8 (N, H, W, 3): FACTS (N,), its other fields zero.

    Sharpness is that of Pech-Pacheco et al. 2000 (variance of the Laplacian), made independent of contrast.
    """
    facts = np.zeros(len(pictures), FACTS)
    if not len(pictures):
        return facts
    red, green, blue = planes = np.ascontiguousarray(pictures.transpose(3, 0, 1, 2))
    grey = luma(pictures)
    facts["colour"] = np.rint(planes.mean((2, 3))).T
    facts["brightness"] = grey.mean((1, 2))
    facts["contrast"] = grey.std((1, 2))
    # A quarter of the pixels tells the ends well enough, in a quarter of the time.
    some = np.rint(grey[:, ::2, ::2]).astype(np.uint8).reshape(len(grey), -1)
    low, high = (tail := int(TAIL_SHARE * some.shape[1])), some.shape[1] - 1 - tail
    facts["darkest"], facts["lightest"] = np.partition(some, (low, high), axis=1)[:, [low, high]].T
    colourful = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    facts["saturation"] = colourful.mean((1, 2))
    middle = grey[:, 1:-1, 1:-1]
    bend = 4 * middle - grey[:, :-2, 1:-1] - grey[:, 2:, 1:-1] - grey[:, 1:-1, :-2] - grey[:, 1:-1, 2:]
    facts["sharpness"] = bend.var((1, 2)) / np.maximum(facts["contrast"] ** 2, 1)
    return facts


def _read_drawn(chunk: DrawnChunk) -> Iterator[ReadPicture]:
    """Pictures that figment draws, at the small copy's size; as stored they count at the largest size there is."""
    from figment.data.portraits.table import MAX_SIDE

    for index, pixels in chunk.draw(COPY_SIDE):
        yield ReadPicture(
            chunk.offset + index, chunk.digest(index), Kind("drawn", "RGB"), False, (MAX_SIDE, MAX_SIDE), pixels
        )


def _write_at_slots(file: str, slots: list[int], rows: np.ndarray) -> None:
    with open(file, "r+b") as opened:
        for slot, row in zip(slots, rows, strict=True):
            opened.seek(slot * row.nbytes)
            opened.write(row.tobytes())
