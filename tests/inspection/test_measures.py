import numpy as np
import pytest
from PIL import Image, ImageFilter

from figment.data.decoding.chunks import DrawnChunk, StoredChunk
from figment.data.decoding.decode import Broken
from figment.data.decoding.fit import Target
from figment.inspection.measures import FACTS, Scanner, measure
from figment.similarity.thumbnails import COPY_SIDE, THUMBNAIL_SIDE, thumbnail
from figtest.pictures import encoded


@pytest.fixture
def scanner(tmp_path):
    files = tmp_path / "pictures", tmp_path / "thumbnails"
    for file in files:
        file.touch()
    return Scanner(*map(str, files))


def scene(width=120, height=80):
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], -1).astype(np.uint8)
    return Image.fromarray(pixels)


def test_a_chunk_is_scanned(scanner, tmp_path):
    sideways = Image.Exif()
    sideways[0x0112] = 6
    payloads = [
        encoded(scene(), "JPEG", quality=95),
        encoded(scene(), "PNG"),
        b"no picture",
        encoded(scene().convert("L"), "PNG"),
        Broken("encrypted"),
        encoded(scene(), "PNG", exif=sideways),
        encoded(scene(), "GIF", save_all=True, append_images=[scene().transpose(Image.Transpose.ROTATE_180)]),
        np.asarray(scene()),
    ]
    slots = [5, 0, 1, 2, 3, 4, 6, 7]
    chunk = scanner(StoredChunk(slots, payloads))
    assert chunk.slots == [5, 0, 2, 4, 6, 7]
    assert len(chunk) == 8
    assert chunk.broken == {1: "not a picture in a format that we read", 3: "encrypted"}
    kinds = [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "L"), ("PNG", "RGB"), ("GIF", "P"), ("array", "RGB")]
    assert [kind[:2] for kind in chunk.kinds] == kinds
    assert chunk.facts["animated"].tolist() == [False, False, False, False, True, False]
    assert chunk.facts["width"].tolist() == [120, 120, 120, 80, 120, 120]
    assert chunk.facts["height"].tolist() == [80, 80, 80, 120, 80, 80]
    small = np.fromfile(tmp_path / "pictures", np.uint8).reshape(-1, COPY_SIDE, COPY_SIDE, 3)
    expected = scene().resize((COPY_SIDE, COPY_SIDE), Image.Resampling.LANCZOS)
    assert np.abs(small[0].astype(int) - np.asarray(expected)).max() <= 1
    assert np.array_equal(small[7], small[0])
    stored = np.fromfile(tmp_path / "thumbnails", np.uint8).reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    assert np.array_equal(stored[0], thumbnail(scene()))
    assert not small[1].any()  # broken ones leave their place empty


@pytest.mark.parametrize(
    "chunk",
    [DrawnChunk("portraits", 3, 6, 1, 10), StoredChunk([4, 2], [encoded(scene(), "PNG"), encoded(scene(), "JPEG")])],
)
def test_identities_are_those_of_preparing(scanner, chunk):
    scanned = scanner(chunk)
    prepared = {one.slot: one.digest for one in chunk.prepare(Target(16, 16))}
    assert {slot: row["digest"].tobytes() for slot, row in zip(scanned.slots, scanned.facts, strict=True)} == prepared


def test_a_chunk_without_a_picture(scanner):
    chunk = scanner(StoredChunk([0], [b"x"]))
    assert chunk.slots == []
    assert chunk.facts.dtype == FACTS


def test_measures_of_what_is_known():
    black, white, red = (np.full((8, 8, 3), colour, np.uint8) for colour in (0, 255, (255, 0, 0)))
    half = black.copy()
    half[:, 4:] = 255
    found = measure(np.stack([black, white, red, half]))
    assert np.allclose(found["brightness"], [0, 255, 0.299 * 255, 127.5], atol=1e-3)
    assert np.allclose(found["contrast"], [0, 0, 0, 127.5], atol=1e-3)
    assert np.allclose(found["saturation"], [0, 0, 255, 0])
    assert found["colour"].tolist() == [[0, 0, 0], [255, 255, 255], [255, 0, 0], [128, 128, 128]]
    assert found["darkest"].tolist() == [0, 255, 76, 0]
    assert found["lightest"].tolist() == [0, 255, 76, 255]


def test_sharpness_falls_with_blur_and_not_with_contrast():
    random = np.random.default_rng(0)
    sharp = Image.fromarray(random.integers(60, 200, (64, 64, 3), dtype=np.uint8)).filter(ImageFilter.GaussianBlur(1))
    blurred = sharp.filter(ImageFilter.GaussianBlur(2))
    faint = sharp.point(lambda v: v // 2)
    values = measure(np.stack([np.asarray(p) for p in (sharp, blurred, faint)]))["sharpness"]
    assert values[1] < 0.5 * values[0]
    assert abs(values[2] / values[0] - 1) < 0.2
