"""What is being written is never taken for the whole; what a killed process leaves of it is swept up."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from figment.common import parts
from figment.common.files import flush_to_disk, write_atomically, write_together
from figment.common.parts import part_beside, sweep_parts

fcntl = pytest.importorskip("fcntl")

HOLDS = "from figment.common.parts import part_beside; from pathlib import Path; import sys\n" \
    "with part_beside(Path(sys.argv[1]), sys.argv[2] == 'folder'): print('held', flush=True); sys.stdin.read()"  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_living_process_keeps_its_part_and_a_killed_one_doesnt(tmp_path: Path, kind: str) -> None:
    maker = subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path / "film.mp4", kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert maker.stdout is not None
    maker.stdout.readline()
    sweep_parts(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    maker.send_signal(signal.SIGKILL)
    maker.communicate()
    sweep_parts(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_earlier_versions_left_goes_and_what_isnt_ours_stays(tmp_path: Path) -> None:
    left = [".state.safetensors.4711.part", ".000070.png.1.part", ".timelapse.99.part.mp4"]
    others = [".film.part", "notes.12.part", ".mine.zzzzzzzz.part", "journal.part", ".a.12345678901.part"]
    for name in left + others:
        (tmp_path / name).touch()
    (tmp_path / ".link.12.part").symlink_to(tmp_path / "elsewhere")
    sweep_parts(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*others, ".link.12.part"}
    sweep_parts(tmp_path / "nowhere")


@pytest.mark.parametrize("lacking", ["locks", "trust"])
def test_without_a_lock_that_tells_only_age_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    """A file system without locks, or a part that another machine has begun."""
    with part_beside(tmp_path / "a") as part:
        left = part.name
    (tmp_path / left).touch()
    if lacking == "locks":
        monkeypatch.setattr(fcntl, "flock", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOLCK, "no locks")))
        write_atomically(tmp_path / "b", "written all the same")
    else:
        monkeypatch.setattr(parts.platform, "node", lambda: "another machine")
    sweep_parts(tmp_path)
    assert (tmp_path / left).exists()
    old = time.time() - 2 * parts.QUIET_SECONDS
    os.utime(tmp_path / left, (old, old))
    sweep_parts(tmp_path)
    assert not (tmp_path / left).exists()


def test_the_longest_name_that_the_disk_takes_can_be_written(tmp_path: Path) -> None:
    for name in ("n" * 255, "画" * 85):
        write_atomically(tmp_path / name, name)
        assert (tmp_path / name).read_text() == name
    assert len(list(tmp_path.iterdir())) == 2


def test_of_several_files_none_is_touched_where_one_cant_be_written(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "gone" / "b.json"
    first.write_text("before")
    with pytest.raises(FileNotFoundError):
        write_together({first: "after", second: "after"})
    assert first.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    second.parent.mkdir()
    write_together({first: "after", second: b"after"})
    assert first.read_text() == second.read_text() == "after"


@pytest.mark.parametrize("answer", [errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_folder_that_cant_be_flushed_is_left_to_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(answer, os.strerror(answer))

    monkeypatch.setattr(os, "fsync", refuse)
    flush_to_disk(tmp_path)


def test_whoever_writes_sweeps_first(tmp_path: Path) -> None:
    (tmp_path / ".report.html.4711.part").touch()
    write_atomically(tmp_path / "other.html", "page")
    assert [path.name for path in tmp_path.iterdir()] == ["other.html"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_part_that_is_swept_as_soon_as_it_is_made_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    opened, swept = os.open, []

    def open_swept(path: Path, flags: int, *more: int, **place: int) -> int:
        if not swept and str(path).endswith(".part") and not flags & os.O_CREAT:
            swept.append(path)
            parts._remove(path)
        return opened(path, flags, *more, **place)

    monkeypatch.setattr(parts.os, "open", open_swept)
    with part_beside(tmp_path / "film", kind == "folder") as part:
        assert part.exists()
        assert swept != [part]
