"""Files whose names tell nothing, and files of impossible dates."""

import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from figment.data.sources.content import may_be_picture, starts_picture
from figment.data.sources.folder import Folder
from figment.data.sources.open import open_source
from figtest.pictures import encoded, noise, noise_folder

NAMES = ("photo{}", "photo{}.jpg_large", "photo{}.jpg?w=640", "sub/{}", "photo.{}")
OTHERS = {
    "notes.txt": b"\xff\xd8\xff no",
    "README": b"read me",
    "model.safetensors": b"\x89PNG\r\n\x1a\n",
    ".hidden": b"\xff\xd8\xff",
}


@pytest.fixture
def files() -> dict[str, bytes]:
    """Forty pictures whose names tell nothing, of several formats, among other files."""
    kinds = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000")
    pictures = {NAMES[i % 5].format(i): encoded(Image.fromarray(noise(9, 8, seed=i)), kinds[i % 8]) for i in range(40)}
    return pictures | OTHERS


def as_folder(files: dict[str, bytes], place: Path) -> Path:
    for name, content in files.items():
        (place / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "data" / name).write_bytes(content)
    return place / "data"


def as_zip(files: dict[str, bytes], place: Path) -> Path:
    with zipfile.ZipFile(place / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return place / "a.zip"


def as_tar(files: dict[str, bytes], place: Path) -> Path:
    with tarfile.open(place / "a.tar.gz", "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("again")
        link.type, link.linkname = tarfile.LNKTYPE, "photo0"
        archive.addfile(link)
    return place / "a.tar.gz"


@pytest.mark.parametrize("stored", [as_folder, as_zip, as_tar])
def test_files_without_a_suffix_are_known_by_their_content(stored, files, tmp_path):
    source = open_source(stored(files, tmp_path))
    linked = ["again"] if stored is as_tar else []
    assert source.listing.names == sorted([*(name for name in files if name not in OTHERS), *linked])
    assert source.listing.ignored == len(OTHERS)
    contents = [payload for chunk in source.chunks() for payload in chunk.payloads]
    assert len(contents) == 40 + len(linked)


def test_a_folder_of_them_isnt_taken_for_the_archive_beside(files, tmp_path):
    folder = as_folder(files, tmp_path)
    as_zip({"a.png": b""}, folder)
    assert len(open_source(folder).listing.names) == 40


def test_only_names_that_tell_nothing_are_opened(tmp_path):
    folder = noise_folder(tmp_path / "data", 3)
    for name in ("a.txt", "b.json", "c.mp4", "d.zip", "e.py", "f.cr2", "g.part"):
        (folder / name).write_bytes(b"\xff\xd8\xff")
        assert not may_be_picture(name)
    os.mkfifo(folder / "pipe")
    assert len(Folder(folder).listing.names) == 3
    assert not any(map(starts_picture, (b"", b"BM", b"BMW is a car", b"P5", b"P60", b"RIFF....WAVE", b"....ftypisom")))


@pytest.mark.parametrize("date", [13e9, -13e9, 1e11])
def test_impossible_dates_of_files(date, tmp_path):
    folder = noise_folder(tmp_path / "data", 40)
    before = open_source(folder).fingerprint()
    try:
        os.utime(folder / "0003.png", (date, date))
    except OSError:
        pytest.skip("the file system has no such date")
    assert len(open_source(folder).listing.names) == 40
    assert open_source(folder).fingerprint() != before


@pytest.mark.parametrize("date", [(1980, 0, 0), (1980, 13, 1), (2107, 15, 31)])
def test_impossible_dates_in_a_zip(date, tmp_path):
    path = as_zip({f"{i}.png": encoded(Image.fromarray(noise(4, 4, seed=i))) for i in range(3)}, tmp_path)
    year, month, day = date
    stamp = struct.pack("<HH", 0xFFFF, (year - 1980) << 9 | month << 5 | day)
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 10), (b"PK\x01\x02", 12)):
        start = -1
        while (start := content.find(mark, start + 1)) >= 0:
            content[start + place : start + place + 4] = stamp
    path.write_bytes(content)
    assert len([payload for chunk in open_source(path).chunks() for payload in chunk.payloads]) == 3


@pytest.mark.parametrize("date", ["nan", "inf", "1e300", "-1e300", "soon"])
def test_impossible_dates_in_a_tar(date, tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        for i in range(3):
            content = encoded(Image.fromarray(noise(4, 4, seed=i)))
            member = tarfile.TarInfo(f"{i}.png")
            member.size, member.pax_headers = len(content), {"mtime": date}
            archive.addfile(member, io.BytesIO(content))
    assert len([payload for chunk in open_source(tmp_path / "a.tar").chunks() for payload in chunk.payloads]) == 3
