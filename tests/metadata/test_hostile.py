"""Files that mean harm, and spoilt ones by the thousand: one clear line each, in bounded time and memory."""

import random
import struct
import time
import tracemalloc
from pathlib import Path

import pytest
from PIL import Image

from figment.forensics.check import check
from figment.forensics.sentences import sentence
from figment.media.images import write
from figment.media.video import write_video
from figment.metadata.stored import MAX_BYTES
from figtest.metadata import PICTURE, box, chunk, exif, jpeg, packet, png, text, xmp_chunk

MB = 1 << 20
PRINT = "<a:DigitalSourceType>print</a:DigitalSourceType>"
SECONDS = 5.0  # of the processor; each takes less than half a second
GIF = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0)


def nested(count: int) -> bytes:
    made = b""
    for number in range(count):
        made = box(b"udta" if number % 2 else b"moov", made)
    return box(b"ftyp", b"isom\0\0\0\0isom") + made


def laughs() -> bytes:
    """A billion of them, were entities resolved."""
    entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">{entities}]>'
    return head.encode() + packet("<a:DigitalSourceType>&j;</a:DigitalSourceType><a:Credit>&j;</a:Credit>")


HOSTILE = {
    "a name 3 million times": lambda: png(xmp_chunk(b":DigitalSourceType" * (64 * MB // 18))),
    "an element without end": lambda: png(xmp_chunk(b"<a:DigitalSourceType>" * (15 * MB // 21))),
    "values without end": lambda: png(xmp_chunk(b':DigitalSourceType="' * (15 * MB // 20), packed=True)),
    "blanks": lambda: png(xmp_chunk(b"<a:DigitalSourceType " + b" " * 15 * MB)),
    "comments": lambda: png(xmp_chunk(b"<!--" * (15 * MB // 4))),
    "a bomb": lambda: png(xmp_chunk(bytes(40 * MB), packed=True)),
    "UTF-16": lambda: png(xmp_chunk(("<x:" + ":DigitalSourceType" * 400_000).encode("utf-16-le"))),
    "laughs": lambda: png(xmp_chunk(laughs())),
    "packets": lambda: png(*[xmp_chunk(packet("x" * 100))] * 5000),
    "texts": lambda: png(*[chunk(b"tEXt", b"Software\0x")] * 100_000),
    "long texts": lambda: png(*[text("parameters", "Steps: 1, " * 1600)] * 500),
    "a long comment": lambda: png(*[text("Comment", '"uc":' * 3200)] * 500),
    "nested boxes": lambda: nested(10_000),
    "boxes": lambda: box(b"ftyp", b"isom\0\0\0\0isom") + box(b"free") * 500_000,
    "blocks of a GIF": lambda: GIF + b"\x21\xfe" + b"\1a" * 9_000_000,
    "entries of a TIFF": lambda: b"II*\0\x08\0\0\0" + struct.pack("<H", 4000)
    + struct.pack("<HHII", 700, 1, MB, 8) * 4000 + bytes(2 * MB),
    "directories in a circle": lambda: b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 271, 2, 4, 0x41414141, 8),
    "directories": lambda: b"II*\0\x08\0\0\0"
    + b"".join(struct.pack("<HHHIII", 1, 271, 2, 9, 0, 26 + 18 * n) for n in range(50_000)),
    "segments": lambda: jpeg(*[(0xFE, b"")] * 200_000),
    "resources": lambda: jpeg(*[(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\0" * 5000)] * 100),
    "the page's word": lambda: b'<p "digitalSourceType"' * (64 * MB // 22),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_harm_is_a_line_in_bounded_time(kind, tmp_path):
    path = tmp_path / ("a.html" if kind == "the page's word" else "a.bin")
    path.write_bytes(HOSTILE[kind]())
    begin = time.process_time()
    told = sentence(check(path))
    assert time.process_time() - begin < SECONDS
    assert told.endswith(".")
    assert "\n" not in told
    assert len(told) < 1000


@pytest.mark.parametrize("kind", ["a bomb", "UTF-16"])
def test_harm_takes_bounded_memory(kind, tmp_path):
    (path := tmp_path / "a.bin").write_bytes(HOSTILE[kind]())
    tracemalloc.start()
    check(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * MAX_BYTES


def test_a_mark_behind_ten_megabytes_of_others_is_found(tmp_path):
    (path := tmp_path / "a.png").write_bytes(png(xmp_chunk(packet("<a:x>" + "y" * 10 * MB + "</a:x>", PRINT))))
    found = check(path).metadata
    assert found is not None
    assert (found.source_type, found.problem) == ("print", None)


def test_no_entity_is_resolved(tmp_path):
    (path := tmp_path / "a.png").write_bytes(png(xmp_chunk(laughs())))
    assert "haha" not in sentence(check(path))
    assert check(path).metadata.source_type is None


def sound(folder: Path) -> dict[str, bytes]:
    """Files of every kind with metadata of every kind."""
    told = exif({271: "Maker", 305: "Midjourney"}, b"UNICODE\0" + "Steps: 1, Sampler: x".encode("utf-16-be"))
    for name in ("a.png", "a.jpg", "a.webp"):
        write(folder / name, PICTURE)
    for name in ("a.gif", "a.mp4"):
        write_video(folder / name, [PICTURE] * 2, 10)
    for name in ("b.webp", "b.avif", "b.jpg", "b.tif"):
        more = (
            {"tiffinfo": {700: packet(PRINT), 271: "Maker"}}
            if name == "b.tif"
            else {"xmp": packet(PRINT), "exif": told}
        )
        Image.fromarray(PICTURE).save(folder / name, **more)
    (folder / "b.png").write_bytes(
        png(text("parameters", "Steps: 1, Sampler: x"), chunk(b"eXIf", told), xmp_chunk(packet(PRINT)))
    )
    (folder / "b.mov").write_bytes(box(b"wide") + box(b"moov", box(b"udta", box(b"XMP_", packet(PRINT)))))
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def spoilt(content: bytes, chance: random.Random) -> bytes:
    """A file with a few places of it changed, mostly near its head, where its structure is."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        at = chance.randrange(min(len(made), chance.choice((600, len(made)))))
        kind = chance.randrange(6)
        if kind == 0:
            made[at] = chance.randrange(256)
        elif kind == 1:
            made[at : at + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\0\0\0\1", b"\x80\0\0\0"))
        elif kind == 2:
            del made[at : at + chance.randrange(1, 50)]
        elif kind == 3:
            made[at:at] = made[at : at + chance.randrange(1, 200)]
        elif kind == 4:
            made[at:at] = chance.randbytes(20)
        elif chance.random() < 0.3:
            del made[at:]
        made = made or bytearray(content)
    return bytes(made)


@pytest.mark.parametrize("count", [300, pytest.param(5000, marks=pytest.mark.slow)])
def test_spoilt_files_are_a_line_each(count, tmp_path):
    (folder := tmp_path / "sound").mkdir()
    files = sound(folder)
    assert all(check(folder / name).is_marked for name in files)
    for number in range(count):
        chance = random.Random(number)
        name = chance.choice(list(files))
        (path := tmp_path / name).write_bytes(spoilt(files[name], chance))
        begin = time.process_time()
        found = check(path)
        told = sentence(found)
        assert told.endswith("."), (number, name)
        assert "\n" not in told, (number, name)
        assert time.process_time() - begin < 1, (number, name)
