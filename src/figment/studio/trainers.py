"""Who trains a run: the process of figment's that holds its lock. Nobody else is ever sent a signal."""

import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import psutil

from figment.common.locks import is_held
from figment.errors import InputError
from figment.run import Run

NAMES = ("figment", "figment.exe")


def stop(run: Run) -> None:
    """Ask who trains a run to stop, with everything saved. Raises InputError where nobody does, or nobody who may be asked."""
    if not is_held(run.lock_file):
        raise InputError(f"{run.name} isn't being trained: there is nothing to stop.")
    process = trainer(run)
    if process is None:
        raise InputError(
            f"{run.name} is being trained by a study, a program in Python, or another machine: stop it where it was started."
        )
    with suppress(psutil.NoSuchProcess):
        process.terminate()


def trainer(run: Run) -> psutil.Process | None:
    """The process of `figment train` or `figment resume` that has the run's lock open; None where there is none of ours."""
    lock = os.path.realpath(run.lock_file)
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if trains(process.cmdline()) and any(os.path.realpath(file.path) == lock for file in process.open_files()):
                return process
    return None


def trains(command: Sequence[str]) -> bool:
    """Whether a command line is figment's, to train: python -m figment train …, or …/bin/figment resume …"""
    return any(os.path.basename(word) in NAMES and what in ("train", "resume") for word, what in pairwise(command))
