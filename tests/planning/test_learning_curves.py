"""What is promised is what was measured: the curves cite the log, whose figures they are, and beyond them nothing is said."""

import json
import math
import re

import pytest

from figment.common.machine import this_machine
from figment.planning.for_survey import planned
from figment.planning.learning_curves import FILE, Curve, curves, expected, lacking, levels, promise, speed_of
from figment.planning.starting import may_start
from figment.presets import make
from figtest.paths import ROOT

LOG = (ROOT / "LOG.md").read_text()
MINUTES = (ROOT / "docs" / "minutes.md").read_text()


def entry(number: int) -> str:
    """An entry of the log, with the page that one of them names for its table."""
    found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", LOG, re.M | re.S)
    assert found, f"LOG {number}"
    return found[0] + (MINUTES if "docs/minutes.md" in found[0] else "")


@pytest.mark.parametrize(
    "curve", curves(), ids=lambda its: f"{its.set}-{its.size}-{its.pictures}-{its.recipe}-{its.start}"
)
def test_every_figure_stands_in_the_log(curve: Curve) -> None:
    told = "".join(map(entry, curve.log)).replace(",", "")
    for images, value in curve.points:
        assert str(value) in told, value
        assert str(images) in told or f"{images // 1000}k" in told, images
    assert curve.points or curve.shown
    assert curve.shown is None or (str(curve.shown) in told and "by eye" in told.lower())
    assert [images for images, _ in curve.points] == sorted(images for images, _ in curve.points)


def test_the_file_is_as_the_benchmark_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from learning_curves import as_text  # type: ignore[import-not-found]

    assert as_text(json.loads(FILE.read_text("utf-8"))) == FILE.read_text("utf-8")


def test_between_two_points_a_line_of_logarithms_tells() -> None:
    curve = Curve("x", "dcgan-r1", 64, 100, False, [1], [(1000, 8000.0), (4000, 2000.0), (16000, 1000.0)])
    assert curve.reaches(9000) == (1000, True)
    assert curve.reaches(4000) == (2000, False)
    assert curve.reaches(1000 * math.sqrt(2)) == (8000, False)
    assert curve.reaches(999) is None


def test_a_promise_is_of_time_where_the_speed_is_known_else_of_images() -> None:
    recipe = make("dcgan-r1", seconds=1200.0, planned_images=180_000)
    assert speed_of(recipe) == 150
    here = promise(recipe, 11_000, False, speed_of(recipe))
    assert re.match(
        r"pictures begin to show after about 6 min, good ones after about 17 min \(measured on CelebA; others", here
    )
    anywhere = promise(make("dcgan-r1", images=180_000, planned_images=180_000), 11_000, False)
    assert "after about 49,000 images" in anywhere
    assert promise(recipe, 11_000, True, 150.0).startswith(
        "pictures begin to show within 2 min, good ones after about 8 min"
    )


@pytest.mark.parametrize(
    ("recipe", "pictures", "start"),
    [
        (make("dcgan-r1"), 100, False),  # so few pictures weren't tried
        (make("dcgan-r1"), 100_000, False),
        (make("dcgan-r1", size=128), 11_000, False),
        (make("dcgan-r1", gamma=2), 11_000, False),
        (make("dcgan-r1"), 11_000, None),  # from nets of the user's
        (make("dcgan"), 11_000, False),
        (make("dcgan-r1").model_copy(update={"name": "mine"}), 11_000, False),
    ],
)  # fmt: skip
def test_what_isn_t_known_isn_t_promised(recipe, pictures: int, start: bool | None) -> None:
    assert promise(recipe, pictures, start, 100.0) == ""


def test_a_budget_that_ends_before_is_told() -> None:
    short = make("dcgan-r1", seconds=180.0, planned_images=27_000)
    told = promise(short, 11_000, False, speed_of(short))
    assert told.endswith("others may take longer); this budget ends before: give it --for 6m or more")
    slow = make("dcgan-r1", seconds=180.0, planned_images=540)
    assert promise(slow, 11_000, False, speed_of(slow)).endswith("give it --for 5h or more")
    assert "ends before" not in promise(make("dcgan-r1", seconds=600.0, planned_images=90_000), 11_000, False, 150.0)
    few = make("dcgan-r1", images=20_000, planned_images=20_000)
    assert promise(few, 11_000, False).endswith("; this budget ends before: give it --images 50k or more")


def test_small_sets_are_told_when_the_start_shows_by_the_eye() -> None:
    minute = make("dcgan-r1", seconds=60.0, planned_images=9_000)
    told = promise(minute, 540, True, 150.0)
    assert told.startswith("pictures begin to show within 2 min (measured on drawn anime faces; others")
    assert told.endswith("; this budget ends before: give it --for 2m or more")
    assert "good" not in told


@pytest.mark.parametrize(
    ("budget", "start", "says"),
    [
        (dict(images=1000, planned_images=1000), False, "about 50,000 images; this budget ends before: give it --images 50k"),
        (dict(seconds=100.0, planned_images=10_000), False, "about 9 min; this budget ends before: give it --for 9m or more, or"),
        (dict(seconds=100.0, planned_images=5_000), True, "about 4 min; this budget ends before: give it --for 4m or more"),
        (dict(seconds=120.0, planned_images=185), True, "about 2.2 h; this budget ends before: give it --for 3h or more"),
        (dict(seconds=120.0, planned_images=100), True, "about 4.0 h; this budget ends before: give it --for 4h or more"),
        (dict(images=10**6, planned_images=10**6), False, None),
        (dict(images=20_000, planned_images=20_000), True, None),
        (dict(images=1000, planned_images=1000), None, None),  # from nets of the user's
    ],
)  # fmt: skip
def test_where_no_curve_tells_a_budget_that_is_too_small_is_told_all_the_same(
    budget: dict, start, says: str | None
) -> None:
    recipe = make("dcgan", **budget)  # of which there is no curve
    assert promise(recipe, 11_000, start) == ""
    told = expected(recipe, 11_000, start, speed_of(recipe))
    assert (says in told) if says else told == ""


def test_what_few_pictures_take_from_the_start_isn_t_known_and_that_is_said() -> None:
    recipe = make("dcgan-r1", seconds=600.0, planned_images=60_000)
    for pictures in (729, 1100, 2832):
        assert promise(recipe, pictures, True, 100.0) == ""
        told = expected(recipe, pictures, True, 100.0)
        assert told.startswith("when pictures begin to show isn't known for about so many: 1,")
        assert told.endswith(" min only")
    assert promise(recipe, 728, True, 100.0)
    assert promise(recipe, 2833, True, 100.0)


def test_known_nets_are_named_where_they_can_be_started_from() -> None:
    recipe = make("dcgan-r1", images=1000, planned_images=1000, augment="none", gamma=2)  # of which there is no curve
    assert may_start(recipe, drawn=False)
    assert expected(recipe, 11_000, False, may_start=True).endswith("to start from: --from start")
    assert expected(recipe, 11_000, False).endswith("to start from: --from RUN")
    assert not may_start(recipe, drawn=True)
    assert not may_start(make("dcgan-r1", size=128), drawn=False)
    assert not may_start(make("dcgan"), drawn=False)
    assert not may_start(make("r3gan"), drawn=False)


@pytest.mark.parametrize(
    ("budget", "start", "seen", "seconds", "says"),
    [
        (dict(seconds=120.0), False, 9_000, 60.0, "--for 5m"),  # 49,000 less 9,000 at 150 a second
        (dict(seconds=120.0), False, 900, 60.0, "--for 54m"),
        (dict(seconds=120.0), False, 90, 60.0, "--for 10h"),
        (dict(images=9_000), False, 9_000, 60.0, "--images 41k"),
        (dict(images=60_000), False, 60_000, 60.0, None),
        (dict(seconds=120.0), None, 900, 60.0, None),
        (dict(seconds=120.0), False, 0, 120.0, None),
    ],
)  # fmt: skip
def test_what_a_run_lacks_until_its_pictures_show(budget: dict, start, seen: int, seconds: float, says) -> None:
    assert lacking(make("dcgan-r1", **budget), 11_000, start, seen, seconds) == says


def test_an_unknown_speed_tells_no_time() -> None:
    recipe = make("dcgan-r1", seconds=60.0)  # not planned yet
    assert "this budget" not in promise(recipe, 11_000, False)


def test_what_isn_t_known_beyond_a_curve_is_said() -> None:
    told = promise(make("dcgan-r1"), 1100, False)
    assert "; good ones hadn't come by 120,000 images, the last measured (measured on" in told


def test_what_was_chosen_beside_the_game_changes_nothing() -> None:
    usual = promise(make("dcgan-r1"), 11_000, False)
    assert usual == promise(
        make("dcgan-r1", seed=3, fit="pad", snapshots=8, precision="bf16", scores="none"), 11_000, False
    )


def test_inspect_tells_the_plan_of_train() -> None:
    plan = planned(this_machine("cpu"), None, 12_600)
    assert (plan.shape, plan.asked, plan.augmenting) == ((64, 64), False, ())
    assert plan.expects == promise(make("dcgan-r1"), 11_340, True)  # what 160,000 images start from
    own = planned(this_machine("cpu"), None, 12_600, drawn=True)
    assert own.expects == promise(make("dcgan-r1"), 11_340, False)
    assert planned(this_machine("cpu"), None, 1200).expects.startswith(
        "from nothing (--from none) pictures begin to show"
    )
    assert planned(this_machine("cpu"), (64, 96), 10).shape == (64, 96)


def test_every_size_has_its_levels() -> None:
    assert {curve.size for curve in curves()} == set(levels())
    assert levels()[64]["good"] < levels()[64]["show"]
    small = promise(make("dcgan-r1", size=32), 11_000, False)
    assert small.startswith("pictures begin to show after about 23,000 images; good ones hadn't come by 60,000 images")
