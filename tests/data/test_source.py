"""Every way in which pictures come, against computations that share no code with the package."""

import io
import os
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.decode import Unreadable, decode, fit, identity, is_grey
from figment.data.source import Arrays, Folder, Portraits, Zip, open_source
from figment.errors import InputError

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


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
    assert np.array_equal(pixels(saved(Image.fromarray(colour))), colour)
    assert np.array_equal(pixels(saved(Image.fromarray(grey))), three(grey))


def test_palette_with_and_without_transparency():
    indices = np.random.default_rng(1).integers(0, 4, (6, 5), dtype=np.uint8)
    palette = np.array([[255, 0, 0], [0, 200, 0], [0, 0, 90], [7, 8, 9]], np.uint8)
    picture = Image.fromarray(indices)
    picture.putpalette(palette.tobytes())
    assert np.array_equal(pixels(saved(picture)), palette[indices])
    expected = palette[indices].copy()
    expected[indices == 2] = 255
    assert np.array_equal(pixels(saved(picture, transparency=2)), expected)
    assert np.array_equal(pixels(saved(picture, "GIF")), palette[indices])


def test_transparency_is_laid_on_white():
    rgba, la = noise(8, 8, 4), noise(8, 8, 2)
    assert np.abs(pixels(saved(Image.fromarray(rgba))) - on_white(rgba[..., :3], rgba[..., 3])).max() <= 1
    assert np.abs(pixels(saved(Image.fromarray(la))) - on_white(three(la[..., 0]), la[..., 1])).max() <= 1
    colour = noise(4, 4)
    colour[0, 0] = (1, 2, 3)
    keyed = pixels(saved(Image.fromarray(colour), transparency=(1, 2, 3)))
    assert keyed[0, 0].tolist() == [255, 255, 255]
    assert np.array_equal(keyed[1:], colour[1:])


def test_sixteen_bit_grey_is_scaled():
    deep = np.random.default_rng(2).integers(0, 65536, (6, 7), dtype=np.uint16)
    expected = three(deep / 65535 * 255)
    assert np.array_equal(pixels(saved(Image.fromarray(deep))), expected)
    assert np.array_equal(pixels(saved(Image.fromarray(deep), "TIFF")), expected)
    assert np.array_equal(pixels(saved(Image.fromarray(deep.astype(np.int32)), "TIFF")), expected)
    header = f"P5 {deep.shape[1]} {deep.shape[0]} 65535\n".encode()
    assert np.array_equal(pixels(header + deep.astype(">u2").tobytes()), expected)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 255), (0, 65535), (-1, 1), (0, 9e6)])
def test_floats_are_scaled_by_the_range_that_holds_them(low, high):
    values = np.linspace(low, high, 60, dtype=np.float32).reshape(6, 10)
    expected = (values - low) / (high - low) * 255
    assert np.abs(pixels(saved(Image.fromarray(values), "TIFF"))[..., 0] - expected).max() <= 0.51


def test_floats_that_are_no_numbers_are_black():
    values = np.full((4, 4), np.nan, np.float32)
    values[0, 0] = 1
    assert pixels(saved(Image.fromarray(values), "TIFF"))[..., 0].tolist()[0] == [255, 0, 0, 0]


def test_cmyk_and_one_bit():
    ink = noise(8, 8, 4)
    result = pixels(saved(Image.fromarray(ink, "CMYK"), "TIFF")).astype(float)
    expected = (255 - ink[..., :3].astype(float)) * (255 - ink[..., 3:].astype(float)) / 255
    assert np.abs(result - expected).max() <= 1
    bits = noise(8, 8, 1) > 127
    assert np.array_equal(pixels(saved(Image.fromarray(bits))), three(bits * 255))


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime")]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (pixels(moving) == [255, 0, 0]).all()


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
    content = saved(Image.fromarray(stored), kind, exif=exif, **options)
    assert np.array_equal(pixels(content), TURNS[orientation](stored))


def test_spoilt_exif_doesnt_spoil_the_picture():
    picture = noise(6, 6)
    for exif in (b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0rubbish"):
        assert np.array_equal(pixels(saved(Image.fromarray(picture), exif=exif)), picture)


def lanczos(line: np.ndarray, size: int) -> np.ndarray:
    """Antialiased reduction of the first axis, from the definition of the filter."""
    scale = len(line) / size
    width = max(scale, 1)
    centres = (np.arange(size) + 0.5) * scale
    distance = (np.arange(len(line)) + 0.5 - centres[:, None]) / width
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    return np.tensordot(weights / weights.sum(1, keepdims=True), line, 1)


@pytest.mark.parametrize(
    ("height", "width", "size"), [(50, 50, 20), (40, 71, 16), (90, 31, 16), (10, 13, 24), (16, 16, 16)]
)
def test_centre_square_is_reduced_without_aliasing(height, width, size):
    picture = noise(height, width)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side].astype(float)
    across = lanczos(square.transpose(1, 0, 2), size).transpose(1, 0, 2)
    expected = lanczos(across.clip(0, 255), size).clip(0, 255).transpose(2, 0, 1)
    result = fit(Image.fromarray(picture), size, 3)
    assert (result.shape, result.dtype) == ((3, size, size), np.uint8)
    assert np.abs(result - expected).max() <= 2


def test_large_reduction_keeps_the_mean_of_a_fine_pattern():
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(fit(Image.fromarray(stripes), 32, 3).astype(float) - 127.5).max() <= 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3)])
def test_any_shape(shape):
    assert fit(decode(saved(Image.fromarray(noise(*shape)))), 16, 3).shape == (3, 16, 16)


def test_grey_is_luma():
    picture = noise(16, 16)
    expected = picture @ np.array([0.299, 0.587, 0.114])
    assert np.abs(fit(Image.fromarray(picture), 16, 1)[0] - expected).max() <= 1


def test_grey_is_known_however_it_is_stored():
    grey = three(noise(8, 8, 1))
    assert is_grey(saved(Image.fromarray(grey)))
    assert is_grey(saved(Image.fromarray(grey[..., 0])))
    assert not is_grey(saved(Image.fromarray(noise(8, 8))))


def test_identity_is_of_the_pixels():
    picture = Image.fromarray(noise(8, 12))
    same = [saved(picture), saved(picture, "BMP"), saved(picture, "TIFF"), saved(picture.convert("RGBA"))]
    assert len({identity(decode(content)) for content in same}) == 1
    assert identity(picture) != identity(Image.fromarray(noise(12, 8)))
    flat = [Image.new("RGB", size) for size in ((4, 6), (6, 4), (3, 8))]
    assert len({identity(picture) for picture in flat}) == 3


# --- what can't be used --------------------------------------------------------------------------------------------


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")
    )


WHOLE = saved(Image.fromarray(noise(64, 64)), "JPEG")
BROKEN = {
    "truncated": (WHOLE[: len(WHOLE) // 2], "cut short"),
    "truncated png": (saved(Image.fromarray(noise(64, 64)))[:5000], "cut short"),
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


# --- containers ----------------------------------------------------------------------------------------------------

NAMES = ["b/1.png", "a/2.png", "a/deep/3.png", "4.png"]


def pictures() -> dict[str, bytes]:
    return {name: saved(Image.fromarray(noise(6, 6, seed=seed))) for seed, name in enumerate(NAMES)}


EXTRA = ["notes.txt", "list.csv", ".DS_Store", "a/._2.png", "__MACOSX/b/1.png", ".hidden/5.png"]


def fill_folder(root: Path) -> Path:
    for name, content in {**pictures(), **dict.fromkeys(EXTRA, b"x")}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def fill_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**pictures(), **dict.fromkeys(EXTRA, b"x")}.items():
            archive.writestr(name, content)
    return path


def fill_tar(path: Path, mode: str) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in {**pictures(), **dict.fromkeys(EXTRA, b"x")}.items():
            member = tarfile.TarInfo("./" + name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tgz"])
def test_containers_hold_the_same(kind, tmp_path):
    path = tmp_path / f"data.{kind}"
    if kind == "folder":
        fill_folder(path)
    elif kind == "zip":
        fill_zip(path)
    else:
        fill_tar(path, {"tar": "w", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}.get(kind, "w:gz"))
    source = open_source(path)
    assert source.listing.names == sorted(NAMES)
    assert source.listing.labels == [None, "a", "a", "b"]
    assert source.listing.ignored == len(EXTRA)
    found = {}
    for chunk in source.chunks():
        for slot, payload in zip(chunk.slots, chunk.payloads, strict=True):
            found[source.listing.names[slot]] = np.asarray(decode(payload))
    assert found.keys() == set(NAMES)
    for seed, name in enumerate(NAMES):
        assert np.array_equal(found[name], noise(6, 6, seed=seed))
    only = [slot for chunk in source.chunks(only={1, 3}) for slot in chunk.slots]
    assert sorted(only) == [1, 3]


def test_folder_that_wraps_an_archive_labels_nothing(tmp_path):
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for name in ("pets/cats/1.png", "pets/dogs/2.png"):
            archive.writestr(name, b"x")
    assert open_source(tmp_path / "pets.zip").listing.labels == ["cats", "dogs"]


def test_broken_members_of_a_zip_are_skipped_one_by_one(tmp_path):
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("1.png", "2.png"):
            archive.writestr(name, saved(Image.fromarray(noise(6, 6))))
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    (chunk,) = Zip(path).chunks()
    first, second = chunk.prepare(4, 3)
    assert first.digest is None
    assert "broken in the archive" in str(first.reason)
    assert second.digest


def test_links_are_followed_and_loops_end(tmp_path):
    data = tmp_path / "data"
    (data / "real").mkdir(parents=True)
    (data / "real" / "1.png").write_bytes(b"x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "2.png").write_bytes(b"x")
    (data / "linked").symlink_to(tmp_path / "elsewhere")
    (data / "real" / "up").symlink_to(data)
    (data / "self").symlink_to(data / "self")
    (data / "gone.png").symlink_to(data / "nothing.png")
    os.mkfifo(data / "pipe.png")
    listing = open_source(data).listing
    assert listing.names == ["linked/2.png", "real/1.png"]
    assert listing.labels == ["linked", "real"]
    assert [item.name for item in listing.skipped] == ["gone.png", "pipe.png"]


@pytest.mark.parametrize("layout", ["NHW", "NHWC", "NCHW", "NHW1", "N1HW"])
def test_arrays_in_every_layout(layout, tmp_path):
    colour = noise(5, 6 * 7).reshape(5, 6, 7, 3)
    grey = colour[..., 0]
    stored, expected = {
        "NHW": (grey, np.stack([grey] * 3, -1)),
        "NHWC": (colour, colour),
        "NCHW": (colour.transpose(0, 3, 1, 2), colour),
        "NHW1": (grey[..., None], np.stack([grey] * 3, -1)),
        "N1HW": (grey[:, None], np.stack([grey] * 3, -1)),
    }[layout]
    np.save(tmp_path / "a.npy", np.ascontiguousarray(stored))
    np.savez_compressed(tmp_path / "a.npz", x=stored)
    for name in ("a.npy", "a.npz"):
        source = open_source(tmp_path / name)
        (chunk,) = source.chunks()
        assert chunk.slots == list(range(5))
        assert all(np.array_equal(np.asarray(decode(row)), expected[i]) for i, row in enumerate(chunk.payloads))


def test_npz_joins_parts_and_finds_their_labels(tmp_path):
    train, test = noise(40, 8 * 8, 1).reshape(40, 8, 8), noise(9, 8 * 8, 1).reshape(9, 8, 8)
    np.savez(
        tmp_path / "a.npz",
        x_train=train, y_train=np.arange(40), x_test=test, y_test=np.arange(9), mean=np.zeros((8, 8, 8, 8)),
    )  # fmt: skip
    source = open_source(tmp_path / "a.npz")
    assert len(source.listing.names) == 49
    assert source.listing.names[40] == "x_test/000000"
    assert source.listing.labels == [str(i) for i in range(40)] + [str(i) for i in range(9)]
    rows = [row for chunk in source.chunks() for row in chunk.payloads]
    assert np.array_equal(np.stack(rows), np.concatenate([train, test]))


class Exploding:
    def __reduce__(self) -> tuple:
        return (os.mkdir, ("/nonexistent/exploded",))


def test_nothing_is_unpickled(tmp_path):
    bad = np.array([Exploding()], dtype=object)
    np.save(tmp_path / "a.npy", bad)
    np.savez(tmp_path / "b.npz", x=bad)
    for name in ("a.npy", "b.npz"):
        with pytest.raises(InputError, match="no array of pictures"):
            _ = open_source(tmp_path / name).listing


def test_arrays_that_hold_no_pictures_are_refused(tmp_path):
    for content in (np.zeros((40, 8, 8), np.float32), np.zeros((40, 64), np.uint8), np.asfortranarray(noise(40, 8, 4))):
        np.save(tmp_path / "a.npy", content)
        with pytest.raises(InputError, match="holds no array of pictures"):
            _ = open_source(tmp_path / "a.npy").listing


def test_fashion_mnist():
    path = SHARED / "fashion_mnist_12k.npz"
    if not path.exists():
        pytest.skip("shared data are absent")
    source = open_source(path)
    with np.load(path) as arrays:
        assert source.listing.labels == [str(label) for label in arrays["y"]]
        first = next(iter(source.chunks())).payloads[0]
        assert np.array_equal(first, arrays["x"][0])


# --- sources that can't be used ------------------------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        _ = open_source(path).listing
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert ":" in sentence  # the mend follows
    return sentence


def test_sources_that_cant_be_used_are_refused_in_a_sentence(tmp_path):
    assert "doesn't exist" in refused(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    assert "nothing in it" in refused(tmp_path / "empty")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("a")
    assert "no pictures among its 1 files" in refused(tmp_path / "texts")
    (tmp_path / "a.txt").write_text("a")
    assert "holds no set of pictures" in refused(tmp_path / "a.txt")
    np.save(tmp_path / "a.npy", noise(40, 8, 4))
    for kind in ("npy", "npz", "zip", "tar", "tar.gz"):
        (tmp_path / f"rubbish.{kind}").write_bytes(b"rubbish" * 99)
        assert "isn't a readable" in refused(tmp_path / f"rubbish.{kind}")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz", "npy", "npz"])
@pytest.mark.parametrize("part", [0.5, 0.8, 0.99])
def test_archives_that_are_cut_short(kind, part, tmp_path):
    path = tmp_path / f"data.{kind}"
    if kind == "zip":
        fill_zip(path)
    elif kind == "npy":
        np.save(path, noise(40, 64, 1).reshape(40, 8, 8))
    elif kind == "npz":
        np.savez(path, x=noise(40, 64, 1).reshape(40, 8, 8))
    else:
        fill_tar(path, {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz"}[kind])
    content = path.read_bytes()
    if kind == "tar":
        content = content.rstrip(b"\0")  # the padding isn't content
    path.write_bytes(content[: int(len(content) * part)])
    assert "cut short" in refused(path)


def test_portraits_are_a_source():
    source = open_source(None)
    assert isinstance(source, Portraits)
    assert len(source.listing.names) == 10_000
    assert source.listing.names[123] == "portrait-000123"
    assert Portraits(100).fingerprint() != Portraits(100, seed=1).fingerprint() != Portraits(99, seed=1).fingerprint()


# --- fingerprints --------------------------------------------------------------------------------------------------


def test_fingerprint_notices_changes_and_nothing_else(tmp_path):
    data = fill_folder(tmp_path / "data")
    before = Folder(data).fingerprint()
    assert Folder(data).fingerprint() == before
    data = data.rename(tmp_path / "moved")
    (data / "readme.md").write_text("x")
    assert Folder(data).fingerprint() == before
    seen = {before}
    (data / "5.png").write_bytes(b"x")
    seen.add(Folder(data).fingerprint())
    (data / "5.png").write_bytes(b"xx")
    seen.add(Folder(data).fingerprint())
    os.utime(data / "5.png", ns=(1, 1))
    seen.add(Folder(data).fingerprint())
    (data / "5.png").rename(data / "6.png")
    seen.add(Folder(data).fingerprint())
    assert len(seen) == 5


def test_fingerprint_of_a_file(tmp_path):
    np.save(tmp_path / "a.npy", noise(40, 8, 3))
    before = Arrays(tmp_path / "a.npy").fingerprint()
    (tmp_path / "a.npy").rename(tmp_path / "b.npy")
    assert Arrays(tmp_path / "b.npy").fingerprint() == before
    status = (tmp_path / "b.npy").stat()
    np.save(tmp_path / "b.npy", noise(40, 8, 3, seed=1))
    os.utime(tmp_path / "b.npy", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Arrays(tmp_path / "b.npy").fingerprint() != before
