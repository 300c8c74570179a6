"""One of several equal parts of a source: what one machine of several prepares and holds, and no other.

Pictures are dealt by a hash, each by its name's, or all of a group together by the group's. So each part is a fair sample of
the whole, whatever the order of its files, and every machine that sees the same source deals alike.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from figment.data.decoding.chunks import DrawnChunk
from figment.data.decoding.decode import short_hash
from figment.data.sources.base import Chunks, ColumnReader, Listing, Source, hash_texts
from figment.errors import InputError


@dataclass(frozen=True)
class Part:
    """The number-th, from 0, of so many parts. For people they are counted from 1: 1/8 is the first of eight."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number + 1}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> "Part":
        """1/8 and its like. Raises InputError for what is none."""
        numbers = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text.strip())
        number, of = map(int, numbers.groups()) if numbers else (0, 0)
        if not (1 <= number <= of and of >= 2):
            raise InputError(f"--part {text}: give a part and of how many, 1/8 to 8/8 say (2 parts or more).")
        return cls(number - 1, of)


class PartOf(Source):
    """A part of a source of pictures, as a source.

    groups: gives of each picture of the whole what must stay in one part, or None where its own name decides.
    """

    def __init__(self, whole: Source, part: Part, groups: Callable[[], Sequence[bytes | None]] | None = None) -> None:
        self.whole, self.part, self._groups = whole, part, groups
        self.display = f"{whole.display}, part {part}"
        self.where = f"{whole.where}, part {part},"
        self.lists_at_once, self.is_drawn, self.video = whole.lists_at_once, whole.is_drawn, whole.video

    @cached_property
    def slots(self) -> np.ndarray:
        """The pictures of the part by their slots in the whole, ascending: int64."""
        names = self.whole.listing.names
        keys = [None] * len(names) if self._groups is None else self._groups()
        return np.flatnonzero([
            part_of(group or short_hash(b"name", name.encode("utf-8", "surrogatepass")), self.part.of) == self.part.number
            for name, group in zip(names, keys, strict=True)
        ])  # fmt: skip

    @cached_property
    def listing(self) -> Listing:
        whole, slots = self.whole.listing, self.slots.tolist()
        names, labels = ([its[slot] for slot in slots] for its in (whole.names, whole.labels))
        # What isn't used of the whole is told with the first part, once.
        apart = whole if self.part.number == 0 else Listing([], [])
        return Listing(
            names, labels, apart.ignored, apart.skipped, apart.aside, whole.notes, tables=whole.tables
        )  # fmt: skip

    def fingerprint(self) -> str:
        return hash_texts(["part", str(self.part), self.whole.fingerprint()])

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        wanted = self.slots if only is None else self.slots[sorted(only)]
        if not len(wanted):
            return
        with closing(self.whole.chunks(set(wanted.tolist()))) as chunks:
            for chunk in chunks:
                if isinstance(chunk, DrawnChunk):  # of one picture, since not all are wanted
                    place = int(np.searchsorted(self.slots, chunk.offset + chunk.start))
                    yield replace(chunk, offset=place - chunk.start)
                else:
                    yield replace(chunk, slots=np.searchsorted(self.slots, chunk.slots).tolist())

    def columns(self) -> Mapping[str, ColumnReader]:
        return {name: partial(self._own, column) for name, column in self.whole.columns().items()}

    def _own(self, column: ColumnReader) -> list[str | None]:
        told = column()
        return [told[slot] for slot in self.slots.tolist()]


def part_of(key: bytes, parts: int) -> int:
    """The part that a hash falls into: all are as likely."""
    return int.from_bytes(key[:8], "big") * parts >> 64
