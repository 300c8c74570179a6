"""Sources that figment draws itself: nothing is stored, so they come at any size and cost nobody a download."""

from collections.abc import Collection
from functools import cached_property

from figment.common.rehearsal import DRAWN, at_most
from figment.data.decoding.chunks import DrawnChunk, DrawnSet
from figment.data.sources.base import CHUNK_PICTURES, MAX_PICTURES, Chunks, Listing, Source, hash_texts
from figment.data.sources.names import DRAWN_PICTURES, drawn_text
from figment.errors import InputError


class Drawn(Source):
    """The first `count` pictures that a seed gives of a set, which each kind of source names."""

    lists_at_once = is_drawn = True
    drawn_set: DrawnSet
    picture: str  # what the names of its pictures start with

    def __init__(self, count: int = DRAWN_PICTURES, seed: int = 0) -> None:
        for name, value, most in (("count", count, MAX_PICTURES), ("seed", seed, 2**63 - 1)):
            if not 0 <= value <= most:
                raise InputError(f"{name} of {self.drawn_set} is {value:,}: give 0 to {most:,}.")
        self.count = at_most(count, DRAWN)
        self.seed = seed
        self.display = self.drawn_set
        self.where = drawn_text(self.drawn_set, count, seed)

    @cached_property
    def listing(self) -> Listing:
        return Listing([f"{self.picture}-{index:06d}" for index in range(self.count)], [None] * self.count)

    def drawing(self) -> str:
        """What stands for the set's pictures as they are drawn today."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        return hash_texts([self.drawn_set, str(self.count), str(self.seed), self.drawing()])

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        if only is not None:
            return (DrawnChunk(self.drawn_set, slot, slot + 1, self.seed) for slot in sorted(only))
        starts = range(0, self.count, CHUNK_PICTURES)
        return (
            DrawnChunk(self.drawn_set, start, min(start + CHUNK_PICTURES, self.count), self.seed) for start in starts
        )


class Portraits(Drawn):
    """The built-in portraits, which stand in where no data are given."""

    drawn_set = "portraits"
    picture = "portrait"

    def drawing(self) -> str:
        from figment.data.portraits.table import DRAWING  # who only lists sources needn't wait for what draws them

        return DRAWING

    def fingerprint(self) -> str:
        # The mark of the drawing is the fingerprint that these had in version 0.1.0.
        return self.drawing() if (self.count, self.seed) == (DRAWN_PICTURES, 0) else super().fingerprint()


class World(Drawn):
    """The drawn world: everything that isn't a face, for nets to learn seeing from."""

    drawn_set = "world"
    picture = "picture"

    def drawing(self) -> str:
        from figment.data.world.world import DRAWING

        return DRAWING
