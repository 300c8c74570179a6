"""When a run is read, over how many steps, and what that costs: the same after a hundred thousand ticks as after none."""

import itertools
from pathlib import Path

import pytest
import torch

import figment
from figment import recipe as recipes
from figment.run import Run
from figment.run_files import Log
from figment.training import pace, schedule, ticks
from figment.training.closing import closing_words
from figment.training.diagnosis import KEPT_READINGS
from figment.training.distributed import World
from figment.training.pace import Clock
from figment.training.state import new_state
from figtest.runs import tick

pytestmark = pytest.mark.usefixtures("without_report")

TINY = dict(recipe="dcgan", size=16, width=2, batch=16, snapshots=4)


@pytest.fixture
def readings_of_events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A word for each time that a log is read from its start."""
    read, each = [], Log.__iter__

    def counted(log: Log):
        read.append(log.file.name)
        return each(log)

    monkeypatch.setattr(Log, "__iter__", counted)
    return read


def test_events_are_read_as_often_however_many_ticks_there_are(
    faces: Path, tmp_path: Path, readings_of_events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    figment.train(faces, images=64, out=tmp_path / "few", **TINY)
    few = len(readings_of_events)
    monkeypatch.setattr(schedule, "tick_images", lambda recipe: recipe.batch)
    run = figment.train(faces, images=320, out=tmp_path / "many", **TINY)
    assert len(readings_of_events) == 2 * few
    assert len(run.events("tick")) == 20


def test_of_many_readings_the_last_few_and_the_widest_spread_are_kept(faces: Path, tmp_path: Path) -> None:
    run = figment.train(faces, images=32, out=tmp_path / "run", **TINY)
    bank = figment.reals.bank_of(run, figment.common.progress.Silent())
    feed = figment.planning.resolve.loader_for(bank, run.recipe, World.alone("cpu"))
    past = [tick(i, 0.5, spread=0.9 if i == 7 else 0.1) for i in range(1000)]
    past.append({"event": "tick", "images": 1000})  # damaged, or of another hand
    state = new_state(run.recipe, World.alone("cpu"))
    kept = ticks.Ticks(past, bank, run.recipe, feed, state, Clock(0.0))
    assert kept.widest == 0.9
    assert [e["images"] for e in kept.events] == list(range(1000 - KEPT_READINGS, 1000))


def test_the_speed_is_counted_anew_where_training_has_gone_back(faces: Path, tmp_path: Path) -> None:
    run = figment.train(faces, images=32, out=tmp_path / "run", **TINY)
    bank = figment.reals.bank_of(run, figment.common.progress.Silent())
    feed = figment.planning.resolve.loader_for(bank, run.recipe, World.alone("cpu"))
    state = new_state(run.recipe, World.alone("cpu"))
    state.images, state.losses = 320, torch.ones(4)
    kept = ticks.Ticks([], bank, run.recipe, feed, state, Clock(0.0))
    state.images = 160
    kept.reload(state, [])
    state.images += run.recipe.images_a_step
    assert kept.event(state, run.recipe, 1)["images_per_second"] > 0


def test_a_run_with_damaged_events_goes_on(faces: Path, tmp_path: Path) -> None:
    run = figment.train(faces, images=64, out=tmp_path / "run", **TINY)
    with run.events_file.open("ab") as file:
        file.write(
            b'\xff\xfe\n{"event": "tick", "images": 60}\n{"event": "score", "images": 60}\n' + b"[" * 200_000 + b"\n"
        )
    said: list[str] = []

    class Listening(figment.common.progress.Silent):
        def say(self, sentence: str) -> None:
            said.append(sentence)

    again = figment.resume(run, images=32, display=Listening())
    assert again.facts["state"] == "finished"
    assert [s for s in said if "events.jsonl are damaged" in s] == [s for s in said if s.startswith("4 of ")] != []
    assert Run(run.folder).events("tick")[-1]["images"] == 96


PENALISED = dict(discriminator_norm="none", gamma=0.5, penalised="reals")


def test_after_a_new_plan_a_tick_is_as_long_as_ever(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new plan after each tick, by which the next one would be a step away, or in a round of the penalty's."""
    plans = itertools.cycle([1088, 544, 1600, 512, 2048])

    def renewed(self: pace.Replanner, recipe: recipes.Recipe, *rest: object) -> recipes.Recipe:
        return recipes.changed(recipe, planned_images=next(plans))

    monkeypatch.setattr(pace.Replanner, "renewed", renewed)
    run = figment.train(faces, images=2048, out=tmp_path / "run", penalty_every=4, **PENALISED, **TINY)
    at = [0, *(e["images"] for e in run.events("tick"))]
    assert len(at) > 8
    assert all((b - a) % (4 * 16) == 0 for a, b in itertools.pairwise(at))
    assert all(e["squared_gradient"] > 0 for e in run.events("tick"))


@pytest.mark.parametrize(("steps", "every"), [(2, 2), (3, 4)])
def test_penalties_count_whichever_of_d_s_steps_has_them(faces: Path, tmp_path: Path, steps: int, every: int) -> None:
    choices = PENALISED | dict(discriminator_steps=steps, penalty_every=every)
    run = figment.train(faces, images=16 * steps * 8, out=tmp_path / "run", **choices, **TINY)
    assert run.events("tick")
    assert all(e["squared_gradient"] > 0 for e in run.events("tick"))


def test_a_run_says_at_its_end_what_came_of_it(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "tick_images", lambda recipe: recipe.batch)
    said: list[str] = []

    class Listening(figment.common.progress.Silent):
        def say(self, sentence: str) -> None:
            said.append(sentence)

    run = figment.train(faces, images=160, out=tmp_path / "run", display=Listening(), **TINY)
    (closing,) = run.events("closing")
    assert closing["text"] == ". ".join(closing_words(run.events(), run.recipe))
    assert said[-closing["text"].count(". ") - 1 :] == closing["text"].split(". ")
    assert [event["event"] for event in run.events()][-2:] == ["closing", "end"]
