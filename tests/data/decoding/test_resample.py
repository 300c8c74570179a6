"""The resampler against the filter's definition, Pillow's own, and exact integers."""

import numpy as np
import pytest
from PIL import Image

from figment.data.decoding.resample import WEIGHT_STEPS, lanczos, resample

SIZES = [(50, 20), (71, 16), (178, 64), (10, 24), (3, 7), (1, 5), (5, 1), (16, 16), (129, 64), (1000, 9)]


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def kernel(x: float) -> float:
    """Lanczos' window of three lobes."""
    return float(np.sinc(x) * np.sinc(x / 3)) if abs(x) < 3 else 0.0


@pytest.mark.parametrize(("length", "size"), SIZES)
def test_weights_are_the_filters(length, size):
    weights = lanczos(length, size)
    scale = length / size
    for new in range(size):
        row = np.array([kernel((old + 0.5 - (new + 0.5) * scale) / max(scale, 1)) for old in range(length)])
        assert np.abs(weights[new] - row / row.sum()).max() <= (0.5 + np.count_nonzero(row) / 2) / WEIGHT_STEPS
    assert (weights.sum(1) == 1).all()
    assert (weights * WEIGHT_STEPS == np.rint(weights * WEIGHT_STEPS)).all()
    assert np.abs(weights).sum(1).max() < 2  # so that sums are exact in float32


@pytest.mark.parametrize(("height", "new_height"), SIZES)
@pytest.mark.parametrize(("width", "new_width"), [(40, 13), (6, 30), (7, 7)])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_pixel_is_exact(height, new_height, width, new_width, channels):
    """Against whole numbers, rounded half to even: to quarters after the columns, to grey levels after the rows."""
    pixels = noise(height, width, channels)

    def along_first(values: np.ndarray, size: int) -> np.ndarray:
        steps = np.rint(lanczos(len(values), size) * WEIGHT_STEPS).astype(np.int64)
        return np.tensordot(steps, values.astype(np.int64), 1)

    quarters = np.rint(along_first(pixels, new_height) * 4 / WEIGHT_STEPS)
    levels = np.rint(along_first(quarters.swapaxes(0, 1), new_width) / (4 * WEIGHT_STEPS))
    expected = levels.swapaxes(0, 1).clip(0, 255)
    result = resample(pixels, new_height, new_width)
    assert result.dtype == np.uint8
    assert np.array_equal(result, expected)


@pytest.mark.parametrize(("old", "new"), [((178, 178), (64, 64)), ((218, 178), (64, 96)), ((20, 30), (64, 64))])
def test_it_agrees_with_pillow(old, new):
    # No black or white, at which Pillow cuts what lies between the axes off, and this doesn't.
    picture = Image.fromarray(noise(9, 9) // 2 + 64).resize(old[::-1], Image.Resampling.BICUBIC)
    expected = np.asarray(picture.resize(new[::-1], Image.Resampling.LANCZOS)).astype(int)
    difference = np.abs(resample(np.asarray(picture), *new) - expected)
    assert difference.max() <= 2
    assert difference.mean() < 0.3


def test_flat_areas_keep_their_value():
    for value in (0, 1, 127, 254, 255):
        assert (resample(np.full((53, 31, 3), value, np.uint8), 17, 40) == value).all()


def test_what_was_rounded_up_doesnt_shift_the_picture():
    """A ramp keeps its values, whether its last pixel is a whole one or not."""
    ramp = np.broadcast_to(np.arange(100, dtype=np.uint8)[:, None, None] * 2, (100, 4, 3))
    for extent in (100.0, 99.25, 96.5):
        result = resample(np.ascontiguousarray(ramp), 20, 4, (extent, 4.0))[:, 0, 0]
        expected = ((np.arange(20) + 0.5) * extent / 20 - 0.5) * 2
        assert np.abs(result - expected)[3:-3].max() <= 0.6
