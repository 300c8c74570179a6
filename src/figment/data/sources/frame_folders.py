"""Folders of frames, from whatever holds pictures: the pictures of each folder, in the order of their numbers, are a clip."""

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from functools import cached_property, partial

from figment.common.video_shape import VideoShape
from figment.data.decoding.chunks import StoredChunk
from figment.data.decoding.strips import frames_of, stored_size
from figment.data.sources.base import Chunks, ColumnReader, Source, hash_texts
from figment.data.sources.labels import by_folders
from figment.data.sources.reels import Reel, Reels, ReelSource
from figment.errors import InputError, Unreadable

MIN_STRIP_FRAMES = 4  # side by side, from which on a picture is rather a strip than a frame
NUMBER = re.compile(r"([0-9]+)")


class FrameFolders(ReelSource):
    """The pictures of a source, those of each folder as one clip."""

    def __init__(self, held: Source, video: VideoShape) -> None:
        self.held, self.video = held, video
        self.display, self.where = held.display, held.where

    @cached_property
    def folders(self) -> dict[str, list[int]]:
        """Slots of the held pictures of each folder, in the order of time; sorted by the folders' names."""
        found: dict[str, list[int]] = {}
        names = self.held.listing.names
        for slot, name in enumerate(names):
            found.setdefault(name.rpartition("/")[0] or self.display, []).append(slot)
        for slots in found.values():
            slots.sort(key=lambda slot: natural(names[slot]))
        return dict(sorted(found.items(), key=lambda item: natural(item[0])))

    @cached_property
    def reels(self) -> Reels:
        whole, folders = self.held.listing, self.folders
        self._refuse_strips()
        labels = by_folders(list(folders)).labels
        if whole.tables:
            labels = [whole.labels[slots[0]] for slots in folders.values()]
        reels = [
            Reel(name, (range(len(slots)),), label)
            for (name, slots), label in zip(folders.items(), labels, strict=True)
        ]
        return Reels(reels, whole.skipped, whole.ignored, whole.aside, (), whole.tables)

    def fingerprint(self) -> str:
        return hash_texts(["folders of frames", str(self.video.frames), self.held.fingerprint()])

    def chunks_of(self, wanted: Mapping[int, tuple[list[int], list[int]]]) -> Chunks:
        slots_of = list(self.folders.values())
        own = {
            slots_of[reel][frame]: slot
            for reel, (slots, frames) in wanted.items()
            for slot, frame in zip(slots, frames, strict=True)
        }
        with closing(self.held.chunks(own)) as chunks:
            for chunk in chunks:
                if not isinstance(chunk, StoredChunk):
                    raise InputError(f"{self.where} holds no clips: leave --video out")
                yield replace(chunk, slots=[own[slot] for slot in chunk.slots])

    def columns(self) -> Mapping[str, ColumnReader]:
        return {name: partial(self._column, column) for name, column in self.held.columns().items()}

    def _column(self, column: ColumnReader) -> list[str | None]:
        told, slots_of = column(), list(self.folders.values())
        return [told[slots_of[clip.reel][frame]] for clip in self.clips for frame in clip.frames]

    def _refuse_strips(self) -> None:
        """Raise InputError where the first picture is a strip of frames: folders of those are no clips."""
        names = self.held.listing.names
        for chunk in self.held.chunks({0}) if names else ():
            if not isinstance(chunk, StoredChunk):
                raise InputError(f"{self.where} holds no clips: leave --video out")
            try:
                frames = frames_of(*stored_size(chunk.payloads[0]))
            except Unreadable:  # which is told when its clip is read
                continue
            if frames >= MIN_STRIP_FRAMES:
                raise InputError(
                    f"{self.where} holds strips of frames ({names[0]} has {frames} squares side by side): say so with"
                    " --fit strip, or leave --video out"
                )


def natural(name: str) -> list[tuple[int, str]]:
    """By which names with numbers are sorted as people count: frame2 before frame10."""
    return [(int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in NUMBER.split(name)]
