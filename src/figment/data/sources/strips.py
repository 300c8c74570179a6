"""Horizontal strips of frames, from whatever holds pictures: each picture is a clip."""

from collections.abc import Mapping
from contextlib import closing
from functools import cached_property

from figment.common.video_shape import VideoShape
from figment.data.bank.workers import map_unordered
from figment.data.decoding.chunks import Chunk, StoredChunk, rescue
from figment.data.decoding.strips import StripChunk, frames_of, stored_size
from figment.data.sources.base import Chunks, ColumnReader, Skipped, Source, hash_texts
from figment.data.sources.reels import Reel, Reels, ReelSource
from figment.errors import InputError, Unreadable

Sizes = list[tuple[int, tuple[int, int] | str]]  # slot, and height and width or why there are none


class Strips(ReelSource):
    """The pictures of a source, each as the clip whose frames stand in it side by side."""

    def __init__(self, held: Source, video: VideoShape) -> None:
        self.held, self.video = held, video
        self.display, self.where = held.display, held.where

    @cached_property
    def reels(self) -> Reels:
        whole = self.held.listing
        reels = [Reel(name, (), label) for name, label in zip(whole.names, whole.labels, strict=True)]
        skipped = list(whole.skipped)
        for slot, size in self._sizes():
            frames = 0 if isinstance(size, str) else frames_of(*size)
            if frames:
                reels[slot] = Reel(whole.names[slot], (range(frames),), whole.labels[slot])
            else:
                reason = size if isinstance(size, str) else f"no strip: {size[1]}×{size[0]} isn't a row of squares"
                skipped.append(Skipped(whole.names[slot], reason))
        return Reels(reels, skipped, whole.ignored, whole.aside, whole.notes, whole.tables)

    def fingerprint(self) -> str:
        return hash_texts(["strips", str(self.video.frames), self.held.fingerprint()])

    def chunks_of(self, wanted: Mapping[int, tuple[list[int], list[int]]]) -> Chunks:
        with closing(self.held.chunks(wanted)) as chunks:
            for chunk in chunks:
                if not isinstance(chunk, StoredChunk):
                    raise InputError(f"{self.where} holds no strips: leave --fit strip out")
                for reel, payload in zip(chunk.slots, chunk.payloads, strict=True):
                    yield StripChunk(*wanted[reel], payload)

    def columns(self) -> Mapping[str, ColumnReader]:
        return {name: self.per_frame(column) for name, column in self.held.columns().items()}

    def _sizes(self) -> Sizes:
        with (
            closing(self.held.chunks()) as chunks,
            closing(map_unordered(sizes_of, chunks, rescue=rescue)) as results,
        ):
            return sorted((size for result in results for size in result), key=lambda size: size[0])


def sizes_of(chunk: Chunk) -> Sizes:
    """Sizes of the pictures of a chunk; runs in a worker."""
    each = chunk.each(stored_size) if isinstance(chunk, StoredChunk) else ()
    return [(slot, str(size) if isinstance(size, Unreadable) else size) for slot, size in each]
