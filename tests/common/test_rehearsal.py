"""What a rehearsal makes smaller, and that nothing is without one."""

import pytest

from figment import presets
from figment.common import rehearsal, sizes
from figment.data.sources.drawn import Portraits
from figment.explore.interpolation import MEASURED_PATHS, measured_paths
from figment.metrics.resemblance import MIN_COMPARED_PICTURES
from figment.planning.in_small import budget_in_small, choices_in_small, notes_of_rehearsal, recipe_in_small

SIZES = [(64, 16), ("128", 32), (512, 32), (16, 16), ("96x128", (24, 32)), ((64, 96), (16, 24)), ("64x256", (16, 64))]


@pytest.fixture
def in_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rehearsal.VARIABLE, "1")


@pytest.mark.parametrize(("asked", "made"), SIZES)
def test_sizes_are_a_quarter_and_can_be_made(asked: object, made: object, in_rehearsal: None) -> None:
    assert rehearsal.smaller(asked) == made
    sizes.start_grid(*sizes.shape(made))  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", ["small", 30, "64x1000", None, 1.5])
def test_what_is_no_size_is_left_to_be_refused(asked: object, in_rehearsal: None) -> None:
    assert rehearsal.smaller(asked) == asked


def test_budgets_nets_and_drawn_sets_are_small(in_rehearsal: None) -> None:
    assert budget_in_small({"seconds": 7200.0}) == {"images": rehearsal.IMAGES}
    assert budget_in_small({"images": 20}) == {"images": 20}
    assert choices_in_small({"lr": 1e-3}, None) == {"lr": 1e-3, "size": 16}
    small = recipe_in_small(presets.make("dcgan", size=16, images=20), None)
    assert (small.width, small.batch) == (rehearsal.WIDTH, rehearsal.BATCH)
    assert rehearsal.VARIABLE in notes_of_rehearsal(small)[0]
    assert Portraits().count == rehearsal.DRAWN
    assert measured_paths() == rehearsal.MEASURED_PATHS
    assert rehearsal.COMPARED >= MIN_COMPARED_PICTURES  # or nothing would be said


def test_without_one_all_is_as_asked() -> None:
    wide = presets.make("dcgan", images=20)
    assert rehearsal.smaller("512") == "512"
    assert budget_in_small({"seconds": 7200.0}) == {"seconds": 7200.0}
    assert choices_in_small({"size": 64}, None) == {"size": 64}
    assert recipe_in_small(wide, None) is wide
    assert notes_of_rehearsal(wide) == []
    assert Portraits().count == 10_000
    assert measured_paths() == MEASURED_PATHS
