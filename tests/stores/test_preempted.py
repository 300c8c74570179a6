"""One run on many machines, each taken away at a random moment: the end equals the undisturbed run, and little is lost.

The stores are servers on this machine that speak as Amazon's and Google's do.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from figment.run import Run
from figment.stores.address import address_of
from figment.stores.manifest import manifest_of
from figment.stores.place import opened
from figtest.pictures import draw_faces
from figtest.resumed import same

pytestmark = pytest.mark.slow

SEED = 24
PREEMPTIONS = int(os.environ.get("PREEMPTIONS", "30"))
SAVE_SECONDS = float(os.environ.get("PREEMPTED_SAVE_SECONDS", "2"))  # more where the machine is busy with other things
NOTICE_SECONDS = 30  # from SIGTERM until a spot machine is switched off
TINY = [
    "--recipe", "dcgan", "--size", "16", "--set", "width=4", "--set", "batch=16", "--set", "snapshots=4",
    "--set", f"save_seconds={SAVE_SECONDS}", "--device", "cpu",
]  # fmt: skip


class Machine:
    """Starts `figment WORDS` in forks, one at a time."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.server = subprocess.Popen(
            [sys.executable, "-m", "figtest.preempted"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder,
            env=os.environ | environment | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def start(self, *words: object) -> int:
        (self.folder / "steps").write_text("")
        request = dict(
            words=list(map(str, words)), steps=str(self.folder / "steps"), output=str(self.folder / "output")
        )
        assert self.server.stdin is not None
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        return self._answer()

    def ended(self) -> int:
        return self._answer()

    def _answer(self) -> int:
        assert self.server.stdout is not None
        return int(self.server.stdout.readline())

    def steps(self) -> list[tuple[int, float]]:
        """Images seen, and when, of all steps so far."""
        lines = (self.folder / "steps").read_text().split("\n")[:-1]
        return [(int(images), float(at)) for images, at in map(str.split, lines)]


@pytest.mark.parametrize("store", ["file", "s3", "gcs"])
def test_taken_away_again_and_again_it_equals_the_undisturbed_run(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store == "file":
        _preempted(f"file://{tmp_path}/kept", {}, tmp_path)
        return
    pytest.importorskip("moto" if store == "s3" else "gcp_storage_emulator")
    from figtest.stores import gcs_server, s3_server

    with s3_server() if store == "s3" else gcs_server() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        _preempted(f"{'s3' if store == 's3' else 'gs'}://kept/run", environment, tmp_path)


def _preempted(address: str, environment: dict[str, str], folder: Path) -> None:
    faces, chance = draw_faces(folder / "faces"), random.Random(SEED)
    machine = Machine(folder, environment)
    begun = time.monotonic()
    machine.start("train", faces, "--out", "tried", "--images", 3200, *TINY)
    assert machine.ended() == 0, (folder / "output").read_text()
    steps = machine.steps()
    rate = steps[-1][0] / (steps[-1][1] - steps[0][1])  # images a second here, now
    life = 2 * SAVE_SECONDS  # of a machine, on average, in training; half of it is lost at worst
    budget = int(rate * PREEMPTIONS * life / 2) // 16 * 16
    machine.start("train", faces, "--out", "undisturbed", "--images", budget, *TINY)
    assert machine.ended() == 0
    lost, ends, number = list[float](), list[float](), 0
    while True:
        out = folder / f"machine-{number}"
        words = ["resume", address, "--out", out] if number else ["train", faces, "--images", budget, *TINY]
        process = machine.start(*words, *([] if number else ["--keep", address, "--out", out]))
        if number == PREEMPTIONS:
            break
        while not machine.steps() and Path(f"/proc/{process}").exists():
            time.sleep(0.01)
        time.sleep(chance.uniform(0.2, 2 * life))
        is_told = chance.random() < 0.5
        killed = time.monotonic()
        with suppress(ProcessLookupError):  # its budget was spent before, on a machine that has become faster
            os.kill(process, signal.SIGTERM if is_told else signal.SIGKILL)
        status = machine.ended()
        ended = time.monotonic() - killed
        if status == 0:  # all is done
            break
        assert status == (130 if is_told else -9), (folder / "output").read_text()
        _, content = opened(address_of(address))
        assert content is not None
        kept, noted = manifest_of(content).images, machine.steps()
        there = max((at for images, at in noted if images <= kept), default=noted[0][1])
        if is_told:
            ends.append(ended)
            assert ended < NOTICE_SECONDS
            assert kept == noted[-1][0], (folder / "output").read_text()
        else:
            lost.append(max(0.0, killed - there))
        shutil.rmtree(out)  # the machine is gone
        number += 1
    assert machine.ended() == 0 if number == PREEMPTIONS else True
    assert number, "it was never taken away"
    machine.server.communicate()
    same(Run(folder / "undisturbed"), Run(out))
    took, most, last = time.monotonic() - begun, max(lost, default=0), max(ends, default=0)
    print(
        f"{address}: {number} preemptions of {budget:,} images in {took:.0f} s; kill -9 {len(lost)} times, lost {most:.2f} s at "
        f"most of {SAVE_SECONDS:g}; SIGTERM {len(ends)} times, ended after {last:.1f} s at most"
    )
    assert most <= SAVE_SECONDS
