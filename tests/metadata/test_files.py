"""What stands in files beside the pixels, in every place and form in which programs write it."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.errors import InputError
from figment.media.images import write
from figment.media.provenance import page_mark, xmp
from figment.media.video import write_video
from figment.metadata.files import read
from figment.metadata.xmp import source_types, values
from figtest.metadata import MANIFEST_BOX, PICTURE, VOCABULARY, box, chunk, exif, jpeg, packet, png, text, xmp_chunk

MARK = xmp("trainedAlgorithmicMedia")
LEARNT = ["trainedAlgorithmicMedia"]


def marks(path: Path) -> list[str]:
    stored = read(path)
    assert stored.problem is None
    return stored.declared or source_types(stored.packets)


def marks_of(content: bytes, path: Path) -> list[str]:
    path.write_bytes(content)
    return marks(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_figments_pictures(name, tmp_path):
    write(tmp_path / name, PICTURE)
    assert marks(tmp_path / name) == LEARNT


@pytest.mark.parametrize("name", ["a.mp4", "a.webp", "a.gif"])
def test_figments_films(name, tmp_path):
    write_video(tmp_path / name, [PICTURE] * 3, 10)
    assert marks(tmp_path / name) == LEARNT


@pytest.mark.parametrize("kind", ["TIFF", "AVIF", "HEIF"])
def test_pictures_that_pillow_writes(kind, tmp_path):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    told = {"tiffinfo": {700: MARK}} if kind == "TIFF" else {"xmp": MARK, "exif": exif({271: "Maker"})}
    Image.fromarray(PICTURE).save(tmp_path / "a", kind, **told)
    assert marks(tmp_path / "a") == LEARNT
    if kind != "TIFF":
        assert [(it.where, it.key, it.content) for it in read(tmp_path / "a").texts] == [("EXIF", "Make", "Maker")]


def test_bigtiff(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "a.tif", "TIFF", tiffinfo={700: MARK}, big_tiff=True)
    assert (tmp_path / "a.tif").read_bytes()[2] == 43
    assert marks(tmp_path / "a.tif") == LEARNT


@pytest.mark.parametrize(
    "made",
    [
        xmp_chunk(MARK), xmp_chunk(MARK, packed=True), chunk(b"tEXt", b"XML:com.adobe.xmp\0" + MARK),
        chunk(b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(MARK)),
        chunk(b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(b"\nxmp\n     999\n" + MARK.hex("\n", 36).encode())),
        chunk(b"tEXt", b"Raw profile type APP1\0\napp1\n 99\n" + (b"http://ns.adobe.com/xap/1.0/\0" + MARK).hex().encode()),
    ],
)  # fmt: skip
def test_every_chunk_of_png_that_holds_xmp(made, tmp_path):
    assert marks_of(png(made), tmp_path / "a.png") == LEARNT


def test_a_jpegs_packet_that_goes_on_in_other_segments(tmp_path):
    checksum, rest = b"A" * 32, packet(f"<a:DigitalSourceType>{VOCABULARY}print</a:DigitalSourceType>", "y" * 90_000)
    main = packet(f'<a b:HasExtendedXMP="{checksum.decode()}"/>')
    parts = [
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + checksum + struct.pack(">II", len(rest), at) + rest[at : at + 20_000])
        for at in range(0, len(rest), 20_000)
    ]  # fmt: skip
    first = (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + main)
    assert marks_of(jpeg(first, *reversed(parts)), tmp_path / "a.jpg") == ["print"]
    alone = (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet())
    assert marks_of(jpeg(alone, *parts), tmp_path / "a.jpg") == []  # which nothing says are of it


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "utf-32-be"])
def test_every_encoding_of_xmp(encoding, tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "a.jpg", xmp=MARK.decode().replace("\ufeff", "").encode(encoding))
    assert marks(tmp_path / "a.jpg") == LEARNT


@pytest.mark.parametrize(
    ("property_", "expected"),
    [
        (f"<a:DigitalSourceType>{VOCABULARY}print</a:DigitalSourceType>", ["print"]),
        (f'<b a:DigitalSourceType="{VOCABULARY}print"/>', ["print"]),
        (f"<b a:DigitalSourceType = '{VOCABULARY}print' />", ["print"]),
        (f'<a:DigitalSourceType rdf:resource="{VOCABULARY}print"/>', ["print"]),
        ("<a:DigitalSourceType>print</a:DigitalSourceType>", ["print"]),
        ('<b a:DigitalSourceType="digitalCapture"/>', ["digitalCapture"]),
        ('<b a:DigitalSourceType="http://c2pa.org/digitalsourcetype/empty"/>', ["empty"]),
        (f"<a:DigitalSourceType>\n  {VOCABULARY}print\n</a:DigitalSourceType>", ["print"]),
        (f"<a:DigitalSourceType><rdf:Bag><rdf:li>{VOCABULARY}print</rdf:li></rdf:Bag></a:DigitalSourceType>", ["print"]),
        ("<a:DigitalSourceType>print</a:DigitalSourceType><a:DigitalSourceType>empty</a:DigitalSourceType>", ["print", "empty"]),
        ('<b a:DigitalSourceType="http://example.org/print"/>', []),
        ("<a:DigitalSourceType></a:DigitalSourceType>", []),
        ("<a:DigitalSourceType/>print", []),
        ("<b>a</a:DigitalSourceType>print", []),
        ("<!-- <a:DigitalSourceType>print</a:DigitalSourceType> -->", []),
        ("<a:DigitalSourceType>&print;</a:DigitalSourceType>", []),
    ],
)  # fmt: skip
def test_every_form_of_the_mark(property_, expected, tmp_path):
    assert marks_of(png(xmp_chunk(packet(property_))), tmp_path / "a.png") == expected


def test_properties_with_their_values():
    told = packet(
        '<rdf:li a:Credit="A &amp; B"/>',
        "<dc:description><rdf:Alt><rdf:li xml:lang='x'>é</rdf:li></rdf:Alt></dc:description>",
    )
    assert list(values([told], "Credit", "description")) == [("Credit", "A & B"), ("description", "é")]


@pytest.mark.parametrize("first", [box(b"ftyp", b"qt  \0\0\0\0qt  "), box(b"wide") + box(b"mdat", b"pixels")])
def test_quicktimes_marks_stand_within_its_boxes(first, tmp_path):
    mark = box(b"XMP_", MARK)
    film = first + box(b"moov", box(b"mvhd", b"\0" * 100) + box(b"udta", box(b"name", b"walk") + mark))
    assert marks_of(film, tmp_path / "a.mov") == LEARNT
    film = first + box(b"moov", box(b"udta", box(b"name", b"walk") + bytes(4))) + mark
    assert marks_of(film, tmp_path / "a.mov") == []  # elsewhere it is nobody's


def test_texts_of_films(tmp_path):
    data = box(b"data", b"\0\0\0\1\0\0\0\0" + b"a cat")
    keys = box(b"keys", struct.pack(">II", 0, 1) + struct.pack(">I", 8 + 6) + b"mdtaprompt")
    listed = box(b"meta", bytes(4) + box(b"hdlr", bytes(24)) + keys + box(b"ilst", box(struct.pack(">I", 1), data)))
    named = box(b"meta", bytes(4) + box(b"ilst", box(b"\xa9cmt", data)))
    plain = box(b"\xa9mak", struct.pack(">HH", 5, 0) + b"Maker")
    film = box(b"ftyp", b"isom\0\0\0\0isom") + box(b"moov", listed + box(b"udta", named + plain))
    (tmp_path / "a.mp4").write_bytes(film)
    assert [(it.key, it.content) for it in read(tmp_path / "a.mp4").texts] == [
        ("prompt", "a cat"), ("comment", "a cat"), ("Make", "Maker"),
    ]  # fmt: skip


def test_texts_of_pictures(tmp_path):
    (tmp_path / "a.png").write_bytes(
        png(text("parameters", "a cat"), text("Title", "猫"), chunk(b"zTXt", b"K\0\0" + zlib.compress(b"v")))
    )
    assert [(it.key, it.content) for it in read(tmp_path / "a.png").texts] == [
        ("parameters", "a cat"),
        ("Title", "猫"),
        ("K", "v"),
    ]
    comment = b"UNICODE\0" + "a cat, ü".encode("utf-16-be")
    Image.fromarray(PICTURE).save(tmp_path / "a.jpg", exif=exif({305: "Painter"}, comment), comment=b"said")
    assert {(it.where, it.key, it.content) for it in read(tmp_path / "a.jpg").texts} == {
        ("EXIF", "Software", "Painter"), ("EXIF", "UserComment", "a cat, ü"), ("JPEG", "comment", "said"),
    }  # fmt: skip
    Image.fromarray(PICTURE).save(tmp_path / "a.gif", comment=b"said")
    assert [it.content for it in read(tmp_path / "a.gif").texts] == ["said"]


@pytest.mark.parametrize(
    "made",
    [
        png(chunk(b"caBX", MANIFEST_BOX)), jpeg((0xEB, b"JP\0\1\0\0\0\1" + MANIFEST_BOX)),
        box(b"ftyp", b"isom\0\0\0\0isom")
        + box(b"uuid", bytes.fromhex("D8FEC3D61B0E483C92975828877EC481") + bytes(4) + b"manifest\0" + bytes(8) + MANIFEST_BOX),
    ],
)  # fmt: skip
def test_content_credentials_and_what_stands_in_their_place(made, tmp_path):
    (tmp_path / "a").write_bytes(made)
    assert read(tmp_path / "a").manifest is True
    (tmp_path / "a").write_bytes(made.replace(MANIFEST_BOX[12:], bytes(len(MANIFEST_BOX) - 12)))
    assert read(tmp_path / "a").manifest is False
    (tmp_path / "a").write_bytes(png(text("x", MANIFEST_BOX.decode("latin-1"))))
    assert read(tmp_path / "a").manifest is None  # elsewhere it is nothing


def test_pages(tmp_path):
    (tmp_path / "a.html").write_text(f"<head>{page_mark('trainedAlgorithmicMedia')}</head>")
    assert marks(tmp_path / "a.html") == LEARNT
    assert read(tmp_path / "a.html").own


@pytest.mark.parametrize("name", ["a.bmp", "a.ppm", "a.tga", "a.pcx"])
def test_kinds_without_a_place_for_marks_are_read_all_the_same(name, tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / name)
    assert marks(tmp_path / name) == []


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif", "a.mp4", "a.tif", "a.heic"])
def test_a_file_that_is_cut_short_is_read_as_far_as_it_goes(name, tmp_path):
    file = tmp_path / name
    if name in ("a.mp4", "a.gif"):
        write_video(file, [PICTURE] * 3, 10)
    elif name == "a.heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
        Image.fromarray(PICTURE).save(file, "HEIF", xmp=MARK)
    elif name == "a.tif":
        Image.fromarray(PICTURE).save(file, tiffinfo={700: MARK})
    else:
        write(file, PICTURE)
    whole = file.read_bytes()
    for size in np.linspace(16, len(whole) - 1, 30).astype(int).tolist():
        file.write_bytes(whole[:size])
        stored = read(file)
        found = source_types(stored.packets)
        assert found in ([], LEARNT)
        # A film that ends where a box does may be whole, for all that one can see.
        assert found or stored.problem or name == "a.mp4", size


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.png", b"", "is empty"), ("a.jpg", b"no picture", "is no picture, film or page"),
        ("a", b"version https://git-lfs", "is no picture"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_a_sentence(name, content, expected, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=expected):
        read(tmp_path / name)


def test_folders_and_what_is_not_there_are_a_sentence(tmp_path):
    for place, expected in ((tmp_path, "is a folder"), (tmp_path / "gone.png", "doesn't exist")):
        with pytest.raises(InputError, match=expected):
            read(place)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(InputError, match="a pipe or a device"):
        read(tmp_path / "a.png")
