"""A plan that the pace of a run has belied is made anew, until the schedules' end."""

import pytest

from figment.presets import make
from figment.training.distributed import World
from figment.training.pace import Pace, replanned
from figment.training.schedule import images_in

RECIPE = make("dcgan", seconds=100.0, planned_images=10_000, batch=10)


def plan(before: Pace, now: Pace) -> int:
    return replanned(RECIPE, before, now, World.alone()).planned_images


def test_the_last_stretch_s_pace_decides_whatever_was_before() -> None:
    assert plan(Pace(0, 0.0), Pace(2000, 10.0)) == 20_000
    assert plan(Pace(0, 0.0), Pace(500, 10.0)) == pytest.approx(5000, abs=1)
    assert plan(Pace(1000, 50.0), Pace(3000, 60.0)) == 3000 + 200 * 40
    assert plan(Pace(7000, 80.0), Pace(7500, 90.0)) == 8000
    assert plan(Pace(0, 0.0), Pace(20_000, 10.0)) == 200_000


def test_small_errors_and_the_time_beyond_the_plan_change_nothing() -> None:
    assert plan(Pace(0, 0.0), Pace(1010, 10.0)) == 10_000
    assert plan(Pace(10_000, 40.0), Pace(12_000, 50.0)) == 10_000
    assert plan(Pace(9000, 95.0), Pace(9500, 105.0)) == 10_000


def test_single_frames_pace_isn_t_that_of_clips() -> None:
    """100 s: 300 single frames a second for 60 % of the images, then 100 clips a second: N of .6 N/300 + .4 N/100 = 100."""
    clips = make("video-small", seconds=100.0, planned_images=10_000, images_first=0.6)
    whole = int(100 / (0.6 / 300 + 0.4 / 100))

    def images(before: Pace, now: Pace, planned: int) -> int:
        return replanned(
            clips.model_copy(update={"planned_images": planned}), before, now, World.alone()
        ).planned_images

    assert images(Pace(0, 0.0), Pace(3000, 10.0), 10_000) == pytest.approx(whole, abs=1)
    assert images(Pace(3000, 10.0), Pace(6000, 20.0), 12_000) == pytest.approx(whole, abs=1)
    assert images(Pace(9000, 30.0), Pace(11_000, 45.0), whole) == whole  # of both: tells the pace of neither
    assert images(Pace(11_000, 40.0), Pace(11_500, 50.0), whole) == 11_500 + 50 * 50
    assert images(Pace(11_000, 40.0), Pace(13_000, 50.0), whole) == pytest.approx(13_000 / 0.6, abs=1)  # not back again
    assert int(images_in(clips, 100, 100)) == pytest.approx(whole, abs=1)
