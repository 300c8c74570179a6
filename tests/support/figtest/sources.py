"""What a source of pictures gives."""

from collections.abc import Collection
from pathlib import Path

from figment.data.decoding.chunks import StoredChunk
from figment.data.decoding.decode import Payload
from figment.data.sources.open import Source


def contents(source: Source, only: Collection[int] | None = None) -> dict[str, Payload]:
    """Every picture as its source has it, by name; of one that is a file of its own, the file's bytes."""
    found: dict[str, Payload] = {}
    for chunk in source.chunks(only):
        assert isinstance(chunk, StoredChunk)
        for slot, payload in zip(chunk.slots, chunk.payloads, strict=True):
            content = Path(payload).read_bytes() if isinstance(payload, str) else payload
            found[source.listing.names[slot]] = content
    return found
