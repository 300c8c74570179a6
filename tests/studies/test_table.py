"""A study's table: a row a cell, flat, in every form."""

import csv
import io
from dataclasses import replace

import pytest

from figment.studies.results import Factor
from figment.studies.table import as_csv, as_parquet, columns, to_table
from figtest.made_up_studies import ARTICLE, made_up


def test_a_row_holds_levels_and_all_that_is_known_of_a_cell():
    study = made_up()
    rows = to_table(study)
    assert len(rows) == 72
    assert list(rows[0]) == columns(study)
    assert rows[7]["objective"] == study.cells[7].levels["objective"]
    assert rows[7]["score"] == study.cells[7].score
    assert not any(isinstance(value, dict | tuple | list) for row in rows for value in row.values())


def test_csv_is_read_back():
    study = made_up()
    rows = list(csv.DictReader(io.StringIO(as_csv(study))))
    assert [float(row["score"]) for row in rows] == [cell.score for cell in study.cells]
    empty = as_csv(replace(study, cells=(replace(study.cells[0], score=None),)))
    assert next(csv.DictReader(io.StringIO(empty)))["score"] == ""


def test_parquet_is_read_back_levels_of_two_kinds_as_text():
    parquet = pytest.importorskip("pyarrow.parquet")
    study = made_up(factors=(ARTICLE[1], Factor("augment", (None, "full", 3))))
    table = parquet.read_table(io.BytesIO(as_parquet(study))).to_pydict()
    assert table["score"] == [cell.score for cell in study.cells]
    assert set(table["width"]) == {16, 24, 32}
    assert set(table["augment"]) == {None, "full", "3"}


def test_a_factor_that_is_called_as_a_column_keeps_its_own():
    study = made_up(factors=(Factor("images", (10, 20)),))
    row = to_table(study)[0]
    assert row["level_images"] == 10
    assert row["images"] == 100_000
