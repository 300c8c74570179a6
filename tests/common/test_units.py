import pytest

from figment.common import units
from figment.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("3m", 180), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400), ("1d", 86400)]
)
def test_seconds(text: str, expected: float) -> None:
    assert units.seconds(text) == expected


@pytest.mark.parametrize("text", ["soon", "", "3", "m", "-3m", "3 m", "0s", "0.5s", "1e3s", "3m!"])
def test_bad_seconds(text: str) -> None:
    with pytest.raises(InputError, match=r"^--for "):
        units.seconds(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("800", 800), ("500k", 500_000), ("2M", 2_000_000), ("1.5M", 1_500_000)]
)
def test_images(text: str, expected: int) -> None:
    assert units.images(text) == expected


@pytest.mark.parametrize("text", ["many", "", "0", "-5", "5K", "1e6"])
def test_bad_images(text: str) -> None:
    with pytest.raises(InputError, match=r"^--images "):
        units.images(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500MB", 500_000_000), ("1.5 GB", 1_500_000_000), ("2GiB", 2**31), ("800", 800), ("3k", 3000), ("1tb", 10**12)],
)
def test_bytes(text: str, expected: int) -> None:
    assert units.byte_count(text, "--max-size") == expected


@pytest.mark.parametrize("text", ["big", "", "-5MB", "5 M M", "iB", "1e6", "MB"])
def test_bad_bytes(text: str) -> None:
    with pytest.raises(InputError, match=r"^--max-size "):
        units.byte_count(text, "--max-size")


def test_as_people_read_them() -> None:
    assert [units.as_rough_time(t) for t in (3, 41, 61, 150, 4000)] == ["10 s", "50 s", "2 min", "3 min", "2 h"]
    assert [units.as_time(t) for t in (42, 185, 7620, 59.7)] == ["42 s", "3 min 05 s", "2 h 07 min", "1 min 00 s"]
    assert [units.as_images(n) for n in (800, 12_345, 1_240_000)] == ["800", "12.3 kimg", "1.24 Mimg"]
    sizes = 640, 81_234, 1_000_000, 3_210_000, 180_400_000, 1_440_000_000
    told = ["640 bytes", "81 kB", "1 MB", "3.2 MB", "180 MB", "1.44 GB"]
    assert [units.as_bytes(n) for n in sizes] == told


@pytest.mark.parametrize(
    ("given", "count", "sign", "told"),
    [(18123.4, 4, "", "18,120"), (5813.2, 4, "", "5,813"), (0.012345, 3, "", "0.0123"), (445.2, 3, "+", "+445"),
     (-12303.0, 3, "+", "-12,300"), (9999.6, 4, "", "10,000"), (float("nan"), 4, "", "nan")],
)  # fmt: skip
def test_digits_without_an_exponent(given: float, count: int, sign: str, told: str) -> None:
    assert units.digits(given, count, sign) == told
