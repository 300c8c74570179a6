"""What is in a bank: the pictures of a source, each once, with their names and labels."""

import json
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from figment.data.bank import prepare as preparing
from figment.data.bank import shards
from figment.data.bank.bank import open_bank
from figment.data.bank.prepare import prepare
from figment.data.sources.open import Portraits, Source
from figment.errors import InputError, Interrupted
from figtest.banks import held_out_names
from figtest.pictures import noise, noise_folder


def test_bank_holds_the_pictures_in_name_order(tmp_path):
    bank = prepare(noise_folder(tmp_path / "data", 40), 10)
    assert bank.pictures.shape == (40, 3, 10, 10)
    assert bank.pictures[:].dtype == np.uint8
    assert bank.names == [f"{i:04d}.png" for i in range(40)]
    for seed in range(40):
        assert np.array_equal(bank.pictures[seed], noise(10, 12, seed=seed)[:, 1:11].transpose(2, 0, 1))
    assert sorted([*bank.train, *bank.held_out]) == list(range(40))
    assert bank.train.dtype == bank.held_out.dtype == np.int64
    assert (bank.source, bank.channels, bank.height, bank.width) == ("data", 3, 10, 10)


def test_bank_opens_by_its_folder(tmp_path):
    bank = prepare(noise_folder(tmp_path / "data", 40), 8)
    again = open_bank(bank.folder)
    assert np.array_equal(again.pictures[:], bank.pictures[:])
    assert (again.fingerprint, again.names) == (bank.fingerprint, bank.names)
    with pytest.raises(InputError, match="isn't a bank"):
        open_bank(tmp_path / "data")


def test_archives_and_folders_give_the_same_bank(tmp_path):
    data = noise_folder(tmp_path / "data", 90)
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
        assert (bank.names, bank.labels, held_out_names(bank)) == (
            expected.names,
            expected.labels,
            held_out_names(expected),
        )


def test_classes_number_every_picture_of_the_bank(tmp_path):
    data = noise_folder(tmp_path / "data", 90)
    for i, file in enumerate(sorted(data.iterdir())):
        (data / "cdb"[i % 3]).mkdir(exist_ok=True)
        file.rename(data / "cdb"[i % 3] / file.name)
    bank = prepare(data, 8)
    assert bank.classes.names == ("b", "c", "d")
    assert [bank.classes.names[k] for k in bank.classes.numbers] == [name[0] for name in bank.names]
    with pytest.raises(InputError, match="--labels: flat has no labels"):
        prepare(noise_folder(tmp_path / "flat", 40), 8).classes  # noqa: B018


def test_broken_files_are_skipped_and_reported_again(tmp_path):
    data = noise_folder(tmp_path / "data", 1000, side=4)
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
    small = Image.fromarray(noise(4, 6, seed=777)).crop((1, 0, 5, 4)).resize((8, 8), Image.Resampling.LANCZOS)
    # Pillow is the reference; where noise clips between its two passes the last levels differ.
    kept = bank.pictures[bank.names.index("0777.png")].astype(int)
    assert np.abs(kept - np.asarray(small).transpose(2, 0, 1)).mean() < 1


def test_duplicates_are_kept_once_the_first_by_name(tmp_path):
    data = noise_folder(tmp_path / "data", 40)
    Image.fromarray(noise(10, 12, seed=7)).save(data / "0000a.bmp")
    Image.fromarray(noise(10, 12, seed=7)).convert("RGBA").save(data / "zz.png")
    bank = prepare(data, 8)
    assert (len(bank.pictures), len(bank.copies)) == (40, 2)
    assert "0000a.bmp" in bank.names
    assert not {"0007.png", "zz.png"} & set(bank.names)
    assert "2 exact duplicates" in bank.summary()
    assert [(item.name, item.reason) for item in bank.copies] == [
        ("0007.png", "exact copy of 0000a.bmp"), ("zz.png", "exact copy of 0000a.bmp"),
    ]  # fmt: skip


def test_portraits_are_prepared_like_any_source():
    bank = prepare(Portraits(40), 16)
    assert bank.drawn
    assert bank.pictures.shape == (40, 3, 16, 16)
    assert bank.names[7] == "portrait-000007"
    assert bank.source == "portraits"
    other = prepare(Portraits(40), 24, channels=1)
    assert np.array_equal(bank.held_out, other.held_out)
    colour = prepare(Portraits(40), 24).pictures[5].transpose(1, 2, 0)
    assert np.array_equal(other.pictures[5][0], np.asarray(Image.fromarray(colour).convert("L")))
    with pytest.raises(InputError, match="size"):
        prepare(Portraits(40), 8)


def test_no_absolute_path_is_kept(tmp_path):
    bank = prepare(noise_folder(tmp_path / "data", 40), 8)
    for name in ("bank.json", "names.json"):
        assert str(tmp_path) not in (bank.folder / name).read_text()
    assert json.loads((bank.folder / "bank.json").read_text())["format"] == 2


class Every:
    """Leaves out every n-th picture."""

    def __init__(self, n: int) -> None:
        self.n, self.calls, self.key = n, 0, f"every {n}"

    def __call__(self, source: Source) -> dict[int, str]:
        self.calls += 1
        return dict.fromkeys(range(0, len(source.listing.names), self.n), "as asked")


def test_pictures_are_left_out_as_asked_and_told(tmp_path):
    data = noise_folder(tmp_path / "data", 90)
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
    data, every = noise_folder(tmp_path / "data", 60), Every(3)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        prepare(data, 8, leave_out=every, progress=interrupt)
    assert len(prepare(data, 8, leave_out=every).pictures) == 40
    assert every.calls == 1


def test_oblong_banks(tmp_path):
    bank = prepare(noise_folder(tmp_path / "data", 40, side=12), (6, 9), fit="stretch")
    assert bank.pictures.shape == (40, 3, 6, 9)
    assert (bank.height, bank.width) == (6, 9)
    assert np.array_equal(open_bank(bank.folder).pictures[:], bank.pictures[:])
    assert prepare(tmp_path / "data", (6, 9)).folder != bank.folder
    assert prepare(tmp_path / "data", (9, 6)).pictures.shape == (40, 3, 9, 6)


def test_a_bank_in_many_shards_is_the_same(tmp_path, monkeypatch):
    data = noise_folder(tmp_path / "data", 80)
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
    data = noise_folder(tmp_path / "data", 40, side=10)  # 10×12
    assert prepare(data, 10).enlarged == 0
    assert prepare(data, (10, 16)).enlarged == 0
    assert prepare(data, (10, 17)).enlarged == 40
    assert "smaller" not in prepare(data, 10).summary()
    assert "Most are much smaller than 16×16 (40 of 40)" in prepare(data, 16).summary()


def test_of_many_pictures_the_sides_are_mapped_lists(tmp_path, monkeypatch):
    data = noise_folder(tmp_path / "data", 40)
    usual = prepare(data, 8)
    assert not isinstance(usual.train, np.memmap)
    monkeypatch.setattr(preparing, "MANY", 40)
    bank = prepare(data, 9)
    assert isinstance(bank.train, np.memmap)
    assert isinstance(bank.held_out, np.memmap)
    assert (bank.train.tolist(), bank.held_out.tolist()) == (usual.train.tolist(), usual.held_out.tolist())
    assert bank.thinned(20).train.tolist() == usual.thinned(20).train.tolist()
