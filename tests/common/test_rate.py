"""How fast a training goes, and how long it will take."""

import pytest

from figment.common.rate import Rate, time_left


def test_rate_is_of_the_last_seconds() -> None:
    rate = Rate()
    for second in range(100):
        rate.at(float(second), second * 10)
    assert rate.at(100.0, 990 + 50) == pytest.approx((1040 - 800) / 20, rel=0.1)


def test_the_time_left_is_told_where_it_is_known() -> None:
    assert time_left(None, 60.0, 100, 45.0, 0.0) == "15 s"
    assert time_left(1000, None, 400, 45.0, 20.0) == "30 s"
    assert time_left(1000, None, 1010, 45.0, 20.0) == "0 s"
    assert time_left(1000, None, 0, 0.0, 0.0) == "?"
