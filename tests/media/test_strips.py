"""Sheets of rows with names and titles."""

import numpy as np
import pytest
import torch

from figment.media.strips import GAP_PIXELS, INK, PAPER, broken, strips, strips_size


def test_pictures_stand_in_rows_enlarged_and_unchanged() -> None:
    random = np.random.default_rng(0)
    first, second = random.integers(0, 256, (3, 3, 32, 40), np.uint8), random.integers(0, 256, (2, 1, 32, 40), np.uint8)
    sheet = strips([("", first), ("", torch.from_numpy(second))])
    assert sheet.shape == (2 * 64 + GAP_PIXELS, 3 * 80 + 2 * GAP_PIXELS, 3)
    for column, picture in enumerate(first):
        tile = sheet[:64, column * (80 + GAP_PIXELS) :][:, :80]
        assert np.array_equal(tile[::2, ::2], picture.transpose(1, 2, 0))
        assert np.array_equal(tile[1::2, 1::2], picture.transpose(1, 2, 0))
    for column, picture in enumerate(second):
        tile = sheet[64 + GAP_PIXELS :, column * (80 + GAP_PIXELS) :][:, :80]
        assert np.array_equal(tile[::2, ::2], np.repeat(picture.transpose(1, 2, 0), 3, 2))
    assert (sheet[64 + GAP_PIXELS :, 2 * (80 + GAP_PIXELS) :] == PAPER).all()


def test_names_and_titles_stand_beside_and_above() -> None:
    pictures = np.zeros((2, 3, 64, 64), np.uint8)
    plain, named = strips([("", pictures)]), strips([("a → b\nσ", pictures)], ["−3σ", "+3σ"])
    left, top = named.shape[1] - plain.shape[1], named.shape[0] - plain.shape[0]
    assert left > 0
    assert top > 0
    assert np.array_equal(named[top:, left:], plain)
    for part in (named[top:, :left], named[:top, left : left + 64], named[:top, left + 64 + GAP_PIXELS :]):
        assert (part == PAPER).all(2).any()
        assert (abs(part.astype(int) - INK).max(2) < 60).any()


def test_a_name_higher_than_its_pictures_makes_room() -> None:
    tall = strips(
        [("\n".join("abcdefgh"), np.zeros((1, 3, 64, 64), np.uint8)), ("", np.zeros((1, 3, 64, 64), np.uint8))]
    )
    assert tall.shape[0] > 2 * 64 + GAP_PIXELS


def test_long_names_are_broken_at_spaces() -> None:
    assert broken("the reader of built-in portraits", 15) == "the reader of\nbuilt-in\nportraits"
    assert broken("a\nb") == "a\nb"
    assert broken("unbreakable", 4) == "unbreakable"


def test_nothing_to_show_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        strips([("a", np.zeros((0, 3, 8, 8), np.uint8))])


def test_the_size_of_a_sheet_is_known_before_it_is_drawn() -> None:
    rows = [
        ("one", np.zeros((3, 3, 20, 30), np.uint8)),
        ("a name of\nseveral lines", np.zeros((1, 1, 20, 30), np.uint8)),
    ]
    for titles in ((), ("first", "second", "third")):
        expected = strips(rows, titles).shape[:2]
        assert strips_size([name for name, _ in rows], [3, 1], titles, (20, 30)) == expected
