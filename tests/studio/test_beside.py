"""figment train --studio: a studio that begins before the training, and ends with it however it ends."""

import re
import subprocess
import sys
import urllib.error
import urllib.request

import psutil
import pytest

from figment.errors import InputError
from figment.studio import beside as beside_file
from figment.studio.beside import beside
from figtest.command import command


@pytest.fixture(autouse=True)
def without_browser(monkeypatch):
    monkeypatch.setattr(beside_file, "open_address", lambda address: "Open it by hand.")


def status(address):
    """Of the first page, without its token: what anybody gets."""
    try:
        with urllib.request.urlopen(address.split("?")[0], timeout=20) as answer:
            return answer.status
    except urllib.error.URLError:
        return None


def test_it_serves_until_the_training_ends_and_leaves_nothing(tmp_path):
    said = []
    with beside(tmp_path / "run", said.append):
        address = re.search(r"http://\S+", said[0])[0]
        assert status(address) == 200
        assert said[1:] == ["Open it by hand."]
    assert status(address) is None
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_a_training_that_is_killed(tmp_path):
    program = (
        "import os, sys, pathlib\nfrom figment.studio import beside\nbeside.open_address = lambda address: None\n"
        "with beside.beside(pathlib.Path(sys.argv[1]), print):\n    sys.stdout.flush()\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert "http://" in process.stdout.readline()
        (studio,) = psutil.Process(process.pid).children()
        process.kill()
    assert psutil.wait_procs([studio], timeout=30)[1] == []


def test_what_is_in_its_way_is_told_before_anything_is_trained(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="name another folder"), beside(tmp_path / "file" / "run", print):
        pass
    monkeypatch.chdir(tmp_path)
    assert command("train", "portraits", "--studio", "--dry-run", "--out", "run") == 2
    assert "--dry-run trains nothing" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert command("train", "portraits", "--studio", "--out", "run") == 2
    assert "--studio needs starlette: pip install 'figment-gan[studio]'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_training_is_shown_while_it_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = ["--images", 64, "--size", 16, "--set", "width=4", "--set", "scores=none", "--from", "none"]
    assert command("train", "portraits", "--studio", "--out", "run", *small) == 0
    assert re.search(r"studio +http://127\.0\.0\.1:\d+/\?token=", capsys.readouterr().out)
    assert command("resume", "run", "--images", 32, "--studio") == 0
    assert (tmp_path / "run" / "report.html").is_file()
