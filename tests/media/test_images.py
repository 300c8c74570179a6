import io
import math
import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from figment.errors import InputError
from figment.media import images, provenance

SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def picture(height=5, width=7):
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def chunks(png):
    """Name and content of each chunk, read by PNG's own rules."""
    at, found = 8, []
    while at < len(png):
        size, name = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + content)
        found.append((name, content))
        at += 12 + size
    return found


def packet_of(content):
    """The XMP packet that Pillow finds, or None."""
    with Image.open(io.BytesIO(content)) as image:
        packet = image.info.get("xmp", image.info.get("XML:com.adobe.xmp"))
    return packet.encode() if isinstance(packet, str) else packet


def declared(content):
    """The mark as an XML parser sees it, by the names of the standards."""
    tree = ElementTree.fromstring(packet_of(content).decode())
    return tree.find(
        ".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
        "/{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    ).text


# ---- grid --------------------------------------------------------------------------------------------------------


def test_grid_puts_each_picture_in_its_place():
    tiles = torch.arange(5, dtype=torch.uint8).reshape(5, 1, 1, 1).expand(5, 3, 4, 6) * 10
    sheet = images.grid(tiles, columns=2, gap=3)
    assert sheet.shape == (3 * 4 + 2 * 3, 2 * 6 + 3, 3)
    assert sheet.dtype == np.uint8
    for i in range(5):
        top, left = i // 2 * 7, i % 2 * 9
        assert (sheet[top : top + 4, left : left + 6] == 10 * i).all()
    inked = sum((sheet != 255).any(axis=2).ravel())
    assert inked == 5 * 4 * 6  # the gaps and the empty last place are white


def test_grid_keeps_rows_columns_and_colours():
    tile = picture()
    assert np.array_equal(images.grid(tile.transpose(2, 0, 1)[None]), tile)


@pytest.mark.parametrize(("n", "shape"), [(1, (1, 1)), (2, (1, 2)), (3, (2, 2)), (12, (3, 4)), (64, (8, 8))])
def test_grid_is_nearly_square(n, shape):
    assert images.grid(np.zeros((n, 3, 1, 1), np.uint8), gap=0).shape[:2] == shape


@pytest.mark.parametrize(
    ("n", "height", "width", "shape"),
    [(64, 64, 96, (8, 8)), (64, 96, 64, (8, 8)), (16, 128, 32, (2, 8)), (9, 64, 96, (3, 3)), (10, 64, 128, (5, 2)),
     (64, 64, 128, (13, 5)), (3, 32, 128, (3, 1)), (1, 64, 96, (1, 1))],
)  # fmt: skip
def test_grid_of_other_shapes_is_nearly_square_with_filled_rows(n, height, width, shape):
    sheet = images.grid(np.zeros((n, 3, height, width), np.uint8), gap=0)
    assert sheet.shape[:2] == (shape[0] * height, shape[1] * width)


@pytest.mark.parametrize(("height", "width"), [(64, 96), (32, 128), (112, 64), (16, 64)])
def test_no_sheet_that_passes_for_square_has_fewer_empty_places(height, width):
    """By trying all."""
    for n in range(1, 80):
        sheets = {}
        for columns in range(1, n + 1):
            rows = math.ceil(n / columns)
            shorter, longer = sorted((rows * height, columns * width))
            sheets[columns] = (rows * columns - n, longer / shorter)
        square = [sheet for sheet in sheets.values() if sheet[1] <= 1.5]
        taken = sheets[images.columns_for(n, height, width)]
        assert taken == (min(square) if square else min(sheets.values(), key=lambda sheet: sheet[1]))


def test_grid_of_few_pictures_has_no_empty_columns():
    assert images.grid(np.zeros((2, 3, 4, 4), np.uint8), columns=8, gap=2).shape == (4, 10, 3)


def test_grid_makes_grey_pictures_three_equal_channels():
    grey = torch.arange(24, dtype=torch.uint8).reshape(2, 1, 3, 4)
    sheet = images.grid(grey, columns=1, gap=0)
    for channel in range(3):
        assert np.array_equal(sheet[..., channel], np.arange(24).reshape(6, 4))


def test_grid_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        images.grid(np.zeros((0, 3, 4, 4), np.uint8))


# ---- encode ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_the_mark_is_read_by_others(format):
    content = images.encode(picture(), format)
    assert declared(content) == SYNTHETIC
    assert SYNTHETIC.encode() in content  # legible, not compressed
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == format


def test_png_carries_one_uncompressed_packet():
    content = images.encode(picture(), "PNG", "algorithmicMedia")
    packets = [body for name, body in chunks(content) if name == b"iTXt"]
    assert len(packets) == 1
    keyword, rest = packets[0].split(b"\0", 1)
    assert keyword == b"XML:com.adobe.xmp"
    assert rest[:4] == b"\0\0\0\0"  # no compression, no language, no translated keyword
    assert declared(content).endswith("/algorithmicMedia")


def test_files_hold_no_time():
    assert {name for name, _ in chunks(images.encode(picture()))} == {b"IHDR", b"iTXt", b"IDAT", b"IEND"}


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_real_picture_is_not_marked(format):
    content = images.encode(picture(), format, None)
    assert b"xmp" not in content.lower()
    assert b"iptc" not in content.lower()
    assert packet_of(content) is None


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_png_and_webp_keep_every_pixel(format):
    with Image.open(io.BytesIO(images.encode(picture(33, 21), format))) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), picture(33, 21))


def test_jpeg_keeps_whole_colours():
    stripes = np.zeros((16, 16, 3), np.uint8)
    stripes[:, ::2, 0] = stripes[:, 1::2, 2] = 255  # red and blue columns, which halved colours would smear to purple
    with Image.open(io.BytesIO(images.encode(stripes, "JPEG"))) as image:
        assert np.abs(np.asarray(image).astype(int) - stripes).max() < 24


@pytest.mark.parametrize("shape", [(6, 9), (6, 9, 1)])
def test_grey_pictures_stay_grey(shape):
    grey = np.arange(54, dtype=np.uint8).reshape(shape)
    with Image.open(io.BytesIO(images.encode(grey))) as image:
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), grey.reshape(6, 9))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_same_picture_same_bytes(format):
    assert images.encode(picture(), format) == images.encode(picture(), format)


def test_unknown_source_is_an_error():
    with pytest.raises(ValueError, match="digitalCapture"):
        images.encode(picture(), "PNG", "digitalCapture")


# ---- write and source_of -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.JPEG", "a.webp"])
@pytest.mark.parametrize(
    "source", ["trainedAlgorithmicMedia", "algorithmicMedia", "compositeWithTrainedAlgorithmicMedia", None]
)
def test_what_is_written_is_read_back(tmp_path, name, source):
    path = tmp_path / "new" / "folder" / name
    images.write(path, picture(), source)
    assert provenance.source_of(path) == source
    assert [p.name for p in path.parent.iterdir()] == [name]


def test_the_mark_is_read_as_other_programs_write_it(tmp_path):
    packet = provenance.xmp("trainedAlgorithmicMedia").decode()
    element = f"<Iptc4xmpExt:DigitalSourceType>{SYNTHETIC}</Iptc4xmpExt:DigitalSourceType>"
    assert element in packet
    as_attribute = packet.replace(element, "").replace(
        'rdf:about=""', f'rdf:about="" Iptc4xmpExt:DigitalSourceType="{SYNTHETIC}"'
    )
    as_resource = packet.replace(element, f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{SYNTHETIC}"/>')
    for i, other in enumerate([as_attribute, as_resource]):
        path = tmp_path / f"{i}.jpg"
        Image.fromarray(picture()).save(path, xmp=other.encode())
        assert provenance.source_of(path) == "trainedAlgorithmicMedia"


def test_a_caption_that_quotes_the_address_is_no_mark(tmp_path):
    path = tmp_path / "a.jpg"
    other = provenance.xmp("trainedAlgorithmicMedia").replace(b"DigitalSourceType", b"Headline")
    Image.fromarray(picture()).save(path, xmp=other)
    assert provenance.source_of(path) is None


def test_unknown_ending_is_refused_and_writes_nothing(tmp_path):
    with pytest.raises(InputError, match=r"--out .*a\.gif.*\.png, \.jpg or \.webp"):
        images.write(tmp_path / "b" / "a.gif", picture())
    assert not any(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"file.*can't be written"):
        images.write(tmp_path / "file" / "a.png", picture())


@pytest.mark.parametrize(("name", "content"), [("no.png", None), ("text.png", b"not a picture at all")])
def test_source_of_what_is_no_picture(tmp_path, name, content):
    if content:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        provenance.source_of(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "height", "width", "mend"),
    [
        ("a.webp", 20, 16_384, r"end in \.jpg"),
        ("a.webp", 65_501, 3, r"end in \.png"),
        ("a.jpg", 3, 65_501, r"end in \.png"),
        ("a.jpeg", 70_000, 3, "65,500"),
        ("a.png", 40_000, 40_000, "fewer pictures"),
    ],
)
def test_sheets_beyond_a_formats_limits_name_one_that_holds_them(tmp_path, name, height, width, mend):
    with pytest.raises(InputError, match=mend):
        images.check_sheet(tmp_path / name, height, width)
    if height * width < 10**6:
        with pytest.raises(InputError, match=mend):
            images.write(tmp_path / name, np.zeros((height, width, 3), np.uint8))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "width"), [("a.webp", 16_383), ("a.jpg", 65_500), ("a.png", 65_501)])
def test_sheets_at_a_formats_limits_are_written(tmp_path, name, width):
    images.write(tmp_path / name, np.zeros((2, width, 3), np.uint8))
    with Image.open(tmp_path / name) as written:
        assert written.size == (width, 2)


@pytest.mark.parametrize(("n", "columns"), [(1, None), (7, None), (7, 3), (2, 9)])
def test_the_size_of_a_sheet_is_known_before_it_is_drawn(n, columns):
    pictures = np.zeros((n, 3, 10, 14), np.uint8)
    assert images.grid(pictures, columns).shape[:2] == images.grid_size(n, 10, 14, columns)
