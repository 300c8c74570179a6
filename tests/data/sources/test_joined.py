"""Several sources as one: DATA arguments, and the shards of one set."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from figment.data.decoding.chunks import DrawnChunk
from figment.data.public import catalog, sets
from figment.data.sources.joined import Joined, unique_names
from figment.data.sources.open import Portraits, open_source
from figment.data.sources.patterns import expand
from figment.errors import InputError
from figtest.sources import contents


def folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(f"{path.name} {name}".encode())
    return path


def shard(path: Path, *names: str, labels: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name in names:
            for suffix in ("jpg", "cls") if labels else ("jpg",):
                content = f"{path.name} {name}".encode() if suffix == "jpg" else name[-1].encode()
                member = tarfile.TarInfo(f"{name}.{suffix}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def test_folder_and_archive_and_array(tmp_path):
    folder(tmp_path / "a", "x/1.png", "2.png", "notes.txt")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("3.png", b"three")
    np.save(tmp_path / "c.npy", np.zeros((4, 8, 8), np.uint8))
    source = open_source([tmp_path / "a", str(tmp_path / "b.zip")])
    assert isinstance(source, Joined)
    assert source.display == "a + b.zip"
    assert source.listing.names == ["a/2.png", "a/x/1.png", "b.zip/3.png"]
    assert source.listing.labels == [None, "x", None]
    assert source.listing.ignored == 1
    assert contents(source) == {"a/2.png": b"a 2.png", "a/x/1.png": b"a x/1.png", "b.zip/3.png": b"three"}
    assert contents(source, {2}) == {"b.zip/3.png": b"three"}
    three = open_source([tmp_path / "a", tmp_path / "b.zip", tmp_path / "c.npy"])
    slots = sorted(slot for chunk in three.chunks() for slot in chunk.slots)
    assert slots == list(range(7))


def test_names_of_parts_label_where_nothing_else_does(tmp_path):
    parts = [folder(tmp_path / "cats", "1.png", "2.png"), folder(tmp_path / "dogs", "1.png")]
    assert open_source(parts).listing.labels == ["cats", "cats", "dogs"]
    parts = [folder(tmp_path / "one" / "cats", "1.png"), folder(tmp_path / "two" / "cats", "1.png")]
    assert open_source(parts).listing.names == ["cats/1.png", "cats-2/1.png"]
    assert open_source(parts).listing.labels == ["cats", "cats-2"]


def test_one_or_none_is_itself(tmp_path):
    folder(tmp_path / "a", "1.png")
    assert open_source([tmp_path / "a"]).listing.names == ["1.png"]
    assert isinstance(open_source([]), Portraits)
    assert isinstance(open_source(()), Portraits)


def test_names_are_told_apart():
    assert unique_names(["a", "b", "a", "a", "a-2", "b"]) == ["a", "b", "a-3", "a-4", "a-2", "b-2"]
    assert len(set(unique_names(["a", "a-2", "a", "a-2", "a", "a-3"]))) == 6


def test_portraits_join_by_their_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder(tmp_path / "a", "1.png", "2.png")
    assert isinstance(open_source("portraits"), Portraits)
    source = open_source(["a", "portraits"])
    assert source.listing.names[1:4] == ["a/2.png", "portraits/portrait-000000", "portraits/portrait-000001"]
    places = []
    for chunk in source.chunks():
        if isinstance(chunk, DrawnChunk):
            places += [(chunk.offset + number, number) for number in range(chunk.start, chunk.stop)]
    assert places == [(number + 2, number) for number in range(10_000)]
    (chunk,) = source.chunks({5})
    assert isinstance(chunk, DrawnChunk)
    assert (chunk.start, chunk.stop, chunk.offset) == (3, 4, 2)
    folder(tmp_path / "portraits", "mine.png")
    assert open_source("portraits").listing.names == ["mine.png"]


def test_fingerprint_is_of_all_parts_in_their_order(tmp_path):
    a, b = folder(tmp_path / "a", "1.png"), folder(tmp_path / "b", "2.png")
    before = open_source([a, b]).fingerprint()
    assert open_source([a, b]).fingerprint() == before
    assert len({before, open_source([b, a]).fingerprint(), open_source([a]).fingerprint()}) == 3
    source = open_source([a, b])
    assert source.fingerprint() == before
    folder(b, "3.png")
    assert source.fingerprint() != before


def test_braces_and_stars(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(9, 12):
        shard(Path(f"s-{number:06d}.tar"), f"{number}", labels=True)
    order = [f"s-{number:06d}.tar/{number}.jpg" for number in (9, 10, 11)]
    for pattern in ("s-{000009..000011}.tar", "s-*.tar", "s-0000{09,1[01]}.tar", "s-0000{09,10,11}.tar"):
        source = open_source(pattern)
        assert source.listing.names == order
        assert source.listing.labels == ["9", "0", "1"]
        assert (source.display, source.where) == (pattern, pattern)
    assert open_source("s-0000{11,09}.tar").listing.names == [order[2], order[0]]
    assert contents(open_source(tmp_path / "s-*.tar"), {1}) == {order[1]: b"s-000010.tar 10"}


def test_patterns_of_folders_and_other_files(tmp_path):
    shard(tmp_path / "x" / "a.tar.gz", "1")
    shard(tmp_path / "y" / "a.tar.gz", "1")
    folder(tmp_path / "z" / "set", "1.png")
    names = open_source(f"{tmp_path}/{{x,y}}/a.tar.gz").listing.names
    assert names == ["a.tar.gz/1.jpg", "a.tar.gz-2/1.jpg"]
    assert open_source(f"{tmp_path}/*/set").listing.names == ["set/1.png"]
    assert [path.parent.name for path in expand(f"{tmp_path}/{{y,x}}/*.tar.gz")] == ["y", "x"]


def test_numbers_count_as_they_are_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("8", "9", "10", "08", "09"):
        Path(name).touch()
    assert [path.name for path in expand("{8..10}")] == ["8", "9", "10"]
    assert [path.name for path in expand("{08..10}")] == ["08", "09", "10"]


def test_a_pattern_stands_for_so_many_files_at_most(tmp_path, monkeypatch):
    monkeypatch.setattr("figment.data.sources.patterns.MAX_FILES", 3)
    folder(tmp_path, *"12345")
    with pytest.raises(InputError, match="more than 3 files"):
        expand(f"{tmp_path}/{{1..5}}")
    assert len(expand(f"{tmp_path}/{{1..3}}")) == 3


def test_patterns_that_miss(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shard(Path("s-0.tar"), "1")
    shard(Path("s-2.tar"), "1")
    with pytest.raises(InputError, match=r"^s-1\.tar, named by s-\{0\.\.2\}\.tar, doesn't exist: "):
        open_source("s-{0..2}.tar")
    with pytest.raises(InputError, match="matches no file"):
        open_source("t-*.tar")
    with pytest.raises(InputError, match="downwards"):
        open_source("s-{2..0}.tar")
    with pytest.raises(InputError, match=r"^s-1\.tar, named by"):
        open_source("s-{0..99999999999}.tar")
    folder(tmp_path / "odd{1..2}[x]*", "1.png")
    assert open_source("odd{1..2}[x]*").listing.names == ["1.png"]


def test_folder_of_shards_is_one_set(tmp_path):
    shard(tmp_path / "set" / "train" / "0.tar", "1", "2")
    shard(tmp_path / "set" / "train" / "1.tar", "1")
    folder(tmp_path / "set", "README.md", ".cache/x.tar", "logo.png")
    source = open_source(tmp_path / "set")
    assert source.display == "set"
    assert source.listing.names == ["train/0.tar/1.jpg", "train/0.tar/2.jpg", "train/1.tar/1.jpg"]
    assert source.listing.labels == [None] * 3
    assert source.listing.ignored == 1  # the logo
    folder(tmp_path / "set", *(f"{index}.png" for index in range(32)))
    assert open_source(tmp_path / "set").listing.names[0] == "0.png"
    assert open_source(tmp_path / "set").listing.ignored == 4


def test_a_spoilt_shard_is_named(tmp_path):
    shard(tmp_path / "0.tar", "1")
    (tmp_path / "1.tar").write_bytes(b"rubbish" * 999)
    with pytest.raises(InputError, match=r"1\.tar isn't a readable tar archive"):
        _ = open_source(tmp_path).listing


@pytest.fixture
def asked(tmp_path, monkeypatch) -> list[bool]:
    """A catalog with one set, faces: what was said to its licence."""
    answers = []

    def fetch(name, agree, progress, say):
        answers.append(agree("a licence"))
        progress(1, 2)
        say("unchecked")
        return folder(tmp_path / "cache" / "0123", "1.png")

    made = catalog.PublicSet("faces", "Faces", "https://a.example", "free", "https://a.example", 1, "8×8", ())
    monkeypatch.setattr(catalog, "PUBLIC_SETS", {"faces": made})
    monkeypatch.setattr(sets, "fetch", fetch)
    return answers


def test_names_from_the_catalog(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = []
    source = open_source("faces", lambda text: True, lambda *numbers: seen.append(numbers), seen.append)
    assert (source.display, source.listing.names) == ("faces", ["1.png"])
    assert (asked, seen) == ([True], [(1, 2), "unchecked"])
    with pytest.raises(InputError, match=r"^facse doesn't exist: did you mean faces\?"):
        open_source("facse")
    with pytest.raises(InputError, match=r"^zzz doesn't exist: check the name; figment data list"):
        open_source("zzz")
    with pytest.raises(InputError, match=r"^2h30m doesn't exist: a time is given as --for 2h30m"):
        open_source("2h30m")
    folder(tmp_path / "kittens", "1.png")
    with pytest.raises(InputError, match=r"did you mean kittens\?"):
        open_source("kitens")
    folder(tmp_path / "faces", "mine.png")
    assert open_source("faces").listing.names == ["mine.png"]
