"""A run that is stopped, killed or starved of disk, and resumed, equals one that never was: bit for bit."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import figment
from figment.common import progress, run_time
from figment.errors import InputError
from figment.planning import plan, trials
from figment.planning.choose import with_further_budget
from figment.run import Run
from figment.training import loop, schedule
from figment.training.distributed import World
from figtest.command import command_line, interruptible
from figtest.pictures import draw_faces
from figtest.resumed import same, stopping_after

pytestmark = pytest.mark.usefixtures("without_report")

# Small and quick, with everything that carries state switched on.
CHOICES = dict(
    size=16,
    width=4,
    batch=16,
    objective="bce",
    dropout=0.2,
    label_flips=0.05,
    real_target=0.9,
    lr_final=0.1,
    save_seconds=0.2,
    snapshots=8,
)
BUDGET = 1600
# They go one way, which tests/common/test_signals.py shows.
STOPPING = [signal.SIGINT, *(pytest.param(s, marks=pytest.mark.slow) for s in (signal.SIGTERM, signal.SIGHUP))]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """To compare with; what trains it further takes a copy."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    faces = draw_faces(folder / "faces")
    return figment.train(faces, images=BUDGET, recipe="dcgan", out=folder / "whole", **CHOICES)


@pytest.mark.parametrize("number", STOPPING)
def test_interrupted_and_resumed_equals_uninterrupted(
    uninterrupted: Run, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with monkeypatch.context() as patch:
        stopping_after(37, patch, number)
        run = figment.train(faces, images=BUDGET, recipe="dcgan", out=tmp_path / "cut", **CHOICES)
    assert run.facts["state"] == "interrupted"
    assert run.facts["images"] == 37 * 16
    newest = figment.load(run.folder).sheet(seed=run.recipe.seed)  # there is to see, and none of the run's own
    assert run.stopped_file.read_bytes() == newest.png()
    again = figment.resume(run.folder)
    assert again.facts["state"] == "finished"
    same(uninterrupted, again)
    assert not run.stopped_file.exists()


def test_a_run_by_formula_goes_on_as_it_began_and_an_older_run_by_its_list(
    uninterrupted: Run, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = dict(recipe="dcgan", scores="none", order="formula", **CHOICES)
    whole = figment.train(faces, images=BUDGET // 4, out=tmp_path / "whole", **choices)
    with monkeypatch.context() as patch:
        stopping_after(10, patch)
        run = figment.train(faces, images=BUDGET // 4, out=tmp_path / "cut", **choices)
    assert run.facts["images"] == 160
    same(whole, figment.resume(run.folder))
    # A run from before has no order in its recipe: it isn't this figment's choice that decides, but how it was begun.
    old = Run(shutil.copytree(uninterrupted.folder, tmp_path / "old"))
    recipe = json.loads(old.recipe_file.read_text())
    assert recipe.pop("order") == "list"
    old.recipe_file.write_text(json.dumps(recipe))
    assert Run(old.folder).recipe.order == "list"


def test_begun_again_before_the_first_step_nothing_is_kept_twice(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        kept = loop.keep_beginning

        def stopped(*args: Any) -> None:
            kept(*args)
            signal.raise_signal(signal.SIGINT)

        patch.setattr(loop, "keep_beginning", stopped)
        run = figment.train(faces, images=96, recipe="dcgan", out=tmp_path / "run", **CHOICES)
        run = figment.resume(run)
    assert capsys.readouterr().err.count("stopping: keeping the state, a sheet and the report; Ctrl-C again") == 2
    assert run.facts["images"] == 0
    figment.resume(run)
    assert [e["images"] for e in run.events("snapshot")] == list(run.pictures()) == list(run.snapshots())


@pytest.mark.parametrize("steps", [1, 10, 20])
def test_resumed_where_everything_is_due_at_once_nothing_is_told_twice(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Stopped at a tick, a snapshot and a saved state; the last time also at the budget's end."""
    choices = CHOICES | dict(save_seconds=0)
    with monkeypatch.context() as patch:
        patch.setattr(schedule, "tick_images", lambda recipe: recipe.batch)
        patch.setattr(schedule, "is_snapshot", lambda recipe, images: images == 16 * steps)
        stopping_after(steps, patch)
        run = figment.train(faces, images=320, recipe="dcgan", out=tmp_path / "run", **choices)
        run.note(state="training")  # as after kill -9
        figment.resume(run)
    told = [(e["event"], e["images"]) for e in run.events() if e["event"] in {"tick", "snapshot"}]
    assert len(told) == len(set(told))
    assert [i for kind, i in told if kind == "tick"] == list(range(16, 320 + 1, 16))


def test_under_nohup_a_closed_terminal_ends_nothing(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping_after(3, monkeypatch, signal.SIGHUP)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run = figment.train(faces, images=96, recipe="dcgan", out=tmp_path / "run", **CHOICES)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert run.facts["state"] == "finished"


def test_seed_decides(uninterrupted: Run, faces: Path, tmp_path: Path) -> None:
    again = figment.train(faces, images=BUDGET, recipe="dcgan", out=tmp_path / "again", **CHOICES)
    same(uninterrupted, again)
    other = figment.train(faces, images=64, recipe="dcgan", out=tmp_path / "other", seed=1, **CHOICES)
    first, second = (load_file(run.generator_file) for run in (again, other))
    assert not any(torch.equal(first[name], second[name]) for name in first if name.endswith("weight"))


def test_wgan_resumes_too(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = dict(size=16, width=4, batch=16, objective="wgan")
    whole = figment.train(faces, images=800, recipe="dcgan", out=tmp_path / "whole", **choices)
    with monkeypatch.context() as patch:
        stopping_after(4, patch)
        cut = figment.train(faces, images=800, recipe="dcgan", out=tmp_path / "cut", **choices)
    same(whole, figment.resume(cut))


def test_steered_augmentation_resumes_too(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = CHOICES | dict(augment="full", augment_p=0.2, augment_mode="adaptive", augment_target=0.1)
    whole = figment.train(faces, images=800, recipe="dcgan", out=tmp_path / "whole", **choices)
    ticks = whole.events("tick")
    assert len({t["augment_p"] for t in ticks}) > 2  # it was steered
    with monkeypatch.context() as patch:
        stopping_after(17, patch)
        cut = figment.train(faces, images=800, recipe="dcgan", out=tmp_path / "cut", **choices)
    assert cut.facts["images"] == 17 * 16
    same(whole, figment.resume(cut))


@pytest.mark.parametrize("penalty", ["finite", pytest.param("exact", marks=pytest.mark.slow)])
def test_r3gan_resumes_too(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, penalty: str) -> None:
    choices = dict(size=16, width=8, code_size=8, batch=16, penalty=penalty, augment="diffaugment", augment_p=0.5)
    whole = figment.train(faces, images=240, recipe="r3gan-small", out=tmp_path / "whole", **choices)
    assert whole.events("tick")[-1]["squared_gradient"] > 0
    with monkeypatch.context() as patch:
        stopping_after(11, patch)
        cut = figment.train(faces, images=240, recipe="r3gan-small", out=tmp_path / "cut", **choices)
    same(whole, figment.resume(cut))


@pytest.fixture
def own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Budgets of time go by the time that this process works, which other work on the machine doesn't stretch."""
    monkeypatch.setattr(run_time, "now", time.process_time)


@pytest.mark.usefixtures("own_clock")
@pytest.mark.parametrize(
    "budget", [dict(images=1600), pytest.param(dict(time="3s"), marks=pytest.mark.slow)], ids=["images", "time"]
)
def test_out_of_memory_halves_the_batch_and_goes_on(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: dict
) -> None:
    """First where a step doesn't fit at all, then where memory runs out some way in."""
    play, said = loop.train_step, []

    def starved(state, phases, recipe, *rest) -> None:
        if recipe.batch > 32 or (recipe.batch > 16 and state.images >= 64):
            raise torch.OutOfMemoryError("CUDA out of memory")
        play(state, phases, recipe, *rest)

    class Listening(progress.Silent):
        def say(self, sentence: str) -> None:
            said.append(sentence)

    monkeypatch.setattr(loop, "train_step", starved)
    monkeypatch.setattr(trials, "train_step", starved)
    choices = dict(size=16, width=4, batch=64, recipe="dcgan", save_seconds=0.0)
    run = figment.train(faces, out=tmp_path / "run", display=Listening(), **budget, **choices)
    assert [s for s in said if "out of memory" in s] == [
        f"out of memory: going on with batches of {n}" for n in (32, 16)
    ]
    assert run.recipe.batch == 16
    assert [e["images"] for e in run.events("snapshot")] == list(run.pictures())  # none is told twice
    assert run.facts["state"] == "finished"
    assert run.facts["images"] > 64


def train_command(faces: Path, out: Path, budget: int) -> list[str]:
    sets = [x for k, v in CHOICES.items() if k != "size" for x in ("--set", f"{k}={v}")]
    return command_line("train", faces, "--images", budget, "--recipe", "dcgan", "--size", 16, "--out", out, *sets)


def killed_and_resumed(faces: Path, out: Path, delay: float, cache: Path) -> bool:
    """Kill a training -9 after a delay, anywhere: importing, preparing, training, saving. Then bring it to its end."""
    environment = os.environ | {"FIGMENT_CACHE": str(cache)}
    process = subprocess.Popen(train_command(faces, out, BUDGET), stdout=subprocess.DEVNULL, env=environment)
    time.sleep(delay)
    process.kill()
    process.wait()
    begun = (out / "recipe.json").exists()
    onward = command_line("resume", out) if begun else train_command(faces, out, BUDGET)
    done = subprocess.run(onward, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return begun


def test_killed_in_training_and_resumed_equals_uninterrupted(uninterrupted: Run, faces: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    process = subprocess.Popen(train_command(faces, out, BUDGET), stdout=subprocess.DEVNULL)
    while process.poll() is None and not (out.exists() and len(Run(out).events("tick")) >= 4):
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert Run(out).facts["state"] == "training"
    same(uninterrupted, figment.resume(out))


@pytest.mark.parametrize("number", STOPPING)
def test_signals_end_the_command_with_130_and_say_how_to_go_on(faces: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "stopped"
    process = subprocess.Popen(
        interruptible(train_command(faces, out, 10**6)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    while process.poll() is None and not (out.exists() and Run(out).events("snapshot")):
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(number)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert f"everything is saved. Go on with: figment resume {out}" in " ".join(
        said.split()
    )  # a command has its own line
    assert "Traceback" not in said
    assert Run(out).facts["state"] == "interrupted"


def test_killed_run_is_given_further_time_from_where_its_state_is(faces: Path, tmp_path: Path) -> None:
    """run.json of a killed run tells less than its state: the state counts."""
    run = figment.train(faces, time="2s", recipe="dcgan", out=tmp_path / "run", size=16, width=4, batch=16)
    before = run.facts
    run.note(images=0, seconds=0.0, state="training")  # as after kill -9
    after = figment.resume(run, time="1s").facts
    assert after["images"] > before["images"]
    assert after["seconds"] >= before["seconds"] + 1


@pytest.mark.slow
def test_killed_at_twenty_random_moments(uninterrupted: Run, faces: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    environment = os.environ | {"FIGMENT_CACHE": str(tmp_path / "cache")}
    subprocess.run(train_command(faces, tmp_path / "timed", BUDGET), check=True, env=environment)
    whole = time.monotonic() - began
    moments = random.Random(0)
    begun = [
        killed_and_resumed(faces, tmp_path / f"killed-{i}", moments.uniform(0, whole), tmp_path / f"cache-{i}")
        for i in range(20)
    ]
    assert any(begun)
    for i in range(20):
        same(uninterrupted, Run(tmp_path / f"killed-{i}"))


def test_full_disk_keeps_the_last_good_state(
    uninterrupted: Run, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on file size stands in for the disk: it is met while a state is being written."""
    with monkeypatch.context() as patch:
        stopping_after(20, patch)
        run = figment.train(faces, images=BUDGET, recipe="dcgan", out=tmp_path / "cut", **CHOICES)
    good = run.state_file.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(good) // 2, hard))
    try:
        with pytest.raises(InputError, match=rf"can't be written .*move the run.*figment resume {run.folder}"):
            figment.resume(run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert run.state_file.read_bytes() == good
    assert [p.name for p in run.state_file.parent.iterdir() if p.name.endswith(".part")] == []
    same(uninterrupted, figment.resume(run))


def test_finished_run_is_left_alone_and_can_be_trained_further(uninterrupted: Run, tmp_path: Path) -> None:
    whole = Run(shutil.copytree(uninterrupted.folder, tmp_path / "whole"))
    before = whole.generator_file.read_bytes()
    assert figment.resume(whole).generator_file.read_bytes() == before
    run = figment.resume(whole, images=320)
    assert run.facts["images"] == BUDGET + 320
    assert run.recipe.planned_images == BUDGET
    assert any("beyond the planned end" in e["text"] for e in run.events("resume"))
    rates = [e["lr"] for e in run.events("tick") if e["images"] > BUDGET]
    assert rates
    assert rates == pytest.approx([2e-5] * len(rates))


@pytest.mark.usefixtures("own_clock")
def test_time_budget_is_kept_and_extended(faces: Path, tmp_path: Path) -> None:
    run = figment.train(faces, time="3s", recipe="dcgan", out=tmp_path / "timed", size=16, width=4, batch=16)
    facts, recipe = run.facts, run.recipe
    assert facts["state"] == "finished"
    assert facts["seconds"] == pytest.approx(3, rel=0.05)  # what keeping takes is part of it
    assert recipe.planned_images > 0
    assert "auto" not in {recipe.precision, recipe.compile}
    further = figment.resume(run, time="1s")
    assert further.facts["images"] > facts["images"]
    assert further.facts["seconds"] >= facts["seconds"] + 1
    # Its schedules had come to their end, wherever the plan had put that: the final rates are held.
    assert further.recipe.planned_images == min(recipe.planned_images, facts["images"])
    rates = [e["lr"] for e in further.events("tick") if e["images"] > facts["images"]]
    assert rates == pytest.approx([recipe.lr * recipe.lr_final] * len(rates))


@pytest.mark.usefixtures("own_clock")
def test_a_plan_made_while_the_machine_was_busy_is_made_anew(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images_for = plan.images_for
    monkeypatch.setattr(plan, "images_for", lambda *rest: images_for(*rest) // 4)
    tiny = dict(size=16, width=4, batch=16, lr_final=0.1)
    run = figment.train(faces, time="4s", recipe="dcgan", out=tmp_path / "timed", **tiny)
    assert run.recipe.planned_images == pytest.approx(run.facts["images"], rel=0.3)
    assert run.events("tick")[-1]["lr"] < 0.5 * run.recipe.lr  # the decay ends with the run, not with the first plan


def test_divergence_goes_back_thrice_with_half_the_rate_then_stops(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = loop.train_step

    def poisoned(state, *rest) -> None:
        play(state, *rest)
        if state.images >= 800:
            next(state.generator.parameters()).data.fill_(float("nan"))

    monkeypatch.setattr(loop, "train_step", poisoned)
    with pytest.raises(InputError, match=r"diverged .* 4 times .* lr="):
        figment.train(faces, images=BUDGET, recipe="dcgan", out=tmp_path / "nan", size=16, width=4, batch=16)
    run = Run(tmp_path / "nan")
    texts = [e["text"] for e in run.events("setback")]
    assert [t.split("halved to ")[1].split(" ")[0] for t in texts] == ["0.0001", "5e-05", "2.5e-05"]
    assert all(torch.isfinite(v).all() for v in load_file(run.state_file).values())
    assert all(e["images"] < 800 for e in run.events("snapshot"))


@pytest.mark.slow
def test_one_divergence_is_survived(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play, poison = loop.train_step, [True]

    def poisoned(state, *rest) -> None:
        play(state, *rest)
        if state.images >= 800 and poison.pop() if poison else False:
            next(state.discriminator.parameters()).data.fill_(float("inf"))

    monkeypatch.setattr(loop, "train_step", poisoned)
    run = figment.train(faces, images=BUDGET, recipe="dcgan", out=tmp_path / "inf", size=16, width=4, batch=16)
    assert run.facts["state"] == "finished"
    assert {e["lr"] for e in run.events("tick")} == {1e-4} | {e["lr"] for e in run.events("tick") if e["images"] < 800}
    assert json.loads((run.folder / "run.json").read_text())["images"] == BUDGET
    assert list(run.snapshots()) == schedule.snapshot_times(run.recipe)  # those that were taken back are made again


RARELY_SAVED = CHOICES | dict(save_seconds=60)


def diverging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training that diverges at 800 images with its first rate, as the state alone decides."""
    play = loop.train_step

    def poisoned(state, *rest) -> None:
        play(state, *rest)
        if state.images >= 800 and state.setbacks == 0:
            next(state.generator.parameters()).data.fill_(float("nan"))

    monkeypatch.setattr(loop, "train_step", poisoned)


@pytest.fixture(scope="module")
def once_diverged(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Set back once, and never interrupted."""
    folder = tmp_path_factory.mktemp("diverged")
    faces = draw_faces(folder / "faces")
    with pytest.MonkeyPatch.context() as patch:
        diverging(patch)
        return figment.train(faces, images=BUDGET, recipe="dcgan", out=folder / "whole", **RARELY_SAVED)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(40, marks=pytest.mark.slow, id="before the last good state"),
        pytest.param(49, id="between the last good state and the divergence"),
        pytest.param(50, id="before it is noticed"),
        pytest.param(70, marks=pytest.mark.slow, id="after the setback"),
    ],
)
def test_a_run_that_was_set_back_resumes_too(
    steps: int, once_diverged: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes back to where images seen say, not to where it was saved last."""
    diverging(monkeypatch)
    with monkeypatch.context() as patch:
        stopping_after(steps, patch)
        faces = once_diverged.folder.parent / "faces"
        run = figment.train(faces, images=BUDGET, recipe="dcgan", out=tmp_path / "cut", **RARELY_SAVED)
    assert run.facts["state"] == "interrupted"
    assert run.facts["images"] <= 16 * steps
    resumed = figment.resume(run)
    same(once_diverged, resumed)
    assert [e["images"] for e in resumed.events("setback")] == [e["images"] for e in once_diverged.events("setback")]


def test_a_run_whose_last_steps_diverge_goes_on_to_its_end(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the planned end nothing is read or kept at the last step: that it is good is looked at all the same."""
    run = figment.train(faces, images=320, recipe="dcgan", out=tmp_path / "run", size=16, width=4, batch=16)
    play = loop.train_step

    def poisoned(state, *rest) -> None:
        play(state, *rest)
        if state.images == 368 and state.setbacks == 0:
            next(state.generator.parameters()).data.fill_(float("nan"))

    monkeypatch.setattr(loop, "train_step", poisoned)
    further = figment.resume(run, images=48)
    assert (further.facts["state"], further.facts["images"]) == ("finished", 368)
    assert len(further.events("setback")) == 1
    assert all(torch.isfinite(v).all() for v in load_file(further.state_file).values())


def test_a_run_whose_time_was_over_before_its_first_step_says_so_and_goes_on(faces: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "is_spent", lambda *given: True)
        run = figment.train(faces, time="60s", recipe="dcgan", out=tmp_path / "run", scores="none", **CHOICES)
    assert (run.state, run.facts["images"]) == ("finished", 0)
    (closing,) = run.events("closing")
    assert closing["text"].startswith("The time was over before the first step")
    world = World(torch.device("cpu"))
    assert with_further_budget(run, world, "2m", None).planned_images == 2 * run.recipe.planned_images
    further = figment.resume(run, images=32)
    assert (further.facts["images"], further.recipe.planned_images) == (32, 32)


def test_source_that_changed_is_noticed(faces: Path, tmp_path: Path) -> None:
    run = figment.train(faces, images=64, recipe="dcgan", out=tmp_path / "run", **CHOICES)
    said: list[str] = []

    class Listening(progress.Silent):
        def say(self, sentence: str) -> None:
            said.append(sentence)

    (faces / "000.png").unlink()
    figment.resume(run, images=16, display=Listening())
    assert any("has changed since this run began" in s for s in said)
