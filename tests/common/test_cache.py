"""Locks of the cache, which the system takes from the dead."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from figment.common import cache
from figment.common.cache import cache_folder, locked, sweep
from figment.errors import InputError, Notice


def test_what_is_locked_is_not_swept(tmp_path: Path) -> None:
    folder, lock = tmp_path / "sets" / "half", tmp_path / "sets" / "half.lock"
    with locked(lock, tmp_path):
        folder.mkdir()
        sweep(folder, lock, with_lock=True)
        assert folder.exists()
        assert lock.exists()
    sweep(folder, lock, with_lock=True)
    assert not folder.exists()
    assert not lock.exists()


def test_a_cache_that_cant_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    said = (
        rf"^the cache folder {tmp_path} can't be written to \(Permission denied\): .* or set FIGMENT_CACHE to a folder"
    )
    with pytest.raises(InputError, match=said), locked(tmp_path / "a" / "x.lock", tmp_path):
        pytest.fail("it wasn't locked")


def test_a_full_disk_is_told_by_what_there_is_no_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "mkdir", full)
    with (
        pytest.raises(
            InputError, match=r"^the pictures in the cache folder .* \(No space left on device\): free some space"
        ),
        locked(tmp_path / "x.lock", tmp_path, "the pictures"),
    ):
        pytest.fail("it wasn't locked")
    with pytest.raises(InputError, match="can't be written to"), locked(tmp_path / "x.lock", tmp_path):
        pytest.fail("it wasn't locked")


@pytest.fixture
def homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user without a home, and where temporary files are kept."""

    def no_home(name: str) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("FIGMENT_CACHE")
    monkeypatch.setattr(cache, "user_cache_dir", no_home)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    cache._temporary.cache_clear()
    yield tmp_path
    cache._temporary.cache_clear()


def test_without_a_home_the_cache_is_among_temporary_files_and_that_is_told_once(homeless: Path) -> None:
    with pytest.warns(Notice, match=r"no home folder for the cache: it is kept in .*figment-.*; set FIGMENT_CACHE"):
        folder = cache_folder()
    assert folder == homeless / f"figment-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert cache_folder() == folder  # and no second Notice, which would be an error here


@pytest.mark.parametrize("place", ["~/.cache/figment", "/proc/no/figment"])
def test_nor_where_the_home_is_none_or_cant_be_written_to(place: str, homeless: Path, monkeypatch) -> None:
    monkeypatch.setattr(cache, "user_cache_dir", lambda name: place)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != "/proc")
    with pytest.warns(Notice):
        assert cache_folder().parent == homeless


def test_a_cache_that_is_there_stays_in_use(homeless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(cache, "user_cache_dir", lambda name: str(homeless))
    assert cache_folder() == homeless


@pytest.mark.parametrize("way", ["others may write", "a link", "a file"])
def test_a_temporary_folder_that_others_can_write_to_is_no_cache(way: str, homeless: Path) -> None:
    folder = homeless / f"figment-{os.getuid()}"
    if way == "others may write":
        folder.mkdir()
        folder.chmod(0o777)
    elif way == "a link":
        (homeless / "theirs").mkdir()
        folder.symlink_to(homeless / "theirs")
    else:
        folder.touch()
    with pytest.raises(InputError, match="set FIGMENT_CACHE"):
        cache_folder()
