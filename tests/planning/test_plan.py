"""What a budget buys: recipes by machine and budget, fallbacks in words, and a time budget turned into images."""

from dataclasses import replace

import pytest

from figment.common.machine import Machine, this_machine
from figment.errors import InputError
from figment.planning import choose, dry_run, memory, plan
from figment.presets import PRESETS, make

LAPTOP = Machine("cpu", "a laptop", 4, 16.0, bf16="slow", compiler=False)
GPU = replace(LAPTOP, device="cuda", bf16="fast", compiler=True)


@pytest.mark.parametrize("machine", [LAPTOP, GPU])
def test_auto_under_an_image_budget_goes_by_the_images_alone(machine: Machine) -> None:
    rungs = choose.auto_recipes(machine)
    assert rungs[0].worth_from == 0
    assert [r.worth_from for r in rungs] == sorted({r.worth_from for r in rungs})
    for rung in rungs:
        assert choose.auto_for_images(machine, max(rung.worth_from, 1)) == rung
    assert choose.auto_for_images(machine, 10**9) == rungs[-1]


def test_augmentation_goes_by_the_number_of_pictures() -> None:
    recipe = make("dcgan", augment_p=0.4)
    assert plan.augmentation(recipe, 1000) == {"augment": "full", "augment_p": 0.4}
    assert plan.augmentation(recipe, 65_000) == {"augment": "full", "augment_p": pytest.approx(0.2)}
    assert plan.augmentation(recipe, 100_000) == {"augment": "none", "augment_p": 0.0}
    assert plan.augmentation(make("dcgan", augment="diffaugment", augment_p=1.0), 10**6) == {}
    assert plan.augmentation(make("dcgan"), 1000) == {"augment": "none", "augment_p": 0.0}


@pytest.mark.parametrize(
    ("choices", "leaks"),
    [
        (dict(augment="full", augment_p=0.55), False),
        (dict(augment="full", augment_p=0.6), True),
        (dict(augment_p=0.6), True),  # which becomes "full" below 100,000 pictures
        (dict(augment="full", augment_p=0.8, augment_mode="ramp"), False),
        (dict(augment="full", augment_p=0.9, augment_mode="ramp"), True),
        (dict(augment="full", augment_p=0.9, augment_mode="adaptive"), True),
        (dict(augment="diffaugment", augment_p=1.0), False),  # as its authors have it
        (dict(), False),
    ],
)
def test_changes_that_leak_are_told(choices: dict, leaks: bool) -> None:
    """Up to 0.8 they don't where p has risen (section 2.2 of arXiv 2006.06676), from the start up to 0.55 (LOG 81)."""
    told = plan.leaks(make("dcgan", images=10**6, planned_images=10**6, **choices))
    assert [line.partition(":")[0] for line in told] == [f"augment_p={choices.get('augment_p', 0):g} will leak"] * leaks


@pytest.mark.parametrize("name", PRESETS)
def test_no_recipe_leaks(name: str) -> None:
    assert plan.leaks(make(name, images=10**6, planned_images=10**6)) == []


def test_adaptive_augmentation_starts_from_nothing_but_happens() -> None:
    recipe = make("dcgan", augment_mode="adaptive")
    assert plan.augmentation(recipe, 1000) == {"augment": "full", "augment_p": 0.0}
    assert plan.augmentation(recipe, 100_000)["augment"] == "none"


def test_a_batch_that_doesn_t_fit_is_halved() -> None:
    recipe = make("dcgan", channels=3, batch=512)
    small = replace(LAPTOP, memory=2.0)
    fitted = memory.fitting_memory(recipe, small)
    assert memory.training_bytes(fitted) <= 0.7 * 2 * 2**30 < memory.training_bytes(recipe)
    assert fitted.batch in (64, 128, 256)
    assert memory.fitting_memory(recipe, LAPTOP) == recipe


def test_an_image_budget_is_settled_without_a_stopwatch() -> None:
    recipe = make("dcgan", images=10**6)
    plain, rich = plan.settled_by_machine(recipe, LAPTOP), plan.settled_by_machine(recipe, GPU)
    assert (plain.precision, plain.compile, plain.planned_images) == ("fp32", "off", 10**6)
    assert (rich.precision, rich.compile) == ("bf16", "on")
    # What has to be measured isn't chosen under a budget of images.
    assert plan.settled_by_machine(make("dcgan", images=10**6), replace(LAPTOP, bf16="perhaps")).precision == "fp32"
    assert plan.settled_by_machine(make("dcgan", images=10**6, objective="wgan"), GPU).compile == "off"
    assert plan.settled_by_machine(make("dcgan", images=100), GPU).compile == "off"


def test_what_is_missing_is_said_in_a_line() -> None:
    assert plan.fallbacks(make("dcgan"), GPU) == []
    assert len(plan.fallbacks(make("dcgan"), LAPTOP)) == 2
    assert plan.fallbacks(make("dcgan", precision="fp32", compile="off"), LAPTOP) == []
    assert "penalty" in plan.fallbacks(make("dcgan", objective="wgan", compile="on"), GPU)[0]
    perhaps = replace(GPU, bf16="perhaps")
    assert "precision=bf16" in plan.fallbacks(make("dcgan", images=10**6), perhaps)[0]
    assert plan.fallbacks(make("dcgan", seconds=60.0), perhaps) == []


def test_a_time_budget_in_images() -> None:
    recipe = make("dcgan", seconds=100.0)
    assert plan.images_for(recipe, images_per_second=50.0, spent=20.0) == int(80 * 50 * 0.97)
    with pytest.raises(
        InputError, match=r"--for 100s: too short: measuring .* took 2.0 s of it, and a step takes 128.0 s"
    ):
        plan.images_for(recipe, images_per_second=1.0, spent=2.0)


def test_memory_grows_with_batch_and_width() -> None:
    small, wide, many = (
        memory.training_bytes(make("dcgan", channels=3, **c)) for c in (dict(width=16), dict(), dict(batch=256))
    )
    assert small < wide < many < 2 * 2**30


def test_the_plan_shows_the_batch_that_fits_the_memory() -> None:
    recipe = make("r3gan", size=32, images=10**6, channels=3)
    small = replace(LAPTOP, memory=4.0)
    fitted = memory.fitting_memory(recipe, small).batch
    assert 2 <= fitted < recipe.batch
    assert f"batch {fitted}," in dry_run.describe(plan.settled_by_machine(recipe, small), small)


def test_this_machine() -> None:
    assert this_machine("cpu").cores >= 1
    with pytest.raises(InputError, match="--device abacus"):
        this_machine("abacus")


def test_of_ten_million_pictures_the_order_is_by_formula_unless_said() -> None:
    def order(count: int, **choices: str) -> str:
        return plan.settled_by_data(make("dcgan", **choices), 3, tuple, count).order

    assert [order(9_999_999), order(10_000_000)] == ["list", "formula"]
    assert [order(1000, order="formula"), order(10**8, order="list")] == ["formula", "list"]
