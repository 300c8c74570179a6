"""Folders of odd names and unsteady content."""

import hashlib
import os

import pytest

from figment.data.sources import base
from figment.data.sources.open import Folder, open_source
from figment.errors import InputError
from figtest.sources import contents

ODD = [
    b"\xff\xfe.png",
    b"new\nline.png",
    b"tab\t.png",
    "Ä ü 漢字 🐈.jpg".encode(),
    b"a" * 251 + b".png",
    b"-rf.png",
    b"%s{}.png",
]


def test_odd_names(tmp_path):
    for name in ODD:
        try:
            (tmp_path / os.fsdecode(name)).write_bytes(hashlib.sha256(name).digest())
        except OSError:
            pytest.skip("this file system takes only plain names")
    source = open_source(tmp_path)
    assert contents(source) == {os.fsdecode(name): hashlib.sha256(name).digest() for name in ODD}
    assert source.fingerprint() == Folder(tmp_path).fingerprint()
    assert source.listing.names == sorted(os.fsdecode(name) for name in ODD)


def test_deep_names(tmp_path):
    place = tmp_path
    for _ in range(12):
        place = place / ("d" * 200)
    place.mkdir(parents=True)
    (place / "a.png").write_bytes(b"x")
    assert list(contents(open_source(tmp_path)).values()) == [b"x"]


def test_what_changes_while_it_is_read_is_noticed_and_the_listing_stays(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(b"x")
    source = open_source(tmp_path)
    before = source.fingerprint()
    (tmp_path / "d.png").write_bytes(b"x")  # between the two nobody has asked for the listing yet
    assert source.listing.names == ["a.png", "b.png", "c.png"]
    assert source.fingerprint() != before
    (tmp_path / "d.png").unlink()
    assert source.fingerprint() == before
    os.utime(tmp_path / "b.png", ns=(1, 1))
    assert source.fingerprint() != before
    assert sum(len(chunk.slots) for chunk in source.chunks()) == 3
    listed_first = open_source(tmp_path)
    assert len(listed_first.listing.names) == 3
    (tmp_path / "c.png").unlink()
    assert len(listed_first.listing.names) == 3
    assert listed_first.fingerprint() == Folder(tmp_path).fingerprint()  # of what is there now, not of what was listed


def test_names_cant_be_mistaken_for_one_another(tmp_path):
    """Two folders whose rows would be the same text if newlines parted them."""
    one, two = tmp_path / "one", tmp_path / "two"
    for root, names in ((one, ["a.png", "b.png"]), (two, ["a.png\nb.png"])):
        root.mkdir()
        for name in names:
            (root / name).touch()
            os.utime(root / name, ns=(0, 0))
    assert Folder(one).fingerprint() != Folder(two).fingerprint()


def test_chunks_are_bounded_in_number_and_in_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "CHUNK_BYTES", 100)
    for index in range(200):
        (tmp_path / f"{index:03d}.png").write_bytes(b"x" * (60 if index < 10 else 0))
    sizes = [len(chunk.slots) for chunk in Folder(tmp_path).chunks()]
    assert sizes == [2] * 5 + [64, 64, 62]


def test_hidden_and_misnamed_files_are_no_pictures(tmp_path):
    for name in (
        "a.png",
        ".b.png",
        ".git/c.png",
        "__MACOSX/d.png",
        "x__MACOSX/e.PNG",
        "png",
        "f.png.txt",
        "g.png/h.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    listing = open_source(tmp_path).listing
    assert (listing.names, listing.ignored) == (["a.png", "x__MACOSX/e.PNG"], 6)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_are_not_waited_for(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    for name in ("labels.csv", "x.tar", "y.png"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match=r"x\.tar is neither a folder nor a regular file"):
        open_source(tmp_path / "x.tar")
    listing = Folder(tmp_path).listing
    assert (listing.names, listing.ignored, [item.name for item in listing.skipped]) == (["a.png"], 2, ["y.png"])


def test_heic_is_listed(tmp_path):
    for name in ("a.heic", "b.HEIF", "c.hif"):
        (tmp_path / name).write_bytes(b"x")
    assert len(open_source(tmp_path).listing.names) == 3


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_folders_that_cant_be_entered_are_told(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "a.png").write_bytes(b"x")
    listing = open_source(tmp_path).listing
    (tmp_path / "closed").chmod(0o700)
    assert [item.name for item in listing.skipped] == ["closed"]


def test_pictures_that_are_only_in_icloud_are_told(tmp_path) -> None:
    for name in ("1.png", ".2.jpg.icloud", ".notes.txt.icloud", "node_modules/3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    listing = Folder(tmp_path).listing
    assert listing.names == ["1.png"]
    assert [item.name for item in listing.skipped] == ["2.jpg"]
    assert "iCloud" in listing.skipped[0].reason
    assert [aside.place for aside in listing.aside] == ["node_modules"]
