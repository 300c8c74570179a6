"""When a bank is prepared, and when it is only opened; what forbids it; what it costs."""

import errno
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from figment.data.bank import shards
from figment.data.bank.prepare import prepare
from figment.data.bank.workers import map_unordered
from figment.errors import InputError
from figment.media.images import encode
from figtest.banks import files_of, started
from figtest.paths import DATA
from figtest.pictures import noise, noise_folder

FACES = DATA / "celeba" / "dev"


linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")


def test_progress_counts_to_the_end(tmp_path):
    seen: list[tuple[int, int]] = []
    prepare(noise_folder(tmp_path / "data", 150), 8, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (150, 150)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_unchanged_data_are_opened_and_changed_ones_prepared(tmp_path, monkeypatch):
    data = noise_folder(tmp_path / "data", 40)
    first = prepare(data, 8)
    monkeypatch.setattr("figment.data.bank.prepare._build", lambda *_: pytest.fail("prepared again"))
    moved = data.rename(tmp_path / "moved")
    again = prepare(moved, 8)
    assert again.folder == first.folder
    assert again.source == "moved"
    assert prepare(moved, 8, channels=3).folder == first.folder
    monkeypatch.undo()
    Image.fromarray(noise(10, 12, seed=99)).save(moved / "0001.png")
    changed = prepare(moved, 8)
    assert changed.fingerprint != first.fingerprint
    assert np.array_equal(changed.pictures[1], np.asarray(prepare(moved, 8).pictures[1]))
    assert not np.array_equal(changed.pictures[1], first.pictures[1])


def test_spoilt_bank_is_prepared_again(tmp_path):
    data = noise_folder(tmp_path / "data", 40)
    before = files_of(bank := prepare(data, 8))
    os.truncate(bank.folder / shards.shard_name(0), 99)
    assert files_of(prepare(data, 8)) == before
    (bank.folder / "bank.json").write_text("{")
    assert files_of(prepare(data, 8)) == before


def test_cache_that_cant_be_written_to(tmp_path, monkeypatch):
    data = noise_folder(tmp_path / "data", 40)
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError, match="FIGMENT_CACHE"):
        prepare(data, 8)


def test_cache_that_may_only_be_read_still_opens(tmp_path, monkeypatch):
    data = noise_folder(tmp_path / "data", 40)
    prepare(data, 8)
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    assert len(prepare(data, 8).pictures) == 40
    with pytest.raises(InputError, match="FIGMENT_CACHE"):
        prepare(data, 12)


def test_too_few_pictures(tmp_path, cache):
    data = noise_folder(tmp_path / "data", 34)
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
    data = noise_folder(tmp_path / "data", 40)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if where == "reserving":
        monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    elif where == "writing":
        monkeypatch.setattr("figment.data.bank.filling.map_unordered", full)
    else:
        monkeypatch.setattr("figment.data.bank.prepare._write_array", full)
    with pytest.raises(InputError) as caught:
        prepare(data, 8, channels=3)
    assert "FIGMENT_CACHE" in str(caught.value)
    assert "of prepared pictures in the cache folder" in str(caught.value)
    assert not [file for file in (cache / "banks").iterdir() if file.is_dir()]


LIMITED = """
import resource, sys
sys.dont_write_bytecode = True  # or what it imports would be kept as cut short as all it writes, for whoever imports it next
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
from figment.data.bank.prepare import prepare
from figment.data.bank.workers import map_unordered
from figment.errors import InputError
from figment.media.images import encode
try:
    prepare(sys.argv[1], 16)
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_file_that_may_not_grow(tmp_path):
    out, err = started(LIMITED, noise_folder(tmp_path / "data", 40)).communicate(timeout=60)
    assert "of prepared pictures in the cache folder" in out
    assert err == ""


@pytest.mark.parametrize("change", ["added", "changed", "gone"])
def test_a_source_that_changes_while_it_is_read_is_noticed(tmp_path, cache, change):
    data = noise_folder(tmp_path / "data", 40)

    def meddle(done: int, total: int) -> None:
        if change == "added":
            Image.fromarray(noise(10, 12, seed=99)).save(data / "new.png")
        elif change == "changed":
            Image.fromarray(noise(10, 12, seed=99)).save(data / "0007.png")
        else:
            (data / "0007.png").unlink(missing_ok=True)

    with pytest.raises(InputError, match="changed while it was being read"):
        prepare(data, 8, progress=meddle)
    assert not [file for file in (cache / "banks").iterdir() if file.is_dir()]
    assert len(prepare(data, 8).pictures) in (39, 40, 41)


def test_a_picture_that_kills_its_decoder_costs_itself_alone(tmp_path, monkeypatch):
    data = noise_folder(tmp_path / "data", 140)
    for name, word in (("0007.png", "deadly"), ("0100.png", "endless")):
        text = PngImagePlugin.PngInfo()
        text.add_text("comment", word)
        Image.open(data / name).save(data / name, pnginfo=text)
    # Every interpreter that is started from here on has a decoder with these two faults.
    (tmp_path / "faulty").mkdir()
    (tmp_path / "faulty" / "sitecustomize.py").write_text(FAULTY)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "faulty"), *sys.path])
    monkeypatch.setattr(map_unordered, "__defaults__", (0, None, 3.0))
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


# The parent's peak comes from /proc: getrusage's counts what the test's own process held when it forked.
PEAK = """
import re, resource, sys
from pathlib import Path
from figment.data.bank.prepare import prepare
from figment.data.bank.workers import map_unordered
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
        out, _ = started(PEAK, tmp_path / f"{count}.npy").communicate(timeout=300)
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


def marked_among(folder: Path, count: int) -> Path:
    """A folder of 40 pictures, and so many that carry figment's own mark."""
    noise_folder(folder, 40)
    for seed in range(count):
        suffix, kind = [(".png", "PNG"), (".jpg", "JPEG"), (".webp", "WEBP")][seed % 3]
        (folder / f"drawn-{seed}{suffix}").write_bytes(encode(noise(12, 12, seed=1000 + seed), kind))
    return folder


def test_pictures_that_figment_made_are_left_out_with_a_word(tmp_path):
    data = marked_among(tmp_path / "data", 6)
    bank = prepare(data, 8)
    assert len(bank.pictures) == 40
    assert (len(bank.left_out), len(bank.skipped), bank.marked) == (6, 0, 6)
    assert "6 made by figment, as its mark says (--keep-marked keeps them)" in bank.summary()
    kept = prepare(data, 8, keep_marked=True)
    assert len(kept.pictures) == 46
    assert kept.fingerprint != bank.fingerprint
    assert "Left out" not in kept.summary()


def test_a_set_that_figment_made_says_how_to_train_on_it(tmp_path):
    data = tmp_path / "samples"
    data.mkdir()
    for seed in range(40):
        (data / f"{seed}.png").write_bytes(encode(noise(12, 12, seed=seed)))
    with pytest.raises(InputError, match=r"0 usable pictures \(40 made by figment.*--keep-marked"):
        prepare(data, 8)
    assert len(prepare(data, 8, keep_marked=True).pictures) == 40
