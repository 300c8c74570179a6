"""Tables that tell which pictures belong together: a column of a table beside the pictures, or a file of names and groups."""

import csv
from collections.abc import Mapping, Sequence
from functools import partial

from figment.data.sources.base import ColumnReader
from figment.data.sources.label_tables import (
    FOLDER_TABLES,
    LABEL_COLUMNS,
    LABEL_TABLES,
    MAX_NAME_COLUMNS,
    NAME_COLUMNS,
    Labels,
    Tables,
    best_match,
    header_of,
    rows_of,
    text_of,
)

# That tell what belongs together.
GROUP_COLUMNS = (
    "person", "person_id", "identity", "celeb_id", "subject", "subject_id", "patient", "patient_id", "group", "group_id",
    "scene",
)  # fmt: skip


def read_groups(text: str, column: str | None = None) -> Tables | None:
    """A table of which pictures belong together: what its column of this name says, else the first that is one of groups
    or labels. None where it has no such column.

    Of two columns without a header the second is the groups'; blanks may part them. Raises ValueError or csv.Error with
    the reason for a spoilt one.
    """
    rows = rows_of(text, blanks=True)
    header = header_of(next(rows, []))
    wanted = [column] if column else GROUP_COLUMNS + LABEL_COLUMNS
    group = next((header.index(name) for name in wanted if name in header), None)
    if group is None and column is None and len(header) == 2 and set(header).isdisjoint(NAME_COLUMNS):
        rows, header, group = rows_of(text, blanks=True), [], 1
    if group is None:
        return None
    others = [place for place in range(len(header) or 2) if place != group]
    known = [header.index(name) for name in NAME_COLUMNS if name in header and header.index(name) != group]
    names = known + [place for place in others if place not in known][:MAX_NAME_COLUMNS]
    return Tables([row for row in rows if len(row) > group], header, names, group)


def table_columns(names: Sequence[str], tables: Mapping[str, bytes]) -> dict[str, ColumnReader]:
    """What the columns of tables beside the pictures say, by the columns' names; of two of one name the first table's."""
    found: dict[str, ColumnReader] = {}
    for table in sorted(filter(_is_read, tables), key=lambda name: name.count("/")):
        for column in _columns_of(text_of(tables[table], names)[0]):
            found.setdefault(column, partial(column_of, names, table, tables[table], column))
    return found


def column_of(names: Sequence[str], table: str, content: bytes, column: str | None) -> Labels:
    """What a table's column says of each picture in its folder and below; None for column: the one that is of groups.

    Raises ValueError with the reason where there is none, or where it speaks of none of the pictures.
    """
    folder, slash, _ = table.rpartition("/")
    inner = [name.removeprefix(folder + slash) if name.startswith(folder + slash) else "" for name in names]
    try:
        read = read_groups(text_of(content, names)[0], column)
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if read is None:
        raise ValueError("it needs two columns, a file name and its group, or a column that is called person")
    labels, _, example = best_match(inner, read)
    if all(label is None for label in labels):
        raise ValueError(f"it speaks of {example!r} and others, but of none of the pictures, such as {names[0]!r}")
    return labels


def _is_read(name: str) -> bool:
    last = name.rpartition("/")[2].lower()
    return last in (*LABEL_TABLES, *FOLDER_TABLES) and last.endswith((".csv", ".tsv"))


def _columns_of(text: str) -> list[str]:
    """The names of a table's columns, where its first row is their names; else none."""
    header = header_of(next(rows_of(text), []))
    return header if not set(header).isdisjoint((*NAME_COLUMNS, *LABEL_COLUMNS, *GROUP_COLUMNS)) else []
