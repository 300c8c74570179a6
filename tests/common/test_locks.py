"""Locks where a file system has none: a marker that tells who holds it."""

import errno
import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from figment.common import locks
from figment.common.cache import locked, sweep
from figment.common.files import flush_to_disk, write_atomically
from figment.common.locks import Held, is_held, lock_held
from figment.errors import InputError


@pytest.fixture(params=[errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def without_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file system has locks."""

    def flock(handle: int, how: int) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.usefixtures("without_locks")
def test_a_marker_stands_for_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with lock_held(lock), pytest.raises(Held, match=f"process {os.getpid()} on "), lock_held(lock, wait=False):
        pytest.fail("it was held twice")
    with lock_held(lock, wait=False):  # it was let go of
        pass


@pytest.mark.usefixtures("without_locks")
def test_of_the_dead_it_is_taken_and_of_another_machine_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, marker = tmp_path / "lock", tmp_path / "lock.held"
    killed = "import filelock, os, sys; lock = filelock.SoftFileLock(sys.argv[1]); lock.acquire(); os._exit(0)"
    subprocess.run([sys.executable, "-c", killed, marker], check=True)
    assert marker.exists()
    with lock_held(lock):
        pass
    marker.write_text(f"1\nanother-{socket.gethostname()}\n")
    monkeypatch.setattr(locks, "MARKER_SECONDS", 0.1)
    with (
        pytest.raises(InputError, match=r"locked by process 1 on another-.*if it is gone, remove .*lock\.held"),
        lock_held(lock),
    ):
        pytest.fail("it was taken from another machine")


@pytest.mark.usefixtures("without_locks")
def test_the_cache_and_its_sweeping_do_without(tmp_path: Path) -> None:
    folder, lock = tmp_path / "half", tmp_path / "half.lock"
    with locked(lock, tmp_path):
        folder.mkdir()
        sweep(folder, lock)
        assert folder.exists()
    sweep(folder, lock)
    assert not folder.exists()


@pytest.mark.parametrize("answer", [errno.EINVAL, errno.EOPNOTSUPP, errno.EACCES, errno.EBADF])
def test_what_cant_be_flushed_is_left_to_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int
) -> None:
    def fsync(handle: int) -> None:
        raise OSError(answer, os.strerror(answer))

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(tmp_path / "a", "x")
    flush_to_disk(tmp_path)
    assert (tmp_path / "a").read_text() == "x"


def test_whether_a_lock_is_held_is_seen_without_taking_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert not is_held(lock)
    assert not lock.exists()
    with lock_held(lock):
        assert is_held(lock)
    assert not is_held(lock)


@pytest.mark.usefixtures("without_locks")
def test_a_marker_tells_whether_it_is_held(tmp_path: Path) -> None:
    lock, marker = tmp_path / "lock", tmp_path / "lock.held"
    with lock_held(lock):
        assert is_held(lock)
    assert not is_held(lock)
    marker.write_text(f"{2**22 + 1}\n{socket.gethostname()}\n")
    assert not is_held(lock)
    marker.write_text(f"1\nanother-{socket.gethostname()}\n")  # nobody here can know
    assert is_held(lock)
