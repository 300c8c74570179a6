"""Deep pictures: values of many bits, and the one scale by which those of a set come to 8."""

import itertools
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from figment.data.decoding.decode import read
from figment.data.decoding.depth import Range, Ranges, Scale, Unscaled
from figment.errors import Unreadable
from figtest.pictures import encoded, noise


def png16(values: np.ndarray, significant: bytes = b"") -> bytes:
    """A 16-bit PNG of (H, W) or (H, W, C), which Pillow doesn't write in colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = values.shape[:2]
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[values.shape[2] if values.ndim == 3 else 1]
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    told = chunk(b"sBIT", significant) if significant else b""
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + told
    return start + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def values(high: int, *shape: int) -> np.ndarray:
    """Random values, the largest of them high."""
    found = np.random.default_rng(high).integers(0, high + 1, shape)
    found.flat[0] = high
    return found


def range_of(payload: bytes | np.ndarray) -> Range:
    with pytest.raises(Unscaled) as caught:
        read(payload, scales={})
    return caught.value.range


def pixels(payload: bytes | np.ndarray, *others: bytes | np.ndarray) -> np.ndarray:
    """A picture as it comes in a set with the others."""
    ranges = Ranges(map(range_of, (payload, *others)))
    return np.asarray(read(payload, scales=ranges.scales()).pixels)


def tiff(array: np.ndarray, **tags: int) -> bytes:
    stated = TiffImagePlugin.ImageFileDirectory_v2()
    if "largest" in tags:
        stated[341] = tags["largest"]
    return encoded(Image.fromarray(array), "TIFF", tiffinfo=stated)


@pytest.mark.parametrize(("high", "white"), [(4080, 4095), (255, 255), (1, 1), (40000, 65535), (600, 1023)])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_narrow_range_fills_the_eight_bits(high, white, channels):
    stored = values(high, 6, 7, channels) if channels > 1 else values(high, 6, 7)
    if channels in (2, 4):
        stored[..., -1] = 65535  # opaque
    colours = stored[..., :-1] if channels in (2, 4) else stored
    found = pixels(png16(stored))
    if white == 65535 and channels > 1:
        expected = colours >> 8  # what Pillow has always made of them
    else:
        expected = np.rint(colours / white * 255)
    assert np.array_equal(found, np.broadcast_to(expected.reshape(6, 7, -1), (6, 7, 3)))


def test_a_dark_picture_stays_dark_beside_a_light_one():
    dark, light = png16(values(300, 6, 7)), png16(values(4000, 6, 7))
    assert pixels(dark, light).max() == round(300 / 4095 * 255)
    assert pixels(light, dark).max() == round(4000 / 4095 * 255)
    assert pixels(dark).max() == round(300 / 511 * 255)


def test_kinds_of_containers_have_scales_of_their_own():
    narrow, full = png16(values(4000, 6, 7)), tiff(values(65000, 6, 7).astype(np.uint16))
    assert pixels(narrow, full).max() == round(4000 / 4095 * 255)
    assert np.array_equal(pixels(full, narrow), pixels(full))


@pytest.mark.parametrize(
    "told", [png16(values(900, 6, 7), b"\x0c"), tiff(values(900, 6, 7).astype(np.uint16), largest=4095)]
)
def test_bits_that_a_file_tells_count(told):
    assert range_of(told).told == 12
    assert pixels(told).max() == round(900 / 4095 * 255)


def test_bits_that_are_told_but_spread_over_the_container():
    """PNG's own rule: 12 significant bits, and the values run to 65,535 all the same."""
    spread = png16(values(65535, 6, 7), b"\x0c")
    assert pixels(spread).max() == 255
    assert pixels(png16(values(4000, 6, 7), b"\x0c"), spread).max() == round(4000 / 65535 * 255)


def test_signed_values_run_from_the_least_to_the_largest_of_the_set():
    air, bone = np.full((4, 4), -1000, np.int32), np.full((4, 4), 2060, np.int32)
    water = np.zeros((4, 4), np.int32)
    others = tiff(air), tiff(bone)
    assert pixels(tiff(air), tiff(bone)).max() == 0
    assert pixels(tiff(bone), tiff(air)).min() == 255
    assert pixels(tiff(water), *others).tolist() == np.full((4, 4, 3), round(1000 / 3060 * 255)).tolist()


@pytest.mark.parametrize(
    ("low", "high", "black", "white"),
    [(0, 1.004, 0, 1), (-0.03, 1.08, 0, 1), (-1, 1.004, -1, 1), (0, 0.0625, 0, 0.0625), (0, 254, 0, 255), (0, 1.5, 0, 1.5),
     (-1000, 2060, -1000, 2060), (0, 65535, 0, 65535), (0, 0, 0, 1), (-5, -5, -5, -4)],
)  # fmt: skip
def test_floats(low, high, black, white):
    assert Range("floating-point TIFF", low, high, whole=False).scale() == Scale(black, white)
    stored = np.linspace(low, high, 60, dtype=np.float32).reshape(6, 10)
    expected = np.clip((stored - black) / (white - black), 0, 1) * 255
    assert np.abs(pixels(tiff(stored))[..., 0] - expected).max() <= 0.51


def test_other_files_of_many_bits():
    stored = values(4000, 6, 7, 3)
    expected = np.rint(stored / 4095 * 255)
    for endian in ("<", ">"):
        assert np.array_equal(pixels(rgb_tiff(stored, endian)), expected)
    assert np.array_equal(pixels(b"P6 7 6 65535\n" + stored.astype(">u2").tobytes()), expected)
    assert np.array_equal(pixels(b"P5 7 6 65535\n" + stored[..., 0].astype(">u2").tobytes())[..., 0], expected[..., 0])


def rgb_tiff(stored: np.ndarray, endian: str) -> bytes:
    """An uncompressed 16-bit colour TIFF, by hand."""
    height, width, _ = stored.shape
    tags = [(256, 3, width), (257, 3, height), (258, 3, None), (259, 3, 1), (262, 3, 2), (273, 4, None), (277, 3, 3),
            (278, 3, height), (279, 4, stored.size * 2)]  # fmt: skip
    bits = 8 + 2 + 12 * len(tags) + 4
    content = {"<": b"II*\0", ">": b"MM\0*"}[endian] + struct.pack(endian + "IH", 8, len(tags))
    for tag, kind, value in tags:
        count = 3 if tag == 258 else 1
        value = {258: bits, 273: bits + 6}.get(tag, value)
        pad = kind == 3 and count == 1
        content += struct.pack(endian + "HHI", tag, kind, count) + struct.pack(
            endian + ("HH" if pad else "I"), *([value, 0] if pad else [value])
        )
    return content + struct.pack(endian + "I3H", 0, 16, 16, 16) + stored.astype(endian + "u2").tobytes()


@pytest.mark.parametrize("kind", ["uint16", ">u2", "int64", "float16", "float64", "bool", "int16"])
def test_arrays_of_other_types(kind):
    stored = (noise(6, 7) > 127).astype(kind) if kind == "bool" else noise(6, 7).astype(kind)
    expected = stored.astype(np.uint8) * (255 if kind == "bool" else 1)
    assert np.array_equal(pixels(stored), expected)


def test_ranges_are_the_same_in_any_order():
    found = [
        Range("16-bit PNG", 3, 70),
        Range("16-bit PNG", 0, 40),
        Range("uint16 array", 5, 9),
        Range("16-bit PNG", 0, 1, 12),
    ]
    records = [Ranges(order).records() for order in itertools.permutations(found)]
    assert all(record == records[0] for record in records)
    assert [one["high"] for one in records[0]] == [70, 1, 9]
    again = Ranges.read(records[0])
    assert again.records() == records[0]
    assert again.sentences()[1] == "16-bit PNG of 12 bits: values from 0 to 1, taken as 12 bits"


def test_eight_bits_have_no_range():
    for payload in (noise(6, 7), encoded(Image.fromarray(noise(6, 7))), b"P5 2 2 255\n1234", b"P5 2 2 200\n1234"):
        read(payload, scales={})


def test_spoilt_deep_pictures_are_read_or_unreadable():
    content = png16(values(4000, 40, 40, 3))
    for place in range(40, len(content), 37):
        with suppress(Unreadable):
            read(content[:place] + b"\xff" + content[place + 1 :])
