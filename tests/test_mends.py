"""What is said of what can't be used names a mend that would help in that case."""

import errno
import os
from pathlib import Path

import pytest

from figment.data.bank.prepare import prepare
from figment.data.sources.open import open_source
from figment.discriminator import load_discriminator
from figment.errors import InputError, SystemFault
from figment.explore.direction_file import find_direction
from figment.generator import Generator, load
from figment.run import Run, refuse_taken
from figment.sharing.samples import write_grid


def told(work, *arguments) -> str:
    with pytest.raises(InputError) as error:
        work(*arguments)
    return str(error.value)


def test_a_folder_of_something_else_isnt_to_be_resumed(make_run, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").touch()
    assert "resume" not in told(refuse_taken, tmp_path / "pictures")
    assert f"go on with figment resume {make_run().folder}" in told(refuse_taken, tmp_path / "runs" / "x-1")


def test_a_net_that_isnt_there(make_run) -> None:
    run = make_run()
    run.note(state="training")
    for look in (load, load_discriminator):
        with run.locked():
            assert "is being trained: wait" in told(look, run.folder)
        assert f"go on with figment resume {run.folder}" in told(look, run.folder)
    run.note(state="finished")
    assert "snapshots" in told(load, run.folder)


def test_few_pictures_go_by_why_they_are_few(tmp_path: Path) -> None:
    for name, content in {"texts": b"no picture", "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"}.items():
        folder = tmp_path / name
        folder.mkdir()
        for i in range(40):
            (folder / f"{i}.jpg").write_bytes(content + bytes([i]) * 200)
    assert told(prepare, str(tmp_path / "texts"), 16).endswith("save them as PNG or JPEG")
    links = tmp_path / "links"
    links.mkdir()
    for i in range(40):
        (links / f"{i}.jpg").symlink_to(tmp_path / "moved" / f"{i}.jpg")
    assert told(prepare, str(links), 16).endswith("mend the links")


@pytest.mark.parametrize(
    ("name", "mend"), [("a.rar", "unpack it"), ("a.7z", "unpack it"), ("a.mp4", "--video 16x12"), ("a.txt", "folder")]
)
def test_files_of_other_kinds(tmp_path: Path, name: str, mend: str) -> None:
    (tmp_path / name).write_bytes(b"something")
    assert mend in told(open_source, tmp_path / name)


def test_a_disk_that_is_gone_isnt_a_matter_of_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, mend in (
        (errno.EACCES, "permissions"),
        (errno.EIO, "fails or was taken away"),
        (errno.ESTALE, "fails"),
    ):

        def refuse(*_: object, number: int = number, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(Path, "stat", refuse)
            with pytest.raises((InputError, SystemFault), match=mend):
                open_source(tmp_path)


def test_directions_are_found_of_what_was_named(finished: Run, tmp_path: Path) -> None:
    generator: Generator = load(finished.snapshot_file(640))
    assert f"explore directions {tmp_path}." in told(
        find_direction, tmp_path / "directions.safetensors", "x", generator
    )
    alone = told(find_direction, tmp_path / "my.directions.safetensors", "x", generator)
    assert f"explore directions {tmp_path / 'my.safetensors'}." in alone


def test_samples_say_first_where_they_cant_go(finished: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    generator = load(finished.snapshot_file(640))
    assert "is a file" in told(write_grid, generator, tmp_path / "file" / "a.png", 4, 0, 1.0)
