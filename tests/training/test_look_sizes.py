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
    at = [n for n in times if samples and look_sizes.is_scored_at(recipe, samples, REALS, n)]
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
