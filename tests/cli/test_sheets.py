"""Where sheets and films go: none takes another's place, and the same command leaves one file."""

import numpy as np
import pytest

from figment.cli import sample
from figment.media import contact_sheet
from figment.media.images import encode
from figment.media.provenance import source_of
from figtest.command import command


@pytest.fixture
def sheet(make_run):
    """A run with a generator, and a command that draws a sheet of it: what it prints last but one."""
    run = make_run()
    run.generator_file.write_bytes(run.snapshot_file(10240).read_bytes())
    return run.folder


def sheets(folder):
    return sorted(path.name for path in folder.glob("samples*"))


def test_no_sheet_takes_anothers_place_and_the_same_one_is_made_once(sheet, capsys):
    for asked in (
        [],
        ["--seed", 1],
        ["-n", 4],
        ["--truncation", 0.5],
        ["--numbered"],
        ["--scale", 2],
        ["--paper", "a5"],
    ):
        assert command("sample", sheet, *asked) == 0
    names = ["", "-n4", "-numbered", "-truncation-0.5", "-x2", "-a5"]
    expected = sorted([*(f"samples-0{name}.png" for name in names), "samples-1.png"])
    assert sheets(sheet) == expected
    capsys.readouterr()
    assert command("sample", sheet) == 0
    assert f"64 samples in {sheet / 'samples-0.png'}\n" in capsys.readouterr().out
    assert sheets(sheet) == expected  # the same picture, so the same file
    (sheet / "generator.safetensors").write_bytes((sheet / "snapshots" / "000000640.safetensors").read_bytes())
    before = (sheet / "samples-0.png").read_bytes()
    assert command("sample", sheet) == 0  # trained on since: another picture
    assert f"in {sheet / 'samples-0-2.png'}\n" in capsys.readouterr().out
    assert (sheet / "samples-0.png").read_bytes() == before


def test_a_generator_s_own_name_is_in_that_of_its_sheet(sheet):
    file = sheet / "snapshots" / "000000640.safetensors"
    assert command("sample", file, "-n", 1) == 0
    assert (file.parent / "samples-0-n1-000000640.png").is_file()


def test_files_go_to_a_folder_of_their_own(sheet, capsys):
    for _ in range(2):
        assert command("sample", sheet, "--files", "-n", 2) == 0
    assert [path.name for path in sorted(sheet.glob("samples-0-n2*"))] == ["samples-0-n2", "samples-0-n2-2"]


def test_out_replaces_figments_own_and_nothing_else(sheet, tmp_path, capsys):
    mine = tmp_path / "s.png"
    assert command("sample", sheet, "-n", 1, "--out", mine) == 0
    assert command("sample", sheet, "-n", 1, "--seed", 1, "--out", mine) == 0
    photograph = encode(np.zeros((4, 4, 3), np.uint8), source=None)
    for name, path in (("sample", mine), ("walk", tmp_path / "w.mp4"), ("timelapse", tmp_path / "t.gif")):
        path.write_bytes(photograph)
        capsys.readouterr()
        assert command(name, sheet, "--out", path) == 2
        assert "isn't a picture or film that figment made: name another file." in capsys.readouterr().err
        assert path.read_bytes() == photograph


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_films_as_animated_pictures(sheet, tmp_path, suffix):
    small = ["--tiles", 1, "--scale", 1]
    assert command("walk", sheet, *small, "--seconds", 1, "--out", tmp_path / f"w{suffix}") == 0
    assert command("timelapse", sheet, *small, "--seconds", 3, "--out", tmp_path / f"t{suffix}") == 0
    assert {source_of(tmp_path / f"{name}{suffix}") for name in "wt"} == {"trainedAlgorithmicMedia"}


def test_films_have_names_of_their_own(sheet):
    for asked in ([], [], ["--seed", 3]):
        assert command("walk", sheet, "--tiles", 1, "--seconds", 0.5, *asked) == 0
    assert sorted(path.name for path in sheet.glob("walk*")) == ["walk-seed-3.mp4", "walk.mp4"]


def test_papers_are_those_that_there_are():
    assert tuple(contact_sheet.PAPERS) == sample.PAPERS
