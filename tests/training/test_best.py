import pytest

from figment.training import best


def look(images: int, fd: float, error: float = 0.1, **more: object) -> dict:
    return {"images": images, "fd": fd, "error": error, "title": "FD-lite0"} | more


def looks(*values: float, error: float = 0.05) -> list[dict]:
    """Looks with the error of their differences, as a run has them."""
    events: list[dict] = []
    for images, value in enumerate(values):
        first = best.lowest(events)
        told = {} if first is None else {
            "lowest": first["images"], "difference": value - first["fd"], "difference_error": error
        }  # fmt: skip
        events.append(look(images, value, **told))
    return events


def images_of_the_best(*values: float, error: float = 0.05) -> int | None:
    found = best.best(looks(*values, error=error))
    return None if found is None else found["images"]


def test_the_best_is_the_last_unless_an_earlier_one_is_better_by_more_than_three_errors():
    assert images_of_the_best() is None
    assert images_of_the_best(9, 8, 7) == 2
    assert images_of_the_best(9, 7, 7.14) == 2
    assert images_of_the_best(9, 7, 7.16) == 1
    assert images_of_the_best(9, 7, 7.16, 8, 7.16, error=0.1) == 4
    assert images_of_the_best(9, 7, 8, 7) == 3


def test_a_difference_has_its_own_error_and_in_runs_of_earlier_versions_that_of_both():
    first, second = looks(7, 8)
    assert best.behind(second, first) == best.Estimate(1, 0.05)
    earlier = look(2, 8, error=0.4)
    assert best.behind(earlier, look(1, 7, error=0.3)) == best.Estimate(1, pytest.approx(0.5))
    assert not best.is_worse(earlier, look(1, 7, error=0.3))
    # What it was compared with is gone from the events: another look has the lowest distance.
    assert best.behind(second, look(5, 7.5, error=0.0)) == best.Estimate(0.5, pytest.approx(0.1))


def test_a_warning_comes_when_five_looks_in_a_row_are_worse_than_the_best_by_more_than_chance():
    assert "3, its best, at 1 images to 4: generator-best" in best.rise_warning(looks(5, 3, 4, 4, 9, 4, 4))
    assert best.rise_warning(looks(5, 3, 4, 4, 9, 4)) is None  # four so far
    assert best.rise_warning(looks(5, 3, 4, 3.1, 4, 4, 4)) is None  # one of them by chance
    assert best.rise_warning(looks(5, 3, 4, 4, 4, 4, 4, error=0.5)) is None
    assert best.rise_warning(looks(9, 8, 7, 6, 5, 4)) is None
    assert best.rise_warning([]) is None


def test_it_is_said_which_file_holds_which_generator():
    assert best.comparison(looks(9)) is None
    assert best.comparison([]) is None
    assert best.comparison(looks(9, 8)) == "the last generator is the best: FD-lite0 8.00 ± 0.10"
    alike = best.comparison(looks(9, 8, 8.1))
    assert alike.startswith(
        "the last generator is as good as the best, within chance: FD-lite0 8.10 ± 0.10, 0.100 ± 0.050"
    )
    apart = best.comparison(looks(9, 7, 8))
    assert apart.startswith("generator-best.safetensors, after 1 images, is better than generator.safetensors")
    assert apart.endswith("FD-lite0 7.00 ± 0.10 and 8.00 ± 0.10, 1.000 ± 0.050 apart")
