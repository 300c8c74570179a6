"""`figment recipes`: the table of named recipes, and all that one sets."""

import subprocess
import sys

import pytest

from figment import presets, recipe
from figment.cli.recipes import written
from figtest.command import command


def said(capsys: pytest.CaptureFixture, *words: str, status: int = 0) -> str:
    assert command("recipes", *words) == status
    return "".join(capsys.readouterr())


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"dcgan": {}, "some-faces": dict(size="64x96", nets="r3gan", lr_final=0.2, widths=(8, 8, 8, 4, 4))}
    expected = {"dcgan": "the article's", "some-faces": "faces in an hour"}
    table = {name: presets.Preset(fields, expected[name]) for name, fields in rows.items()}
    monkeypatch.setattr(presets, "PRESETS", table)


@pytest.mark.usefixtures("table")
def test_a_line_a_recipe(capsys: pytest.CaptureFixture) -> None:
    auto, dcgan, faces = said(capsys).splitlines()
    assert auto.startswith("auto ")
    assert dcgan.split() == ["dcgan", "dcgan", "any", "size", "the", "article's"]
    assert faces.split(maxsplit=4) == ["some-faces", "r3gan", "64x96", "px", "faces in an hour"]
    assert faces.index("r3gan") == dcgan.rindex("dcgan")
    assert said(capsys, "auto") == said(capsys)


@pytest.mark.usefixtures("table")
def test_a_line_a_field(capsys: pytest.CaptureFixture) -> None:
    lines = said(capsys, "some-faces").splitlines()
    assert lines[0] == "some-faces: faces in an hour"
    told = {line[2:].split()[0]: line for line in lines[2:-2]}
    assert list(told) == list(recipe.Recipe.model_fields)
    for name, field in recipe.Recipe.model_fields.items():
        named = recipe.choices(name)
        assert told[name].endswith((field.description or "") + (f" [{', '.join(named)}]" if named else ""))
    assert told["objective"].endswith("[bce, mse, ml, hinge, wgan, relativistic]")
    assert [name for name, line in told.items() if line[0] == "*"] == ["size", "nets", "widths", "lr_final"]
    assert told["widths"].split()[2] == "8,8,8,4,4"
    assert told["size"].split()[2] == "64x96"
    assert told["beta2_final"].split()[1] == "–"


def test_every_recipe_of_the_table_is_listed(capsys: pytest.CaptureFixture) -> None:
    assert [line.split()[0] for line in said(capsys).splitlines()] == ["auto", *presets.PRESETS]
    for name in presets.PRESETS:
        assert said(capsys, name).startswith(name)


def test_an_unknown_name(capsys: pytest.CaptureFixture) -> None:
    assert "dgan: unknown recipe; did you mean dcgan?" in said(capsys, "dgan", status=2)


def test_values_are_written_as_they_are_given() -> None:
    values = [None, (), True, 0.0002, 64, (768, 384), "auto", 1.0]
    assert [written(value) for value in values] == ["–", "–", "true", "0.0002", "64", "768,384", "auto", "1"]


def test_nothing_heavy_is_imported() -> None:
    code = "import sys, figment.cli as c\ntry: c.main(['recipes'])\nexcept SystemExit: print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "dcgan" in out
    assert not any(f"'{heavy}'" in out for heavy in ("torch", "numpy", "PIL", "rich", "matplotlib", "av"))
