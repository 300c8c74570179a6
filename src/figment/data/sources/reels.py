"""Sources of clips: reels (films, strips, folders of frames) are cut into clips, and their frames are the pictures."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from figment.common.text import shown
from figment.common.video_shape import VideoShape
from figment.data.sources.aside import Aside
from figment.data.sources.base import MAX_PICTURES, Chunks, ColumnReader, Listing, Skipped, Source
from figment.errors import InputError

MAX_CLIP_LENGTHS = 8  # times the frames that were asked for, so that whole clips can be held out even of one film


@dataclass(frozen=True)
class Reel:
    """What has frames: its name, and its scenes as ranges of frames' numbers, at so many a second."""

    name: str
    scenes: tuple[range, ...]
    label: str | None = None


@dataclass(frozen=True)
class Reels:
    """All of a source, and what is beside them, as Listing has it."""

    reels: Sequence[Reel]
    skipped: Sequence[Skipped] = ()
    ignored: int = 0
    aside: Sequence[Aside] = ()
    notes: Sequence[str] = ()
    tables: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Clip:
    """Where a clip's frames are: of which reel, which of its frames, and the slot of the first."""

    reel: int
    frames: range
    slot: int


class ReelSource(Source):
    """A source whose pictures are the frames of clips, cut from reels; its kinds say where reels come from."""

    video: VideoShape

    @cached_property
    @abstractmethod
    def reels(self) -> Reels:
        """What it holds: found once. Raises InputError where there is nothing to be read."""

    @abstractmethod
    def chunks_of(self, wanted: Mapping[int, tuple[list[int], list[int]]]) -> Chunks:
        """Frames of reels, by the reel's place: slots, ascending, and the frames' numbers."""

    @cached_property
    def clips(self) -> list[Clip]:
        """In the order of the reels and of time."""
        found = []
        slot = 0
        for place, reel in enumerate(self.reels.reels):
            for scene in reel.scenes:
                for frames in cut_evenly(scene, self.video.frames):
                    found.append(Clip(place, frames, slot))
                    slot += len(frames)
                    if slot > MAX_PICTURES:
                        raise InputError(
                            f"{self.where} would give more than {MAX_PICTURES:,} frames: ask for fewer a second, or give a"
                            " part of the films"
                        )
        return found

    @cached_property
    def listing(self) -> Listing:
        held = self.reels
        listing = Listing(
            [], [], held.ignored, list(held.skipped), list(held.aside), list(held.notes), held.tables, [], []
        )
        assert listing.clip_lengths is not None
        assert listing.films is not None
        for clip in self.clips:
            reel = held.reels[clip.reel]
            listing.names += [f"{reel.name}#{frame:06d}" for frame in clip.frames]
            listing.labels += [reel.label] * len(clip.frames)
            listing.films += [reel.name] * len(clip.frames)
            listing.clip_lengths.append(len(clip.frames))
        listing.skipped += [
            Skipped(reel.name, self.too_short(max(map(len, reel.scenes))))
            for reel in held.reels
            if reel.scenes and all(len(scene) < self.video.frames for scene in reel.scenes)
        ]
        listing.notes += short_scenes(held.reels, self.video.frames)
        if not listing.names:
            raise self._without_clips(listing)
        return listing

    def too_short(self, frames: int) -> str:
        """Why a reel is left out whose longest scene has so many frames."""
        return f"{frames} frame{'s' * (frames != 1)}, and a clip has {self.video.frames}"

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        clips = self.clips
        wanted: dict[int, tuple[list[int], list[int]]] = {}
        if only is None:
            for clip in clips:
                slots, frames = wanted.setdefault(clip.reel, ([], []))
                slots += range(clip.slot, clip.slot + len(clip.frames))
                frames += clip.frames
        else:
            starts = [clip.slot for clip in clips]
            for slot in sorted(only):
                clip = clips[bisect_right(starts, slot) - 1]
                slots, frames = wanted.setdefault(clip.reel, ([], []))
                slots.append(slot)
                frames.append(clip.frames[slot - clip.slot])
        return self.chunks_of(wanted)

    def per_frame(self, column: ColumnReader) -> ColumnReader:
        """A column of what is told of each reel, told of each of its frames."""
        return partial(self._per_frame, column)

    def _per_frame(self, column: ColumnReader) -> list[str | None]:
        told = column()
        return [told[clip.reel] for clip in self.clips for _ in clip.frames]

    def _without_clips(self, listing: Listing) -> InputError:
        if not listing.skipped:
            return InputError(f"{self.where} holds no clips: give films, strips of frames or folders of frames")
        first = listing.skipped[0]
        more = f", and {len(listing.skipped) - 1:,} more" if len(listing.skipped) > 1 else ""
        is_short = any(reel.scenes for reel in self.reels.reels)
        fewer = f"longer or other ones, or ask for fewer frames than --video {self.video}" if is_short else "other ones"
        return InputError(
            f"{self.where} has no clip that can be used ({shown(first.name)}: {first.reason}{more}): give {fewer}"
        )


def cut_evenly(scene: range, frames: int) -> Iterator[range]:
    """A scene as clips of frames to 8·frames frames, about equally long; none of one that is too short."""
    if len(scene) < frames:
        return
    parts = -(-len(scene) // (MAX_CLIP_LENGTHS * frames))
    ends = [scene.start + len(scene) * part // parts for part in range(parts + 1)]
    yield from map(range, ends[:-1], ends[1:])


def short_scenes(reels: Sequence[Reel], frames: int) -> list[str]:
    """What is to be said of scenes that are too short, of reels that have others."""
    short = sum(
        sum(len(scene) < frames for scene in reel.scenes)
        for reel in reels
        if any(len(scene) >= frames for scene in reel.scenes)
    )
    scenes = sum(len(reel.scenes) for reel in reels)
    return [f"{short:,} of {scenes:,} scenes are shorter than {frames} frames, and left out."] if short else []
