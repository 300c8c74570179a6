"""Locks of the cache, which the system takes from the dead."""

import os
from pathlib import Path

import pytest

from figment.common.cache import locked, sweep
from figment.errors import InputError


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
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
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
