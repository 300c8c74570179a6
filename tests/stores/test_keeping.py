"""A run kept on a store and brought back: on file:// and memory://, with stores that fail."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

import figment
from figment.errors import InputError
from figment.run import Run
from figment.stores import keeper
from figment.stores.address import Address, address_of, is_address
from figment.stores.captured import captured
from figment.stores.manifest import BEFORE, KEPT, MANIFEST, NEEDED, Manifest, manifest_of
from figment.stores.store import Store, StoreError
from figment.stores.upload import Foreign, Uploader, current
from figtest.command import command
from figtest.pictures import draw_faces
from figtest.resumed import same, stopping_after

pytestmark = pytest.mark.usefixtures("without_report")

CHOICES = dict(recipe="dcgan", size=16, width=4, batch=16, save_seconds=0.2, snapshots=4)
BUDGET = 320


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("undisturbed")
    return figment.train(draw_faces(folder / "faces"), images=BUDGET, out=folder / "whole", **CHOICES)


@pytest.fixture
def memory() -> Iterator[str]:
    """A store in this process's memory."""
    fsspec.filesystem("memory").store.clear()
    yield "memory://kept/run"
    fsspec.filesystem("memory").store.clear()


def held(address: str) -> Manifest:
    return manifest_of(Store(address_of(address)).read(MANIFEST, 1 << 20))


def test_what_a_store_holds_is_the_run(faces: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    address = f"file://{tmp_path}/disk/kept"
    run = figment.train(faces, images=BUDGET, out=tmp_path / "run", keep=address, **CHOICES)
    assert run.elsewhere is not None
    assert run.elsewhere.lacking is None
    manifest = held(address)
    assert manifest.images == BUDGET
    for file in manifest.files:
        content = (tmp_path / "disk/kept" / file.name).read_bytes()
        assert content == (run.folder / file.path).read_bytes(), file.path
    there = {p.relative_to(run.folder).as_posix() for p in run.folder.rglob("*") if p.is_file()}
    mine = {"state/lock", "state/kept.json", "live.html", "live.js", "state/measures.lock"}
    assert there - mine == {file.path for file in manifest.files}


def test_cut_off_and_brought_back_it_equals_the_undisturbed_run(
    undisturbed: Run, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: str
) -> None:
    for number, steps in enumerate((7, 5)):
        with monkeypatch.context() as patch:
            stopping_after(steps, patch, signal.SIGTERM)
            out = tmp_path / f"machine-{number}"
            if number == 0:
                run = figment.train(undisturbed.data, images=BUDGET, out=out, keep=memory, **CHOICES)
            else:
                run = figment.resume(memory, out=out)
        assert run.state == "interrupted"
        assert run.elsewhere is not None
        assert run.elsewhere.lacking is None
        assert held(memory).images == run.facts["images"]
    run = figment.resume(memory, out=tmp_path / "last")
    assert run.state == "finished"
    same(undisturbed, run)


def test_a_store_keeps_two_sets_and_what_does_not_change(faces: Path, tmp_path: Path, memory: str) -> None:
    choices = CHOICES | dict(save_seconds=0)
    figment.train(faces, images=BUDGET, out=tmp_path / "run", keep=memory, **choices)
    store = Store(address_of(memory))
    names = set(store.sizes())
    before = manifest_of(store.read(BEFORE, 1 << 20))
    assert names == held(memory).names() | before.names() | {MANIFEST, BEFORE}
    assert sum(name.startswith("state/state.") for name in names) <= 2


def broken(monkeypatch: pytest.MonkeyPatch, fails: Any) -> None:
    """fails(name, count): what of the writes raises."""
    write, count = Store.write, [0]

    def sometimes(self: Store, name: str, *args: Any) -> bool:
        count[0] += 1
        if fails(name, count[0]):
            raise StoreError("503 Slow Down")
        return write(self, name, *args)

    monkeypatch.setattr(Store, "write", sometimes)
    monkeypatch.setattr(keeper, "WAIT_SECONDS", (0.01, 0.05))


def test_a_store_that_fails_now_and_then_is_told_and_survived(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(monkeypatch, lambda name, count: count % 3 == 1)
    run = figment.train(faces, images=BUDGET, out=tmp_path / "run", keep=memory, **CHOICES)
    said = capsys.readouterr().err
    assert "doesn't take the run (503 Slow Down); training goes on" in " ".join(said.split())
    assert run.elsewhere is not None
    assert run.elsewhere.lacking is None
    assert held(memory).images == BUDGET


def test_a_store_that_fails_for_good_costs_nothing_and_is_the_last_line(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keeper, "FINISH_SECONDS", 0.5)
    broken(monkeypatch, lambda name, count: count > 12)
    fields = [f"--set={k}={v}" for k, v in CHOICES.items() if k not in ("recipe", "size")]
    asked = ["--recipe", "dcgan", "--size", 16, *fields, "--images", BUDGET, "--keep", memory]
    assert command("train", faces, "--out", tmp_path / "run", *asked) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith("brings it up.")
    assert f"{memory} holds the run only as it was at" in said
    run = Run(tmp_path / "run")
    assert run.state == "finished"
    monkeypatch.undo()
    assert command("resume", run.folder) == 0
    assert held(memory).images == BUDGET


def test_half_an_upload_is_noticed(tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(address_of(memory))
    (tmp_path / "file").write_bytes(bytes(1000))
    monkeypatch.setattr(
        store.fs, "pipe_file", lambda place, content: fsspec.filesystem("memory").pipe_file(place, b"half")
    )
    with (
        (tmp_path / "file").open("rb") as file,
        pytest.raises(StoreError, match=r"of a's 1,000 bytes only 4 have come"),
    ):
        store.write("a", file, 1000, lambda: True)


@pytest.mark.parametrize("harm", ["missing", "damaged", "manifest"])
def test_a_damaged_set_gives_way_to_the_one_before(
    undisturbed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: str, harm: str
) -> None:
    with monkeypatch.context() as patch:
        stopping_after(14, patch, signal.SIGTERM)
        figment.train(undisturbed.data, images=BUDGET, out=tmp_path / "run", keep=memory, **CHOICES)
    store, newest = Store(address_of(memory)), held(memory)
    before = manifest_of(store.read(BEFORE, 1 << 20))
    only = next(file for file in newest.files if file.name not in before.names())
    if harm == "missing":
        store.remove([only.name])
    else:
        store.replace(only.name if harm == "damaged" else MANIFEST, b"{}" if harm == "manifest" else bytes(only.size))
    run = figment.resume(memory, out=tmp_path / "again")
    same(undisturbed, run)
    assert held(memory).images == BUDGET


def test_two_trainings_never_share_a_store(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        stopping_after(5, patch, signal.SIGTERM)
        first = figment.train(faces, images=BUDGET, out=tmp_path / "run", keep=memory, **CHOICES)
    with pytest.raises(InputError, match="holds a run already: go on with figment resume memory://kept/run"):
        figment.train(faces, images=BUDGET, out=tmp_path / "other", keep=memory, **CHOICES)
    assert not (tmp_path / "other").exists()
    figment.resume(memory, out=tmp_path / "second")
    with pytest.raises(InputError, match="as it went on elsewhere, at 320 images"):
        figment.resume(first.folder)
    assert figment.resume(first.folder, keep="none").state == "finished"
    assert Run(first.folder).facts["keep"] == "none"


def test_who_was_taken_over_from_notices_and_harms_nothing(undisturbed: Run, memory: str) -> None:
    store, taken = Store(address_of(memory)), captured(undisturbed, BUDGET, 1.0)
    first = Uploader(store, "1" * 32, None)
    assert first.bring_up(taken, lambda: True)
    second = Uploader(store, "2" * 32, current(store))
    assert second.bring_up(taken, lambda: True)
    with pytest.raises(Foreign):
        first.bring_up(taken, lambda: True)
    assert held(memory).writer == "2" * 32
    taken.close()


def test_a_lost_answer_to_the_manifest_is_no_other_writer(
    undisturbed: Run, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, taken = Store(address_of(memory)), captured(undisturbed, BUDGET, 1.0)
    uploader, replace = Uploader(store, "1" * 32, None), store.replace

    def unanswered(name: str, content: bytes) -> None:
        replace(name, content)
        raise StoreError("the connection is gone")

    with monkeypatch.context() as patch:
        patch.setattr(store, "replace", unanswered)
        with pytest.raises(StoreError):
            uploader.bring_up(taken, lambda: True)
    taken.images += 1  # a newer set
    assert uploader.bring_up(taken, lambda: True)
    assert held(memory).images == BUDGET + 1
    taken.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bucket/run", "names no store: write it as SCHEME://BUCKET/FOLDER"),
        ("ftp://host/run", "figment keeps no runs by ftp://"),
        ("file://run", "begins at the root"),
        ("file:///nowhere-at-all/kept/run", "there is no /nowhere-at-all/kept: mount it, or make it, first"),
        ("memory://a/../b", "a name that stores don't take"),
        ("", "names no store"),
    ],
)
def test_what_is_no_store_is_refused_before_anything_is_made(
    faces: Path, tmp_path: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("train", faces, "--images", 100, "--out", tmp_path / "run", "--keep", text) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("scheme", "module", "extra"), [("gs", "gcsfs", "gcs"), ("s3", "s3fs", "s3"), ("az", "adlfs", "azure")]
)
def test_a_scheme_that_is_not_installed_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, scheme: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=rf"needs {module}: pip install 'figment-gan\[{extra}\]'"):
        address_of(f"{scheme}://bucket/run")


def test_a_store_without_a_run_and_a_folder_that_is_taken(tmp_path: Path, memory: str) -> None:
    with pytest.raises(InputError, match="memory://kept/run holds no run"):
        figment.resume(memory, out=tmp_path / "run")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    with pytest.raises(InputError, match=r"taken.* exists and isn't empty"):
        figment.resume(memory, out=tmp_path / "taken")
    with pytest.raises(InputError, match="is for a run on a store"):
        figment.resume(tmp_path / "taken", out=tmp_path / "run")


def test_addresses() -> None:
    assert is_address("gs://a/b")
    assert not is_address("runs/a")
    assert not is_address("hf:a/b")
    assert Address("gs", "bucket/runs/faces").name == "faces"
    assert str(address_of("memory://kept/run/")) == "memory://kept/run"


NEITHER = ["../up", "/etc/passwd", "a/../b", "a\\b", "", ".hidden", "state/lock", "live.js", "a//b", "c:d"]


@pytest.mark.parametrize("path", NEITHER)
def test_a_manifest_names_files_of_a_run_alone(path: str) -> None:
    files = [dict(path=p, size=1, sha256="0" * 64) for p in NEEDED]
    whole = dict(kind="figment run", format=1, writer="0" * 32, images=1, seconds=1.0, files=files)
    manifest_of(json.dumps(whole).encode())
    with pytest.raises(ValueError, match="it names no file of a run"):
        manifest_of(json.dumps(whole | {"files": [*files, files[0] | {"path": path}]}).encode())


def test_names_tell_contents() -> None:
    assert KEPT.fullmatch("state/state.0123456789ab.safetensors")
    assert not KEPT.fullmatch(MANIFEST)
