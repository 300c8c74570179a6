import itertools
import math

import pytest

from figment.recipe import make
from figment.training import schedule


def recipe(**choices):
    return make("dcgan", **(dict(batch=10, images=100_000, planned_images=100_000) | choices))


def test_rate_is_constant_by_default() -> None:
    assert {schedule.learning_rate(recipe(), i) for i in (0, 50_000, 100_000, 10**7)} == {2e-4}


def test_rate_falls_along_a_half_cosine_and_is_held() -> None:
    r = recipe(lr=1e-3, lr_final=0.1, lr_decay_start=0.5)
    assert schedule.learning_rate(r, 0) == schedule.learning_rate(r, 50_000) == 1e-3
    assert schedule.learning_rate(r, 75_000) == pytest.approx(1e-3 * 0.55)
    assert schedule.learning_rate(r, 62_500) == pytest.approx(1e-3 * (0.1 + 0.9 * (1 + math.cos(math.pi / 4)) / 2))
    assert schedule.learning_rate(r, 100_000) == schedule.learning_rate(r, 10**6) == pytest.approx(1e-4)


def test_snapshots_grow_geometrically_from_nothing_to_the_end() -> None:
    times = schedule.snapshot_times(recipe(images=10**6, planned_images=10**6))
    assert times[0] == 0
    assert times[-1] == 10**6
    assert len(times) == 32
    ratios = [b / a for a, b in itertools.pairwise(times[1:])]
    assert max(ratios) / min(ratios) < 1.02
    assert all(t % 10 == 0 for t in times)


@pytest.mark.parametrize("planned", [1, 10, 11, 95, 640, 12_345])
def test_snapshots_of_small_plans_are_whole_steps_and_end_where_training_ends(planned: int) -> None:
    r = recipe(images=planned, planned_images=planned)
    times = schedule.snapshot_times(r)
    assert times == sorted(set(times))
    assert times[0] == 0
    assert times[-1] == math.ceil(planned / 10) * 10


def test_next_snapshot_also_beyond_the_plan() -> None:
    r = recipe()
    times = schedule.snapshot_times(r)
    for a, b in itertools.pairwise(times):
        assert schedule.next_snapshot(r, a) == b
        assert schedule.next_snapshot(r, b - 1) == b
    due = [i for i in range(0, 100_001, 10) if schedule.is_snapshot(r, i)]
    assert due == times[1:]
    beyond = schedule.next_snapshot(r, times[-1])
    assert 1.05 < beyond / times[-1] < 1.6
    assert schedule.next_snapshot(r, beyond) > beyond
    assert schedule.next_snapshot(r, beyond - 10) == beyond


def test_ticks_are_whole_steps() -> None:
    assert schedule.tick_images(recipe()) == 1000
    assert schedule.tick_images(recipe(images=10, planned_images=10)) == 10
    assert schedule.tick_images(recipe(images=10**9, planned_images=10**9)) == 20_000
