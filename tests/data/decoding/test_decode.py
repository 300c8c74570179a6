"""Pictures of every kind, damaged ones too, against computations that share no code with the package."""

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.decoding import decode as module
from figment.data.decoding.chunks import DrawnChunk, StoredChunk
from figment.data.decoding.decode import Broken, decode, is_grey, read
from figment.data.decoding.fit import Target
from figment.errors import Unreadable
from figtest.paths import DATA
from figtest.pictures import encoded, noise


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(decode(content))


def three(grey: np.ndarray) -> np.ndarray:
    return np.repeat(np.rint(grey).astype(np.uint8)[:, :, None], 3, axis=2)


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    opacity = alpha[:, :, None].astype(float) / 255
    return colour * opacity + 255 * (1 - opacity)


# --- modes -------------------------------------------------------------------------------------------------------


def test_rgb_and_grey_pass_unchanged():
    colour, grey = noise(9, 7), noise(9, 7, 1)
    assert np.array_equal(pixels(encoded(Image.fromarray(colour))), colour)
    assert np.array_equal(pixels(encoded(Image.fromarray(grey))), three(grey))


def test_palette_with_and_without_transparency():
    indices = np.random.default_rng(1).integers(0, 4, (6, 5), dtype=np.uint8)
    palette = np.array([[255, 0, 0], [0, 200, 0], [0, 0, 90], [7, 8, 9]], np.uint8)
    picture = Image.fromarray(indices)
    picture.putpalette(palette.tobytes())
    assert np.array_equal(pixels(encoded(picture)), palette[indices])
    expected = palette[indices].copy()
    expected[indices == 2] = 255
    assert np.array_equal(pixels(encoded(picture, transparency=2)), expected)
    assert np.array_equal(pixels(encoded(picture, "GIF")), palette[indices])


def test_transparency_is_laid_on_white():
    rgba, la = noise(8, 8, 4), noise(8, 8, 2)
    assert np.abs(pixels(encoded(Image.fromarray(rgba))) - on_white(rgba[..., :3], rgba[..., 3])).max() <= 1
    assert np.abs(pixels(encoded(Image.fromarray(la))) - on_white(three(la[..., 0]), la[..., 1])).max() <= 1
    colour = noise(4, 4)
    colour[0, 0] = (1, 2, 3)
    keyed = pixels(encoded(Image.fromarray(colour), transparency=(1, 2, 3)))
    assert keyed[0, 0].tolist() == [255, 255, 255]
    assert np.array_equal(keyed[1:], colour[1:])


def test_sixteen_bit_grey_is_scaled():
    deep = np.random.default_rng(2).integers(0, 65536, (6, 7), dtype=np.uint16)
    expected = three(deep / 65535 * 255)
    assert np.array_equal(pixels(encoded(Image.fromarray(deep))), expected)
    assert np.array_equal(pixels(encoded(Image.fromarray(deep), "TIFF")), expected)
    assert np.array_equal(pixels(encoded(Image.fromarray(deep.astype(np.int32)), "TIFF")), expected)
    header = f"P5 {deep.shape[1]} {deep.shape[0]} 65535\n".encode()
    assert np.array_equal(pixels(header + deep.astype(">u2").tobytes()), expected)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 255), (0, 65535), (-1, 1), (0, 9e6)])
def test_floats_are_scaled_by_the_range_that_holds_them(low, high):
    values = np.linspace(low, high, 60, dtype=np.float32).reshape(6, 10)
    expected = (values - low) / (high - low) * 255
    assert np.abs(pixels(encoded(Image.fromarray(values), "TIFF"))[..., 0] - expected).max() <= 0.51


def test_floats_that_are_no_numbers_are_black():
    values = np.full((4, 4), np.nan, np.float32)
    values[0, 0] = 1
    assert pixels(encoded(Image.fromarray(values), "TIFF"))[..., 0].tolist()[0] == [255, 0, 0, 0]


def test_cmyk_and_one_bit():
    ink = noise(8, 8, 4)
    result = pixels(encoded(Image.fromarray(ink, "CMYK"), "TIFF")).astype(float)
    expected = (255 - ink[..., :3].astype(float)) * (255 - ink[..., 3:].astype(float)) / 255
    assert np.abs(result - expected).max() <= 1
    bits = noise(8, 8, 1) > 127
    assert np.array_equal(pixels(encoded(Image.fromarray(bits))), three(bits * 255))


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (pixels(moving) == [255, 0, 0]).all()


def test_pictures_say_what_they_were_stored_as():
    colour = Image.fromarray(noise(8, 8))
    frames = {"save_all": True, "append_images": [Image.fromarray(noise(8, 8, seed=1))]}
    stored = {
        ("JPEG", "RGB", False): encoded(colour, "JPEG"),
        ("JPEG", "L", False): encoded(colour.convert("L"), "JPEG"),
        ("JPEG", "CMYK", False): encoded(colour.convert("CMYK"), "JPEG"),
        ("PNG", "P", False): encoded(colour.convert("P")),
        ("PNG", "I;16", False): encoded(Image.fromarray(noise(8, 8, 1).astype(np.uint16))),
        ("GIF", "P", False): encoded(colour.convert("P"), "GIF"),
        ("GIF", "P", True): encoded(colour.convert("P"), "GIF", **frames),
        ("WEBP", "RGB", True): encoded(colour, "WEBP", **frames),
        ("array", "RGBA", False): noise(8, 8, 4),
        ("array", "L", False): noise(8, 8, 1),
    }
    for expected, payload in stored.items():
        found = read(payload)
        assert (found.format, found.mode, found.animated) == expected


def test_a_spoilt_second_frame_does_not_matter():
    frames = [Image.fromarray(noise(32, 32, seed=seed)).convert("P") for seed in (0, 1)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
    control = b"\x21\xf9\x04"  # begins each frame
    second = content.index(control, content.index(control) + 1)
    for length in range(2, 30):
        assert np.array_equal(pixels(content[: second + length]), np.asarray(frames[0].convert("RGB")))


# --- orientation, shape, reduction -------------------------------------------------------------------------------

TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", TURNS)
def test_pictures_are_turned_upright(orientation, kind):
    stored = noise(6, 9)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    content = encoded(Image.fromarray(stored), kind, exif=exif, **options)
    assert np.array_equal(pixels(content), TURNS[orientation](stored))


def test_spoilt_exif_doesnt_spoil_the_picture():
    picture = noise(6, 6)
    for exif in (b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0rubbish"):
        assert np.array_equal(pixels(encoded(Image.fromarray(picture), exif=exif)), picture)


def test_grey_is_known_however_it_is_stored():
    grey = three(noise(8, 8, 1))
    assert is_grey(encoded(Image.fromarray(grey)))
    assert is_grey(encoded(Image.fromarray(grey[..., 0])))
    assert not is_grey(encoded(Image.fromarray(noise(8, 8))))


# --- what can't be used --------------------------------------------------------------------------------------------


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")
    )


WHOLE = encoded(Image.fromarray(noise(64, 64)), "JPEG")
BROKEN = {
    "truncated": (WHOLE[: len(WHOLE) // 2], "cut short"),
    "truncated png": (encoded(Image.fromarray(noise(64, 64)))[:5000], "cut short"),
    "empty": (b"", "empty file"),
    "text": (b"just some words", "not a picture"),
    "header alone": (WHOLE[:30], ""),
    "bomb": (png_header(50_000, 50_000), "pixels"),
    "large bomb": (png_header(10_000, 10_000), "pixels"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("stored", ["bytes", "file"])
def test_broken_pictures_give_a_short_reason(name, stored, tmp_path):
    content, expected = BROKEN[name]
    payload: str | bytes = content
    if stored == "file":
        payload = str(tmp_path / "a.png")
        Path(payload).write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        decode(payload)
    reason = str(caught.value)
    assert expected in reason
    assert 0 < len(reason) < 120
    assert "\n" not in reason
    assert str(tmp_path) not in reason


@pytest.mark.parametrize("stored", ["bytes", "file"])
def test_more_data_than_a_picture_has(stored, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_PICTURE_BYTES", 1000)
    (tmp_path / "a.jpg").write_bytes(WHOLE)
    with pytest.raises(Unreadable, match="MB of data"):
        decode(WHOLE if stored == "bytes" else str(tmp_path / "a.jpg"))


def test_files_that_are_gone_or_forbidden(tmp_path):
    with pytest.raises(Unreadable, match="gone"):
        decode(str(tmp_path / "a.png"))
    with pytest.raises(Unreadable, match="in the archive"):
        decode(Broken("broken in the archive"))


def test_scans_without_end_are_refused():
    """A few bytes can have a progressive JPEG's pixels gone over any number of times."""
    content = encoded(Image.new("RGB", (8000, 8000)), "JPEG", progressive=True)
    assert decode(content).size == (8000, 8000)
    last = content.rindex(b"\xff\xda")
    with pytest.raises(Unreadable, match="times over"):
        decode(content[:last] + content[last:-2] * 100 + content[-2:])


def test_heic_needs_its_plugin(monkeypatch):
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
    module.has_heic.cache_clear()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(Unreadable, match="pillow-heif"):
        decode(heic)
    module.has_heic.cache_clear()


def test_heic_and_avif():
    coarse = np.kron(noise(4, 6), np.ones((16, 16, 1), np.uint8))
    assert np.abs(pixels(encoded(Image.fromarray(coarse), "AVIF", quality=95)).astype(int) - coarse).mean() < 6
    pillow_heif = pytest.importorskip("pillow_heif")
    module.has_heic.cache_clear()
    content = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(coarse)).save(content, quality=95)
    assert np.abs(pixels(content.getvalue()).astype(int) - coarse).mean() < 6
    with pytest.raises(Unreadable):
        decode(content.getvalue()[:200])


# --- JPEG, which goes its own way -----------------------------------------------------------------------------------


def smooth(height: int, width: int) -> Image.Image:
    """Something like a photograph: detail at every scale, less of it the finer."""
    picture = np.zeros((height, width, 3))
    for step in (4, 8, 16, 32, 64, 128):
        coarse = Image.fromarray(noise(-(-height // step) + 1, -(-width // step) + 1, seed=step))
        picture += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)) * (step / 252)
    return Image.fromarray(picture.astype(np.uint8))


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"quality": 20}]
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpegs_are_what_pillow_makes_of_them(mode, options):
    content = encoded(smooth(61, 83).convert(mode), "JPEG", **options)
    with Image.open(io.BytesIO(content)) as picture:
        expected = np.asarray(picture.convert("RGB"))
    assert np.array_equal(pixels(content), expected)


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize(
    ("height", "width", "by", "mean", "most"),
    [(130, 300, 1, 0.2, 3), (260, 260, 2, 0.5, 4), (1024, 1024, 8, 0.5, 4), (601, 811, 4, 2.5, 16)],
)
def test_reduced_decoding_looks_the_same(height, width, by, mean, most, orientation):
    """Half, a quarter, an eighth of the size: against the whole picture reduced by Pillow's filter.

    Where the sides aren't divisible, the crop may lie a fraction of a pixel beside the true one.
    """
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(smooth(height, width), "JPEG", quality=90, exif=exif)
    with Image.open(io.BytesIO(content)) as picture:
        upright = Image.fromarray(np.ascontiguousarray(TURNS[orientation](np.asarray(picture))))
    target = Target(64, 64)
    result = read(content, target.min_decoded)
    assert (result.height, result.width) == (upright.height, upright.width)
    assert result.image.size == (-(-upright.width // by), -(-upright.height // by))
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    whole = upright.crop((left, top, left + side, top + side)).resize((64, 64), Image.Resampling.LANCZOS)
    difference = np.abs(target.apply(result.pixels).transpose(1, 2, 0).astype(int) - np.asarray(whole))
    assert difference.mean() < mean
    assert difference.max() <= most


@pytest.mark.parametrize(("side", "by"), [(260, 2), (512, 4), (1024, 8)])
def test_reduced_decoding_aliases_no_more_than_the_whole(side, by):
    """Stripes finer than two of the target's pixels: the worst of them is no worse than when all is decoded."""
    reduced_worst = whole_worst = 0.0
    for period in np.linspace(2, 1.6 * side / 64, 40):
        wave = 127.5 + 100 * np.sin(2 * np.pi * np.arange(side) / period)
        stripes = Image.fromarray(np.broadcast_to(wave[:, None, None], (side, side, 3)).astype(np.uint8))
        reduced = read(encoded(stripes, "JPEG", quality=98, subsampling=0), (128, 128)).pixels
        assert len(reduced) * by == side
        reduced_worst = max(reduced_worst, np.abs(Target(64, 64).apply(reduced) - 127.5).max())
        whole = stripes.resize((64, 64), Image.Resampling.LANCZOS)
        whole_worst = max(whole_worst, np.abs(np.asarray(whole) - 127.5).max())
    assert reduced_worst <= whole_worst


def test_damaged_jpegs_are_read_as_leniently_as_by_pillow():
    content = bytearray(encoded(smooth(64, 64), "JPEG", quality=95))
    content[len(content) * 3 // 4] ^= 0xFF
    with Image.open(io.BytesIO(bytes(content))) as picture:
        assert np.array_equal(pixels(bytes(content)), np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpegs_that_lack_their_end_alone_are_whole(mode, progressive):
    content = encoded(smooth(61, 83).convert(mode), "JPEG", progressive=progressive)
    for cut in (1, 2):
        assert np.array_equal(pixels(content[:-cut]), pixels(content))
    reduced = encoded(smooth(260, 260).convert(mode), "JPEG", progressive=progressive)
    assert np.array_equal(read(reduced[:-2], (64, 64)).pixels, read(reduced, (64, 64)).pixels)
    for cut in (10, len(content) // 2):
        with pytest.raises(Unreadable, match="cut short"):
            decode(content[:-cut])


def test_pictures_of_more_pixels_than_pillow_opens(monkeypatch):
    """As those of 108 and 200 megapixels are; the bounds are lowered, for the sake of the test's own memory."""
    monkeypatch.setattr(module, "MAX_UNFOUNDED_PIXELS", 0)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = smooth(400, 480)
    contents = {kind: encoded(picture, kind) for kind in ("PNG", "JPEG", "WEBP")}
    contents["turned"] = encoded(picture, "JPEG", exif=exif)
    for content in contents.values():
        assert max(decode(content).size) == 480
    monkeypatch.setattr(module, "MAX_PIXELS", 400 * 480 // 10)
    for kind in ("JPEG", "turned"):
        assert max(decode(contents[kind]).size) == 120  # as large as memory allows
        found = read(contents[kind], (50, 50))
        assert (max(found.image.size), max(found.width, found.height)) == (60, 480)
    unsound = contents["JPEG"][:-300] + b"\xff\xd9"
    assert decode(unsound).size == (120, 100)
    for content in (contents["PNG"], contents["WEBP"], encoded(picture, "JPEG", progressive=True)):
        with pytest.raises(Unreadable, match="480×400 pixels"):
            decode(content)
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_few_bytes_that_declare_many_pixels_are_refused_before_any_memory_is_taken():
    content = png_header(12_000, 12_000)
    for padded in (content, content + bytes(5000)):
        with pytest.raises(Unreadable, match="pixels"):
            decode(padded)


# --- identity -------------------------------------------------------------------------------------------------------


def test_identity_is_of_the_pixels():
    picture = Image.fromarray(noise(8, 12))
    same = [encoded(picture), encoded(picture, "BMP"), encoded(picture, "TIFF"), encoded(picture.convert("RGBA"))]
    assert len({read(content).digest() for content in [*same, noise(8, 12)]}) == 1
    assert read(same[0]).digest() != read(noise(12, 8)).digest()
    flat = [Image.new("RGB", size) for size in ((4, 6), (6, 4), (3, 8))]
    assert len({read(np.asarray(picture)).digest() for picture in flat}) == 3


def test_identity_is_the_same_at_any_size_and_fit():
    for content in (
        encoded(smooth(400, 300), "JPEG"),
        encoded(smooth(40, 30)),
        encoded(smooth(40, 30).convert("CMYK"), "JPEG"),
    ):
        targets = [Target(16, 16), Target(64, 32, 1), Target(8, 8, fit="pad"), Target(300, 300, fit="stretch")]
        found = {next(StoredChunk([0], [content]).prepare(target)).digest for target in targets}
        assert found == {read(content).digest()}


def test_identity_of_a_jpeg_ignores_metadata_and_nothing_else():
    picture = smooth(40, 30)
    exif, turned = Image.Exif(), Image.Exif()
    exif[0x010E] = "a face"
    turned[0x0112] = 6
    plain = encoded(picture, "JPEG")
    copies = [encoded(picture, "JPEG", exif=exif), encoded(picture, "JPEG", comment=b"hello"),
              encoded(picture, "JPEG", icc_profile=bytes(300))]  # fmt: skip
    assert len({read(content).digest() for content in [plain, *copies]}) == 1
    assert len(set(copies)) == 3
    half = bytearray(plain)
    half[len(half) // 2] ^= 1
    others = [encoded(picture, "JPEG", exif=turned), encoded(picture, "JPEG", quality=76), bytes(half), plain + b"tail"]
    assert len({read(content).digest() for content in [plain, *others]}) == 5


# --- chunks ---------------------------------------------------------------------------------------------------------


def test_chunks_give_each_picture_or_its_reason(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(Image.fromarray(noise(20, 10))))
    payloads = [str(tmp_path / "a.png"), b"", noise(20, 10), encoded(smooth(20, 10), "JPEG"), Broken("gone")]
    done = list(StoredChunk([3, 1, 4, 5, 9], payloads).prepare(Target(8, 4)))
    assert [item.slot for item in done] == [3, 1, 4, 5, 9]
    assert [item.reason for item in done] == [None, "an empty file (0 bytes)", None, None, "gone"]
    assert [item.digest is None for item in done] == [False, True, False, False, True]
    assert done[0].digest == done[2].digest != done[3].digest
    for item in (done[0], done[2], done[3]):
        assert (item.width, item.height) == (10, 20)
        assert (item.pixels.shape, item.pixels.dtype) == ((3, 8, 4), np.uint8)


def test_a_portrait_is_known_by_its_seed_and_number():
    chunk = DrawnChunk("portraits", 2, 5, seed=7, offset=100)
    assert [item.digest for item in chunk.prepare(Target(16, 16))] == [chunk.digest(index) for index in (2, 3, 4)]
    assert len({chunk.digest(2), chunk.digest(3), DrawnChunk("portraits", 2, 5, seed=8).digest(2)}) == 3


def test_portraits_are_drawn_for_the_target():
    square = list(DrawnChunk("portraits", 2, 5, seed=7).prepare(Target(32, 32)))
    wide = list(DrawnChunk("portraits", 2, 5, seed=7, offset=100).prepare(Target(16, 32, 1)))
    assert [item.slot for item in square] == [2, 3, 4]
    assert [item.slot for item in wide] == [102, 103, 104]
    assert [item.digest for item in square] == [item.digest for item in wide]
    weights = np.array([0.299, 0.587, 0.114])
    for whole, part in zip(square, wide, strict=True):
        middle = np.tensordot(weights, whole.pixels[:, 8:24].astype(float), 1)
        assert np.abs(part.pixels[0] - middle).max() <= 1


def test_read_keeps_pace_with_real_pictures():
    """Every tenth of a hundred real faces: the reduced picture is that of an independent resampler."""
    folder = DATA / "celeba" / "dev"
    if not folder.is_dir():
        pytest.skip("no CelebA here")
    for path in sorted(folder.glob("*.jpg"))[:1000:100]:
        done = next(StoredChunk([0], [str(path)]).prepare(Target(64, 64)))
        with Image.open(path) as picture:
            expected = picture.convert("RGB").crop((0, 20, 178, 198)).resize((64, 64), Image.Resampling.LANCZOS)
        difference = np.abs(done.pixels.transpose(1, 2, 0).astype(int) - np.asarray(expected))
        assert difference.mean() < 0.5


def test_jpeg_without_its_end_before_a_film() -> None:
    whole = encoded(Image.fromarray(noise(40, 40)), "JPEG")
    spoilt = whole[:-2] + b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40
    assert np.array_equal(np.asarray(decode(spoilt)), np.asarray(decode(whole)))
