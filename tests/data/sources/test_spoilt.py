"""Spoilt files of every form, and small ones that unpack to gigabytes: one sentence each, which names the file."""

import bz2
import gzip
import io
import struct
import tarfile
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.decoding.decode import Broken
from figment.data.sources import archives
from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.pictures import encoded
from figtest.sources import contents
from figtest.spoilt import outcome, sound_sources, spoilt_sources

pytest.importorskip("zstandard")
KINDS = ("tar", "zip", "np", "parquet", "arrow", "ubyte", "bin")


@pytest.fixture(scope="module")
def sound() -> dict[str, bytes]:
    return sound_sources()


def test_sound_sources_are_read(sound, tmp_path):
    for name, content in sound.items():
        (tmp_path / name).write_bytes(content)
        assert outcome(tmp_path / name) == "read", name


@pytest.mark.parametrize("kind", KINDS)
def test_spoilt_sources_are_read_or_refused_in_a_sentence(sound, kind, tmp_path):
    few = {name: content for name, content in sound.items() if kind in name}
    if not few:
        pytest.skip("needs pyarrow")
    found: Counter[bool] = Counter()
    for name, content in spoilt_sources(few, seed=0, count=60):
        path = tmp_path / name
        path.write_bytes(content)
        found[outcome(path) == "read"] += 1
    assert found[False]


def pax_tar(**records: str) -> bytes:
    """A tar of one picture, with pax records as they stand here."""
    record = b"".join(
        b"%d %s" % (len(text) + 3, text) for key, value in records.items() if (text := f"{key}={value}\n".encode())
    )
    head = tarfile.TarInfo("head")
    head.type, head.size = tarfile.XHDTYPE, len(record)
    picture = tarfile.TarInfo("a.png")
    picture.size = 512
    return head.tobuf() + record.ljust(512, b"\0") + picture.tobuf() + b"x" * 512 + bytes(1024)


@pytest.mark.parametrize(
    "records",
    [
        {"size": "x"}, {"size": "-1024"}, {"size": "9" * 25}, {"size": "1.5"}, {"mtime": "x"}, {"GNU.sparse.map": "0,x"},
        {"GNU.sparse.map": "0,-5"}, {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"},
        {"GNU.sparse.size": "9", "GNU.sparse.offset": "x", "GNU.sparse.numbytes": "3"},
    ],
)  # fmt: skip
def test_pax_records_that_are_no_numbers(records, tmp_path):
    (tmp_path / "a.tar").write_bytes(pax_tar(**{key.replace("_", "."): value for key, value in records.items()}))
    assert outcome(tmp_path / "a.tar")


def test_a_tar_of_negative_size_has_an_end(tmp_path):
    """Its next member would be itself."""
    member = tarfile.TarInfo("a.png").tobuf()
    head = member[:124] + b"\xff" * 10 + b"\xfc\x00" + member[136:]
    total = sum(head[:148]) + 8 * 32 + sum(head[156:])
    (tmp_path / "a.tar").write_bytes(head[:148] + b"%06o\0 " % total + head[156:] + bytes(1024))
    assert "isn't a readable tar" in outcome(tmp_path / "a.tar")


def test_a_disk_that_fails_isnt_the_files_fault(tmp_path, monkeypatch):
    (tmp_path / "a.tar").write_bytes(pax_tar())

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(archives.BoundedFile, "read", fail)
    with pytest.raises(InputError, match=r"a\.tar can't be read \(Input/output error\)"):
        _ = open_source(tmp_path / "a.tar").listing


# ---- bombs -----------------------------------------------------------------------------------------------------------


def npz_bomb() -> bytes:
    np.savez_compressed(buffer := io.BytesIO(), pictures=np.zeros((2000, 64, 64, 3), np.uint8))
    return buffer.getvalue()


def zip_bomb(method: int) -> bytes:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", method) as archive:
        for number in range(20):
            archive.writestr(f"{number}.png", bytes(5 * 10**5))
    return buffer.getvalue()


def parquet_bomb() -> bytes:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    content = encoded(Image.new("RGB", (8, 8)), "PNG") + bytes(10**6)
    pq.write_table(pa.table({"image": pa.array([content] * 40)}), buffer := io.BytesIO(), compression="zstd")
    return buffer.getvalue()


BOMBS = {
    "a.npz": npz_bomb,
    "deflated.zip": lambda: zip_bomb(zipfile.ZIP_DEFLATED),
    "bzip2.zip": lambda: zip_bomb(zipfile.ZIP_BZIP2),
    "lzma.zip": lambda: zip_bomb(zipfile.ZIP_LZMA),
    "train-images-idx3-ubyte.gz": lambda: gzip.compress(
        b"\0\0\x08\x03" + struct.pack(">3I", 400, 256, 256) + bytes(400 * 2**16)
    ),
    "a.parquet": parquet_bomb,
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_what_unpacks_to_hundreds_of_times_its_size_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "EXPANSION_SLACK_BYTES", 10**6)
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    assert path.stat().st_size * archives.MAX_EXPANSION < 8 * 10**6
    assert "50 times its own size" in outcome(path)


def test_a_member_packed_by_bzip2_is_unpacked_a_little_at_a_time(tmp_path):
    """zipfile would make gigabytes of the 4 kB that it reads at once."""
    path = tmp_path / "a.zip"
    path.write_bytes(zip_bomb(zipfile.ZIP_BZIP2))
    content = bytearray(path.read_bytes())
    packed = bz2.compress(bytes(40 * 10**6))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", packed)
        archive.writestr("b.png", b"x")
    content = bytearray(path.read_bytes())
    for sign, method, size in ((b"PK\3\4", 8, 22), (b"PK\1\2", 10, 24)):  # as if it were a picture of 1,000 bytes
        struct.pack_into("<H", content, content.index(sign) + method, zipfile.ZIP_BZIP2)
        struct.pack_into("<I", content, content.index(sign) + size, 1000)
    path.write_bytes(content)
    source = open_source(path)
    _ = source.listing
    tracemalloc.start()
    try:
        found = contents(source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(found["a.png"], Broken)
    assert found["b.png"] == b"x"
    assert peak < 10 * 10**6


def test_an_array_whose_header_claims_gigabytes(tmp_path):
    """Its length is four bytes, and the zip behind it may be of zeros."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pictures.npy", b"\x93NUMPY\2\0" + struct.pack("<I", 30 * 10**6) + bytes(30 * 10**6))
    tracemalloc.start()
    try:
        assert "isn't a readable array file" in outcome(tmp_path / "a.npz")
        assert tracemalloc.get_traced_memory()[1] < 5 * 10**6
    finally:
        tracemalloc.stop()


# ---- several tars in one file ----------------------------------------------------------------------------------------


def tar(files: dict[str, bytes]) -> bytes:
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_a_tar_behind_a_tar_is_read(pack, tmp_path):
    parts = [{f"{part}/{n}.png": bytes([part, n]) * 400 for n in range(50)} for part in range(3)]
    (tmp_path / "a.tar").write_bytes(b"".join(pack(tar(files)) for files in parts))
    source = open_source(tmp_path / "a.tar")
    assert contents(source) == parts[0] | parts[1] | parts[2]
    slot = source.listing.names.index("2/7.png")
    assert contents(source, {slot}) == {"2/7.png": parts[2]["2/7.png"]}


def test_shards_that_begin_alike_stay_apart_with_their_labels(tmp_path):
    first = tar({"0.jpg": b"a", "0.cls": b"cat", "1.jpg": b"b", "1.cls": b"dog"})
    second = tar({"0.jpg": b"c", "0.cls": b"dog", "2.jpg": b"d", "2.cls": b"cat"})
    (tmp_path / "a.tar").write_bytes(first + second)
    source = open_source(tmp_path / "a.tar")
    assert contents(source) == {"0.jpg": b"a", "1.jpg": b"b", "0-2.jpg": b"c", "2.jpg": b"d"}
    assert dict(zip(source.listing.names, source.listing.labels, strict=True)) == {
        "0.jpg": "cat", "1.jpg": "dog", "0-2.jpg": "dog", "2.jpg": "cat"
    }  # fmt: skip


def test_what_stands_behind_a_tar_and_is_none_is_left_alone(tmp_path):
    files = {f"{n}.png": bytes([n]) * 600 for n in range(5)}
    for rest in (b"", b"\0" * 700, b"no tar" * 500, tar(files)[:512].replace(b"ustar", b"xxxxx")):
        (tmp_path / "a.tar").write_bytes(tar(files) + rest)
        assert contents(open_source(tmp_path / "a.tar")) == files


def test_the_second_of_two_tars_is_cut_short(tmp_path):
    whole = tar({f"{n}.png": bytes([n]) * 6000 for n in range(5)})
    (tmp_path / "a.tar").write_bytes(whole + whole[:9000])
    assert "may be cut short" in outcome(tmp_path / "a.tar")


# ---- zips of other hands ---------------------------------------------------------------------------------------------


def with_method(path: Path, method: int, flags: int = 0, only: str = "") -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            archive.writestr(f"{number:02d}.png", b"x" * 50)
    content = bytearray(path.read_bytes())
    place = -1
    while (place := content.find(b"PK\1\2", place + 1)) >= 0:
        if only.encode() in content[place + 46 : place + 60]:
            struct.pack_into("<HH", content, place + 8, flags, method)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("method", "flags", "reason"), [(9, 0, "packed by Deflate64"), (93, 0, "packed by Zstandard"), (0, 1, "encrypted")]
)
def test_a_zip_that_cant_be_unpacked_says_what_it_is_packed_by(method, flags, reason, tmp_path):
    with_method(tmp_path / "a.zip", method, flags)
    with pytest.raises(InputError, match=rf"a\.zip is {reason}.*: unpack it with the program that made it"):
        _ = open_source(tmp_path / "a.zip").listing


def test_one_picture_that_cant_be_unpacked_costs_itself_alone(tmp_path):
    with_method(tmp_path / "a.zip", 9, only="07.png")
    found = contents(open_source(tmp_path / "a.zip"))
    assert [name for name, content in found.items() if isinstance(content, Broken)] == ["07.png"]
    assert "Deflate64" in str(found["07.png"])
