import pytest

from figment.recipe import Recipe
from figment.training import look_sizes, schedule

REALS = 1000


@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("planned", [10_000, 60_000, 150_000, 400_000, 1_000_000, 25_000_000])
def test_looks_of_an_image_budget_cost_at_most_a_twentieth_of_it_by_its_planned_images_alone(planned, size):
    recipe = Recipe(images=planned, planned_images=planned, size=size)
    samples = look_sizes.samples_for(recipe, REALS)
    times = schedule.snapshot_times(recipe)
    at = [
        n
        for n in times
        if samples and not look_sizes.is_too_early(recipe, n) and look_sizes.is_scored_at(recipe, samples, REALS, n)
    ]
    cost = max(1, (64 / size) ** 2)
    assert cost * (REALS + (1 + len(at)) * samples) * bool(at) <= 0.05 * planned
    assert (len(at) >= look_sizes.MIN_SCORES) == (planned >= 32_000 * cost)
    assert (len(at) >= look_sizes.SCORES_A_RUN) == (planned >= 56_000 * cost)
    assert not at or at[-1] == times[-1]


def test_a_time_budget_has_as_many_samples_as_eight_looks_have_time_for():
    def samples(seconds: float, each: float = 1e-3) -> int:
        return look_sizes.samples_for(Recipe(seconds=seconds), 1000, each)

    assert [samples(s) for s in (30, 60, 180, 360, 3600)] == [0, 200, 300, 1000, 2000]
    assert [samples(180, each) for each in (1e-4, 5e-4, 2e-3, 1e-2)] == [2000, 1000, 200, 0]


def test_what_comes_once_is_spread_over_the_budget_and_all_of_it_is_a_twentieth():
    assert look_sizes.allowance(180, 180, 2) == pytest.approx(9)
    assert look_sizes.allowance(180, 0, 2) == 2
    assert look_sizes.allowance(180, 90, 2) == pytest.approx(4.5 + 1)
    assert look_sizes.allowance(180, 360, 2) == pytest.approx(18)  # beyond the planned end


def test_a_three_minute_run_has_eight_looks_and_more():
    each, look, once, spent, looks = 1.6e-3, 0.45, 1.9, 0.0, 0  # one busy core: seconds of a picture, a look, the reals
    samples = look_sizes.samples_for(Recipe(seconds=180), REALS, each)
    times = schedule.snapshot_times(Recipe(seconds=180, planned_images=72_000))
    late = [images for images in times if not look_sizes.is_too_early(Recipe(planned_images=72_000), images)]
    assert late[0] >= 14_400
    for seconds in (images / 400 for images in late):
        if (spent or once) + 2 * look <= look_sizes.allowance(180, seconds, once + look):
            spent, looks = (spent or once) + look, looks + 1
    assert samples == 200
    assert looks >= look_sizes.SCORES_A_RUN + 1
    assert spent + look <= 9


@pytest.mark.parametrize(("size", "count"), [(16, 256), (128, 256), ((64, 256), 256), (256, 128), (512, 64)])
def test_of_large_pictures_fewer_are_in_view(size, count):
    assert look_sizes.in_view(256, Recipe(size=size)) == count
