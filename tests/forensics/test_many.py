"""Many files in several processes: as one by one, in their order; one that brings its process down costs itself."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from figment.forensics import many
from figment.forensics.check import check
from figment.forensics.many import FileChunk, check_chunk, check_files, rescue
from figment.forensics.thumbnails import thumbnails
from figment.media.images import write
from figment.media.provenance import source_of
from figtest.deadly import deadly_check
from figtest.metadata import PICTURE


def pictures(folder: Path, count: int) -> list[Path]:
    write(first := folder / "0.png", PICTURE)
    for number in range(1, count):
        os.link(first, folder / f"{number}.png")
    return [folder / f"{number}.png" for number in range(count)]


def test_several_processes_give_what_one_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(many, "CHUNK_FILES", 4)
    files = [*pictures(tmp_path, 30), tmp_path / "gone.png"]
    told: list[tuple[int, int]] = []
    found = check_files(files, advance=lambda done, of: told.append((done, of)), processes=2)
    assert found == list(map(check, files))
    assert sorted(told)[-1] == (31, 31)


def test_a_file_that_kills_its_process_costs_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(many, "CHUNK_FILES", 4)
    monkeypatch.setattr(many, "check_chunk", deadly_check)
    found = check_files(pictures(tmp_path, 26), processes=2)
    lost = [one.file for one in found if one.error is not None]
    assert lost == [str(tmp_path / "7.png"), str(tmp_path / "17.png")]
    assert "crashes its decoder" in str(found[7].error)


def test_a_lost_chunk_is_tried_file_by_file():
    chunk = FileChunk(8, ("a", "b"))
    assert rescue(chunk, "died") == [FileChunk(8, ("a",)), FileChunk(9, ("b",))]
    assert rescue(FileChunk(8, ("a",)), "died") == [FileChunk(8, ("a",), "died")]
    (first, (one,)) = check_chunk(None, FileChunk(8, ("a",), "died"))
    assert (first, one.error) == (8, "a can't be read: it died.")


def test_thumbnails_are_small_and_keep_the_mark(tmp_path):
    large = np.random.default_rng(0).integers(0, 256, (400, 300, 3), np.uint8)
    write(tmp_path / "a.png", large)
    (tmp_path / "b.png").write_bytes(b"no picture")
    made, none = thumbnails([(str(tmp_path / "a.png"), "trainedAlgorithmicMedia"), (str(tmp_path / "b.png"), None)])
    assert none is None
    assert made is not None
    (small := tmp_path / "small.jpg").write_bytes(made)
    with Image.open(small) as image:
        assert image.size == (96, 128)
    assert source_of(small) == "trainedAlgorithmicMedia"
