"""The cache folder: what lies there, what cleaning takes, and what it leaves because somebody uses it."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from figment.cached import delete, entries, why_kept
from figment.common.cache import training_here, training_mark
from figment.common.in_use import InUse, free
from figment.common.locks import lock_held
from figment.data.bank.bank import open_bank
from figment.data.bank.prepare import prepare
from figtest.command import command
from figtest.pictures import draw_faces

DAY = 86_400


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with prepared pictures, to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(folder / "cache"))
        prepare(draw_faces(folder / "faces"), 16)
    return folder / "cache"


@pytest.fixture
def cache(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with one of each kind, all of them last used 40 days ago, but for the reader."""
    folder = Path(shutil.copytree(prepared, tmp_path / "cache"))
    monkeypatch.setenv("FIGMENT_CACHE", str(folder))
    files = [
        "sets/celeba/a.zip", "sets/celeba.json", "hub/datasets--me--cats/blobs/x", "weights/inception.pth",
        "compiled/a/b.so", "features/0.npy", "readers/portraits.safetensors", "browser/1.30.0/ort.wasm",
    ]  # fmt: skip
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(5000))
    before = time.time() - 40 * DAY
    for path in folder.rglob("*"):
        if path.suffix != ".safetensors":
            os.utime(path, (before, before))
    return folder


def bank_in(cache: Path) -> Path:
    return next(path.parent for path in (cache / "banks").glob("*/bank.json"))


def test_everything_is_told_by_its_name(cache: Path) -> None:
    told = {(entry.kind, entry.what) for entry in entries(cache)}
    assert told == {
        ("banks", "faces, 80 at 16 px"), ("downloads", "celeba"), ("downloads", "hf:me/cats"), ("weights", "inception"),
        ("downloads", "onnxruntime-web 1.30.0"),
        ("compiled", "compiled code and charts' fonts"), ("computed", "features and small copies of pictures"),
        ("readers", "portraits"),
    }  # fmt: skip
    sizes = {entry.what: entry.bytes for entry in entries(cache)}
    assert 5000 <= sizes["celeba"] < 20_000
    assert sizes["faces, 80 at 16 px"] >= 80 * 3 * 16 * 16


def test_a_bank_is_used_when_it_is_opened(cache: Path) -> None:
    assert time.time() - entries(cache)[0].used > 39 * DAY
    bank = open_bank(bank_in(cache))
    assert time.time() - entries(cache)[0].used < 60
    assert bank.pictures[0].shape == (3, 16, 16)


def test_what_is_open_stays(cache: Path) -> None:
    bank = open_bank(bank_in(cache))
    entry = entries(cache)[0]
    assert delete(entry, cache) == "it is in use"
    assert bank.pictures[0].any()
    del bank
    assert delete(entry, cache) is None
    assert not entry.path.exists()
    assert [path.name for path in (cache / "banks").iterdir() if "part" in path.name] == []


def test_what_is_being_prepared_stays(cache: Path) -> None:
    entry = entries(cache)[0]
    with lock_held(entry.path.with_name(f"{entry.path.name}.lock")):
        assert delete(entry, cache) == "it is being prepared"
        assert {why_kept(other, cache) for other in entries(cache)[1:]} == {"pictures are being prepared"}
    assert why_kept(entry, cache) is None


def test_while_a_training_runs_only_banks_go(cache: Path) -> None:
    with training_here():
        assert {why_kept(entry, cache) for entry in entries(cache)[1:]} == {"a training is running"}
        assert why_kept(entries(cache)[0], cache) is None
    assert {why_kept(entry, cache) for entry in entries(cache)} == {None}
    assert training_mark(cache).parent == cache / "banks"


def test_what_is_fetched_for_pages_and_from_the_hub_stays_until_it_is_there(cache: Path) -> None:
    locks = [cache / "browser" / "onnxruntime-web-1.30.0.tgz.lock", cache / "hub/.locks/datasets--me--cats/0f.lock"]
    for lock, what in zip(locks, ("onnxruntime-web 1.30.0", "hf:me/cats"), strict=True):
        entry = next(entry for entry in entries(cache) if entry.what == what)
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock_held(lock):
            assert delete(entry, cache) == "it is being made"
        assert delete(entry, cache) is None
        assert not entry.path.exists()


def test_many_hold_a_file_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    holders = [InUse(tmp_path / "a") for _ in range(2)]
    for holder in holders:
        with free(tmp_path / "a") as is_free:
            assert not is_free
        holder.close()
    with free(tmp_path / "a") as is_free:
        assert is_free
    InUse(tmp_path / "nothing").close()


def test_the_bank_s_users_are_told_by_the_command(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("cache", "list") == 0
    out = capsys.readouterr().out
    assert "faces, 80 at 16 px" in out
    assert "40 days ago" in out
    assert str(cache) in out
    assert command("cache", "clean", "--older-than", "30d", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "celeba" in out
    assert "portraits" not in out
    assert "It would free" in out
    assert len(entries(cache)) == 8
    assert command("cache", "clean") == 2
    assert "say --yes" in capsys.readouterr().err
    assert command("cache", "clean", "--banks", "--weights", "--yes") == 0
    assert {entry.kind for entry in entries(cache)} == {"downloads", "readers", "compiled", "computed"}
    assert command("cache", "clean", "--yes") == 0
    assert entries(cache) == []
    assert (cache / "sets" / "celeba.json").exists()  # the licence that was agreed to
    capsys.readouterr()
    assert command("cache", "list") == 0
    assert "nothing in the cache folder" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "30", "-1d", "1y", "1e5d", "9" * 400 + "d"])
def test_times_that_are_none_are_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("cache", "clean", "--older-than", text) == 2
    assert "write it as 12h" in capsys.readouterr().err


def test_damaged_and_odd_entries_are_told(cache: Path) -> None:
    for name, content in (("a" * 32, "{"), ("b" * 32, json.dumps({"source": "x", "count": "many"})), ("c" * 32, "[]")):
        (cache / "banks" / name).mkdir()
        (cache / "banks" / name / "bank.json").write_text(content)
    (cache / "banks" / f"{'d' * 32}.part-0011aabb").mkdir()
    told = sorted(entry.what for entry in entries(cache) if entry.kind == "banks")
    assert told == ["damaged", "damaged", "damaged", "faces, 80 at 16 px", "half prepared"]
    assert [delete(entry, cache) for entry in entries(cache) if entry.kind == "banks"] == [None] * 5
