"""A plan that the first measurement misjudged is made anew, but only while that does no harm."""

import pytest

from figment.recipe import make
from figment.training.loop import Pace, replanned
from figment.training.parallel import World

RECIPE = make("dcgan", seconds=100.0, planned_images=10_000, batch=10)
START = Pace(0, 0.0)


def plan(images: int, seconds: float) -> int:
    return replanned(RECIPE, START, Pace(images, seconds), World.alone()).planned_images


def test_the_pace_so_far_decides() -> None:
    assert plan(2000, 10.0) == 20_000
    assert plan(500, 10.0) == pytest.approx(5000, abs=1)


def test_small_errors_early_times_and_the_second_half_change_nothing() -> None:
    assert plan(1010, 10.0) == 10_000
    assert plan(200, 2.0) == 10_000
    assert plan(8000, 60.0) == 10_000
    assert replanned(make("dcgan", images=10), START, Pace(5, 9.0), World.alone()).planned_images == 0
