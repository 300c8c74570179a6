"""Training that is stopped for a while (SIGSTOP, a laptop that sleeps) takes up its budget where it was."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import figment
from figment.common import progress, run_time
from figment.planning import trials
from figment.training import loop
from figtest.pictures import draw_faces

pytestmark = pytest.mark.usefixtures("without_report")
TINY = dict(recipe="dcgan", size=16, width=4, batch=16, lr_final=0.1, scores="none")
STOPPED = 26.0  # seconds


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A process's first step takes as long as some hundred others."""
    folder = tmp_path_factory.mktemp("warm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("figment.reporting.report.write_report", lambda run, **told: None)
        figment.train(draw_faces(folder / "faces"), images=16, out=folder / "run", **TINY)


@pytest.fixture
def standing_still(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, int], None]:
    """standing_still(module, step): while the module makes that step, 26 seconds pass in which the process doesn't run.

    But for these, time is what this process works, which other work on the machine doesn't stretch.
    """
    stopped = [0.0]
    clock = partial(run_time.RunTime, lambda: time.process_time() + stopped[0], time.process_time)
    monkeypatch.setattr(run_time, "RunTime", clock)

    def stop_in(module: Any, step: int) -> None:
        made, play = [0], module.train_step

        def train_step(*args: Any) -> None:
            play(*args)
            made[0] += 1
            stopped[0] += STOPPED if made[0] == step else 0.0

        monkeypatch.setattr(module, "train_step", train_step)

    return stop_in


class Listening(progress.Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.mark.parametrize(
    ("module", "step"), [(loop, 30), pytest.param(trials, 4, marks=pytest.mark.slow)], ids=["training", "measuring"]
)
def test_the_whole_budget_is_trained_and_the_rates_fall(
    standing_still: Callable[[Any, int], None], faces: Path, tmp_path: Path, module: Any, step: int
) -> None:
    standing_still(module, step)
    listening = Listening()
    run = figment.train(faces, time="3s", out=tmp_path / "run", display=listening, **TINY)
    assert run.facts["state"] == "finished"
    assert run.facts["seconds"] == pytest.approx(3, rel=0.2)
    assert run.facts["images"] > 40 * 16
    assert run.events("tick")[-1]["lr"] < 0.5 * run.recipe.lr
    told = [sentence for sentence in listening.said if "stood still" in sentence]
    assert told == ["the process stood still for 26 s; that isn't counted"]
    (event,) = run.events("standstill")
    assert event["stood_still"] == pytest.approx(STOPPED, abs=0.5)
    assert event["text"] == told[0]
    speeds = [tick["images_per_second"] for tick in run.events("tick")]
    assert min(speeds) > max(speeds) / 20  # 26 seconds more would make a tick's a fiftieth


def test_a_budget_of_images_is_as_it_was(
    standing_still: Callable[[Any, int], None], faces: Path, tmp_path: Path
) -> None:
    runs = [figment.train(faces, images=320, out=tmp_path / "undisturbed", **TINY)]
    standing_still(loop, 10)
    runs.append(figment.train(faces, images=320, out=tmp_path / "stopped", **TINY))
    assert runs[0].generator_file.read_bytes() == runs[1].generator_file.read_bytes()
    assert runs[1].facts["seconds"] < STOPPED
    assert [len(run.events("standstill")) for run in runs] == [0, 1]
