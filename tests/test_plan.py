"""What a budget buys: recipes by machine and budget, fallbacks in words, and a time budget turned into images."""

from dataclasses import replace

import pytest

from figment import plan
from figment.errors import InputError
from figment.machine import Machine, this_machine
from figment.recipe import make

LAPTOP = Machine("cpu", "a laptop", 4, 16.0, bf16=False, compiler=False)
GPU = replace(LAPTOP, device="cuda", bf16=True, compiler=True)


@pytest.mark.parametrize(
    ("machine", "seconds", "images", "chosen"),
    [
        (LAPTOP, 180.0, None, "dcgan-quick"),
        (LAPTOP, 1200.0, None, "dcgan-small"),
        (LAPTOP, None, 100_000, "dcgan-quick"),
        (LAPTOP, None, 10**6, "dcgan-small"),
        (GPU, 180.0, None, "dcgan"),
    ],
)
def test_auto(machine: Machine, seconds: float | None, images: int | None, chosen: str) -> None:
    assert plan.named("auto", machine, seconds, images)[0] == chosen
    assert plan.named("dcgan", machine, seconds, images)[0] == "dcgan"


def test_an_image_budget_is_settled_without_a_stopwatch() -> None:
    recipe = make("dcgan", images=10**6)
    plain, rich = plan.by_rule(recipe, LAPTOP), plan.by_rule(recipe, GPU)
    assert (plain.precision, plain.compile, plain.planned_images) == ("fp32", "off", 10**6)
    assert (rich.precision, rich.compile) == ("bf16", "on")
    assert plan.by_rule(make("dcgan", images=10**6, objective="wgan"), GPU).compile == "off"
    assert plan.by_rule(make("dcgan", images=100), GPU).compile == "off"


def test_what_is_missing_is_said_in_a_line() -> None:
    assert plan.fallbacks(make("dcgan"), GPU) == []
    assert len(plan.fallbacks(make("dcgan"), LAPTOP)) == 2
    assert plan.fallbacks(make("dcgan", precision="fp32", compile="off"), LAPTOP) == []
    assert "penalty" in plan.fallbacks(make("dcgan", objective="wgan", compile="on"), GPU)[0]


def test_a_time_budget_in_images() -> None:
    recipe = make("dcgan", seconds=100.0)
    assert plan.images_for(recipe, images_per_second=50.0, spent=20.0) == int(80 * 50 * 0.97)
    with pytest.raises(InputError, match=r"--for 100s: too short"):
        plan.images_for(recipe, images_per_second=1.0, spent=0.0)


def test_memory_grows_with_batch_and_width() -> None:
    small, wide, many = (plan.memory(make("dcgan", channels=3, **c)) for c in (dict(width=16), dict(), dict(batch=256)))
    assert small < wide < many < 2 * 2**30


def test_this_machine() -> None:
    assert this_machine("cpu").cores >= 1
    with pytest.raises(InputError, match="--device abacus"):
        this_machine("abacus")
