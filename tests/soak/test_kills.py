"""Every command that writes is killed (kill -9) again and again, and nothing is lost: see KILLS for how often.

Killed and repeated, a command gives what it gives undisturbed, to the byte, and leaves no other file. Half of the kills
come at a random moment, half just before a random touch of a file (`figtest.forks`), so that each gap between two steps
on the disk is met.
"""

import json
import os
import random
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from figtest.forks import Ended, ForkServer
from figtest.pictures import draw_shades

pytestmark = pytest.mark.slow

SEED = 16
TINY = [
    "--recipe", "dcgan", "--size", "16", "--set", "width=2", "--set", "code_size=4", "--set", "batch=8",
    "--set", "snapshots=3", "--set", "save_seconds=0.05", "--images", "160",
]  # fmt: skip
# What differs between two runs of one command: clocks, and what is derived of them; locks, which stay by design.
TIMELY = {"run.json", "events.jsonl", "report.html", "live.js", "lock", "measures.lock", "measures.jsonl"}
TIMES = {"seconds", "images_per_second", "memory_mb", "time", "at"}

# What is run on a finished run (RUN), with what it is to leave behind (OUT), and how often it is killed.
COMMANDS = {
    "sample": (["sample", "RUN", "-n", "8", "--out", "OUT.png"], 30),
    "sample files": (["sample", "RUN", "-n", "24", "--files", "--out", "OUT"], 30),
    "walk": (["walk", "RUN", "--keyframes", "2", "--seconds", "1", "--out", "OUT.mp4"], 25),
    "timelapse": (["timelapse", "RUN", "--out", "OUT.mp4"], 25),
    "report": (["report", "RUN"], 25),
    "measure": (["measure", "RUN", "-n", "64", "--features", "gradients"], 25),
    "prepare": (["data", "prepare", "DATA", "--size", "24"], 40),
    "inspect": (["data", "inspect", "DATA", "--size", "16", "--out", "OUT.html"], 25),
    "dedupe": (["data", "dedupe", "DATA", "--out", "OUT.json"], 20),
    "interpolate": (["explore", "interpolate", "RUN"], 20),
    "directions": (["explore", "directions", "RUN", "--count", "2", "--samples", "500"], 20),
    "neighbours": (["explore", "neighbours", "RUN"], 20),
    "filters": (["explain", "filters", "RUN"], 30),
    "evidence": (["explain", "evidence", "RUN"], 30),
}
TRAINING_KILLS = 200
MOST_TRIES = 3  # for each kill: some commands are done before it comes
SHARE = float(os.environ.get("SOAK_SHARE", "1"))  # of the kills, for a shorter soak
Tell = Callable[[str], None]


@pytest.fixture(scope="module")
def bench(server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures and a finished run."""
    folder = tmp_path_factory.mktemp("kills")
    draw_shades(folder / "data")
    ended = server.figment("train", folder / "data", *TINY, "--out", folder / "run", environment=cached(folder))
    assert ended.status == 0, ended.output
    return folder


def copied(bench: Path, name: str, into: Path) -> Path:
    """A copy of the bench for one command, whose cache has the same pictures prepared."""
    place = into / name.replace(" ", "-")
    shutil.copytree(bench, place, symlinks=True, copy_function=shutil.copy2)
    # The run knows where its pictures were: there they are still.
    return place


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_and_repeated(name: str, server: ForkServer, bench: Path, tmp_path: Path, tell: Tell) -> None:
    words, kills = COMMANDS[name][0], max(5, round(COMMANDS[name][1] * SHARE))
    chance = random.Random(f"{SEED} {name}")
    whole, place = copied(bench, "whole", tmp_path), copied(bench, "killed", tmp_path)
    before = files(place)
    undisturbed = server.figment(*addressed(words, whole), environment=cached(whole))
    assert undisturbed.status == 0, undisturbed.output
    expected = files(whole)
    landed = number = 0
    while landed < kills and number < MOST_TRIES * kills:
        if number % 5 == 0:  # from the beginning again, and not only over a half-done one
            shutil.rmtree(place)
            copied(bench, "killed", tmp_path)
        ended = killed(server, addressed(words, place), cached(place), undisturbed, chance)
        landed += ended.status == -9
        if number % 5 == 4 or landed == kills:
            again = server.figment(*addressed(words, place), environment=cached(place))
            assert repeats(again, words), f"after {number + 1} kills: {again.output}"
            found = files(place)
            assert found.keys() == expected.keys(), sorted(found.keys() ^ expected.keys())
            assert found == expected, [file for file in found if found[file] != expected[file]]
            assert before.keys() <= found.keys()
        number += 1
    tell(
        f"{landed} kills landed of {number}; undisturbed {undisturbed.seconds:.1f} s, {undisturbed.touches} touches of files"
    )


def test_training_killed_and_resumed(server: ForkServer, bench: Path, tmp_path: Path, tell: Tell) -> None:
    chance = random.Random(SEED)
    expected, kills, trainings, most = outcome(bench / "run"), 0, 0, 0
    cache = tmp_path / "cache"
    there = cached(tmp_path)
    undisturbed = server.figment("train", bench / "data", *TINY, "--out", tmp_path / "whole", environment=there)
    assert outcome(tmp_path / "whole") == expected
    while kills < TRAINING_KILLS * SHARE:
        runs = tmp_path / f"place-{trainings}" / "runs"
        if trainings % 3 == 0:
            shutil.rmtree(cache)  # preparing the pictures is killed, too
        named = ["--out", "runs/one"] if trainings % 2 else []  # else figment finds a name
        runs.mkdir(parents=True)
        trainings, here = trainings + 1, 0
        while True:
            begun = [run for run in runs.iterdir() if not run.name.startswith(".")]
            words = ["resume", str(begun[0])] if begun else ["train", str(bench / "data"), *TINY, *named]
            if here == 12:
                ended = server.figment(*words, environment=there, folder=runs.parent)
            else:
                ended = killed(server, words, there, undisturbed, chance, runs.parent)
            if ended.status != -9:
                break
            kills, here = kills + 1, here + 1
        assert ended.status == 0, f"{words} after {here} kills: {ended.output}"
        (run,) = runs.iterdir()
        assert outcome(run) == expected
        assert json.loads((run / "run.json").read_text())["state"] == "finished"
        assert not leftovers(runs.parent), leftovers(runs.parent)
        most = max(most, here)
        shutil.rmtree(runs.parent)
    server.figment("data", "prepare", bench / "data", "--size", "16", environment=there)
    assert not leftovers(cache), leftovers(cache)
    tell(f"{kills} kills landed in {trainings} trainings, up to {most} in one; undisturbed {undisturbed.seconds:.1f} s")


def killed(
    server: ForkServer,
    words: list[str],
    environment: dict[str, str],
    undisturbed: Ended,
    chance: random.Random,
    folder: Path | None = None,
) -> Ended:
    """Begin a command and kill it: at a random moment of its time, or at a random touch of a file."""
    after, at = None, None
    if chance.random() < 0.5:
        after = chance.uniform(0.02, undisturbed.seconds)
    else:
        at = chance.randint(1, max(undisturbed.touches, 1))
    return server.figment(*words, environment=environment, folder=folder, kill_after=after, kill_at=at)


def cached(place: Path) -> dict[str, str]:
    """The variables of a command whose cache lies there."""
    return {"FIGMENT_CACHE": str(place / "cache")}


def addressed(words: list[str], place: Path) -> list[str]:
    """RUN, DATA and OUT as the paths that they are below place."""
    names = {"RUN": str(place / "run"), "DATA": str(place / "data")}
    return [
        names.get(word, word.replace("OUT", str(place / "out")) if word.startswith("OUT") else word) for word in words
    ]


def repeats(again: Ended, words: list[str]) -> bool:
    """Whether a repetition is content: done; or it says that a killed one had already finished what it was to make."""
    return again.status == 0 or ("--out" in words and again.status == 2 and "exists" in again.output)


def files(folder: Path) -> dict[str, str]:
    """Every file below a folder, with a hash of what is in it where that hangs on no clock."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = str(path.relative_to(folder))
            timely = path.name in TIMELY or path.suffix in {".lock", ".html", ".npz"} or name.startswith("cache/")
            found[name] = "" if timely else sha256(path.read_bytes()).hexdigest()
    return found


def outcome(run: Path) -> dict[str, object]:
    """What a training makes: nets, pictures and what was measured, without times."""
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    ticks = [{k: v for k, v in e.items() if k not in TIMES} for e in events if e["event"] == "tick"]
    return {"ticks": ticks} | {name: hashed for name, hashed in files(run).items() if not name.startswith("state/")}


def leftovers(folder: Path) -> list[str]:
    """Files and folders that are only there while something is made."""
    return [str(p) for p in folder.rglob("*") if ".part" in p.name or p.name.startswith(".tmp")]
