"""A study as a table: a flat row a cell, for pandas, CSV, Parquet and people."""

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from figment.common.extras import require
from figment.studies.results import CellResult, StudyResults

NO_COLUMN = {"levels", "marks"}  # of a cell's fields
FIELDS = tuple(field.name for field in fields(CellResult) if field.name not in NO_COLUMN)


def to_table(results: StudyResults) -> list[dict[str, Any]]:
    """A row for each cell, in their order: its number, its levels by the factors' names, then all else but its marks.

    `pandas.DataFrame(to_table(results))` takes it. A factor that is called as a column is, such as images, has its name behind
    level_.
    """
    return [_row(results, cell) for cell in results.cells]


def columns(results: StudyResults) -> list[str]:
    """The names of the columns."""
    levels = [_column(factor.name) for factor in results.factors]
    return [FIELDS[0], *levels, *FIELDS[1:]]


def as_csv(results: StudyResults) -> str:
    """A line for each cell under a head; an empty field for what isn't known."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(results), lineterminator="\n")
    writer.writeheader()
    writer.writerows(to_table(results))
    return text.getvalue()


def as_parquet(results: StudyResults) -> bytes:
    """A Parquet file's bytes. Levels of different kinds, such as none and 3, come as text. Raises InputError without pyarrow."""
    require("parquet", "a Parquet file")
    import pyarrow
    import pyarrow.parquet

    rows = to_table(results)
    data = {name: _of_one_kind([row[name] for row in rows]) for name in columns(results)}
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(data), file)
    return file.getvalue()


def _row(results: StudyResults, cell: CellResult) -> dict[str, Any]:
    levels = {_column(factor.name): cell.levels[factor.name] for factor in results.factors}
    first, *more = FIELDS
    return {first: getattr(cell, first), **levels, **{name: getattr(cell, name) for name in more}}


def _column(factor: str) -> str:
    return f"level_{factor}" if factor in FIELDS else factor


def _of_one_kind(values: Sequence[Any]) -> list[Any]:
    kinds = {type(value) for value in values if value is not None}
    return list(values) if len(kinds) < 2 or kinds == {int, float} else [None if v is None else str(v) for v in values]
