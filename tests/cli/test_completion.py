"""Completion as shells do it: real ones, at a terminal, with what `figment completion` prints."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from figtest.command import command

SECONDS = 60.0  # for the answer of a shell; a second or two where nothing else runs


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pictures/, where the shell is; `figment` is on its PATH, and it has no startup files."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "figment"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m figment "$@"\n')
    script.chmod(0o755)
    (tmp_path / "here" / "pictures").mkdir(parents=True)
    run = tmp_path / "here" / "runs" / "portraits-1"
    run.mkdir(parents=True)
    (run / "run.json").write_text('{"data": null}')
    (run / "recipe.json").write_text('{"classes": []}')
    header = json.dumps({"directions": [{"name": "age"}, {"name": "smile"}]})
    save_file({"vectors": np.eye(2, 8)}, run / "directions.safetensors", {"figment": header})
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "dumb")
    return tmp_path / "here"


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, shell: Sequence[str]) -> None:
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.execvp(shell[0], list(shell))
        self.commands = 0

    def shown(self, keys: str, wanted: str) -> str:
        """What is shown once keys are typed, until wanted is there."""
        os.write(self.terminal, keys.encode())
        shown, end = "", time.monotonic() + SECONDS
        while wanted not in shown and time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.2)[0]:
                shown += os.read(self.terminal, 65536).decode("utf-8", "replace")
        return shown

    def run(self, line: str) -> None:
        self.commands += 1
        done = f"done-{self.commands}"
        assert done in self.shown(f"{line}; echo done-$(({self.commands} + 0))\n", done)

    def end(self) -> None:
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        os.close(self.terminal)


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], ['eval "$(figment completion bash)"']),
    "zsh": (["zsh", "-f", "-i"], ["autoload -Uz compinit", "compinit -u -D", 'eval "$(figment completion zsh)"']),
}
CASES = {
    "figment comple": "tion ",
    "figment data samp": "le ",
    "figment train fashion": "-mnist ",
    "figment data inspect pic": "tures/",
    "figment train --recipe dcgan-pl": "ain ",
    "figment recipes dcgan-pl": "ain ",
    "figment train --set obj": "ective=",
    "figment train --set objective=hin": "ge ",
    "figment walk run": "s/portraits-1 ",
    "figment compare runs/por": "traits-1 ",
    "figment sample runs/portraits-1 --direction smi": "le=",
    "figment walk runs/portraits-1 --direction a": "ge ",
    "figment explain forget runs/portraits-1 --attribute gla": "sses",
    "figment explore directions runs/portraits-1 --attributes age,smi": "le ",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes(shell: str, place: Path) -> None:
    needs(shell)
    program, setup = SHELLS[shell]
    terminal = Terminal(program)
    try:
        for line in setup:
            terminal.run(line)
        for typed, rest in CASES.items():
            assert typed in terminal.shown(typed, typed)
            assert rest in terminal.shown("\t", rest)
            terminal.shown("\x15", "")  # the line is taken back
    finally:
        terminal.end()


def test_fish_completes(place: Path) -> None:
    needs("fish")
    ask = "figment completion fish | source; complete --do-complete 'figment data '"
    said = subprocess.run(
        ["fish", "--no-config", "-c", ask], capture_output=True, text=True, check=True, timeout=SECONDS
    )
    assert {line.split("\t")[0] for line in said.stdout.splitlines()} >= {"inspect", "list", "sample"}


def test_other_shells_are_refused(capsys: pytest.CaptureFixture) -> None:
    assert command("completion", "csh") == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err
