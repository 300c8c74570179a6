"""What a bank keeps of what was prepared: of pictures each once, of clips whole ones, each once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from figment.data.bank.clips import Clips
from figment.data.bank.drafts import Journal
from figment.data.bank.split import exact_duplicates
from figment.data.decoding.decode import short_hash
from figment.data.sources.base import Listing, Skipped


@dataclass(frozen=True, eq=False)
class Kept:
    """Slots of the pictures that are kept, ascending; of a further copy's first slot the first slot of what it copies.

    lengths: of clips, how many of the kept pictures each has, one after the other; None of pictures. keys: what decides on
    which side of the split each unit, picture or clip, comes. broken: clips that are left out or cut short.
    """

    slots: np.ndarray
    copies: dict[int, int]
    keys: list[bytes]
    lengths: list[int] | None = None
    broken: list[Skipped] = field(default_factory=list)

    @property
    def units(self) -> list[int]:
        """The first slot of each unit."""
        if self.lengths is None:
            return self.slots.tolist()
        starts = np.cumsum([0, *self.lengths], dtype=np.int64)[:-1]
        return self.slots[starts].tolist()

    def of_pictures(self, of_units: np.ndarray) -> np.ndarray:
        """What is known of each unit, of each picture."""
        return of_units if self.lengths is None else np.repeat(of_units, self.lengths)

    def clips(self, listing: Listing, fps: float) -> Clips | None:
        if self.lengths is None:
            return None
        numbers = np.repeat(np.arange(len(self.lengths), dtype=np.int32), self.lengths)
        places = np.concatenate([np.arange(length) for length in self.lengths]) if self.lengths else np.zeros(0)
        return Clips(numbers, places / fps, [listing.names[slot] for slot in self.units])


def kept_pictures(journal: Journal) -> Kept:
    """Every picture that could be read, each once."""
    slots, copies = exact_duplicates(journal.digests)
    return Kept(slots, copies, [journal.digests[slot].tobytes() for slot in slots.tolist()])


def kept_clips(journal: Journal, listing: Listing, frames: int) -> Kept:
    """Every clip once, of those that could be read in part the longest part, if it has so many frames; equal frames stay."""
    readable = journal.readable()
    slots: list[int] = []
    lengths: list[int] = []
    copies: dict[int, int] = {}
    broken: list[Skipped] = []
    first_of: dict[bytes, int] = {}  # by the digest of the whole clip
    ends = np.cumsum([0, *(listing.clip_lengths or [])]).tolist()
    for start, stop in pairwise(ends):
        begin, length = longest_run(readable[start:stop])
        if length < stop - start:
            reason = _reason(journal, range(start, stop))
            rest = "left out" if length < frames else f"{length:,} frames are kept"
            if reason is not None:
                lost = stop - start - int(readable[start:stop].sum())
                what = f"{lost:,} of {stop - start:,} frames can't be read ({reason})"
                broken.append(Skipped(listing.names[start], reason if lost == stop - start else f"{what}; {rest}"))
        if length < frames:
            continue
        run = range(start + begin, start + begin + length)
        key = short_hash(b"clip", journal.digests[run.start : run.stop].tobytes())
        if key in first_of:
            copies[run.start] = first_of[key]
            continue
        first_of[key] = run.start
        slots += run
        lengths.append(length)
    return Kept(np.array(slots, np.int64), copies, list(first_of), lengths, broken)


def longest_run(readable: Sequence[bool] | np.ndarray) -> tuple[int, int]:
    """Start and length of the longest run of true ones, the first of several."""
    edges = np.diff(np.concatenate([[0], np.asarray(readable, np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return 0, 0
    longest = int((stops - starts).argmax())
    return int(starts[longest]), int(stops[longest] - starts[longest])


def _reason(journal: Journal, slots: range) -> str | None:
    """Why most of the missing frames can't be read; None where they aren't wanted, and told of elsewhere."""
    counts: dict[str, int] = defaultdict(int)
    for slot in slots:
        if slot in journal.skipped:
            counts[journal.skipped[slot]] += 1
    return max(counts, key=lambda reason: counts[reason]) if counts else None
