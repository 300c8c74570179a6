"""What is asked of a run and refused changes nothing in it: not a byte, whatever the reason."""

import errno
import hashlib
import os
import shutil
import signal
from pathlib import Path

import pytest

import figment
from figment import start
from figment.common import parts
from figment.errors import InputError, Interrupted
from figment.run import Run
from figment.training import keep
from figment.training.state import TrainState
from figment.workbench import Workbench
from figtest.command import command
from figtest.pictures import draw_faces

pytestmark = pytest.mark.usefixtures("without_report")

TINY = dict(size=16, width=4, batch=16)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """To be copied."""
    folder = tmp_path_factory.mktemp("trained")
    return figment.train(draw_faces(folder / "faces"), images=64, recipe="dcgan", out=folder / "run", **TINY)


@pytest.fixture(params=["finished", "interrupted"])
def run(trained: Run, tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    """A run of the test's own, with pictures of another kind beside it."""
    own = Run(shutil.copytree(trained.folder, tmp_path / "run"))
    own.note(state=request.param)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("no picture")
    draw_faces(tmp_path / "others")
    return own


def content(folder: Path) -> dict[str, str]:
    """Every file and folder below with what is in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize(
    "asked",
    [["--images", "1k"], ["--for", "9s"], ["--data", "others"], ["--data", "others", "--images", "1k"]],
    ids=" ".join,
)
def test_while_it_is_trained(run: Run, asked: list[str], tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = content(run.folder)
    with run.locked():
        assert command("resume", run.folder, *asked) == 2
    assert "being trained by another process" in capsys.readouterr().err
    assert content(run.folder) == before


@pytest.mark.parametrize(
    "asked",
    [
        ["--data", "missing"], ["--data", "texts"], ["--data", "missing", "--images", "1k"], ["--data", "texts", "--for", "9s"],
        ["--images", "lots"], ["--images", "1k", "--for", "9s"], ["--images", "0"], ["--device", "abacus", "--images", "1k"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_cant_be_used(run: Run, asked: list[str], tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = content(run.folder)
    assert command("resume", run.folder, *asked) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert content(run.folder) == before


@pytest.mark.parametrize("full", ["at the first file", "at the second file", "told by the system"])
def test_a_full_disk(run: Run, full: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, written = content(run.folder), [0]
    flush = os.fsync

    def fsync(handle: int) -> None:
        written[0] += 1
        if written[0] == (1 if full == "at the first file" else 2):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(handle)

    with monkeypatch.context() as patch:
        if full == "told by the system":
            patch.setattr(start.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 100, 100))
        else:
            patch.setattr(os, "fsync", fsync)
        with pytest.raises(InputError, match=r"disk is full|No space left"):
            figment.resume(run, images=500)
    assert content(run.folder) == before


def test_ctrl_c_while_pictures_are_prepared(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(run.folder)
    with monkeypatch.context() as patch:
        patch.setattr(start, "bank_of", lambda *_: signal.raise_signal(signal.SIGINT))
        with pytest.raises(Interrupted, match="is as it was; the same command begins again"):
            figment.resume(run, images=500, data=tmp_path / "others")
    assert content(run.folder) == before


def test_a_kill_between_the_renames_leaves_a_run_that_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recipe, facts, events: whichever of them were written, a plain resume and a further budget both work."""

    class Killed(BaseException):
        pass

    replace, seen = Path.replace, run.facts["images"]
    for survived in (1, 2):
        left = [survived]

        def until_killed(part: Path, place: Path, left: list[int] = left) -> Path:
            if not left[0]:
                raise Killed
            left[0] -= 1
            return replace(part, place)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", until_killed)
            with pytest.raises(Killed):
                figment.resume(run, images=16)
        assert figment.resume(run).facts["state"] == "finished"
    assert figment.resume(run, images=16).facts["images"] > seen


def test_moved_pictures_are_taken_and_noted(trained: Run, tmp_path: Path) -> None:
    """Of a finished run, too, which isn't trained for that: what else is asked of it finds them there."""
    own = Run(shutil.copytree(trained.folder, tmp_path / "run"))
    moved = tmp_path / "moved"
    shutil.copytree(trained.facts["data"], moved)
    state = own.state_file.read_bytes()
    assert figment.resume(own, data=moved).facts["data"] == str(moved)
    assert own.facts["fingerprint"] == trained.facts["fingerprint"]
    assert own.state_file.read_bytes() == state
    assert figment.resume(own, images=16).facts["images"] == 80


def test_moved_pictures_that_arent_told_of_are_asked_for(run: Run, tmp_path: Path) -> None:
    """By name of the option, where they are gone and where an empty folder is left; of resume and of all else."""
    before = {}
    for gone in (tmp_path / "gone", tmp_path / "unmounted"):
        run.note(data=str(gone))
        before = content(run.folder)
        with pytest.raises(InputError, match=rf"aren't at {gone} any more: .* figment resume .* --data DATA"):
            figment.resume(run, images=16)
        with pytest.raises(InputError, match="--data DATA"):
            _ = Workbench(run.folder).bank
        assert content(run.folder) == before
        (tmp_path / "unmounted").mkdir(exist_ok=True)


def test_a_disk_that_is_full_before_the_first_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is nothing to go on from, and the sentence doesn't send anybody there."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(keep, "save_state", full)
        with pytest.raises(InputError, match=r"No space left.*free some space, or name a folder.*begin again") as told:
            figment.train(draw_faces(tmp_path / "faces"), images=64, recipe="dcgan", out=tmp_path / "run", **TINY)
    assert "resume" not in str(told.value)
    assert not (tmp_path / "run").exists()


def test_nets_stay_when_somebody_removed_the_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new run goes again where nothing was learnt; this one has learnt something."""
    save = keep.save_state

    def once(state: TrainState, file: Path) -> None:
        if file.exists():
            shutil.rmtree(file.parent)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        save(state, file)

    with monkeypatch.context() as patch:
        patch.setattr(keep, "save_state", once)
        with pytest.raises(InputError, match=r"state.safetensors is gone, .* its nets and pictures are kept\.$"):
            figment.train(draw_faces(tmp_path / "faces"), images=64, recipe="dcgan", out=tmp_path / "run", **TINY)
    assert figment.load(tmp_path / "run").sample(1).shape == (1, 3, 16, 16)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_a_power_cut_finds_the_disk_in_order(trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events before the state that they lead to, then the state, then the names of both."""
    own = Run(shutil.copytree(trained.folder, tmp_path / "run"))
    flush, flushed = os.fsync, []

    def fsync(handle: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{handle}"))
        flush(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        figment.resume(own, images=16)
    state = max(i for i, name in enumerate(flushed) if ".state.safetensors." in name)
    assert str(own.events_file) in flushed[:state]
    assert str(own.state_file.parent) in flushed[state:]
    assert flushed[-1] == str(own.folder)


def test_what_a_killed_training_left_half_written_is_swept(trained: Run, tmp_path: Path) -> None:
    own = Run(shutil.copytree(trained.folder, tmp_path / "run"))
    names = [
        "state/.state.safetensors.4711.part", "pictures/.000070.png.12.part", ".timelapse.99.part.mp4",
        "snapshots/.000000064.safetensors.00000000.part",
    ]  # fmt: skip
    left = [own.folder / name for name in names]
    for part in left:
        part.write_bytes(b"half")
    os.utime(left[-1], (0, 0))  # another machine's
    figment.resume(own, images=16)
    assert not any(part.exists() for part in left)
    assert not [path for path in own.folder.rglob("*") if parts.PART.fullmatch(path.name)]


def test_a_finished_run_that_was_killed_before_its_report_gets_one(trained: Run, tmp_path: Path, monkeypatch) -> None:
    from figment.reporting import report

    own, written = Run(shutil.copytree(trained.folder, tmp_path / "run")), []
    own.report_file.unlink(missing_ok=True)
    monkeypatch.setattr(report, "write_report", lambda run, **told: written.append(run))
    figment.resume(own)
    assert [run.folder for run in written] == [own.folder]
    own.report_file.write_text("there")
    figment.resume(own)
    assert len(written) == 1


def test_groups_that_there_are_not_are_refused_before_a_page_to_watch_is_named(tmp_path: Path, capsys) -> None:
    faces = draw_faces(tmp_path / "faces")
    assert command("train", faces, "--group", "person", "--out", tmp_path / "run", "--images", 64) == 2
    out, err = capsys.readouterr()
    assert "--group person: " in err
    assert "live page" not in out + err
    assert not (tmp_path / "run").exists()
