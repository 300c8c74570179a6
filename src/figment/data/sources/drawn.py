"""Sources that figment draws itself: nothing is stored, so they come at any size and cost nobody a download."""

from collections.abc import Collection
from functools import cached_property

from figment.common.rehearsal import DRAWN, DRAWN_CLIPS, at_most
from figment.common.video_shape import VideoShape
from figment.data.decoding.chunks import DrawnChunk, DrawnSet
from figment.data.sources.base import CHUNK_PICTURES, MAX_PICTURES, Chunks, Listing, Source, hash_texts
from figment.data.sources.names import DRAWN_PICTURES, MOVING, MOVING_SHAPE, drawn_text, usual_count
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


class MovingPortraits(Drawn):
    """Portraits that move: the first `count` clips that a seed gives, whose frames are the pictures.

    video: what a clip must hold at least; clips are of CLIP_SECONDS, or as long as that. Raises InputError without it.
    """

    drawn_set = MOVING
    picture = "clip"
    video: VideoShape

    def __init__(self, count: int | None = None, seed: int = 0, video: VideoShape | None = None) -> None:
        if video is None:
            raise InputError(
                f"{MOVING} is clips, not pictures: add --video {MOVING_SHAPE} (frames x frames a second), or train on portraits"
            )
        from figment.data.portraits.moving import CLIP_SECONDS

        self.video = video
        self.frames = max(video.frames, video.frames_in(CLIP_SECONDS))
        count = usual_count(MOVING) if count is None else count
        if count * self.frames > MAX_PICTURES:
            raise InputError(
                f"{count:,} clips of {MOVING} have {count * self.frames:,} frames: ask for {MAX_PICTURES // self.frames:,} clips"
                " or fewer"
            )
        super().__init__(count, seed)
        self.count = at_most(count, DRAWN_CLIPS)

    @cached_property
    def listing(self) -> Listing:
        films = [f"{self.picture}-{clip:06d}" for clip in range(self.count) for _ in range(self.frames)]
        names = [f"{film}#{slot % self.frames:03d}" for slot, film in enumerate(films)]
        lengths = [self.frames] * self.count
        return Listing(names, [None] * len(names), clip_lengths=lengths, films=films)

    def drawing(self) -> str:
        from figment.data.portraits import moving, table

        return f"{table.DRAWING} {moving.DRAWING} {self.frames} {self.video.fps!r}"

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        count = self.count * self.frames
        starts = range(0, count, CHUNK_PICTURES)
        wanted = (
            ((start, min(start + CHUNK_PICTURES, count)) for start in starts)
            if only is None
            else ((slot, slot + 1) for slot in sorted(only))
        )
        return (
            DrawnChunk(self.drawn_set, start, stop, self.seed, clip_frames=self.frames, fps=self.video.fps)
            for start, stop in wanted
        )
