"""Nothing that happens while a bank is made can spoil it, or costs more than what was just being done."""

import os
import shutil
import signal
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from figment.data.bank import drafts
from figment.data.bank.prepare import prepare
from figment.errors import Interrupted
from figtest.banks import files_of, started
from figtest.pictures import noise_folder

linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")


PREPARE = """
import sys
from figment.data.bank.prepare import prepare
print("go", flush=True)
prepare(sys.argv[1], 64, progress=lambda done, total: print(done, flush=True))
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """Enough pictures that a pool prepares them: 700 of 200×202, about a second of work."""
    return noise_folder(tmp_path_factory.mktemp("many") / "data", 700, side=200, name="{:04d}.jpg")


@pytest.fixture(scope="module")
def undisturbed(many, tmp_path_factory) -> dict[str, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(tmp_path_factory.mktemp("undisturbed")))
        return files_of(prepare(many, 64))


def running_workers(cache: Path) -> list[str]:
    """Processes that were given this test's cache folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and os.fsencode(str(cache)) in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def wait_until_gone(cache: Path) -> None:
    for _ in range(200):
        if not running_workers(cache):
            return
        time.sleep(0.05)
    pytest.fail(f"left behind: {running_workers(cache)}")


def kill_at(moment: float, many: Path, cache: Path, undisturbed: dict[str, bytes]) -> None:
    victim = started(PREPARE, many)
    assert victim.stdout is not None
    victim.stdout.readline()
    time.sleep(moment)
    victim.kill()
    victim.communicate()
    wait_until_gone(cache)
    assert files_of(prepare(many, 64)) == undisturbed
    assert len([file for file in (cache / "banks").iterdir() if file.is_dir()]) == 1


@linux
@pytest.mark.parametrize("moment", [0.3, 0.9])
def test_killed_while_preparing(moment, many, cache, undisturbed):
    kill_at(moment, many, cache, undisturbed)


@linux
@pytest.mark.slow
@pytest.mark.parametrize("moment", np.linspace(0.02, 2.5, 20).round(2).tolist())
def test_killed_at_any_moment(moment, many, cache, undisturbed):
    kill_at(moment, many, cache, undisturbed)


@linux
def test_ctrl_c_stops_at_once_and_keeps_what_is_done(many, cache, undisturbed):
    victim = started(PREPARE, many, start_new_session=True)
    assert victim.stdout is not None
    victim.stdout.readline()
    victim.stdout.readline()  # the first chunk is done
    os.killpg(victim.pid, signal.SIGINT)  # as a terminal does: to all processes of the group
    _, err = victim.communicate(timeout=60)
    assert "are prepared and kept; the same command goes on" in err
    assert "Warning" not in err
    wait_until_gone(cache)
    seen: list[int] = []
    assert files_of(prepare(many, 64, progress=lambda done, _: seen.append(done))) == undisturbed
    assert 64 < seen[0] < 700  # neither from the start, nor had it gone on to the end


def test_interrupted_again_and_again_it_comes_to_the_same_end(many, cache, undisturbed):
    def interrupt(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 2:
            raise KeyboardInterrupt

    for _ in range(3):
        seen: list[int] = []
        with pytest.raises(Interrupted, match=r"of 700 pictures are prepared and kept"):
            prepare(many, 64, progress=interrupt)
    seen = [0, 0]
    assert files_of(prepare(many, 64, progress=lambda done, _: seen.append(done))) == undisturbed
    assert seen[2] > 6 * 40
    assert len(list((cache / "banks").glob("*.part-*"))) == 0


def test_a_journal_is_kept_up_while_preparing(many, cache, undisturbed, monkeypatch):
    monkeypatch.setattr("figment.data.bank.filling.JOURNAL_SECONDS", 0.0)

    def stop(done: int, total: int) -> None:
        if done > 200:
            left.extend((cache / "banks").glob("*.part-*"))
            shutil.copytree(left[0], cache / "banks" / "kept")  # as a kill -9 would leave it
            raise RuntimeError

    left: list[Path] = []
    with pytest.raises(RuntimeError):
        prepare(many, 64, progress=stop)
    (cache / "banks" / "kept").rename(left[0])
    seen: list[int] = []
    assert files_of(prepare(many, 64, progress=lambda done, _: seen.append(done))) == undisturbed
    assert seen[0] > 200


@pytest.mark.parametrize("spoilt", [b"", b"PK\x03\x04 and nonsense", None])
def test_a_spoilt_journal_costs_the_work_and_nothing_else(many, cache, undisturbed, spoilt):
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        prepare(many, 64, progress=interrupt)
    (journal,) = (cache / "banks").glob(f"*.part-*/{drafts.JOURNAL_FILE}")
    if spoilt is None:
        journal.unlink()
    else:
        journal.write_bytes(spoilt)
    assert files_of(prepare(many, 64)) == undisturbed
    assert len(list((cache / "banks").glob("*.part-*"))) <= 1


def test_error_while_preparing_leaves_nothing(many, cache):
    def stop(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeError, match="enough"):
            prepare(many, 64, progress=stop)
    assert not [file for file in (cache / "banks").iterdir() if file.is_dir()]


def test_two_processes_prepare_one_bank(many, cache, undisturbed):
    both = [started(PREPARE, many) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [(out.splitlines()[-1], err) for out, err in outputs] == [("done", "")] * 2
    assert sorted(len(out.splitlines()) > 2 for out, _ in outputs) == [False, True]  # one of them did the work
    assert files_of(prepare(many, 64)) == undisturbed


def test_drafts_that_nobody_goes_on_with_are_swept(tmp_path, cache):
    (cache / "banks").mkdir(parents=True)
    names = ["aa.part-1", "bb.part-1", "cc.part-1", "dd.part-1"]
    dead, living, interrupted, abandoned = (cache / "banks" / name for name in names)
    for draft in (dead, living, interrupted, abandoned):
        draft.mkdir()
    for draft in (interrupted, abandoned):
        (draft / drafts.JOURNAL_FILE).write_text("x")
    os.utime(abandoned / drafts.JOURNAL_FILE, (0, 0))
    with FileLock(cache / "banks" / "bb.lock"):
        prepare(noise_folder(tmp_path / "data", 40), 8)
    assert [draft.exists() for draft in (dead, living, interrupted, abandoned)] == [False, True, True, False]
