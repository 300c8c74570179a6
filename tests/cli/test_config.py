"""figment train --config: the file's options, the command line's over them, and the run that its run.toml makes again."""

import tomllib
from pathlib import Path

import pytest

from figment.run import Run
from figtest.command import command, in_own_process
from figtest.pictures import draw_faces


def test_a_run_s_own_file_makes_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw_faces(tmp_path / "faces")
    small = [
        "--set",
        "width=4",
        "--set",
        "batch=16",
        "--set",
        "objective=mse",
        "--recipe",
        "dcgan",
        "--size",
        16,
        "--seed",
        3,
    ]
    assert command("train", "faces", "--images", 320, "--out", "a", *small) == 0
    noted = tomllib.loads((tmp_path / "a" / "run.toml").read_text())
    assert noted == {
        "data": str(tmp_path / "faces"), "images": "320", "recipe": "dcgan", "size": 16, "seed": 3,
        "set": {"width": 4, "batch": 16, "objective": "mse"},
    }  # fmt: skip
    assert command("train", "--config", "a/run.toml", "--out", "b") == 0
    first, second = Run("a"), Run("b")
    assert first.recipe == second.recipe
    assert first.generator_file.read_bytes() == second.generator_file.read_bytes()
    assert (tmp_path / "b" / "run.toml").read_text() == (tmp_path / "a" / "run.toml").read_text()


def test_the_command_line_wins_over_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw_faces(tmp_path / "faces")
    file = tmp_path / "mine.toml"
    file.write_text(
        f'data = "{tmp_path / "faces"}"\nfor = "3h"\nrecipe = "dcgan"\nsize = 32\nlabels = true\n'
        'dry-run = true\nset = { width = 4, objective = "hinge" }\n'
    )
    out = tmp_path / "run"
    words = ["--config", file, "--images", 160, "--size", 16, "--no-labels", "--set", "objective=mse", "--out", out]
    assert command("train", *words) == 0
    said = capsys.readouterr().out
    assert "80 pictures from faces" in said
    assert "160 of the planned images" in said or "160" in said
    assert "mse" in said
    assert "hinge" not in said
    assert not out.exists()  # dry-run = true


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("recipe = 3", "recipe must be text"),
        ("reicpe = 'x'", "did you mean recipe?"),
        ("data = 'faecs'", "faecs"),
        ("limit = -1", "--limit"),
    ],
)
def test_a_bad_file_is_refused_before_torch_is_read(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "run.toml").write_text(text)
    done = in_own_process("train", "--config", "run.toml", folder=tmp_path)
    assert done.status == 2
    assert says in done.err
    assert "Traceback" not in done.err
    assert "torch" not in done.heavy()
