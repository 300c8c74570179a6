"""What is said of a path that was named where a run or a generator was wanted."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.common.called import called, mistaken
from figment.errors import InputError
from figment.generator import load
from figment.run import Run
from figtest.command import command
from figtest.runs import build


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Pictures, a page, archives, and a run with a snapshot, a sheet and a report."""
    (tmp_path / "pictures").mkdir()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "pictures" / "a.png")
    (tmp_path / "page.html").write_text("\ufeff<!DOCTYPE html><title>x</title>")
    (tmp_path / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom\0\0\0\0")
    (tmp_path / "list.json").write_text("{}")
    (tmp_path / "what").write_bytes(b"?")
    run = build(tmp_path, ticks=2, snapshots=(640,))
    run.report_file.write_text("<html>")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("pictures", "a folder of pictures"), ("pictures/a.png", "a picture (PNG)"), ("page.html", "a page"),
        ("film.mp4", "a film (mp4)"), ("list.json", "a JSON file"), ("what", ""), ("gone", ""), ("runs/x-1", ""),
    ],
)  # fmt: skip
def test_things_are_called_by_what_they_are(name: str, what: str, desk: Path) -> None:
    assert called(desk / name) == what


def test_a_folder_of_runs_names_one_and_a_part_of_a_run_the_run(desk: Path) -> None:
    run = desk / "runs" / "x-1"
    assert called(desk / "runs") == f"a folder of runs, such as {run}"
    for part in (run / "snapshots", run / "snapshots" / "000000640.safetensors", run / "report.html"):
        assert str(mistaken(part, "run folder", "no")).endswith(f"of a run, no run folder: name the run, {run}.")


def test_what_takes_a_run_says_what_was_given(desk: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(InputError, match="is a folder of pictures, no run folder: name one that train made"):
        Run(desk / "pictures")
    with pytest.raises(
        InputError, match=r"is a picture \(PNG\), no generator: name a run folder or a generator.safetensors"
    ):
        load(desk / "pictures" / "a.png")
    assert command("measure", desk / "pictures") == 2
    assert "is a folder of pictures, no run: name a run, or the real pictures" in capsys.readouterr().err
