import itertools
import math

import pytest

from figment.presets import make
from figment.training import schedule


def recipe(**choices):
    return make("dcgan", **(dict(batch=10, images=100_000, planned_images=100_000) | choices))


def test_rate_is_constant_by_default() -> None:
    assert {schedule.rates(recipe(), i).lr for i in (0, 50_000, 100_000, 10**7)} == {2e-4}


def test_rate_falls_along_a_half_cosine_and_is_held() -> None:
    r = recipe(lr=1e-3, lr_final=0.1, lr_decay_start=0.5)
    rate = lambda images: schedule.rates(r, images).lr  # noqa: E731
    assert rate(0) == rate(50_000) == 1e-3
    assert rate(75_000) == pytest.approx(1e-3 * 0.55)
    assert rate(62_500) == pytest.approx(1e-3 * (0.1 + 0.9 * (1 + math.cos(math.pi / 4)) / 2))
    assert rate(100_000) == rate(10**6) == pytest.approx(1e-4)


def test_one_cosine_over_the_burn_in_drives_all_that_changes() -> None:
    """Half way through a burn-in of a fifth of the run, everything is half way; from its end on all is held."""
    burn_in = dict(lr_decay_start=0.0, lr_decay_end=0.2, lr=2e-4, lr_final=0.25, beta2=0.9, beta2_final=0.99)
    r = recipe(**burn_in, discriminator_norm="none", gamma=2.0, gamma_final=0.1, ema_half_life=5000, ema_ramp=True,
               augment="full", augment_p=0.3, augment_mode="ramp")  # fmt: skip
    assert schedule.rates(r, 0) == pytest.approx((2e-4, 0.9, 2.0, 0.0, 0.0))
    assert schedule.rates(r, 10_000) == pytest.approx((1.25e-4, 0.945, 1.1, 2500, 0.15))
    for images in (20_000, 50_000, 10**6):
        assert schedule.rates(r, images) == pytest.approx((5e-5, 0.99, 0.2, 5000, 0.3))


def test_half_life_is_at_most_a_twentieth_of_the_images_seen() -> None:
    half_life = lambda images: schedule.rates(recipe(), images).half_life  # noqa: E731
    assert [half_life(i) for i in (0, 2000, 200_000, 10**6)] == [0, 100, 10_000, 10_000]


def test_a_penalty_every_fourth_step() -> None:
    r = recipe(discriminator_norm="none", gamma=1.0, penalty_every=4)
    assert [schedule.penalty_is_due(r, 10 * k) for k in range(9)] == [k % 4 == 0 for k in range(9)]
    assert not schedule.penalty_is_due(recipe(), 0)


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


def test_ticks_are_whole_rounds_of_the_penalty() -> None:
    """So each has its share of steps with R1 + R2; a run that is shorter than a round has its one tick all the same."""
    penalised = dict(discriminator_norm="none", gamma=1.0)
    for every, steps, unit in ((8, 1, 8), (2, 2, 1), (4, 3, 4), (6, 4, 3), (1, 5, 1)):
        r = recipe(**penalised, penalty_every=every, discriminator_steps=steps)
        assert schedule.tick_images(r) % (unit * r.images_a_step) == 0
    for images, tick in ((10, 10), (35, 40), (80, 80), (600, 80), (3000, 400), (5500, 720)):
        assert schedule.tick_images(recipe(**penalised, penalty_every=8, images=images, planned_images=images)) == tick
    assert schedule.tick_images(recipe(planned_images=0)) == 10


def test_ticks_are_whole_steps() -> None:
    assert schedule.tick_images(recipe(images=10**6, planned_images=10**6)) == 10_000
    assert schedule.tick_images(recipe(images=200_000, planned_images=200_000)) == 4_100
    assert schedule.tick_images(recipe(images=32_000, planned_images=32_000)) == 1_500
    assert schedule.tick_images(recipe(images=8_000, planned_images=8_000)) == 1_000
    assert schedule.tick_images(recipe(images=10, planned_images=10)) == 10
    assert schedule.tick_images(recipe(images=10**9, planned_images=10**9)) == 20_000
