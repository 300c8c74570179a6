"""Pictures as a look shows them. A worker imports this file alone, so it imports little."""

from figment.data.decoding.chunks import Chunk
from figment.data.decoding.fit import Target
from figment.data.decoding.prepared import PreparedPicture

SIDE = 96  # pixels


def reduced(chunk: Chunk) -> list[PreparedPicture]:
    """The pictures of a chunk in small, uint8 (3, SIDE, SIDE), or why they can't be read."""
    return list(chunk.prepare(Target(SIDE, SIDE)))
