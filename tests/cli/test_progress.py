"""Work that takes its time says so on a terminal, from its first second on."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from figtest.runs import build


def at_terminal(*words: object, columns: int = 80) -> str:
    """What a person sees of a command in a terminal of so many columns, with all escapes."""
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40"}
    command = [sys.executable, "-m", "figment", *map(str, words)]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 1 << 16)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(master)
    assert process.wait() == 0, shown.decode()
    return shown.decode()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = build(tmp_path_factory.mktemp("shown"))
    shutil.copy(list(made.snapshots().values())[-1], made.generator_file)
    return made.folder


@pytest.mark.parametrize(
    ("words", "bars"),
    [
        (["report"], ["writing the report"]),
        (["walk", "--seconds", "1"], ["starting", "opening the generator", "drawing frames"]),
        (["timelapse", "--seconds", "2"], ["starting", "drawing snapshots"]),
        (["sample"], ["starting", "opening the generator", "sampling"]),
    ],
)
def test_commands_tell_what_they_are_at(words: list[str], bars: list[str], run: Path) -> None:
    shown = at_terminal(words[0], run, *words[1:])
    places = [shown.find(bar) for bar in bars]
    assert -1 not in places, shown
    assert places == sorted(places)


def test_in_a_pipe_there_are_no_bars(run: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "figment", "sample", str(run), "--out", str(tmp_path / "s.png")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stderr == ""
    assert "\x1b" not in told.stdout
