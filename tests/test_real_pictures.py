"""Real pictures, where they are at hand: any form is trained on, and faces come out as faces."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import figment
from figment.data.bank.prepare import prepare
from figtest.paths import DATA

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no shared/data beside the checkout")


@pytest.mark.parametrize(
    ("name", "pictures", "channels"),
    [("congress_faces64/modern", 1238, 3), ("anime_faces96", 1500, 3), ("fashion_mnist_12k.npz", 12_000, 1)],
)
def test_any_form_is_trained_on(name: str, pictures: int, channels: int, tmp_path: Path) -> None:
    run = figment.train(DATA / name, images=64, size=32, width=2, batch=32, recipe="dcgan", out=tmp_path / "run")
    facts = run.facts
    assert facts["trained_on"] + facts["held_out"] + facts["duplicates"] + len(facts["skipped"]) == pictures
    assert figment.load(run.folder).sample(2).shape == (2, channels, 32, 32)


def faces_found(pictures: np.ndarray) -> float:
    """Share of pictures, uint8 (N, 3, H, W), in which OpenCV's frontal Haar detector finds a face at twice the size."""
    detector = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    grey = [cv2.cvtColor(np.ascontiguousarray(p.transpose(1, 2, 0)), cv2.COLOR_RGB2GRAY) for p in pictures]
    doubled = [cv2.resize(g, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for g in grey]
    return sum(len(detector.detectMultiScale(g, 1.1, 3)) > 0 for g in doubled) / len(doubled)


def test_detector_tells_faces_from_clothes(tmp_path: Path) -> None:
    """What the next test rests on."""
    with np.load(DATA / "fashion_mnist_12k.npz") as known:
        np.save(tmp_path / "clothes.npy", known["x"][:200])
    faces = prepare(DATA / "congress_faces64/modern", 64, 3)
    clothes = prepare(tmp_path / "clothes.npy", 64, 3)
    assert faces_found(np.array(faces.pictures[:100])) > 0.9
    assert faces_found(np.array(clothes.pictures[:100])) < 0.1


@pytest.mark.slow
def test_twenty_minutes_make_faces(tmp_path: Path) -> None:
    """2 cores, 20 min, CelebA at 64 px: at least half as many faces are found in samples as in held-out reals."""
    celeba = DATA / "celeba" / "dev"
    run = figment.train(celeba, time="20m", group=r"^(\d+)_", out=tmp_path / "run")
    bank = prepare(celeba, 64, 3, group=r"^(\d+)_")
    reals = faces_found(np.array(bank.pictures[bank.held_out[:500]]))
    fakes = faces_found(figment.load(run.folder).sample(500, seed=1).numpy())
    assert fakes >= reals / 2, (fakes, reals)
