"""The command itself: what it refuses, what it prints, how it ends."""

import socket
import subprocess
import sys

import pytest

from figment.cli import main
from figtest.studios import started


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["studio", *map(str, arguments)])
    assert end.value.code == 2
    return capsys.readouterr().err


def test_what_is_no_folder_is_refused(tmp_path, capsys):
    assert "is no folder" in refused(capsys, tmp_path / "nothing")


def test_other_machines_are_let_in_only_when_that_is_said(tmp_path, capsys):
    assert "--share" in refused(capsys, tmp_path, "--host", "0.0.0.0")


def test_a_port_that_is_taken_is_told(tmp_path, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert "is taken" in refused(capsys, tmp_path, "--no-open", "--port", other.getsockname()[1])


def test_two_studios_take_two_ports_and_end_when_told(tmp_path):
    with started(tmp_path) as one, started(tmp_path) as other:
        assert one.home != other.home
        one.process.terminate()
        _, err = one.process.communicate(timeout=60)
        assert (one.process.returncode, err.strip()) == (130, "The studio has ended; trainings started from it go on.")


def test_nothing_heavy_is_imported_before_it_serves():
    code = "import sys, figment.studio.serve; print([m for m in ('torch', 'matplotlib', 'scipy', 'sklearn') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
