"""What keeps pictures together, all of a person, say: a pattern of their names, a column that tells it, or a file."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from figment.common.places import expanded
from figment.common.refusals import refusal
from figment.common.text import nearest
from figment.data.sources.base import Source
from figment.data.sources.group_tables import column_of
from figment.data.sources.label_tables import column_name
from figment.errors import InputError

LABEL = "label"  # the column that every source with labels has
WORDS = re.compile(r"\w[\w .-]*")  # a column may be called so
TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
MAX_GROUPS_FILE_BYTES = 2**28


@dataclass(frozen=True)
class Grouping:
    """How pictures are grouped.

    text: as it was given, a file by its absolute path. key: the same key groups the pictures of a source alike. Of
    pattern, column and table (a file's content) one is there.
    """

    text: str
    key: str
    pattern: re.Pattern[str] | None = None
    column: str | None = None
    table: bytes | None = None

    def of(self, source: Source) -> list[str | None]:
        """The group of each picture, or None. Raises InputError where it tells none of any picture."""
        if self.pattern is not None:
            return self._by_pattern(self.pattern, source.listing.names)
        if self.table is not None:
            try:
                return column_of(source.listing.films or source.listing.names, "", self.table, None)
            except ValueError as error:
                raise InputError(f"--group {self.text} can't be used as a table of groups ({error}): mend it") from None
        return self._by_column(source)

    def _by_pattern(self, pattern: re.Pattern[str], names: list[str]) -> list[str | None]:
        matches = [pattern.search(name) for name in names]
        found = [match[1] if match else None for match in matches]
        if all(group is None for group in found):
            example = f", such as {names[0]!r}" if names else ""
            raise InputError(f"--group {self.text!r} matches no picture's name{example}: mend the pattern")
        return found

    def _by_column(self, source: Source) -> list[str | None]:
        wanted = column_name(str(self.column))
        columns = {column_name(name): read for name, read in source.columns().items()}
        labels = source.listing.labels
        if wanted == LABEL and any(label is not None for label in labels):
            return list(labels)
        if wanted not in columns:
            raise InputError(f"--group {self.text}: {self._no_column(source, list(columns))}")
        try:
            found = columns[wanted]()
        except ValueError as error:
            raise InputError(f"--group {self.text}: that column of {source.where} can't be used ({error})") from None
        if all(group is None for group in found):
            raise InputError(f"--group {self.text}: that column of {source.where} is empty: name another")
        return found

    def _no_column(self, source: Source, columns: list[str]) -> str:
        known = columns + [LABEL] * any(label is not None for label in source.listing.labels)
        if near := nearest(str(self.column), known, 0.6):
            return f"{source.where} has no such column; did you mean {near}?"
        has = f"it has {', '.join(sorted(set(known))[:20])}" if known else "it has none"
        return (
            f"{source.where} has no column of this name ({has}): give one, a file of names and groups, or a pattern with a"
            " bracket around what names the group: '^(.*)_'"
        )


def grouping(group: str) -> Grouping:
    """What a text for --group means: a file that is there, a pattern with a bracket, or the name of a column.

    Raises InputError for what is none of them.
    """
    path = expanded(group)
    if path.suffix or os.sep in group:
        try:
            if path.is_file():
                return _by_file(path)
        except (OSError, ValueError):  # no name that a file can have
            pass
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise InputError(f"--group '{group}' isn't a regular expression ({error}): mend it") from None
    if pattern.groups:
        return Grouping(group, group, pattern=pattern)
    if os.sep in group or path.suffix in TABLE_SUFFIXES:
        raise InputError(f"--group {group} is no file that is there: check its path, or put it back")
    if WORDS.fullmatch(group):
        return Grouping(group, group, column=group)
    raise InputError(
        f"--group '{group}' has no bracket: put one around what names the group, '^(.*)_', or name a column or a file of"
        " groups"
    )


def _by_file(path: Path) -> Grouping:
    try:
        if path.stat().st_size > MAX_GROUPS_FILE_BYTES:
            raise InputError(f"--group {path} is too large to be a table of names and groups: give another")
        content = path.read_bytes()
    except OSError as error:
        raise refusal(path, error, done="read") from None
    return Grouping(str(path.absolute()), f"file:{hashlib.sha256(content).hexdigest()}", table=content)
