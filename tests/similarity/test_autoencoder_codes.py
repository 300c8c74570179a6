"""The DCGAN paper's codes: the same for the same pictures, and mostly for noisy ones of the training set."""

import numpy as np
import pytest
from PIL import Image

from figment.similarity.autoencoder_codes import SQUARE_SIDE, autoencoder_codes, centre_square, equal_codes


def smooth(count: int, seed: int = 0) -> np.ndarray:
    """Smooth pictures, each its own: uint8 (count, 3, 32, 32)."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, 3, 5, 5)).astype(np.uint8)
    if not count:
        return np.empty((0, 3, SQUARE_SIDE, SQUARE_SIDE), np.uint8)
    return np.stack(
        [
            np.asarray(
                Image.fromarray(picture.transpose(1, 2, 0)).resize((SQUARE_SIDE, SQUARE_SIDE), Image.Resampling.BICUBIC)
            )
            for picture in coarse
        ]
    ).transpose(0, 3, 1, 2)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return smooth(300)


@pytest.fixture(scope="module")
def trained(pictures: np.ndarray) -> np.ndarray:
    """Codes of 300 pictures, and after them of the first 100 again, with a little noise, mirrored, and untouched."""
    return autoencoder_codes(together(pictures), seed=0)


def together(pictures: np.ndarray) -> np.ndarray:
    first = pictures[:100]
    random = np.random.default_rng(1)
    noise = random.integers(-1, 2, first.shape) * (random.random(first.shape) < 0.05)
    noisy = np.clip(first.astype(int) + noise, 0, 255).astype(np.uint8)
    return np.concatenate([pictures, noisy, first[..., ::-1], first])


def test_the_same_seed_gives_the_same_codes_and_another_seed_others(pictures: np.ndarray, trained: np.ndarray) -> None:
    assert trained.shape == (600, 16)
    assert trained.dtype == np.uint8
    assert (autoencoder_codes(together(pictures), seed=0) == trained).all()
    assert (autoencoder_codes(together(pictures), seed=1) != trained).any(1).mean() > 0.99


def test_equal_pictures_have_equal_codes(trained: np.ndarray) -> None:
    assert (trained[:100] == trained[500:]).all()


def test_different_pictures_have_different_codes(trained: np.ndarray) -> None:
    assert len(np.unique(trained[:300], axis=0)) == 300


def test_a_little_noise_leaves_most_codes_and_mirroring_none(pictures: np.ndarray, trained: np.ndarray) -> None:
    assert (together(pictures)[300:400] != pictures[:100]).any((1, 2, 3)).mean() > 0.5
    assert (trained[:100] == trained[300:400]).all(1).mean() > 0.5
    assert (trained[:100] == trained[400:500]).all(1).mean() == 0


def test_equal_codes_are_groups() -> None:
    bits = np.zeros((6, 16), np.uint8)
    bits[[1, 4], 3] = 7
    bits[5, 0] = 1
    assert equal_codes(bits) == [[0, 2, 3], [1, 4]]
    assert equal_codes(bits[:0]) == []


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_pictures(count: int) -> None:
    calls: list[tuple[int, int]] = []
    assert autoencoder_codes(smooth(count), passes=3, progress=lambda *call: calls.append(call)).shape == (count, 16)
    assert calls == ([(1, 3), (2, 3), (3, 3)] if count else [])


def test_pictures_without_any_contrast_can_be_coded() -> None:
    assert (
        len(np.unique(autoencoder_codes(np.zeros((5, 3, SQUARE_SIDE, SQUARE_SIDE), np.uint8), passes=1), axis=0)) == 1
    )


def test_other_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="pictures are uint8"):
        autoencoder_codes(np.zeros((2, 1, SQUARE_SIDE, SQUARE_SIDE), np.uint8))


@pytest.mark.parametrize(("width", "height", "box"), [(200, 100, (50, 0, 150, 100)), (100, 200, (0, 50, 100, 150))])
def test_the_centre_square_is_what_is_coded(width: int, height: int, box: tuple[int, int, int, int]) -> None:
    picture = Image.new("RGB", (width, height), "white")
    picture.paste("red", box)
    small = np.asarray(picture.resize((64, 64), Image.Resampling.NEAREST))
    red = centre_square(small, width, height)
    assert red.shape == (3, SQUARE_SIDE, SQUARE_SIDE)
    assert (red == np.array([255, 0, 0], np.uint8)[:, None, None]).all()
    assert (centre_square(small, 64, 64) == 255).all(0).any()  # of a square picture everything is coded, white and red
