"""Several sources as one."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property, partial

from figment.data.decoding.chunks import DrawnChunk
from figment.data.sources.aside import Aside
from figment.data.sources.base import Chunks, ColumnReader, Listing, Skipped, Source, hash_texts


class Joined(Source):
    """Sources one after the other; each one's name stands before the names of its pictures.

    parts: (name, source), the names all different. display, where: of the whole. label_by_part: where no part has
    labels, its name is the label of its pictures.
    """

    def __init__(
        self, parts: Sequence[tuple[str, Source]], display: str, where: str, label_by_part: bool = False
    ) -> None:
        self.parts = parts
        self.display = display
        self.where = where
        self.label_by_part = label_by_part
        self.ignored = 0  # files beside the parts
        self.lists_at_once = all(source.lists_at_once for _, source in parts)
        self.is_drawn = all(source.is_drawn for _, source in parts)
        shapes = {source.video for _, source in parts}
        self.video = shapes.pop() if len(shapes) == 1 else None

    @cached_property
    def listing(self) -> Listing:
        whole = Listing([], [], self.ignored)
        for name, source in self.parts:
            part = source.listing
            whole.names += [f"{name}/{picture}" for picture in part.names]
            whole.labels += part.labels
            whole.ignored += part.ignored
            whole.aside += [Aside(f"{name}/{item.place}", item.what, item.count) for item in part.aside]
            whole.notes += [f"{name}: {note}" for note in part.notes]
            whole.skipped += [Skipped(f"{name}/{item.name}", item.reason) for item in part.skipped]
            if self.video is not None:
                whole.clip_lengths = (whole.clip_lengths or []) + (part.clip_lengths or [])
                whole.films = (whole.films or []) + [f"{name}/{film}" for film in part.films or []]
        if self.label_by_part and len(set(whole.labels)) == 1:  # none, or of folders that all have the one name
            whole.labels = [name for name, source in self.parts for _ in source.listing.names]
        return whole

    def fingerprint(self) -> str:
        pieces = (piece for name, source in self.parts for piece in (name, source.fingerprint()))
        return hash_texts(["joined", str(self.label_by_part), *pieces])

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        start = 0
        for _, source in self.parts:
            count = len(source.listing.names)
            own = None if only is None else {slot - start for slot in only if start <= slot < start + count}
            if own is None or own:
                with closing(source.chunks(own)) as chunks:
                    for chunk in chunks:
                        if isinstance(chunk, DrawnChunk):
                            yield replace(chunk, offset=chunk.offset + start)
                        else:
                            yield replace(chunk, slots=[slot + start for slot in chunk.slots])
            start += count

    def columns(self) -> Mapping[str, ColumnReader]:
        known = [source.columns() for _, source in self.parts]
        return {name: partial(self._column, name, known) for columns in known for name in columns}

    def _column(self, name: str, known: Sequence[Mapping[str, ColumnReader]]) -> list[str | None]:
        """What the parts that have a column of this name say; None for the pictures of others."""
        found: list[str | None] = []
        for (_, source), columns in zip(self.parts, known, strict=True):
            found += columns[name]() if name in columns else [None] * len(source.listing.names)
        return found


def unique_names(names: Sequence[str]) -> list[str]:
    """Names made unique: the second and later of one name get -2, -3, …"""
    seen: Counter[str] = Counter()
    taken = set(names)
    unique = []
    for name in names:
        seen[name] += 1
        fresh = name
        while seen[name] > 1 and fresh in taken:
            fresh = f"{name}-{seen[name]}"
            seen[name] += fresh in taken
        taken.add(fresh)
        unique.append(fresh)
    return unique
