"""Sizes as people write them."""

import pytest

from figment.common import sizes


@pytest.mark.parametrize(
    ("text", "size"),
    [("64", (64, 64)), (" 64x96 ", (64, 96)), ("64X96", (64, 96)), ("64×96", (64, 96)), ("64x64", (64, 64))],
)
def test_sizes_are_read(text: str, size: tuple[int, int]) -> None:
    assert sizes.sides(text) == size
    assert sizes.shape(sizes.parse(text)) == size


@pytest.mark.parametrize("text", ["", "x", "64x", "x64", "64*96", "6 4", "-64", "64.0", "1234567", "64x96x3"])
def test_other_texts_are_no_sizes(text: str) -> None:
    assert sizes.sides(text) is None
    with pytest.raises(ValueError, match="such as 64x96"):
        sizes.parse(text)


def test_squares_are_one_number() -> None:
    assert sizes.parse("64x64") == sizes.parse([64, 64]) == sizes.parse(64) == 64
    assert sizes.parse((64, 96)) == (64, 96)
    assert sizes.as_text(64) == sizes.as_text((64, 64)) == "64"
    assert sizes.as_text((64, 96)) == "64x96"
