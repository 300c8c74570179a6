"""Where the pixels of a picture come to lie for each way to fit it, from the definitions."""

import pickle

import numpy as np
import pytest
from PIL import Image

from figment.data.decoding.fit import Target, check_fit
from figment.errors import InputError
from figtest.pictures import noise


def lanczos(line: np.ndarray, size: int) -> np.ndarray:
    """Antialiased resizing of the first axis, from the definition of the filter."""
    scale = len(line) / size
    centres = (np.arange(size) + 0.5) * scale
    distance = (np.arange(len(line)) + 0.5 - centres[:, None]) / max(scale, 1)
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    return np.tensordot(weights / weights.sum(1, keepdims=True), line, 1)


def resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    across = lanczos(pixels.astype(float).transpose(1, 0, 2), width).transpose(1, 0, 2)
    return lanczos(across, height).clip(0, 255).transpose(2, 0, 1)


def both(target: Target, pixels: np.ndarray) -> np.ndarray:
    """What becomes of an array, which must be what becomes of the same picture in Pillow."""
    result = target.apply(pixels)
    assert (result.shape, result.dtype) == ((target.channels, target.height, target.width), np.uint8)
    assert np.array_equal(target.apply(Image.fromarray(pixels)), result)
    return result


@pytest.mark.parametrize(
    ("height", "width", "new", "box"),
    [
        (50, 50, (20, 20), (0, 0, 50, 50)),
        (40, 71, (16, 16), (0, 15, 40, 40)),
        (90, 31, (16, 16), (29, 0, 31, 31)),
        (10, 13, (24, 24), (0, 1, 10, 10)),
        (60, 60, (32, 16), (0, 15, 60, 30)),
        (60, 60, (16, 32), (15, 0, 30, 60)),
        (40, 80, (20, 30), (0, 10, 40, 60)),
    ],
)
def test_crop_takes_the_middle(height, width, new, box):
    picture = noise(height, width)
    top, left, cut_height, cut_width = box
    expected = resized(picture[top : top + cut_height, left : left + cut_width], *new)
    assert np.abs(both(Target(*new), picture) - expected).max() <= 2


@pytest.mark.parametrize(("height", "width", "new"), [(16, 80, (16, 16)), (80, 16, (16, 16)), (20, 99, (10, 15))])
def test_first_takes_the_first_frame_of_a_strip(height, width, new):
    picture = noise(height, width)
    cut = picture[: min(height, width), : min(height, width)] if new == (16, 16) else picture[:, :30]
    assert np.abs(both(Target(*new, fit="first"), picture) - resized(cut, *new)).max() <= 2


@pytest.mark.parametrize("new", [(16, 16), (24, 9), (8, 40)])
def test_stretch_takes_everything(new):
    picture = noise(31, 20)
    assert np.abs(both(Target(*new, fit="stretch"), picture) - resized(picture, *new)).max() <= 2


@pytest.mark.parametrize(
    ("height", "width", "new", "inner"),
    [
        (40, 20, (20, 20), (0, 5, 20, 10)),
        (20, 40, (20, 20), (5, 0, 10, 20)),
        (20, 40, (30, 20), (10, 0, 10, 20)),
        (30, 30, (16, 48), (0, 16, 16, 16)),
        (5, 5, (20, 20), (0, 0, 20, 20)),
    ],
)
def test_pad_keeps_everything(height, width, new, inner):
    picture = noise(height, width)
    top, left, inner_height, inner_width = inner
    inside = (slice(None), slice(top, top + inner_height), slice(left, left + inner_width))
    for fit, colour in [("pad", (255, 255, 255)), ("pad:#102AF0", (16, 42, 240))]:
        result = both(Target(*new, fit=fit), picture)
        assert np.abs(result[inside] - resized(picture, inner_height, inner_width)).max() <= 2
        outside = np.ones(new, bool)
        outside[inside[1:]] = False
        assert (result[:, outside] == np.array(colour)[:, None]).all()
    edge = both(Target(*new, fit="pad:edge"), picture)
    rows = np.clip(np.arange(new[0]), top, top + inner_height - 1)
    columns = np.clip(np.arange(new[1]), left, left + inner_width - 1)
    assert np.array_equal(edge, edge[:, rows][:, :, columns])
    assert np.array_equal(edge[inside], result[inside])


@pytest.mark.parametrize("fit", ["crop", "pad", "pad:edge", "stretch"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3)])
def test_any_shape(shape, fit):
    for picture in (noise(*shape), Image.fromarray(noise(*shape))):
        assert Target(16, 24, fit=fit).apply(picture).shape == (3, 16, 24)


def test_large_reduction_keeps_the_mean_of_a_fine_pattern():
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    for picture in (stripes, Image.fromarray(stripes)):
        assert np.abs(Target(32, 32).apply(picture) - 127.5).max() <= 2


def test_large_pictures_of_pillows_look_the_same_as_arrays():
    coarse = Image.fromarray(noise(40, 50))
    large = coarse.resize((1301, 1007), Image.Resampling.BICUBIC)
    for fit in ("crop", "pad", "stretch"):
        target = Target(48, 64, fit=fit)
        difference = np.abs(target.apply(large).astype(int) - target.apply(np.asarray(large)))
        assert difference.mean() < 1
        assert difference.max() <= 8


def test_one_channel_is_luma():
    picture = noise(16, 24)
    expected = picture @ np.array([0.299, 0.587, 0.114])
    assert np.abs(both(Target(16, 24, 1), picture)[0] - expected).max() <= 1


def test_fits_by_name():
    assert [check_fit(text) for text in ("crop", " Pad ", "pad:#FFaa00", "PAD:EDGE", "stretch", "face")] == [
        "crop", "pad:#ffffff", "pad:#ffaa00", "pad:edge", "stretch", "face",
    ]  # fmt: skip
    for text in ("", "zoom", "pad:", "pad:red", "pad:#fff", "pad:#12345g", "crop:edge"):
        with pytest.raises(InputError, match=r"^--fit .*give crop, first, pad"):
            check_fit(text)
    with pytest.raises(InputError):
        Target(8, 8, fit="zoom")


def test_targets_travel():
    target = Target(8, 6, 1, "pad")
    assert target.fit == "pad:#ffffff"
    assert pickle.loads(pickle.dumps(target)) == target
    assert target.min_decoded == (16, 12)
    assert Target(8, 6, fit="face").min_decoded is None
