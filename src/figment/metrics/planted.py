"""Planted copies: training pictures changed in each way that copies are looked for, to see which would be found here.

Whether copies can be told at all depends on the pictures: of drawings from one table even strangers share whole halves.
So before anything is said of copies, some are made and looked up.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figment.common import rehearsal
from figment.common.pixels import luma, to_rgb
from figment.features.codec import through_codec
from figment.similarity.nearest import PictureSet
from figment.similarity.parts import PARTS, box

PLANTED = 40  # pictures of each kind
NOISE_LEVELS, JPEG_QUALITY, CROP_SHARE, BRIGHTNESS = 8.0, 75, 0.06, 0.2  # of copies that are hardly changed
TURN_DEGREES = 2.0, 10.0  # either way
ENLARGED_SHARE = 0.7, 0.85  # of a side, that is shown enlarged
HUE_DEGREES = 28.0
BLEND_SHARE = 0.3, 0.5  # of the second picture

Change = Callable[[NDArray[np.uint8], NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]


def planted(
    train: PictureSet, others: PictureSet, random: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64], list[str]]:
    """Copies of training pictures, PLANTED of each of PLANTED_KINDS that can be made of them.

    train, others: uint8 (N, C, H, W); of others, or of training pictures stood on their heads where there are none, is
    what stands beside a copied part. Returns the copies in colour, uint8 (n, 3, H, W); the two places among the training
    pictures that each is of, int (n, 2), the second −1 but for blends; and the kind of each. None of a single picture.
    """
    count = min(rehearsal.at_most(PLANTED, rehearsal.PLANTED), len(train))
    copies, places, kinds = [], [], []
    for kind, change in PLANTED_KINDS.items():
        if len(train) < 2:
            break
        first = random.choice(len(train), count, replace=False)
        blended = kind == "blended"
        second = (first + random.integers(1, len(train), count)) % len(train)
        if blended or not len(others):
            beside = to_rgb(train[second] if blended else train[second][:, :, ::-1])
        else:
            beside = to_rgb(others[random.integers(0, len(others), count)])
        pictures = to_rgb(train[first])
        if kind == "recoloured" and (pictures == pictures[:, :1]).all():
            continue
        copies.append(np.stack([change(a, b, random) for a, b in zip(pictures, beside, strict=True)]))
        places.append(np.stack([first, np.where(blended, second, -1)], 1))
        kinds += [kind] * count
    if not copies:
        return to_rgb(train[np.arange(0)]), np.zeros((0, 2), np.int64), []
    return np.concatenate(copies), np.concatenate(places), kinds


def _changed(picture: NDArray[np.uint8], beside: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Slightly cropped, brightened, noised or compressed; every other one mirrored, too."""
    _, height, width = picture.shape
    how = random.integers(4)
    if how == 0:
        left, top, right, bottom = random.uniform(0, CROP_SHARE, 4)
        box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
        changed = _pixels(_image(picture).resize((width, height), Image.Resampling.BICUBIC, box))
    elif how == 1:
        changed = _levels(picture * random.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS))
    elif how == 2:
        changed = _levels(picture + random.normal(0, NOISE_LEVELS, picture.shape))
    else:
        changed = through_codec(f"jpeg:{JPEG_QUALITY}", picture[None])[0]
    return changed[:, :, ::-1] if random.random() < 0.5 else changed


def _turned(picture: NDArray[np.uint8], beside: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    degrees = random.uniform(*TURN_DEGREES) * random.choice([-1, 1])
    fill = tuple(int(level) for level in picture.mean((1, 2)))
    return _pixels(_image(picture).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=fill))


def _enlarged(picture: NDArray[np.uint8], beside: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    _, height, width = picture.shape
    edge = (1 - random.uniform(*ENLARGED_SHARE)) / 2
    box = (edge * width, edge * height, (1 - edge) * width, (1 - edge) * height)
    return _pixels(_image(picture).resize((width, height), Image.Resampling.BICUBIC, box))


def _recoloured(
    picture: NDArray[np.uint8], beside: NDArray[np.uint8], random: np.random.Generator
) -> NDArray[np.uint8]:
    """Of another hue, or grey: every third."""
    if random.random() < 1 / 3:
        grey = np.rint(luma(picture.transpose(1, 2, 0))).astype(np.uint8)
        return np.stack([grey] * 3)
    hue, *others = _image(picture).convert("HSV").split()
    turn = round(random.choice([-1, 1]) * HUE_DEGREES * 256 / 360)
    turned = Image.fromarray(((np.asarray(hue).astype(np.int64) + turn) % 256).astype(np.uint8))
    return _pixels(Image.merge("HSV", (turned, *others)).convert("RGB"))


def _part(sort: str) -> Change:
    """One of the halves, one of the quarters, or the centre, pasted over another picture."""
    names = [part for part in PARTS if part.endswith(sort)]

    def change(picture: NDArray[np.uint8], beside: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
        result = beside.copy()
        rows, columns = box(names[random.integers(len(names))], *picture.shape[1:])
        result[:, rows, columns] = picture[:, rows, columns]
        return result

    return change


def _blended(picture: NDArray[np.uint8], beside: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    share = random.uniform(*BLEND_SHARE)
    return _levels((1 - share) * picture + share * beside)


def _levels(picture: NDArray) -> NDArray[np.uint8]:
    return np.rint(picture).clip(0, 255).astype(np.uint8)


def _image(picture: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image).transpose(2, 0, 1)


# In words that follow "copies that are".
PLANTED_KINDS: dict[str, Change] = {
    "hardly changed": _changed, "recoloured": _recoloured, "turned": _turned, "enlarged": _enlarged,
    "in a half": _part("half"), "in a quarter": _part("quarter"), "in the centre": _part("centre"), "blended": _blended,
}  # fmt: skip
