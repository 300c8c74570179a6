"""Output that is closed, narrow, or lost on the way costs no work."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from figment.cli.app import notices_as_sentences
from figment.cli.options import agreeing
from figment.cli.streams import lasting
from figment.common.terminals import is_terminal
from figment.errors import Notice
from figtest.command import command

SMALL = ["--size", 16, "--recipe", "dcgan", "--set", "width=2", "--set", "batch=16"]
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


class Failing(io.RawIOBase):
    """A file of which every write fails."""

    def __init__(self, error: Exception) -> None:
        self.error, self.tried = error, 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.tried += 1
        raise self.error


class Held(io.RawIOBase):
    """A file that holds what was written to it."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.content += bytes(data)
        return len(data)


@pytest.fixture
def nobody() -> Iterator[io.TextIOWrapper]:
    """A pipe whose reader has gone away."""
    reads, writes = os.pipe()
    os.close(reads)
    file = os.fdopen(writes, "w", encoding="utf-8")
    yield file
    with suppress(OSError):
        file.close()


def text_over(raw: io.RawIOBase, encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding)


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, errno.EIO])
def test_a_stream_goes_quiet_at_the_first_write_that_fails(number: int) -> None:
    raw = Failing(OSError(number, os.strerror(number)))
    stream = lasting(text_over(raw))
    for _ in range(3):
        stream.write("a line\n")
        stream.flush()
    assert raw.tried == 1
    assert stream.loss.errno == number


def test_a_stream_over_a_closed_file_is_quiet(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        stream = lasting(file)
    stream.write("a line\n")
    stream.flush()
    assert isinstance(stream.loss, ValueError)


@pytest.mark.parametrize(
    ("encoding", "written"), [("cp1252", "-> inf × \\u65e5"), ("ascii", "-> inf x \\u65e5"), ("utf-8", "→ ∞ × 日")]
)
def test_what_an_encoding_lacks_is_written_plainly(encoding: str, written: str) -> None:
    raw = Held()
    stream = lasting(text_over(raw, encoding))
    stream.write("→ ∞ × 日")
    stream.flush()
    assert raw.content.decode(encoding) == written


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_commands_print_in_narrow_encodings(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Held()
    monkeypatch.setattr(sys, "stdout", text_over(raw, encoding))
    assert command("recipes", "dcgan") == 0
    assert "->" in raw.content.decode(encoding)


def test_streams_without_a_file_stay_as_they_are() -> None:
    stream = io.StringIO()
    assert lasting(stream) is stream
    assert not is_terminal(stream)
    assert not is_terminal(None)
    stream.close()
    assert not is_terminal(stream)


def test_without_standard_input_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert agreeing(accept=False) is None


def test_what_the_shell_has_closed_is_the_null_device() -> None:
    code = (
        "import os, sys; from figment.cli.streams import standard_streams\n"
        "with standard_streams(): print('a'); print('b', file=sys.stderr); number = os.open(os.devnull, 0); sys.stdin.read()\n"
        "os._exit(number)"
    )
    closed = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code])
    assert closed.returncode > 2  # the number of the next file that is opened


@FULL
def test_a_command_says_that_its_output_is_lost(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert command("recipes") == 1
    assert capsys.readouterr().err == "figment: what was to be printed is lost (No space left on device)\n"


def test_a_reader_that_has_gone_is_told_nothing(nobody: io.TextIOWrapper, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "stdout", nobody)
    assert command("recipes") == 1
    assert capsys.readouterr().err == ""


def state_of(run: Path) -> tuple[str, str]:
    """A run's state, and the last event."""
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    return json.loads((run / "run.json").read_text())["state"], events[-1]["text"]


@FULL
def test_training_goes_on_when_the_log_is_full(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    monkeypatch.setattr(
        "figment.reporting.report.write_report", lambda run, *more, **told: (run.folder / "report").touch()
    )
    with open("/dev/full", "w") as out, open("/dev/full", "w") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        assert command("train", faces, "--images", 64, "--out", run, *SMALL) == 0
    assert state_of(run) == ("finished", "finished")
    assert (run / "report").exists()


def test_ctrl_c_saves_though_the_reader_of_the_log_has_ended_by_it_too(
    nobody: io.TextIOWrapper, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    monkeypatch.setattr(sys, "stdout", nobody)
    monkeypatch.setattr(
        "figment.reporting.report.write_report", lambda run, *more, **told: (run.folder / "report").touch()
    )

    def interrupt() -> None:
        while '"training"' not in ((run / "run.json").read_text() if (run / "run.json").exists() else ""):
            time.sleep(0.02)
        while not list((run / "pictures").glob("*.png")):  # training has begun
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    assert command("train", faces, "--images", "100M", "--out", run, *SMALL) == 130
    assert state_of(run) == ("interrupted", "interrupted")
    assert (run / "report").exists()
    assert (run / "state" / "state.safetensors").exists()


def test_a_notice_is_a_sentence(capsys: pytest.CaptureFixture) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        with notices_as_sentences():
            warnings.warn("it is\x1b so", Notice, stacklevel=1)
    assert capsys.readouterr().err == "figment: it is\\x1b so\n"
