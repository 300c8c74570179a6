import numpy as np
import pytest

from figment.forensics.spectrum import CELLS, DIMENSION, DIRECTIONS, PARTS, RINGS, spectrum

HALF = CELLS // 2


def cells(found):
    """How far cells lie above their rings, by frequency down and along."""
    return found[PARTS["regular patterns"]].reshape(CELLS, HALF + 1)


def test_white_noise_has_its_variance_at_every_frequency_in_every_size():
    random = np.random.default_rng(0)
    for side in (32, 64, 128):
        found = [spectrum(random.normal(128, 10, (3, side, side)).round().astype(np.uint8)) for _ in range(20)]
        rings = np.mean(found, 0)[1:RINGS]
        brightness = 100 * (0.299**2 + 0.587**2 + 0.114**2)
        assert rings == pytest.approx(np.full(RINGS - 1, np.log(brightness)), abs=0.4)


@pytest.mark.parametrize(("axis", "place"), [((1, 1), (HALF, HALF)), ((1, 0), (HALF, 0)), ((0, 1), (0, HALF))])
@pytest.mark.parametrize("side", [32, 64, 100])
def test_a_pattern_of_every_second_pixel_is_a_peak_at_its_place(axis, place, side):
    y, x = np.mgrid[:side, :side]
    pattern = 3 * (-1.0) ** (axis[0] * y + axis[1] * x)
    picture = (np.random.default_rng(0).normal(128, 2, (3, side, side)) + pattern).round().astype(np.uint8)
    found = cells(spectrum(picture))
    assert np.unravel_index(found.argmax(), found.shape) == place


def test_a_flat_picture_and_a_small_one_have_a_spectrum_too():
    for height, width in ((16, 16), (17, 40), (16, 100)):
        found = spectrum(np.full((3, height, width), 99, np.uint8))
        assert found.shape == (DIMENSION,) == (3 * RINGS + DIRECTIONS,)
        assert np.isfinite(found).all()
        assert found[:RINGS] == pytest.approx(np.full(RINGS, np.log(1 / 12)), abs=1e-3)
