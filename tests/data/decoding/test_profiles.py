"""Colour profiles: the same colours whatever profile they are stored with, and plain pictures untouched."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from figment.data.decoding.decode import is_grey, read
from figtest.pictures import encoded, noise

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# Primaries as they stand in profiles, adapted to D50: X, Y, Z of red, green and blue.
WIDE = {
    "Display P3": [(0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)],
    "Adobe RGB": [(0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)],
}


def profile(name: str, gamma: float = 2.2, grey: bool = False) -> bytes:
    """An ICC profile of version 2, of three primaries or of grey, by hand."""

    def numbers(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    text = name.encode() + b"\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    tags = {b"desc": described, b"wtpt": b"XYZ \0\0\0\0" + numbers(0.9642, 1, 0.8249)}
    if grey:
        tags[b"kTRC"] = curve
    else:
        for letter, primary in zip("rgb", WIDE[name], strict=True):
            tags[f"{letter}XYZ".encode()] = b"XYZ \0\0\0\0" + numbers(*primary)
            tags[f"{letter}TRC".encode()] = curve
    table, body = struct.pack(">I", len(tags)), b""
    for tag, content in tags.items():
        content += bytes(-len(content) % 4)
        table += tag + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(content))
        body += content
    space, size = b"GRAY" if grey else b"RGB ", 132 + 12 * len(tags) + len(body)
    header = struct.pack(">I4s4s4s4s4s", size, b"none", b"\x02\x40\0\0", b"mntr", space, b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + numbers(0.9642, 1, 0.8249)
    return header.ljust(128, b"\0") + table + body


def stored_in(colours: Image.Image, icc: bytes, mode: str = "RGB") -> Image.Image:
    """sRGB colours in the numbers of a profile."""
    found = ImageCms.profileToProfile(colours, ImageCms.createProfile("sRGB"), io.BytesIO(icc), outputMode=mode)
    assert found is not None
    return Image.fromarray(np.asarray(found))  # which doesn't know the profile


@pytest.fixture(scope="module")
def colours() -> Image.Image:
    return Image.fromarray(noise(5, 6)).resize((60, 50), Image.Resampling.BICUBIC)


def error(content: bytes, colours: Image.Image, **options: object) -> float:
    found = np.asarray(read(content, **options).image.convert("RGB")).astype(int)
    return float(np.abs(found - np.asarray(colours)).mean())


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_wide_gamuts_are_converted(name, kind, colours):
    icc = profile(name)
    wide = stored_in(colours, icc)
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    content = encoded(wide, kind, icc_profile=icc, **options)
    assert read(content).profile.name == name
    assert error(content, colours) < 1
    assert error(encoded(wide, kind, **options), colours) > 3  # which tells that there was something to convert


def test_reduced_and_turned_jpegs_are_converted(colours):
    icc, exif = profile("Display P3"), Image.Exif()
    exif[0x0112] = 3
    large = colours.resize((480, 400))
    wide = stored_in(large, icc).transpose(Image.Transpose.ROTATE_180)
    content = encoded(wide, "JPEG", icc_profile=icc, exif=exif, quality=95)
    found = read(content, (50, 60))
    assert found.image.size == (60, 50)
    assert np.abs(np.asarray(found.image).astype(int) - np.asarray(large.reduce(8))).mean() < 2


def test_transparency_and_palettes_keep_their_profile(colours):
    icc = profile("Adobe RGB")
    wide = stored_in(colours, icc).convert("RGBA")
    wide.putalpha(Image.new("L", wide.size, 255))
    assert error(encoded(wide, icc_profile=icc), colours) < 1
    flat = stored_in(Image.new("RGB", (8, 8), (200, 40, 90)), icc).quantize(4)
    assert error(encoded(flat, icc_profile=icc), Image.new("RGB", (8, 8), (200, 40, 90))) <= 1.5


def test_srgb_by_any_name_changes_no_byte(colours):
    for mode in ("RGB", "L"):
        content = encoded(colours.convert(mode), icc_profile=SRGB)
        assert error(content, colours.convert(mode).convert("RGB")) == 0
        assert not read(content).profile.converts


def test_grey_stays_grey():
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    for icc in (profile("linear", 1.0, grey=True), profile("Display P3")):
        content = encoded(ramp, icc_profile=icc)
        assert read(content).profile.converts
        assert is_grey(content)
    linear = np.asarray(read(encoded(ramp, icc_profile=profile("linear", 1.0, grey=True))).image)[..., 0]
    light = np.arange(256) / 255
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert np.abs(linear.ravel() - srgb).max() <= 1.5


def test_deep_pictures_are_converted(colours):
    icc = profile("linear", 1.0, grey=True)
    deep = np.asarray(colours.convert("L")).astype(np.uint16) * 257
    plain, converted = (
        np.asarray(read(encoded(Image.fromarray(deep), "TIFF", icc_profile=one)).image) for one in (None, icc)
    )
    assert converted.mean() > plain.mean() + 20


@pytest.mark.parametrize(
    "icc",
    [b"x", bytes(300), SRGB[:200], SRGB[:128] + bytes(len(SRGB) - 128), profile("g", grey=True)],
)
def test_broken_and_foreign_profiles_are_told_and_taken_as_srgb(icc, colours):
    for kind in ("PNG", "TIFF"):
        content = encoded(colours, kind, icc_profile=icc)
        assert read(content).profile.broken
        assert error(content, colours) == 0


def test_the_same_numbers_in_other_colours_are_another_picture(colours):
    plain, broken, wide = (
        read(encoded(colours, "JPEG", icc_profile=icc)).digest() for icc in (SRGB, b"rubbish", profile("Adobe RGB"))
    )
    assert plain == broken == read(encoded(colours, "JPEG")).digest() != wide


def test_cmyk_by_its_profile(monkeypatch, colours):
    """No press profile can be made by hand here, so the step that applies one is looked at."""
    from figment.data.decoding import profiles

    asked = []
    monkeypatch.setattr(profiles, "_conversion", lambda icc, mode: asked.append(mode) or profiles.PLAIN)
    read(encoded(colours.convert("CMYK"), "JPEG", icc_profile=b"press"))
    assert set(asked) == {"CMYK"}
