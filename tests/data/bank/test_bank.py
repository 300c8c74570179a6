"""The bank: what is in it, how it is split, and that nothing that happens while it is made can spoil it."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image, PngImagePlugin

from figment.data.bank import drafts, shards
from figment.data.bank import prepare as preparing
from figment.data.bank.bank import Bank, open_bank
from figment.data.bank.prepare import prepare
from figment.data.bank.split import split
from figment.data.sources.open import Portraits, Source
from figment.errors import InputError, Interrupted
from figtest.command import interruptible
from figtest.paths import DATA

FACES = DATA / "celeba" / "dev"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def picture(seed: int, side: int = 10) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side + 2, 3), dtype=np.uint8)


def folder(path: Path, count: int, side: int = 10, name: str = "{:04d}.png") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        Image.fromarray(picture(seed, side)).save(path / name.format(seed))
    return path


def content(bank: Bank) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in bank.folder.iterdir()}


def held(bank: Bank) -> set[str]:
    return {bank.names[i] for i in bank.held_out}


# --- what is in it -------------------------------------------------------------------------------------------------


def test_bank_holds_the_pictures_in_name_order(tmp_path):
    bank = prepare(folder(tmp_path / "data", 40), 10)
    assert bank.pictures.shape == (40, 3, 10, 10)
    assert bank.pictures[:].dtype == np.uint8
    assert bank.names == [f"{i:04d}.png" for i in range(40)]
    for seed in range(40):
        assert np.array_equal(bank.pictures[seed], picture(seed)[:, 1:11].transpose(2, 0, 1))
    assert sorted([*bank.train, *bank.held_out]) == list(range(40))
    assert bank.train.dtype == bank.held_out.dtype == np.int64
    assert (bank.source, bank.channels, bank.height, bank.width) == ("data", 3, 10, 10)


def test_bank_opens_by_its_folder(tmp_path):
    bank = prepare(folder(tmp_path / "data", 40), 8)
    again = open_bank(bank.folder)
    assert np.array_equal(again.pictures[:], bank.pictures[:])
    assert (again.fingerprint, again.names) == (bank.fingerprint, bank.names)
    with pytest.raises(InputError, match="isn't a bank"):
        open_bank(tmp_path / "data")


def test_archives_and_folders_give_the_same_bank(tmp_path):
    data = folder(tmp_path / "data", 90)
    (data / "cats").mkdir()
    (data / "0003.png").rename(data / "cats" / "0003.png")
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for file in sorted(data.rglob("*.png"), reverse=True):
            archive.write(file, file.relative_to(data))
    with tarfile.open(tmp_path / "data.tar.gz", "w:gz") as tar:
        for file in sorted(data.rglob("*.png"), reverse=True):
            tar.add(file, file.relative_to(data))
    expected = prepare(data, 8)
    assert expected.labels[-1] == "cats"
    assert set(expected.labels[:-1]) == {None}
    for name in ("data.zip", "data.tar.gz"):
        bank = prepare(tmp_path / name, 8)
        assert np.array_equal(bank.pictures[:], expected.pictures[:])
        assert (bank.names, bank.labels, held(bank)) == (expected.names, expected.labels, held(expected))


def test_classes_number_every_picture_of_the_bank(tmp_path):
    data = folder(tmp_path / "data", 90)
    for i, file in enumerate(sorted(data.iterdir())):
        (data / "cdb"[i % 3]).mkdir(exist_ok=True)
        file.rename(data / "cdb"[i % 3] / file.name)
    bank = prepare(data, 8)
    assert bank.classes.names == ("b", "c", "d")
    assert [bank.classes.names[k] for k in bank.classes.numbers] == [name[0] for name in bank.names]
    with pytest.raises(InputError, match="--labels: flat has no labels"):
        prepare(folder(tmp_path / "flat", 40), 8).classes  # noqa: B018


def test_broken_files_are_skipped_and_reported_again(tmp_path):
    data = folder(tmp_path / "data", 1000, side=4)
    for seed in range(0, 1000, 10):
        file = data / f"{seed:04d}.png"
        file.write_bytes(file.read_bytes()[: seed // 20])
    (data / "notes.txt").write_text("x")
    for _ in range(2):
        bank = prepare(data, 8)
        assert (len(bank.pictures), len(bank.skipped), bank.ignored, len(bank.copies)) == (900, 100, 1, 0)
        assert [item.name for item in bank.skipped] == [f"{seed:04d}.png" for seed in range(0, 1000, 10)]
        assert 60 <= len(bank.held_out) <= 120
        assert len(bank.train) + len(bank.held_out) == 900
        assert "100 skipped" in bank.summary()
        assert bank.skipped[0].reason in bank.summary()
    small = Image.fromarray(picture(777, 4)).crop((1, 0, 5, 4)).resize((8, 8), Image.Resampling.LANCZOS)
    # Pillow is the reference; where noise clips between its two passes the last levels differ.
    kept = bank.pictures[bank.names.index("0777.png")].astype(int)
    assert np.abs(kept - np.asarray(small).transpose(2, 0, 1)).mean() < 1


def test_duplicates_are_kept_once_the_first_by_name(tmp_path):
    data = folder(tmp_path / "data", 40)
    Image.fromarray(picture(7)).save(data / "0000a.bmp")
    Image.fromarray(picture(7)).convert("RGBA").save(data / "zz.png")
    bank = prepare(data, 8)
    assert (len(bank.pictures), len(bank.copies)) == (40, 2)
    assert "0000a.bmp" in bank.names
    assert not {"0007.png", "zz.png"} & set(bank.names)
    assert "2 exact duplicates" in bank.summary()
    assert [(item.name, item.reason) for item in bank.copies] == [
        ("0007.png", "exact copy of 0000a.bmp"), ("zz.png", "exact copy of 0000a.bmp"),
    ]  # fmt: skip


def test_channels_follow_the_pictures_unless_told(tmp_path):
    data = folder(tmp_path / "data", 40)
    grey = tmp_path / "grey"
    grey.mkdir()
    for seed in range(40):
        mode = "L" if seed % 2 else "RGB"
        Image.fromarray(picture(seed)).convert("L").convert(mode).save(grey / f"{seed}.png")
    assert prepare(data, 8).channels == 3
    assert prepare(grey, 8).channels == 1
    assert prepare(grey, 8).pictures.shape == (40, 1, 8, 8)
    assert prepare(grey, 8, channels=3).channels == 3
    assert prepare(data, 8, channels=1).channels == 1
    (grey / "0.png").unlink()
    Image.fromarray(picture(99)).save(grey / "colour.png")
    assert prepare(grey, 8).channels == 3


def test_progress_counts_to_the_end(tmp_path):
    seen: list[tuple[int, int]] = []
    prepare(folder(tmp_path / "data", 150), 8, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (150, 150)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_portraits_are_prepared_like_any_source():
    bank = prepare(Portraits(40), 16)
    assert bank.pictures.shape == (40, 3, 16, 16)
    assert bank.names[7] == "portrait-000007"
    assert bank.source == "portraits"
    other = prepare(Portraits(40), 24, channels=1)
    assert np.array_equal(bank.held_out, other.held_out)
    colour = prepare(Portraits(40), 24).pictures[5].transpose(1, 2, 0)
    assert np.array_equal(other.pictures[5][0], np.asarray(Image.fromarray(colour).convert("L")))
    with pytest.raises(InputError, match="size"):
        prepare(Portraits(40), 8)


# --- the split -----------------------------------------------------------------------------------------------------


def test_a_tenth_is_held_out():
    held_out = split([str(i).encode() for i in range(20_000)])
    assert abs(held_out.mean() - 0.1) < 0.01


def test_small_sets_have_both_sides():
    for start in range(200):
        held_out = split([f"{start} {i}".encode() for i in range(4)])
        assert held_out.any()
        assert not held_out.all()


def test_split_is_the_same_at_any_size_and_under_any_name(tmp_path):
    data = folder(tmp_path / "data", 200)
    first = prepare(data, 8)
    expected = {int(name[:4]) for name in held(first)}
    assert 5 < len(expected) < 40
    assert np.array_equal(prepare(data, 12).held_out, first.held_out)
    assert np.array_equal(prepare(data, 8, channels=1).held_out, first.held_out)
    renamed = tmp_path / "other"
    renamed.mkdir()
    for seed in range(200):
        Image.fromarray(picture(seed)).save(renamed / f"{999 - seed}-{seed}.bmp")
    assert {int(re.split(r"[-.]", name)[1]) for name in held(prepare(renamed, 8))} == expected
    # and of what else is there
    for seed in range(0, 200, 2):
        (data / f"{seed:04d}.png").unlink()
    assert {int(name[:4]) for name in held(prepare(data, 8))} == {seed for seed in expected if seed % 2}


def test_groups_stay_together(tmp_path):
    data = folder(tmp_path / "data", 300)
    for seed in range(300):
        (data / f"{seed:04d}.png").rename(data / f"{seed // 5}_{seed}.png")
    Image.fromarray(picture(0)).save(data / "99_copy.png")
    bank = prepare(data, 8, group=r"^(\d+)_")
    sides = [{bank.names[i].split("_")[0] for i in part} for part in (bank.train, bank.held_out)]
    assert not sides[0] & sides[1]
    assert sides[1]
    assert len(bank.copies) == 1
    assert np.array_equal(prepare(data, 12, group=r"^(\d+)_").held_out, bank.held_out)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "isn't a regular expression"),
        (r"^\d+", "has no bracket"),
        ("(nobody)", "matches no"),
        ("^(.)", "one group"),
    ],
)
def test_group_patterns_that_dont_work(tmp_path, pattern, reason):
    data = folder(tmp_path / "data", 32)
    with pytest.raises(InputError, match=reason):
        prepare(data, 8, group=pattern)


# --- fingerprints and the cache --------------------------------------------------------------------------------------


def test_unchanged_data_are_opened_and_changed_ones_prepared(tmp_path, monkeypatch):
    data = folder(tmp_path / "data", 40)
    first = prepare(data, 8)
    monkeypatch.setattr(preparing, "_build", lambda *_: pytest.fail("prepared again"))
    moved = data.rename(tmp_path / "moved")
    again = prepare(moved, 8)
    assert again.folder == first.folder
    assert again.source == "moved"
    assert prepare(moved, 8, channels=3).folder == first.folder
    monkeypatch.undo()
    Image.fromarray(picture(99)).save(moved / "0001.png")
    changed = prepare(moved, 8)
    assert changed.fingerprint != first.fingerprint
    assert np.array_equal(changed.pictures[1], np.asarray(prepare(moved, 8).pictures[1]))
    assert not np.array_equal(changed.pictures[1], first.pictures[1])


def test_spoilt_bank_is_prepared_again(tmp_path):
    data = folder(tmp_path / "data", 40)
    before = content(bank := prepare(data, 8))
    os.truncate(bank.folder / shards.shard_name(0), 99)
    assert content(prepare(data, 8)) == before
    (bank.folder / "bank.json").write_text("{")
    assert content(prepare(data, 8)) == before


def test_no_absolute_path_is_kept(tmp_path):
    bank = prepare(folder(tmp_path / "data", 40), 8)
    for name in ("bank.json", "names.json"):
        assert str(tmp_path) not in (bank.folder / name).read_text()
    assert json.loads((bank.folder / "bank.json").read_text())["format"] == 2


def test_cache_that_cant_be_written_to(tmp_path, monkeypatch):
    data = folder(tmp_path / "data", 40)
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError, match="FIGMENT_CACHE"):
        prepare(data, 8)


def test_cache_that_may_only_be_read_still_opens(tmp_path, monkeypatch):
    data = folder(tmp_path / "data", 40)
    prepare(data, 8)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert len(prepare(data, 8).pictures) == 40
    with pytest.raises(InputError, match="FIGMENT_CACHE"):
        prepare(data, 12)


# --- what can't be prepared ------------------------------------------------------------------------------------------


def test_too_few_pictures(tmp_path, cache):
    data = folder(tmp_path / "data", 34)
    for seed in range(3):
        (data / f"{seed:04d}.png").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        prepare(data, 8)
    counts = "31 usable pictures (3 skipped; mostly an empty file (0 bytes))"
    expected = f"{data} has {counts}, and at least 32 are needed: add more"
    assert str(caught.value) == expected
    assert not [file for file in (cache / "banks").iterdir() if file.is_dir()]


@pytest.mark.parametrize("where", ["reserving", "writing", "describing"])
def test_full_disk(tmp_path, cache, monkeypatch, where):
    data = folder(tmp_path / "data", 40)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if where == "reserving":
        monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    elif where == "writing":
        monkeypatch.setattr(preparing, "map_unordered", full)
    else:
        monkeypatch.setattr(preparing, "_write_array", full)
    with pytest.raises(InputError) as caught:
        prepare(data, 8, channels=3)
    assert "FIGMENT_CACHE" in str(caught.value)
    assert "no room" in str(caught.value)
    assert not [file for file in (cache / "banks").iterdir() if file.is_dir()]


def python(code: str, *arguments: object, **options: object) -> "subprocess.Popen[str]":
    command = interruptible([sys.executable, "-W", "error", "-c", code, *map(str, arguments)])
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **(pipes | options))  # type: ignore[call-overload]


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
from figment.data.bank.prepare import prepare
from figment.errors import InputError
try:
    prepare(sys.argv[1], 16)
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_file_that_may_not_grow(tmp_path):
    out, err = python(LIMITED, folder(tmp_path / "data", 40)).communicate(timeout=60)
    assert "no room" in out
    assert err == ""


# --- interruptions ---------------------------------------------------------------------------------------------------

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
    return folder(tmp_path_factory.mktemp("many") / "data", 700, side=200, name="{:04d}.jpg")


@pytest.fixture(scope="module")
def undisturbed(many, tmp_path_factory) -> dict[str, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(tmp_path_factory.mktemp("undisturbed")))
        return content(prepare(many, 64))


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
    victim = python(PREPARE, many)
    assert victim.stdout is not None
    victim.stdout.readline()
    time.sleep(moment)
    victim.kill()
    victim.communicate()
    wait_until_gone(cache)
    assert content(prepare(many, 64)) == undisturbed
    assert len([file for file in (cache / "banks").iterdir() if file.is_dir()]) == 1


linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")


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
    victim = python(PREPARE, many, start_new_session=True)
    assert victim.stdout is not None
    victim.stdout.readline()
    victim.stdout.readline()  # the first chunk is done
    os.killpg(victim.pid, signal.SIGINT)  # as a terminal does: to all processes of the group
    _, err = victim.communicate(timeout=60)
    assert "are prepared and kept; the same command goes on" in err
    assert "Warning" not in err
    wait_until_gone(cache)
    seen: list[int] = []
    assert content(prepare(many, 64, progress=lambda done, _: seen.append(done))) == undisturbed
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
    assert content(prepare(many, 64, progress=lambda done, _: seen.append(done))) == undisturbed
    assert seen[2] > 6 * 40
    assert len(list((cache / "banks").glob("*.part-*"))) == 0


def test_a_journal_is_kept_up_while_preparing(many, cache, undisturbed, monkeypatch):
    monkeypatch.setattr(preparing, "JOURNAL_SECONDS", 0.0)

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
    assert content(prepare(many, 64, progress=lambda done, _: seen.append(done))) == undisturbed
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
    assert content(prepare(many, 64)) == undisturbed
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
    both = [python(PREPARE, many) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [(out.splitlines()[-1], err) for out, err in outputs] == [("done", "")] * 2
    assert sorted(len(out.splitlines()) > 2 for out, _ in outputs) == [False, True]  # one of them did the work
    assert content(prepare(many, 64)) == undisturbed


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
        prepare(folder(tmp_path / "data", 40), 8)
    assert [draft.exists() for draft in (dead, living, interrupted, abandoned)] == [False, True, True, False]


# --- a source that changes, pictures that are left out, shapes ---------------------------------------------------------


@pytest.mark.parametrize("change", ["added", "changed", "gone"])
def test_a_source_that_changes_while_it_is_read_is_noticed(tmp_path, cache, change):
    data = folder(tmp_path / "data", 40)

    def meddle(done: int, total: int) -> None:
        if change == "added":
            Image.fromarray(picture(99)).save(data / "new.png")
        elif change == "changed":
            Image.fromarray(picture(99)).save(data / "0007.png")
        else:
            (data / "0007.png").unlink(missing_ok=True)

    with pytest.raises(InputError, match="changed while it was being read"):
        prepare(data, 8, progress=meddle)
    assert not [file for file in (cache / "banks").iterdir() if file.is_dir()]
    assert len(prepare(data, 8).pictures) in (39, 40, 41)


class Every:
    """Leaves out every n-th picture."""

    def __init__(self, n: int) -> None:
        self.n, self.calls, self.key = n, 0, f"every {n}"

    def __call__(self, source: Source) -> dict[int, str]:
        self.calls += 1
        return dict.fromkeys(range(0, len(source.listing.names), self.n), "as asked")


def test_pictures_are_left_out_as_asked_and_told(tmp_path):
    data = folder(tmp_path / "data", 90)
    (data / "0001.png").write_bytes(b"")
    third, half = Every(3), Every(2)
    bank = prepare(data, 8, leave_out=third)
    assert len(bank.pictures) == 59
    assert [item.name for item in bank.left_out] == [f"{i:04d}.png" for i in range(0, 90, 3)]
    assert [item.name for item in bank.skipped] == ["0001.png"]
    assert "30 dropped as asked" in bank.summary()
    assert np.array_equal(bank.pictures[0], prepare(data, 8).pictures[1])  # 0002
    assert prepare(data, 8, leave_out=third).folder == bank.folder
    assert third.calls == 1
    assert prepare(data, 8, leave_out=half).folder != bank.folder


def test_what_is_left_out_is_chosen_once(tmp_path):
    data, every = folder(tmp_path / "data", 60), Every(3)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        prepare(data, 8, leave_out=every, progress=interrupt)
    assert len(prepare(data, 8, leave_out=every).pictures) == 40
    assert every.calls == 1


def test_oblong_banks(tmp_path):
    bank = prepare(folder(tmp_path / "data", 40, side=12), (6, 9), fit="stretch")
    assert bank.pictures.shape == (40, 3, 6, 9)
    assert (bank.height, bank.width) == (6, 9)
    assert np.array_equal(open_bank(bank.folder).pictures[:], bank.pictures[:])
    assert prepare(tmp_path / "data", (6, 9)).folder != bank.folder
    assert prepare(tmp_path / "data", (9, 6)).pictures.shape == (40, 3, 9, 6)


def test_a_bank_in_many_shards_is_the_same(tmp_path, monkeypatch):
    data = folder(tmp_path / "data", 80)
    for seed in (0, 31, 32, 70):
        (data / f"{seed:04d}.png").write_bytes(b"")
    whole = prepare(data, 8)
    monkeypatch.setattr(shards, "SHARD_BYTES", 3 * 8 * 8 * 10)
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "other"))
    many = prepare(data, 8)
    assert len(list(many.folder.glob("pictures-*"))) == 8
    assert np.array_equal(many.pictures[:], whole.pictures[:])
    assert np.array_equal(many.held_out, whole.held_out)
    assert sum(file.stat().st_size for file in many.folder.glob("pictures-*")) == 76 * 3 * 8 * 8


def test_most_being_smaller_is_told(tmp_path):
    data = folder(tmp_path / "data", 40, side=10)  # 10×12
    assert prepare(data, 10).enlarged == 0
    assert prepare(data, (10, 16)).enlarged == 0
    assert prepare(data, (10, 17)).enlarged == 40
    assert "smaller" not in prepare(data, 10).summary()
    assert "Most are much smaller than 16×16 (40 of 40)" in prepare(data, 16).summary()


def test_a_picture_that_kills_its_decoder_costs_itself_alone(tmp_path, monkeypatch):
    data = folder(tmp_path / "data", 140)
    for name, word in (("0007.png", "deadly"), ("0100.png", "endless")):
        text = PngImagePlugin.PngInfo()
        text.add_text("comment", word)
        Image.open(data / name).save(data / name, pnginfo=text)
    # Every interpreter that is started from here on has a decoder with these two faults.
    (tmp_path / "faulty").mkdir()
    (tmp_path / "faulty" / "sitecustomize.py").write_text(FAULTY)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "faulty"), *sys.path])
    monkeypatch.setattr(preparing.map_unordered, "__defaults__", (0, None, 3.0))
    bank = prepare(data, 8)
    reasons = {item.name: item.reason for item in bank.skipped}
    assert "crashes its decoder" in reasons.pop("0007.png")
    assert "takes longer than 3 seconds" in reasons.pop("0100.png")
    assert not reasons
    assert len(bank.pictures) == 138


FAULTY = """
import os, time
from PIL import Image, PngImagePlugin
sound = Image.open
def faulty(file, *rest, **options):
    if b"deadly" in file.getvalue():
        os.abort()
    if b"endless" in file.getvalue():
        time.sleep(60)
    return sound(file, *rest, **options)
Image.open = faulty
"""


# --- size and speed --------------------------------------------------------------------------------------------------

# The parent's peak comes from /proc: getrusage's counts what the test's own process held when it forked.
PEAK = """
import re, resource, sys
from pathlib import Path
from figment.data.bank.prepare import prepare
prepare(sys.argv[1], 64)
own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""


@linux
@pytest.mark.slow
def test_memory_doesnt_grow_with_the_pictures(tmp_path):
    peaks = []
    for count in (1000, 8000):
        np.save(tmp_path / f"{count}.npy", np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8))
        out, _ = python(PEAK, tmp_path / f"{count}.npy").communicate(timeout=300)
        peaks.append(int(out) / 1024)
    assert peaks[1] - peaks[0] < 15  # MB; the pictures themselves are 12 and 98
    assert max(peaks) < 150


@pytest.mark.slow
@pytest.mark.skipif(not FACES.exists(), reason="shared data are absent")
def test_faces_open_in_under_a_second():
    bank = prepare(FACES, 64, group=r"^(\d+)_")
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        again = prepare(FACES, 64, group=r"^(\d+)_")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1
    assert len(again.pictures) == 12_500
    people = [{again.names[i].split("_")[0] for i in part} for part in (bank.train, bank.held_out)]
    assert not people[0] & people[1]
    assert 0.08 < len(bank.held_out) / 12_500 < 0.12
