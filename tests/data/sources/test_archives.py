"""Archives that are packed in every way, and those that mean harm."""

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from figment.data.decoding.decode import Broken
from figment.data.sources import archives
from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.sources import contents

zstandard = pytest.importorskip("zstandard")


def add(archive: tarfile.TarFile, name: str, content: bytes = b"", **facts: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in facts.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(content))


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            add(archive, name, content)
    return buffer.getvalue()


FILES = {f"{index}.png": bytes([index]) * 5000 for index in range(90)}


@pytest.mark.parametrize("frames", [1, 3])
def test_zstd(frames, tmp_path):
    whole = tar(FILES)
    step = -(-len(whole) // frames)
    packer = zstandard.ZstdCompressor()
    pieces = [packer.compress(whole[start : start + step]) for start in range(0, len(whole), step)]
    (tmp_path / "a.tar.zst").write_bytes(b"".join(pieces))
    source = open_source(tmp_path / "a.tar.zst")
    assert contents(source) == FILES
    slot = source.listing.names.index("42.png")
    assert contents(source, {slot}) == {"42.png": FILES["42.png"]}
    (tmp_path / "b.tar.zst").write_bytes(b"".join(pieces)[:-20])
    with pytest.raises(InputError, match="may be cut short"):
        _ = open_source(tmp_path / "b.tar.zst").listing


def test_without_zstandard_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    import sys

    (tmp_path / "a.tar.zst").write_bytes(zstandard.ZstdCompressor().compress(tar(FILES)))
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(InputError, match="pip install zstandard"):
        _ = open_source(tmp_path / "a.tar.zst").listing


def test_links_and_special_files_in_a_tar(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        add(archive, "b.png", b"content")
        add(archive, "c.txt", b"other")
        add(archive, "a.png", type=tarfile.LNKTYPE, linkname="./b.png")
        add(archive, "z.png", type=tarfile.LNKTYPE, linkname="a.png")
        add(archive, "lost.png", type=tarfile.LNKTYPE, linkname="nothing.png")
        add(archive, "soft.png", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add(archive, "pipe.png", type=tarfile.FIFOTYPE)
    source = open_source(tmp_path / "a.tar")
    found = contents(source)
    assert {name for name in found if found[name] == b"content"} == {"a.png", "b.png", "z.png"}
    broken = {name for name, content in found.items() if isinstance(content, Broken)}
    assert broken == {"lost.png", "soft.png", "pipe.png"}
    assert source.listing.ignored == 1
    slot = source.listing.names.index("z.png")
    assert contents(source, {slot}) == {"z.png": b"content"}


def test_nothing_is_written_and_names_that_climb_are_not_pictures(tmp_path, monkeypatch):
    data, empty = tmp_path / "data", tmp_path / "empty"
    data.mkdir()
    empty.mkdir()
    monkeypatch.chdir(empty)
    names = {"../up.png": b"1", "/root.png": b"2", "in/../../up.png": b"3", "fine.png": b"4"}
    (data / "a.tar").write_bytes(tar(names))
    with zipfile.ZipFile(data / "a.zip", "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    for name in ("a.tar", "a.zip"):
        assert contents(open_source(data / name)) == {"root.png": b"2", "fine.png": b"4"}
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.tar", "a.zip", "data", "empty"]


def test_of_several_members_of_one_name_the_last_counts(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for content in (b"old", b"new"):
            add(archive, "a.png", content)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", b"old")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.png", b"new")
    for name in ("a.tar", "a.zip"):
        assert contents(open_source(tmp_path / name)) == {"a.png": b"new"}


def test_archives_in_archives_are_other_files(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("b.png", b"x")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", b"x")
        archive.writestr("inner.zip", inner.getvalue())
    listing = open_source(tmp_path / "a.zip").listing
    assert (listing.names, listing.ignored) == (["a.png"], 1)


def spoil_zip(path: Path, field: int, kind: str, value: int) -> None:
    """Write into the first entry of the central directory and into its local header."""
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\1\2")
    struct.pack_into(f"<{kind}", content, central + field, value)
    path.write_bytes(content)


def test_encrypted_and_huge_members_of_a_zip(tmp_path):
    for name in ("encrypted", "huge", "odd"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr("a.png", b"content")
            archive.writestr("b.png", b"content")
    spoil_zip(tmp_path / "encrypted.zip", 8, "H", 1)
    spoil_zip(tmp_path / "huge.zip", 24, "I", 2**32 - 2)
    spoil_zip(tmp_path / "odd.zip", 10, "H", 97)
    for name, reason in (("encrypted", "encrypted"), ("huge", "more than 256 MB"), ("odd", "broken in the archive")):
        found = contents(open_source(tmp_path / f"{name}.zip"))
        assert isinstance(found["a.png"], Broken)
        assert reason in found["a.png"].reason
        assert found["b.png"] == b"content"


def test_a_picture_that_unpacks_to_too_much_is_broken(tmp_path, monkeypatch):
    monkeypatch.setattr("figment.data.sources.base.MAX_PICTURE_BYTES", 10_000)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(tar({"a.png": b"x" * 10_000, "b.png": b"x" * 10_001})))
    found = contents(open_source(tmp_path / "a.tar.gz"))
    assert found["a.png"] == b"x" * 10_000
    assert isinstance(found["b.png"], Broken)


def test_a_tar_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "EXPANSION_SLACK_BYTES", 10**6)
    whole = tar({"a.png": b"x", "zeros.bin": bytes(20 * 10**6), "b.png": b"x"})
    for name, packed in {"a.tar.gz": gzip.compress(whole), "a.tar.zst": zstandard.compress(whole)}.items():
        (tmp_path / name).write_bytes(packed)
        assert len(packed) * archives.MAX_EXPANSION < 19 * 10**6
        with pytest.raises(InputError, match="50 times its own size"):
            _ = open_source(tmp_path / name).listing
    (tmp_path / "a.tar").write_bytes(whole)
    assert open_source(tmp_path / "a.tar").listing.names == ["a.png", "b.png"]


def test_extra_header_of_absurd_size_is_not_read_into_memory(tmp_path, monkeypatch):
    member = tarfile.TarInfo("header")
    member.type, member.size = tarfile.XHDTYPE, 2**33
    (tmp_path / "a.tar").write_bytes(member.tobuf() + bytes(10_000))
    with pytest.raises(InputError, match="isn't a readable tar"):
        _ = open_source(tmp_path / "a.tar").listing


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tar.zst", "zip"])
def test_spoilt_archives_are_read_or_refused(kind, tmp_path):
    files = {name: content[:200] for name, content in list(FILES.items())[:20]}
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        whole = path.read_bytes()
    else:
        pack = {"tar": bytes, "tar.gz": gzip.compress, "tar.zst": zstandard.compress}[kind]
        whole = pack(tar(files))
    told, read = 0, 0
    generator = np.random.default_rng(0)
    for _ in range(150):
        spoilt = bytearray(whole)
        for place in generator.integers(0, len(whole), 3):
            spoilt[place] ^= int(generator.integers(1, 256))
        path.write_bytes(spoilt)
        try:
            read += len(contents(open_source(path))) <= 20
        except InputError as error:
            told += str(path) in str(error)
    assert told + read == 150
    assert told > 0


def test_labels_of_webdataset(tmp_path):
    files = {
        "a/000.jpg": b"x", "a/000.cls": b"3\n", "a/001.jpg": b"x", "a/001.json": b'{"label": "dog", "width": 3}',
        "a/002.json": b'{"class": 5}', "a/002.jpg": b"x", "a/003.jpg": b"x", "a/003.json": b'{"caption": "words"}',
        "a/004.seg.png": b"x", "a/004.cls": b"9", "a/005.jpg": b"x", "a/005.json": b"[[", "a/005.txt": b"words",
        "a/006.jpg": b"x", "a/006.json": b'{"label": "x"}', "a/006.cls": b"6",
    }  # fmt: skip
    (tmp_path / "a.tar").write_bytes(tar(files))
    listing = open_source(tmp_path / "a.tar").listing
    assert listing.names == [f"a/00{i}.{'seg.png' if i == 4 else 'jpg'}" for i in range(7)]
    assert listing.labels == ["3", "dog", "5", None, "9", None, "6"]
    assert listing.ignored == 3
