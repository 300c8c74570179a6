"""Predictors learnt from labels."""

from pathlib import Path

import numpy as np
import pytest

from figment import presets
from figment.attributes.conditions import parse_conditions
from figment.attributes.from_labels import label_columns, linear_predictor, table_columns
from figment.data.bank.prepare import prepare
from figment.discriminator import Discriminator, untrained
from figment.errors import InputError
from figtest.pictures import draw_shades


@pytest.fixture(scope="module")
def shades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright and dark pictures in a folder each."""
    return draw_shades(tmp_path_factory.mktemp("data") / "shades")


@pytest.fixture
def discriminator() -> Discriminator:
    return untrained(presets.make("dcgan", size=16, channels=3, width=4, discriminator_norm="none"))


def test_a_predictor_learns_what_labels_mean(shades: Path, discriminator: Discriminator) -> None:
    bank = prepare(shades, 16)
    told_of = []
    found = linear_predictor(
        discriminator, bank, label_columns(bank.labels), lambda done, total: told_of.append((done, total))
    )
    assert found.names == ("bright", "dark")
    assert found.accuracy == {"bright": 1, "dark": 1}
    assert told_of[-1] == (120, 120)
    flat = np.repeat(np.array([200, 190, 50, 40], np.uint8), 768).reshape(4, 3, 16, 16)
    scores = found.predict(flat)
    assert (scores["bright"] > 0).tolist() == [True, True, False, False]
    assert np.allclose(scores["bright"], -scores["dark"], atol=1e-3)


def test_numbers_are_read_as_numbers(shades: Path, discriminator: Discriminator) -> None:
    bank = prepare(shades, 16)
    level = np.array([picture.mean() for picture in bank.pictures[np.arange(len(bank.pictures))]])
    level[::7] = np.nan
    found = linear_predictor(discriminator, bank, {"level": level})
    assert found.continuous == {"level"}
    assert found.accuracy["level"] > 0.9
    flat = np.repeat(np.array([180, 60], np.uint8), 768).reshape(2, 3, 16, 16)
    bright, dark = found.predict(flat)["level"]
    assert bright > dark + 60
    with pytest.raises(InputError, match="such as level>1"):
        parse_conditions("level", found)


def test_labels_that_tell_nothing_apart_are_refused(shades: Path, discriminator: Discriminator) -> None:
    bank = prepare(shades, 16)
    one = np.full(len(bank.pictures), np.nan)
    one[bank.train[0]] = 1
    one[bank.train[1:9]] = 0
    with pytest.raises(
        InputError, match="--labels: nothing to learn from rare: shades hasn't two kinds of at least two"
    ):
        linear_predictor(discriminator, bank, {"rare": one})
    with pytest.raises(InputError, match="nothing to learn from same"):
        linear_predictor(discriminator, bank, {"same": np.ones(len(bank.pictures))})
    said = []
    found = linear_predictor(discriminator, bank, label_columns(bank.labels) | {"rare": one}, say=said.append)
    assert found.names == ("bright", "dark")
    assert "left out: rare: " in said[0]
    assert "on held-out ones it is right: bright 1.00, dark 1.00" in said[1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,x,\n1.png,1,2\n", "a heading of its own"),
        ("file,x,x\n1.png,1,2\n", "a heading of its own"),
        ("file,x\n1.png,inf\n", "the column x has numbers beyond"),
        ("file,x\n1.png,1e300\n", "the column x has numbers beyond"),
        (f'file,x\n1.png,"{"a" * 200_000}"\n', "no table that can be read .*: check its quotes"),
    ],
)
def test_tables_that_make_no_sense_are_refused(text, says) -> None:
    with pytest.raises(InputError, match=rf"x\.csv.* {says}"):
        table_columns(text, ["1.png"], "x.csv")


def test_a_table_becomes_columns() -> None:
    names = ["a/1.png", "b/2.png", "3.png", "4.png"]
    text = "file,Smiling,age,hair\n1.png,-1,20,red\nb/2.png,1,31.5,black\n3.png,1,,red\nother.png,1,3,red\n"
    columns = table_columns(text, names, "x.csv")
    assert list(columns) == ["Smiling", "age", "hair=black", "hair=red"]
    assert np.array_equal(columns["Smiling"], [0, 1, 1, np.nan], equal_nan=True)
    assert np.array_equal(columns["age"], [20, 31.5, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(columns["hair=red"], [1, 0, 1, np.nan], equal_nan=True)
    assert list(table_columns("f,label\n1.png,cat\n3.png,dog\n", names, "x.csv")) == ["cat", "dog"]
    with pytest.raises(InputError, match=r"x.csv names none of the run's pictures: .* such as a/1.png"):
        table_columns("file,x\n9.png,1\n", names, "x.csv")
    with pytest.raises(InputError, match=r"x\.csv is no table"):
        table_columns("1.png\n", names, "x.csv")
