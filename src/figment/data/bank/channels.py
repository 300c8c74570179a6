"""Whether a set is prepared in grey or in colour, where nobody says: a sample of its pictures decides."""

from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from figment.common.files import write_atomically
from figment.data.bank.workers import map_unordered
from figment.data.decoding.chunks import Chunk, StoredChunk, rescue
from figment.data.decoding.decode import is_grey
from figment.data.decoding.film_chunks import FilmChunk
from figment.data.decoding.strips import StripChunk
from figment.data.sources.open import Drawn, Source
from figment.errors import Unreadable

SAMPLE_PICTURES = 100  # that decide


def choose_channels(source: Source, note: Path) -> int:
    """1 where a sample spread over the source is all grey, else 3.

    note: the file that the answer is noted in, since it takes time in an archive.
    """
    if isinstance(source, Drawn):
        return 3
    with suppress(OSError, ValueError):
        return {"1": 1, "3": 3}[note.read_text("ascii")]
    places = np.linspace(0, len(source.listing.names) - 1, min(SAMPLE_PICTURES, len(source.listing.names)))
    with (
        closing(source.chunks(only=set(places.round().astype(int).tolist()))) as chunks,
        closing(map_unordered(are_grey, chunks, processes=1, rescue=rescue)) as results,
    ):
        found: set[bool] = set()
        for result in results:
            found |= set(result)
            if False in found:
                break
    channels = 1 if found == {True} else 3
    with suppress(OSError):  # not being able to take notes costs time and nothing else
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(note, str(channels))
    return channels


def are_grey(chunk: Chunk) -> list[bool]:
    """For each readable picture of a chunk, whether it holds no colour; runs in a worker."""
    found: list[bool] = []
    if isinstance(chunk, StripChunk | FilmChunk):
        try:
            return [bool((frame == frame[:, :, :1]).all()) for frame in chunk.pictures()]
        except Unreadable:
            return []
    for _, grey in chunk.each(is_grey) if isinstance(chunk, StoredChunk) else ():
        if not isinstance(grey, Unreadable):
            found.append(grey)
            if not grey:
                break
    return found
