"""Zips that don't say what characters their names are in."""

import io
import struct
import zipfile
import zlib

import pytest

from figment.data.sources.open import open_source
from figment.data.sources.zip_names import names_of
from figtest.sources import contents

NAMES = {
    "cp932": ["花/写真01.jpg", "猫/テスト画像.png", "表示/ソ.png"],
    "gbk": ["图片/猫咪001.jpg", "风景/长城.jpg"],
    "big5": ["圖片/貓咪001.jpg", "風景/長城.jpg"],
    "cp949": ["고양이/사진1.jpg", "강아지/풍경.png"],
    "cp1252": ["Bär/Müller.jpg", "été/façade.png", "a/b.jpg"],
    "cp866": ["Кошки/фото.jpg"],
    "cp1251": ["Кошки/фото 1.jpg", "Ёлка.png"],
}
SILENT = {
    "utf-8": ["猫/é.jpg", "Кошки.png"],
    "cp437": ["Bär/Müller.jpg", "été/ñandu.png"],
    "ascii": ["a/b.jpg", "c.png"],
}


class Unflagged(zipfile.ZipInfo):
    """A member whose name is bytes, of which nothing is said."""

    raw = b""

    def _encodeFilenameFlags(self):
        return self.raw, self.flag_bits & ~0x800


def zipped(names: list[bytes], extras: list[bytes] | None = None) -> zipfile.ZipFile:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        for number, name in enumerate(names):
            member = Unflagged(f"{number}")
            member.raw = name
            member.extra = (extras or [b""] * len(names))[number]
            archive.writestr(member, b"content %d" % number)
    return zipfile.ZipFile(buffer)


@pytest.mark.parametrize("one", [False, True])
@pytest.mark.parametrize("encoding", list(NAMES))
def test_names_are_guessed_and_that_is_told(encoding, one):
    names = NAMES[encoding][:1] if one else NAMES[encoding]
    with zipped([name.encode(encoding) for name in names]) as archive:
        found, told = names_of(archive.infolist())
    assert found == names
    assert told is not None
    assert encoding in told


@pytest.mark.parametrize("encoding", list(SILENT))
def test_what_is_sure_is_not_told(encoding):
    with zipped([name.encode(encoding) for name in SILENT[encoding]]) as archive:
        assert names_of(archive.infolist()) == (SILENT[encoding], None)


def test_what_cant_be_told_is_said():
    names = [b"\xb1.\xb2.\xb3.png"]  # signs in every one
    with zipped(names) as archive:
        found, told = names_of(archive.infolist())
    assert found == [names[0].decode("cp437")]
    assert told is not None
    assert "may look odd" in told


def test_a_field_of_the_member_says_it():
    raw = "猫.jpg".encode("cp932")
    name = "猫.jpg".encode()
    extra = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(raw)) + name
    with zipped([raw], [extra]) as archive:
        assert names_of(archive.infolist()) == (["猫.jpg"], None)


def test_pictures_of_such_a_zip_have_their_labels(tmp_path):
    with zipped([name.encode("cp932") for name in NAMES["cp932"]]) as archive:
        assert archive.fp is not None
        archive.fp.seek(0)
        (tmp_path / "a.zip").write_bytes(archive.fp.read())
    source = open_source(tmp_path / "a.zip")
    found = contents(source)
    assert found == {name: b"content %d" % number for number, name in enumerate(NAMES["cp932"])}
    assert source.listing.labels == [name.partition("/")[0] for name in source.listing.names]
    assert source.listing.notes == ["a.zip: 3 names in it don't say their encoding, and are read as Japanese (cp932)."]
