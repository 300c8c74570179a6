"""Two machines that hold a part of the pictures each: two torchruns, each with a cache of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import figment
from figment.data.bank.bank import open_bank
from figment.run import Run
from figtest.command import interruptible
from figtest.several import BATCH, RECIPES, alike, training

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def on_machines(words: dict[str, list[str]], processes: int = 1) -> list[tuple[int, str]]:
    """Status and output of figment on machines, by the cache of each; the first is that of the run's folder."""
    port, started = free_port(), []
    for node, (cache, asked) in enumerate(words.items()):
        torchrun = [
            "-m", "torch.distributed.run", f"--nnodes={len(words)}", f"--nproc-per-node={processes}", f"--node-rank={node}",
            "--master-addr=127.0.0.1", f"--master-port={port}",
        ]  # fmt: skip
        started.append(
            subprocess.Popen(
                interruptible([sys.executable, *torchrun, "-m", "figment", *asked]),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=os.environ | {"FIGMENT_CACHE": cache},
            )
        )
    said = [process.communicate(timeout=300)[0] for process in started]
    return [(process.returncode, text) for process, text in zip(started, said, strict=True)]


def parts_in(cache: Path) -> list[int]:
    """Which parts lie in a cache, as those of one set."""
    banks = [open_bank(file.parent) for file in cache.glob("banks/*/bank.json")]
    assert len({bank.part.whole for bank in banks}) == 1
    return sorted(bank.part.number for bank in banks)


def test_two_machines_with_a_part_each_equal_one_with_both(faces: Path, tmp_path: Path) -> None:
    parted = dict(parts=2, order="formula", scores="none")
    choices = dict(size=16, batch=BATCH, save_seconds=0, **parted, **RECIPES["dcgan"])
    one = figment.train(faces, recipe="dcgan", images=80, out=tmp_path / "one", **choices)
    words = training(faces, tmp_path / "two", "dcgan", 80, **parted)
    caches = [tmp_path / "a", tmp_path / "b"]
    ended = on_machines({str(cache): words for cache in caches})
    assert [status for status, _ in ended] == [0, 0], ended
    assert [parts_in(cache) for cache in caches] == [[0], [1]]
    two = Run(tmp_path / "two")
    alike(one, two)
    assert (one.facts["fingerprint"], two.facts["processes"]) == (two.facts["fingerprint"], 2)
    # On as many machines with other numbers of processes, and on one that has only its own part so far and makes the other.
    again = ["resume", str(two.folder), "--images", "32"]
    assert [status for status, _ in on_machines({str(cache): again for cache in caches}, processes=2)] == [0, 0]
    figment.resume(one.folder, images=32)
    alike(one, Run(two.folder))
    status, said = on_machines({str(caches[1]): again})[0]
    assert status == 0, said
    assert parts_in(caches[1]) == [0, 1]
    figment.resume(one.folder, images=32)
    alike(one, Run(two.folder))


def test_machines_with_other_pictures_are_refused(faces: Path, tmp_path: Path) -> None:
    shutil.copytree(faces, tmp_path / "others" / faces.name)  # whose times differ
    for file in (tmp_path / "others" / faces.name).rglob("*.png"):
        os.utime(file, (1, 1))
    words = [
        training(data, tmp_path / "run", "dcgan", 160, parts=2) for data in (faces, tmp_path / "others" / faces.name)
    ]
    ended = on_machines({str(tmp_path / "a"): words[0], str(tmp_path / "b"): words[1]})
    assert [status for status, _ in ended] == [1, 1]  # torchrun's; figment's is 2
    assert "--set parts=2: process 1 of 2 finds other pictures than the first under the same name" in ended[0][1]
    assert not (tmp_path / "run").exists()
    three = training(faces, tmp_path / "run", "dcgan", 160, parts=3)
    ended = on_machines({str(tmp_path / "a"): three, str(tmp_path / "b"): three})
    assert "--set parts=3: 2 machines can't hold as many parts each" in ended[0][1]


def test_what_a_machine_prepared_before_is_found(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "b"))
    command = [sys.executable, "-m", "figment", "data", "prepare", str(faces), "--size", "16", "--part", "2/2"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "part 2/2" in ran.stderr + ran.stdout
    assert parts_in(tmp_path / "b") == [1]
    before = {file: file.stat().st_ino for file in (tmp_path / "b").glob("banks/*/bank.json")}
    words = training(faces, tmp_path / "run", "dcgan", 64, parts=2)
    ended = on_machines({str(tmp_path / "a"): words, str(tmp_path / "b"): words})
    assert [status for status, _ in ended] == [0, 0], ended
    assert {file: file.stat().st_ino for file in (tmp_path / "b").glob("banks/*/bank.json")} == before
    assert json.loads((tmp_path / "run" / "recipe.json").read_text())["parts"] == 2
