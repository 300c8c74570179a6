"""What benchmarks that train share: runs through the real command line, results kept as they come; not a script."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import figment
from figment.common.machine import this_machine
from figment.media.images import grid, write
from figment.run import Run


class Kept:
    """Results in a JSON file, each written as soon as it is there: a benchmark can be stopped and run in pieces.

    settings: what all results have in common. Ends the program where the file's are others.
    """

    def __init__(self, file: Path, settings: dict[str, Any]) -> None:
        self.file = file
        self.content: dict[str, Any] = {"settings": settings, "machine": machine(), "results": {}}
        if file.exists():
            self.content = json.loads(file.read_text("utf-8"))
            if self.content["settings"] != settings:
                sys.exit(f"{file} holds results of other settings, {self.content['settings']}: name another file.")
        file.parent.mkdir(parents=True, exist_ok=True)

    @property
    def folder(self) -> Path:
        """Beside the file: where the runs go."""
        return self.file.with_name(f"{self.file.stem}-runs")

    @property
    def results(self) -> dict[str, Any]:
        results: dict[str, Any] = self.content["results"]
        return results

    def keep(self, key: str, result: Any) -> None:
        """Note a result, and the command that it came from."""
        self.results[key] = result
        self.content["command"] = sys.argv
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps(self.content, indent=1) + "\n", "utf-8")
        part.replace(self.file)


def machine() -> str:
    """One line: processor, memory, threads, version of torch, and how busy it is."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{this_machine('cpu')}, {torch.get_num_threads()} threads, torch {torch.__version__}{load}"


def core_of_its_own(core: int | None) -> tuple[dict[str, str], list[str]]:
    """Environment and first words of a command that is to run on one core with one thread; as it is for None.

    Where there is no taskset (Linux has it), the system places the thread.
    """
    if core is None:
        return dict(os.environ), []
    pinned = ["taskset", "--cpu-list", str(core)] if shutil.which("taskset") else []
    return os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}, pinned


def figment_train(data: Path | None, seconds: float, options: Sequence[str], core: int | None = None) -> str:
    """What `figment train` prints, on the CPU, as a process of its own. Raises RuntimeError with its last lines if it fails."""
    environment, prefix = core_of_its_own(core)
    what = [*([str(data)] if data else []), "--for", f"{seconds:g}s", "--device", "cpu", *options]
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "figment", "train", *what],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(done.args)} ended with {done.returncode}:\n{done.stdout[-2000:]}")
    return done.stdout


def train(folder: Path, data: Path | None, seconds: float, options: Sequence[str], core: int | None = None) -> Run:
    """`figment train` on the CPU as a process of its own, into a folder that is cleared of an interrupted try.

    data: None for the built-in portraits. core: the only one that it may use. Notes in run.json, as "wall", the seconds of
    the whole process. Raises RuntimeError with the last lines that it printed if it fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    start = time.monotonic()
    figment_train(data, seconds, ["--out", str(folder), *options], core)
    run = Run(folder)
    run.note(wall=round(time.monotonic() - start, 1))
    return run


def effort(run: Run) -> dict[str, Any]:
    """What a run did: its resolved recipe in short, images seen, seconds of training and of the whole process."""
    recipe, facts = run.recipe, run.facts
    choices = {"name": recipe.name, "nets": recipe.nets, "width": recipe.width, "batch": recipe.batch}
    choices |= {"objective": recipe.objective, "precision": recipe.precision, "compile": recipe.compile}
    choices |= {"augment": recipe.augment, "augment_p": recipe.augment_p, "augment_mode": recipe.augment_mode}
    return {"recipe": choices, **{name: facts[name] for name in ("images", "seconds", "wall")}}


def samples(run: Run, count: int) -> np.ndarray:
    """The run's averaged generator's samples 0 to count - 1 of its seed, uint8 (count, C, S, S)."""
    return figment.load(run.folder).sample(count, seed=run.recipe.seed).numpy()


def side_by_side(path: Path, sets: Sequence[np.ndarray], rows: int = 6, gap: int = 12) -> None:
    """A sheet of several sets' first rows² samples, from left to right, marked as synthetic."""
    sheets = [grid(pictures[: rows * rows], columns=rows) for pictures in sets]
    white = np.full((sheets[0].shape[0], gap, 3), 255, np.uint8)
    joined = [part for sheet in sheets for part in (sheet, white)][:-1]
    write(path, np.concatenate(joined, axis=1))
