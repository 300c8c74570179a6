"""The plan: cells, their order, what each is given, and budgets that are too small."""

from collections import Counter

import pytest

from figment.errors import InputError
from figment.studies.plan import (
    LEAST_SAMPLES,
    MIN_CELL_SECONDS,
    MOST_SAMPLES,
    as_option,
    blind,
    make_plan,
    measuring_seconds,
    plan_lines,
    smaller,
)
from figment.studies.request import Request, asked

VARY = {"objective": ["bce", "mse"], "dropout": [0, 0.3, 0.5]}


def request_for(**changes: object) -> Request:
    return asked({"vary": VARY, "seeds": 3} | changes, "the study").checked()


def test_every_setting_has_every_seed_and_cells_come_seed_after_seed_in_random_orders() -> None:
    plan = make_plan(request_for(images="20k"), "dcgan")
    assert (plan.settings, len(plan.cells), plan.images, plan.seconds) == (6, 18, 20_000, None)
    assert sorted(cell.number for cell in plan.cells) == list(range(18))
    assert Counter((str(cell.levels), cell.seed) for cell in plan.cells).most_common(1)[0][1] == 1
    blocks = [plan.cells[i : i + 6] for i in (0, 6, 12)]
    assert [{cell.seed for cell in block} for block in blocks] == [{0}, {1}, {2}]
    orders = [[cell.number // 3 for cell in block] for block in blocks]
    assert orders[0] != sorted(orders[0])
    assert orders[0] != orders[1]
    assert plan == make_plan(request_for(images="20k"), "dcgan")


def test_a_time_is_shared_out_with_what_measuring_takes() -> None:
    plan = make_plan(request_for(**{"for": "3h"}), "dcgan")
    assert plan.seconds is not None
    assert (plan.seconds + plan.measuring) * 18 == pytest.approx(3 * 3600)
    assert plan.samples == MOST_SAMPLES
    assert make_plan(request_for(**{"for": "6h"}), "dcgan").cells == plan.cells
    short = make_plan(request_for(**{"for": "15m"}), "dcgan")
    assert LEAST_SAMPLES <= short.samples < MOST_SAMPLES
    assert short.seconds is not None
    assert short.seconds >= MIN_CELL_SECONDS


def test_smaller_pictures_are_hinted_at_where_time_is_the_budget() -> None:
    by_time, by_images = (make_plan(request_for(**budget), "dcgan") for budget in ({"for": "3h"}, {"images": "20k"}))
    assert smaller(by_time, 64, 64) == "--set size=32 would show each run about 4 times as many images in the same time"
    assert "about 16 times" in smaller(by_time, 128, 128)
    assert smaller(by_time, 48, 64) == smaller(by_time, 32, 32) == smaller(by_images, 128, 128) == ""
    assert "hint       x" in plan_lines(by_time, hint="x")


def test_a_grid_without_room_is_thinned_with_levels_evenly_often() -> None:
    each = MIN_CELL_SECONDS + measuring_seconds(LEAST_SAMPLES)
    plan = make_plan(request_for(**{"for": f"{each * 3 * 3 + 1:.0f}s"}), "dcgan")
    assert (plan.settings, plan.whole) == (3, 6)
    assert Counter(cell.levels["dropout"] for cell in plan.cells) == {0: 3, 0.3: 3, 0.5: 3}
    assert "3 settings of the 6 that there are" in plan_lines(plan)[0]


def test_a_time_in_which_a_level_has_no_cell_is_refused_with_what_would_do() -> None:
    with pytest.raises(InputError) as error:
        make_plan(request_for(**{"for": "1m"}), "dcgan")
    told = str(error.value)
    assert told.startswith(
        "--for 1m can't give each level one run with each seed (3 levels with 3 seeds are 9 runs of "
    )
    least = told.partition("give --for ")[2].partition(",")[0]
    assert make_plan(request_for(**{"for": least}), "dcgan").settings == 3
    whole = told.partition(f"{least}, or ")[2].partition(" ")[0]
    assert make_plan(request_for(**{"for": whole}), "dcgan").settings == 6


def test_times_are_written_as_for_takes_them() -> None:
    assert [as_option(s) for s in (1, 60, 61, 3600, 5400.5)] == ["1m", "1m", "2m", "1h", "1h31m"]


def test_what_is_left_out_stands_in_the_plan() -> None:
    request = request_for(images=1000, vary={"discriminator_norm": ["batch", "none"], "gamma": [0, 0.5]}, seeds=1)
    lines = plan_lines(make_plan(request, "dcgan"))
    assert lines[0] == "cells      3 settings × 1 seed = 3 runs, in random order, seed after seed"
    assert lines[-1].startswith("note       discriminator_norm=batch, gamma=0.5 is left out: ")


def test_a_range_has_no_grid() -> None:
    with pytest.raises(InputError, match="a range has no end of levels: name those"):
        make_plan(request_for(images=1000, vary={"lr": "1e-4..1e-2:log"}), "dcgan")


def test_halving_gives_each_run_more_of_the_same_time() -> None:
    grid, halving = (make_plan(request_for(**{"for": "3h"}, search=search), "dcgan") for search in ("grid", "halving"))
    assert grid.seconds is not None
    assert halving.seconds == pytest.approx(grid.seconds / halving.cost)
    assert 0.4 < halving.cost < 0.6
    assert any(line.startswith("halving    all to an eighth") for line in plan_lines(halving))


def test_a_judge_that_was_found_blind_is_told_of() -> None:
    assert "--features gradients" in blind("lite0", 32, 32)[0]
    assert blind("lite0", 64, 64) == blind("gradients", 32, 32) == []
