"""A set of the catalog under its name, with what the catalog knows of it: which of its pictures belong together."""

import re
from collections.abc import Callable, Collection, Mapping
from functools import cached_property, partial
from pathlib import Path

from figment.data.public.catalog import Together
from figment.data.sources.base import Chunks, ColumnReader, Listing, Source
from figment.data.sources.group_tables import column_of

Fetch = Callable[
    [str], Path
]  # the file of names and groups, downloaded where it isn't there, by what the groups are called


class NamedSet(Source):
    """What a set's files hold, and columns by what its catalog entry calls them. fetch: brings the file of one."""

    def __init__(self, held: Source, name: str, together: tuple[Together, ...], fetch: Fetch) -> None:
        self.held = held
        self.lists_at_once = held.lists_at_once
        self.where = self.display = name
        self.together = together
        self.fetch = fetch

    @cached_property
    def listing(self) -> Listing:
        return self.held.listing

    def fingerprint(self) -> str:
        return self.held.fingerprint()  # so that a bank is the set's, however it is opened

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        return self.held.chunks(only)

    def columns(self) -> Mapping[str, ColumnReader]:
        return {**self.held.columns(), **{one.name: partial(self._groups, one) for one in self.together}}

    def _groups(self, one: Together) -> list[str | None]:
        if one.file is None:
            matches = (re.search(one.pattern, name) for name in self.listing.names)
            return [match[1] if match else None for match in matches]
        return column_of(self.listing.names, "", self.fetch(one.name).read_bytes(), None)
