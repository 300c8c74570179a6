"""run.toml: read by its own reader, written so that any TOML reader finds the same, and refused in a sentence."""

import tomllib
from pathlib import Path

import pytest

from figment.config_file import read, written
from figment.errors import InputError

OPTIONS = {
    "for": "text",
    "images": "text",
    "size": "text",
    "labels": "flag",
    "log": "list",
    "recipe": "text",
    "seed": "text",
}


def file_of(folder: Path, text: str | bytes) -> Path:
    path = folder / "run.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_what_is_written_is_read_by_any_reader() -> None:
    nasty = 'a "b" \\ c\n\x7f\x01 ü 😀 \t#'
    choices = {
        "size": (64, 96), "labels": False, "seed": 2**62, "lr": 1e-5, "widths": (64, 32), "objective": "mse", "flips": True,
        "pictures": None, "frames": 16, "fps": 12.0,
    }  # fmt: skip
    text = written(
        [nasty, "b"], "10m", None, {"recipe": "auto", "group": nasty, "device": "auto", "drop": None}, choices
    )
    assert tomllib.loads(text) == {
        "data": [nasty, "b"], "for": "10m", "group": nasty, "video": "16x12", "size": "64x96", "labels": False, "seed": 2**62,
        "set": {"lr": 1e-5, "widths": [64, 32], "objective": "mse", "flips": True, "pictures": "none"},
    }  # fmt: skip


def test_a_name_that_is_no_text_is_escaped() -> None:
    assert tomllib.loads(written("a\udcff", None, 100, {}, {})) == {"data": "a\\xff", "images": 100}


def test_keys_have_the_options_types(tmp_path: Path) -> None:
    text = 'data = "a"\nimages = 800\nsize = [64, 96]\nlabels = true\nlog = "tensorboard"\n'
    text += '[set]\nbeta2_final = "none"\naugment = "none"'
    assert read(file_of(tmp_path, text), OPTIONS) == {
        "data": ["a"], "images": "800", "size": "64x96", "labels": True, "log": ["tensorboard"],
        "set": {"beta2_final": None, "augment": "none"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("recipee = 'dcgan'", "there is no key recipee; did you mean recipe?"),
        ("width = 3", r"it is a recipe's field, so write it below \[set\], width = …"),
        ("for = 600", 'for must be text, as in for = "10m"'),
        ("images = true", 'images must be a whole number or text, as in images = "500k"'),
        ("images = 1979-05-27", "images must be a whole number"),
        ("labels = 1", "labels must be true or false"),
        ("data = [1]", "data must be text, or several in brackets"),
        ("set = 3", "set must be fields of the recipe"),
        ("[set]\nwidth = 1979-05-27", "set.width must be a number"),
        ("[set]\nsize = 64", "set.size has a key of its own: write size = … above"),
        ("[set]\nframes = 16", "set.frames has a key of its own: write video"),
        ("for = '3m'\nimages = 3", "can't both be the budget"),
        ("for =", r"holds no TOML that can be read \(.*value"),
        (b"\xff\xfe", "isn't text in UTF-8"),
        ("a = " + "[" * 5000, "no TOML that can be read"),
        ("#" * (2**20 + 1), "longer than a megabyte"),
    ],
)
def test_what_can_t_be_used_is_one_sentence(tmp_path: Path, text: str | bytes, says: str) -> None:
    path = file_of(tmp_path, text)
    with pytest.raises(InputError, match=says) as no:
        read(path, OPTIONS)
    assert str(no.value).startswith(f"--config {path}")
    assert "\n" not in str(no.value)


def test_what_is_no_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"isn't there: name a file such as run.toml"):
        read(tmp_path / "none.toml", OPTIONS)
    with pytest.raises(InputError, match=r"is a folder: name a file"):
        read(tmp_path, OPTIONS)
    file_of(tmp_path, "")
    with pytest.raises(InputError, match=r"is a folder: name the file, .*run.toml"):
        read(tmp_path, OPTIONS)
