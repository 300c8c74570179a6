"""Places for what is made are checked before any work, whatever their name is."""

import os
from pathlib import Path

import pytest

import figment
from figment.common.places import check_file, check_folder
from figment.common.text import plain_name
from figment.errors import InputError
from figment.run import Run, next_name
from figtest.command import command

LONG = "n" * 300
BAD = {
    LONG: "300 bytes",
    "画" * 100 + ".png": "304 bytes",
    "/".join(["deep" * 20] * 60): "bytes, and",
    f"new/{LONG}/a.png": "300 bytes",
    "a\0b": "NUL",
    "\ud800.png": "isn't text",
    "s3://bucket/runs": "isn't on this machine",
    "file/below": "is a file",
    "away/below": "leads nowhere",
}


@pytest.mark.parametrize(("name", "says"), BAD.items(), ids=[*map(str, range(len(BAD)))])
@pytest.mark.parametrize("check", [check_file, check_folder])
def test_what_cant_be_written_is_told(tmp_path: Path, monkeypatch, name: str, says: str, check) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "away").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=says) as told:
        check(Path(name))
    assert "--out" in str(told.value)
    assert len(str(told.value)) < 5000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["away", "file"]


def test_what_killed_processes_left_there_goes(tmp_path: Path) -> None:
    left = tmp_path / ".000070.png.4711.part"
    for check, place in ((check_file, tmp_path / "film.mp4"), (check_folder, tmp_path)):
        left.write_bytes(b"half")
        check(place)
        assert not left.exists()


# Every command that has --out, before its RUN or DATA is so much as looked at where that takes long.
COMMANDS = [
    ["train", "{data}"],
    ["sample", "{run}"],
    ["sample", "{run}", "--files"],
    ["walk", "{run}", "--seconds", "1"],
    ["timelapse", "{run}"],
    ["measure", "{run}", "--against", "{data}", "-n", "32"],
    ["explore", "interpolate", "{run}"],
    ["explain", "filters", "{run}"],
    ["data", "inspect", "{data}"],
    ["data", "dedupe", "{data}"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(w for w in words if w[0] not in "{-"))
@pytest.mark.parametrize("out", ["{tmp}/" + LONG, "{tmp}/file/below"])
def test_out_of_every_command(
    finished: Run, faces: Path, tmp_path: Path, words: list[str], out: str, capsys: pytest.CaptureFixture, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    before = sorted(os.listdir(tmp_path))
    filled = [word.format(run=finished.folder, data=faces) for word in words]
    assert command(*filled, "--out", out.format(tmp=tmp_path)) == 2
    said = capsys.readouterr().err
    assert "--out" in said
    assert "Traceback" not in said
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.usefixtures("without_report")
def test_train_fills_the_folder_it_stands_in(faces: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    small = ["--size", 16, "--set", "width=2", "--set", "batch=16", "--recipe", "dcgan"]
    assert command("train", faces, "--images", 32, "--out", ".", *small) == 0
    assert Run(".").facts["state"] == "finished"
    with pytest.raises(InputError, match="out= is empty"):
        figment.train(faces, images=32, out="")


def test_an_emptied_folder_is_left_where_training_cant_begin(tmp_path: Path, monkeypatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "a.png").write_bytes(b"broken")
    monkeypatch.chdir(here)
    with pytest.raises(InputError, match="usable pictures"):
        figment.train(tmp_path / "few", images=32, out=".", size=16)
    assert not list(here.iterdir())


def test_names_made_of_long_names_fit(tmp_path: Path) -> None:
    for name in ("a" * 250, "画" * 80, "é" * 127):
        made = next_name(tmp_path, name)
        made.mkdir()
        assert next_name(tmp_path, name).name.endswith("-2")
    assert plain_name("画" * 80 + ".zip") == "画" * 50


def test_a_disk_that_may_only_be_read_is_no_matter_of_permissions(tmp_path: Path, monkeypatch) -> None:
    disk = os.statvfs_result((4096, 4096, 9, 9, 9, 9, 9, 9, os.ST_RDONLY, 255))
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    with pytest.raises(InputError, match=r"\(Read-only file system\): its disk may only be read: name another folder"):
        check_folder(tmp_path / "new")
