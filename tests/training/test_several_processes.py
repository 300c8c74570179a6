"""torchrun -m figment: several processes make what one makes, go on where another number of them stopped, and end together."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import figment
from figment.run import Run
from figtest.command import interruptible
from figtest.several import BATCH, RECIPES, alike, training
from figtest.strips import FRAMES, SIDE, draw_strips


def start(processes: int, words: list[str]) -> subprocess.Popen:
    """figment in so many processes, as a user starts them."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    return subprocess.Popen(
        interruptible([sys.executable, *torchrun, "-m", "figment", *words]),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def done(processes: int, words: list[str]) -> str:
    """What was printed by figment in so many processes."""
    process = start(processes, words)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def until(process: subprocess.Popen, holds: Callable[[], bool]) -> None:
    while not holds():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)


def has_ticked(out: Path, times: int) -> Callable[[], bool]:
    return lambda: (out / "run.json").exists() and len(Run(out).events("tick")) >= times


def worker(torchrun: subprocess.Popen, rank: int) -> psutil.Process:
    """The process with a rank among those that torchrun started."""
    children = psutil.Process(torchrun.pid).children()
    return next(child for child in children if child.environ().get("RANK") == str(rank))


@pytest.mark.parametrize("recipe", ["dcgan", pytest.param("r3gan", marks=pytest.mark.slow)])
def test_two_processes_equal_one_and_only_the_first_speaks_and_writes(faces: Path, tmp_path: Path, recipe: str) -> None:
    one = figment.train(
        faces, recipe=recipe, images=160, size=16, out=tmp_path / "one", batch=BATCH, save_seconds=0, **RECIPES[recipe]
    )
    said = done(2, training(faces, tmp_path / "two", recipe, 160))
    two = Run(tmp_path / "two")
    alike(one, two)
    files = [sorted(str(p.relative_to(run.folder)) for p in run.folder.rglob("*")) for run in (one, two)]
    assert files[0] == files[1]
    assert two.facts["state"] == "finished"
    assert two.facts["processes"] == 2
    assert said.count("pictures from faces") == 1
    assert said.count("generator  ") == 1


@pytest.mark.slow
def test_two_processes_equal_one_on_clips(tmp_path: Path) -> None:
    """Clips, their windows, times and paths are shared out as pictures are; half of the run learns from single frames."""
    strips = draw_strips(tmp_path / "discs")
    clips = dict(lr=1e-4, batch=8, width=4, frames=FRAMES, fps=8, images_first=0.5, save_seconds=0)
    words = [word for name, value in clips.items() for word in ("--set", f"{name}={value}")]
    for processes, out in ((1, "one"), (2, "two")):
        asked = ["train", strips, "--recipe", "video-small", "--size", SIDE, "--fit", "strip", "--images", 128, "--out"]
        done(processes, [*map(str, asked), str(tmp_path / out), *words])
    alike(Run(tmp_path / "one"), Run(tmp_path / "two"))


@pytest.mark.slow
def test_two_processes_start_from_the_same_nets(faces: Path, tmp_path: Path) -> None:
    """The first reads them, larger than they were, and gives them to the other: one process makes the same of them."""
    done(1, training(faces, tmp_path / "old", "dcgan", 96))
    for processes, out in ((1, "one"), (2, "two")):
        words = training(faces, tmp_path / out, "dcgan", 96, width=8)
        said = done(processes, [*words, "--from", str(tmp_path / "old")])
        assert said.count("from old at 96 images: all 3 stages; channels 8,4→16,8") == 1
    one, two = Run(tmp_path / "one"), Run(tmp_path / "two")
    alike(one, two)
    assert one.facts["from"] == two.facts["from"]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", list(RECIPES))
def test_three_processes_equal_one_on_the_portraits(tmp_path: Path, recipe: str) -> None:
    done(1, training(None, tmp_path / "one", recipe, 480, batch=24))
    done(3, training(None, tmp_path / "three", recipe, 480, batch=24))
    alike(Run(tmp_path / "one"), Run(tmp_path / "three"))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", list(RECIPES))
def test_resumed_with_another_number_of_processes(faces: Path, tmp_path: Path, recipe: str) -> None:
    """Two processes, then one, then two: as if there had been one all along."""
    same, changing = tmp_path / "same", tmp_path / "changing"
    done(1, training(faces, same, recipe, 160))
    done(2, training(faces, changing, recipe, 160))
    for processes in (1, 2):
        done(1, ["resume", str(same), "--images", "80"])
        said = done(processes, ["resume", str(changing), "--images", "80"])
        assert said.count("resumed at ") == 1
        alike(Run(same), Run(changing))
    assert Run(changing).facts["images"] == 320


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_torchrun_ends_all_with_everything_saved(faces: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "stopped"
    process = start(2, training(faces, out, "dcgan", 10**5))
    until(process, has_ticked(out, 1))
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert said.count(f"everything is saved. Go on with: figment resume {out}") == 1
    stopped = Run(out).facts
    assert stopped["state"] == "interrupted"
    done(1, ["resume", str(out), "--images", "32"])
    assert Run(out).facts["images"] == stopped["images"] + 32


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_ends_all_and_the_state_is_kept(faces: Path, tmp_path: Path, rank: int) -> None:
    one = figment.train(
        faces,
        recipe="dcgan",
        images=1600,
        size=16,
        out=tmp_path / "one",
        batch=BATCH,
        save_seconds=0,
        **RECIPES["dcgan"],
    )
    out = tmp_path / "killed"
    process = start(2, training(faces, out, "dcgan", 1600))
    until(process, has_ticked(out, 5))
    worker(process, rank).kill()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    # Interrupted by torchrun in the midst of its last words, the first process may not come to name the state.
    kept = rf"(the state at [\d,]+ images is kept\. Go on with: figment resume {out}|what was saved before is kept)"
    assert re.search(rf"figment: another process of this training is gone \(.*\); {kept}", said)
    assert Run(out).facts["state"] == "training"
    done(2, ["resume", str(out)])
    alike(one, Run(out))


@pytest.mark.slow
def test_what_cannot_be_shared_is_refused(faces: Path, tmp_path: Path) -> None:
    process = start(2, training(faces, tmp_path / "odd", "dcgan", 160, batch=15))
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1  # torchrun's; figment's is 2
    assert "figment: a batch of 15 can't be shared by 2 processes: give --set batch=16" in said
    assert not (tmp_path / "odd").exists()


@pytest.mark.slow
def test_a_finished_run_is_left_alone_by_all(faces: Path, tmp_path: Path) -> None:
    done(1, training(faces, tmp_path / "run", "dcgan", 160))
    assert done(2, ["resume", str(tmp_path / "run")]).count("is finished. To train it further") == 1
