"""Names that people are shown, and what they meant by misspelt ones."""

import pytest

from figment.common.text import distinct, last_of_path, nearest, suggestion


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
