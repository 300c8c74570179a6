"""The system's no as a sentence: the mend fits the reason, and a fault of the system's isn't the user's."""

import errno
import os
from pathlib import Path

import pytest

from figment.common import files, refusals
from figment.common.files import write_output
from figment.common.refusals import is_refusal, naming_refusals, refusal
from figment.errors import InputError, SystemFault


@pytest.mark.parametrize(
    ("answer", "mend", "status"),
    [
        (errno.ENOSPC, "free some space, or choose another place", 2),
        (errno.EDQUOT, "free some space, or choose another place", 2),
        (errno.EROFS, "may only be read: choose another place", 2),
        (errno.EACCES, "mend its permissions, or choose another place", 2),
        (errno.ENOENT, "put it back, or choose another place", 2),
        (errno.ENOTDIR, "a file stands where a folder is needed", 2),
        (errno.ENAMETOOLONG, "choose a shorter name", 2),
        (errno.EIO, "fails or was taken away: copy what is on it", 1),
        (errno.ESTALE, "fails or was taken away: copy what is on it", 1),
        (errno.EMFILE, "allow more open files", 1),
        (errno.EDOM, "try again, or choose another place", 1),
    ],
)
def test_the_mend_fits_the_reason(answer: int, mend: str, status: int) -> None:
    said = refusal("a/b.png", OSError(answer, os.strerror(answer)), kept="Nothing is lost.")
    assert str(said).startswith(f"a/b.png can't be written ({os.strerror(answer)}): ")
    assert mend in str(said)
    assert str(said).endswith("Nothing is lost.")
    assert said.status == status
    assert isinstance(said, SystemFault) == (status == 1)


def test_a_file_that_is_gone_from_its_folder_was_to_be_read(tmp_path: Path) -> None:
    gone = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(tmp_path / "recipe.json"))
    said = str(refusal(tmp_path, gone, kept="Nothing is lost."))
    assert said.startswith(
        f"{tmp_path / 'recipe.json'} can't be read (No such file or directory): it is gone: put it back."
    )
    gone.filename = str(tmp_path / "runs" / "recipe.json")
    assert "can't be written (No such file or directory): its folder is gone" in str(refusal(tmp_path, gone))


def test_a_disk_that_holds_no_more_files_needs_no_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = os.statvfs_result((4096, 4096, 1000, 500, 500, 100, 0, 0, 0, 255))
    monkeypatch.setattr(refusals.os, "statvfs", lambda _: disk)
    said = str(refusal(tmp_path / "a.png", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    assert "(its disk holds no more files): remove some there" in said


def test_what_is_named_is_the_file_that_was_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(files, "flush", fails)
    with pytest.raises(SystemFault, match=rf"^{tmp_path / 'new' / 'a.txt'} can't be written \(Input/output error\)"):
        write_output(tmp_path / "new" / "a.txt", "x")
    assert not any((tmp_path / "new").iterdir())


def test_what_is_no_answer_of_a_disk_passes() -> None:
    for error in (
        BrokenPipeError(errno.EPIPE, "x"),
        ConnectionResetError(errno.ECONNRESET, "x"),
        OSError("a library's"),
    ):
        assert not is_refusal(error)
        with pytest.raises(type(error)), naming_refusals("x"):
            raise error


def test_a_forbidden_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="a file stands where a folder is needed"):
        write_output(tmp_path / "file" / "a.txt", "x")
