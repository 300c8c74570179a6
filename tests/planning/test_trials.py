"""Trying out ways of doing the arithmetic leaves a run as it was, and a way that fails is left out."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import figment
from figment import start
from figment.common import progress
from figment.common.machine import Machine
from figment.planning import memory, trials
from figment.planning.trials import Trial, measure_ways, ways
from figment.presets import make
from figment.recipe import Recipe
from figment.training import loop
from figment.training.clip_feed import ClipFeed
from figment.training.distributed import World
from figment.training.loader import Feed
from figment.training.phases import phases_of
from figment.training.state import TrainState, clone_tensors, new_state
from figtest.nets import stirred

RICH = Machine("cpu", "a machine with all", 2, 16.0, bf16="fast", compiler=True)
CPU = torch.device("cpu")
ALONE = World.alone()


def parts(**choices) -> tuple[Recipe, TrainState, Feed]:
    plain = dict(size=16, width=4, batch=16, channels=3, seconds=60.0, augment="none")
    recipe = make(choices.pop("recipe", "dcgan"), **(plain | choices))
    pictures = np.random.default_rng(0).integers(0, 256, (64, 3, 16, 16), np.uint8)
    feed = Feed(pictures, np.arange(64), 0, True, CPU)
    if recipe.frames:
        feed = ClipFeed(pictures, np.array([[8 * n, 8] for n in range(8)]), np.arange(8), recipe.frames, 0, True, CPU)
    return recipe, new_state(recipe, ALONE), feed


def test_players_are_as_they_were() -> None:
    recipe, state, feed = parts()
    before = clone_tensors(state)
    told = []
    found = measure_ways(
        recipe, replace(RICH, bf16="perhaps"), state, feed, ALONE, 0.0, lambda *where: told.append(where)
    )
    assert told == [(0, 2), (1, 2), (2, 2)]  # nobody waits without a word
    assert {t.precision for t, _ in found} == {"fp32", "bf16"}
    assert [t.images_per_second for t, _ in found] == sorted((t.images_per_second for t, _ in found), reverse=True)
    assert state.images == 0
    after = clone_tensors(state)
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_what_the_recipe_leaves_open_is_tried() -> None:
    def open_ways(machine: Machine = RICH, **choices) -> list[tuple[str, str]]:
        return ways(parts(**choices)[0], machine)

    assert open_ways() == [("bf16", "off")]
    assert open_ways(precision="fp32") == [("fp32", "off")]
    assert open_ways(seconds=3600.0, width=64) == [("bf16", "off"), ("bf16", "on")]
    assert open_ways(compile="on") == [("bf16", "on")]
    assert open_ways(compile="on", objective="wgan") == [("bf16", "off")]
    assert open_ways(replace(RICH, bf16="perhaps")) == [("fp32", "off"), ("bf16", "off")]
    assert open_ways(replace(RICH, bf16="slow", compiler=False), seconds=3600.0, width=64) == [("fp32", "off")]


class Clock:
    """A clock that every step takes forward."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def step(self, *given: object) -> None:
        self.seconds += 3.0


@pytest.mark.parametrize(("most", "steps"), [(float("inf"), 4), (100.0, 4), (10.0, 4), (8.0, 3), (5.0, 2), (0.0, 2)])
def test_slow_steps_take_no_more_of_the_budget_than_they_may(
    monkeypatch: pytest.MonkeyPatch, most: float, steps: int
) -> None:
    recipe, state, feed = parts()
    clock = Clock()
    monkeypatch.setattr(trials.run_time, "now", lambda: clock.seconds)
    monkeypatch.setattr(trials, "train_step", clock.step)
    ((trial, _),) = measure_ways(recipe, replace(RICH, bf16="slow"), state, feed, ALONE, 1.0, most=most)
    assert clock.seconds == 3.0 * steps
    assert trial.images_per_second == pytest.approx(recipe.images_a_step / 3)


def test_larger_nets_are_not_measured_where_the_budget_is_too_small_for_them(
    faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def measured(recipe: Recipe, machine: Machine, state: TrainState, *more: object, **named: object) -> list:
        tried.append(recipe.name)
        return [(Trial("fp32", "off", speed), phases_of(state, recipe))]

    monkeypatch.setattr("figment.planning.autotune.measure_ways", measured)
    asked = dict(size=16, time="2m", device="cpu", from_run="none", display=None)
    speed = 100.0
    assert "dcgan-r1-small" in figment.start.dry_run(faces, **asked)
    assert tried == ["dcgan-r1-small"]
    tried.clear()
    speed = 1000.0
    figment.start.dry_run(faces, **asked)
    assert tried == ["dcgan-r1-small", "dcgan-r1"]


class Listening(progress.Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.mark.usefixtures("without_report")
def test_a_compiler_that_fails_is_done_without(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(net: torch.nn.Module) -> object:
        def call(x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no compiler")

        return call

    monkeypatch.setattr(torch, "compile", broken)
    monkeypatch.setattr(start, "this_machine", lambda device: RICH)
    display = Listening()
    choices = dict(size=16, width=4, batch=16, compile="on", precision="fp32", recipe="dcgan")
    run = figment.train(faces, images=64, out=tmp_path / "run", display=display, **choices)
    assert run.facts["state"] == "finished"
    assert run.recipe.compile == "off"
    assert [s for s in display.said if "torch.compile doesn't work here" in s]


@pytest.mark.usefixtures("without_report")
@pytest.mark.parametrize("budget", [dict(time="2s"), dict(images=64)])
def test_a_batch_too_large_for_the_memory_is_halved_and_that_is_said(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: dict
) -> None:
    choices = dict(size=16, width=4, batch=64, precision="fp32", compile="off")
    needed = memory.training_bytes(make("dcgan", channels=3, **choices)) / 2**30
    monkeypatch.setattr(start, "this_machine", lambda device: replace(RICH, memory=needed))
    display = Listening()
    run = figment.train(faces, recipe="dcgan", out=tmp_path / "run", display=display, **choices, **budget)
    assert run.recipe.batch < 64
    assert [
        s for s in display.said if f"batches of 64 doesn't fit the memory here: going on with {run.recipe.batch}" in s
    ]


ROUNDING = torch.finfo(torch.float32).eps


def two_steps(compiled: bool = False, moved: bool = False, **choices) -> TrainState:
    """The state after two steps. moved: every weight begins a rounding away from where it is drawn.

    No layer begins as zero, as R3GAN's do: gradients behind those are nothing but roundings, of which Adam makes whole steps.
    """
    recipe, state, feed = parts(precision="fp32", planned_images=1600, compile="on" if compiled else "off", **choices)
    random = torch.Generator().manual_seed(0)
    for weight in (*stirred(state.generator).parameters(), *stirred(state.discriminator).parameters()):
        if moved:
            up = torch.rand(weight.shape, generator=random) < 0.5
            weight.data.mul_(1 + ROUNDING * torch.where(up, 1.0, -1.0))
    phases = phases_of(state, recipe)
    for _ in range(2):
        loop.train_step(state, phases, recipe, feed, ALONE)
    return state


WHOLE = dict(recipe="r3gan", width=16, code_size=8, gamma=1.0)
ONE_PASS = dict(one_pass=True, fresh=False)
CLIPS = dict(frames=8, motion_size=4, code_size=12)
COMPILED = {
    "batch norm: net by net": dict(),
    "exact penalty": dict(discriminator_norm="none", objective="relativistic", gamma=1.0, fresh=True),
    "r3gan": WHOLE,
    "finite differences": WHOLE | dict(penalty="finite", penalty_share=0.5),
    "augmented": WHOLE | dict(augment="full", augment_p=0.5, augment_mode="fixed"),
    "clips, net by net": dict(recipe="video-small", frames=8, images_first=0.0),
    "clips": WHOLE | CLIPS,
    "one pass": WHOLE | ONE_PASS,
    "one pass, net by net": dict(discriminator_norm="none", gamma=1.0, **ONE_PASS),
}


def check_equal(choices: dict) -> None:
    """Two steps from the same state: the same losses and moments, to what float32 knows of them.

    Sums in another order are exact sums of numbers that are some roundings away. So moments may differ by some times what one
    rounding of every weight makes of them: finite differences, which divide by ε = 0.01, make much of it.
    """
    eager, moved, compiled = two_steps(**choices), two_steps(moved=True, **choices), two_steps(compiled=True, **choices)
    assert torch.allclose(eager.losses, compiled.losses, rtol=1e-3)
    a, b, c = map(clone_tensors, (eager, compiled, moved))
    for name in (name for name in a if "exp_avg" in name):
        known = float((a[name] - c[name]).abs().max())
        assert torch.allclose(a[name], b[name], rtol=1e-2, atol=1e-3 * float(a[name].abs().max()) + 8 * known), name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the compiler's own
@pytest.mark.parametrize("choices", COMPILED.values(), ids=COMPILED)
def test_compiled_equals_eager(choices: dict) -> None:
    check_equal(choices)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("more", [{}, ONE_PASS, CLIPS], ids=["in turn", "one pass", "clips"])
def test_captured_as_one_graph_equals_eager(monkeypatch: pytest.MonkeyPatch, more: dict) -> None:
    """All of torch.compile but the code it writes, which takes minutes: capture, and autograd ahead of time."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    check_equal(WHOLE | more)
