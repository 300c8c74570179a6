"""Names that people are shown, and what they meant by misspelt ones."""

import subprocess
from pathlib import Path

import pytest

from figment.common.text import MAX_SAID, MAX_SHOWN, distinct, last_of_path, nearest, said, shown, suggestion, typed


def test_the_nearest_word_must_be_like_enough() -> None:
    assert nearest("smle", ["light", "smile"]) == "smile"
    assert nearest("abcd", {"abxx": 1}) == "abxx"  # half of it
    assert nearest("abcd", {"abxx": 1}, likeness=0.6) is None


@pytest.mark.parametrize(
    ("known", "most", "said"),
    [
        (["light", "smile"], None, "; did you mean smile?"),
        (["a", "b", "c"], None, "; there are a, b, c."),
        (["a", "b", "c"], 3, "; there are a, b, c."),
        (["a", "b", "c"], 2, "; there are a, b and 1 more."),
        ([f"class {n}" for n in range(3000)], 1, "; there are class 0 and 2,999 more."),
    ],
)
def test_a_suggestion_is_the_nearest_or_tells_what_there_is(known: list[str], most: int | None, said: str) -> None:
    assert suggestion("smiel", known, most) == said


@pytest.mark.parametrize(
    ("path", "last"),
    [("/home/me/a.onnx", "a.onnx"), (r"C:\nets\a.onnx", "a.onnx"), ("a", "a"), ("runs/x-1/", "x-1"), ("", "")],
)
def test_the_last_of_a_path_tells_no_place(path: str, last: str) -> None:
    assert last_of_path(path) == last


def test_equal_names_are_told_apart() -> None:
    assert distinct(["a", "b", "a", "a (2)", "a"]) == ["a", "b", "a (2)", "a (2) (2)", "a (3)"]


def test_foreign_text_is_shown_printable_and_not_at_length() -> None:
    assert shown("a\x1b[31m\nb") == "a\\x1b[31m\\nb"
    assert shown("x" * 1_000_000) == "x" * MAX_SHOWN + "…"
    assert shown("x" * MAX_SHOWN) == "x" * MAX_SHOWN
    assert len(suggestion("y" * 1_000_000, ["x" * 1_000_000])) < 300


@pytest.mark.parametrize("value", ["x" * 300, "x" * 50_000, "x/" * 20_000, "x " * 20_000, "\x1b" * 20_000])
def test_a_sentence_keeps_its_beginning_and_its_mend_whatever_it_repeats(value: str) -> None:
    told = said(f"--label {value}: no class of it; did you mean cat?")
    assert told.startswith("--label ")
    assert told.endswith(": no class of it; did you mean cat?")
    assert len(told) <= MAX_SAID
    assert told.isprintable()
    if value == "x" * len(value):
        assert f"{'x' * MAX_SHOWN}…" in told
        assert "x" * (MAX_SHOWN + 1) not in told


def test_an_ordinary_sentence_is_said_to_the_letter() -> None:
    path = "/".join(["folder"] * 40)
    assert said(f"go on with figment resume {path}.") == f"go on with figment resume {path}."
    assert said("a\nb") == "a\\nb"
    assert said("a\nb", lines=True) == "a\nb"


@pytest.mark.parametrize("name", ["runs/a", "my run & co", "it's", "$HOME;`x`", "a\x1b[31m\nb", "-rf", "\x85\u202eé '"])
def test_a_path_can_be_typed_as_it_is_told(name: str) -> None:
    told = typed(Path(name))
    assert told.isprintable()
    heard = subprocess.run(
        ["bash", "-c", f"printf %s {told}"], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert heard.stdout.decode() == (f"./{name}" if name.startswith("-") else name)
    assert typed(Path("runs/a")) == "runs/a"
    assert typed("-x") == "-x"  # a word that is no path
