import io

import numpy as np
import pytest
from PIL import Image

from figment.forensics.conditions import SWEEP, Condition, applied, compressed, drawn, jpeg_quality, shorter_side
from figtest.detectors import textures

PICTURE = textures(1, 0, 64)[0]


def test_nothing_changes_nothing():
    assert (applied(PICTURE, Condition()) == PICTURE).all()


def test_a_number_of_a_seed_is_always_the_same_and_others_differ():
    assert [drawn(0, i) for i in range(20)] == [drawn(0, i) for i in range(20)]
    assert drawn(0, 1) != drawn(0, 2)
    assert drawn(0, 1) != drawn(1, 1)


def test_codecs_and_sizes_have_their_shares():
    found = [drawn(0, i) for i in range(2000)]
    share = {codec: np.mean([one.codec == codec for one in found]) for codec in ("none", "jpeg", "webp")}
    assert share == pytest.approx({"none": 0.25, "jpeg": 0.5, "webp": 0.25}, abs=0.04)
    assert np.mean([one.scale == 1 for one in found]) == pytest.approx(0.5, abs=0.04)
    assert np.mean([one.crop == 1 for one in found]) == pytest.approx(0.5, abs=0.04)
    assert all(0.5 <= one.scale <= 2 and 0.75 <= one.crop <= 1 and 30 <= one.quality <= 98 for one in found)


def test_sizes_are_as_told():
    for number in range(60):
        condition = drawn(3, number)
        assert min(applied(PICTURE, condition).shape[1:]) == shorter_side(64, condition)
    assert applied(textures(1, 0, 18)[0], Condition(scale=0.5)).shape == (3, 16, 16)


def test_every_condition_of_the_sweep_gives_a_picture():
    for name, condition in SWEEP.items():
        found = applied(PICTURE, condition)
        assert found.dtype == np.uint8, name
        assert (found.shape == PICTURE.shape) == (condition.scale == condition.crop == 1)


def test_noise_has_its_size_and_a_seed():
    grey = np.full((3, 64, 64), 128, np.uint8)
    found = applied(grey, Condition(noise=5))
    assert found.std() == pytest.approx(5, rel=0.05)
    assert (found == applied(grey, Condition(noise=5))).all()
    assert (found != applied(grey, Condition(noise=5), 1)).any()


def test_codecs_do_their_harm():
    pixels = PICTURE.transpose(1, 2, 0)
    harm = {q: np.abs(compressed(pixels, "jpeg", q).astype(int) - pixels).mean() for q in (30, 95)}
    assert harm[30] > harm[95] > 0
    assert (compressed(pixels, "webp", 50) != pixels).any()


@pytest.mark.parametrize("quality", [1, 10, 30, 50, 75, 90, 98, 100])
def test_the_quality_of_a_jpeg_is_read(quality, tmp_path):
    file = tmp_path / "a.jpg"
    Image.fromarray(PICTURE.transpose(1, 2, 0)).save(file, quality=quality)
    assert jpeg_quality(file) == pytest.approx(quality, abs=3)


def test_other_files_have_none(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(PICTURE.transpose(1, 2, 0)).save(buffer, "PNG")
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff")
    assert jpeg_quality(tmp_path / "a.jpg") is jpeg_quality(tmp_path / "b.jpg") is jpeg_quality(tmp_path / "c") is None
