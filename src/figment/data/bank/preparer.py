"""What becomes of a chunk, wherever that is done: its pictures decoded, brought to the target, and written at their slots."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from figment.data.bank.shards import ShardWriter
from figment.data.decoding.chunks import Chunk
from figment.data.decoding.depth import Scales
from figment.data.decoding.fit import Target
from figment.data.decoding.prepared import PreparedPicture


@dataclass(frozen=True)
class Decoder:
    """Prepares the pictures of a chunk; runs in workers, this machine's or a cluster's.

    scales, keep_marked: as read takes them.
    """

    target: Target
    scales: Scales = field(default_factory=dict)
    keep_marked: bool = True

    def each(self, chunk: Chunk) -> Iterator[PreparedPicture]:
        return chunk.prepare(self.target, self.scales, self.keep_marked)

    def __call__(self, chunk: Chunk) -> list[PreparedPicture]:
        return list(self.each(chunk))


@dataclass(frozen=True)
class ChunkPreparer:
    """Prepares chunks and writes each picture at its slot among the shards of a folder."""

    folder: str
    per_shard: int
    decoder: Decoder

    def __call__(self, chunk: Chunk) -> list[PreparedPicture]:
        """What became of each picture, without the pixels; runs in the workers of this machine."""
        return self.write(self.decoder.each(chunk))

    def write(self, pictures: Iterable[PreparedPicture]) -> list[PreparedPicture]:
        """Write the pixels of those that have some, one after the other; gives the rest of what is known of each."""
        done = []
        with ShardWriter(Path(self.folder), self.decoder.target.picture_bytes, self.per_shard) as shards:
            for picture in pictures:
                if picture.pixels is not None:
                    shards.write(picture.slot, picture.pixels.tobytes())
                done.append(replace(picture, pixels=None))
        return done
