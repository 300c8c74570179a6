"""What happens to pictures between their making and their being met: enlarged, reduced, cut, smeared, compressed.

Real and made pictures are brought through conditions of one stream, number i of each kind through the same: format and size
tell a detector nothing then. Real JPEGs against made PNGs are the classic leak.
"""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Codec = Literal["none", "jpeg", "webp"]
Kernel = Literal["bilinear", "bicubic", "lanczos"]
MIN_SIDE = 16  # pixels: less shows too little
KERNELS: tuple[Kernel, ...] = ("bilinear", "bicubic", "lanczos")
CODECS: tuple[Codec, ...] = ("none", "jpeg", "jpeg", "webp")  # each as likely
MIN_SCALE, MAX_SCALE, MIN_CROP, MIN_QUALITY, MAX_QUALITY = 0.5, 2.0, 0.75, 30, 98  # that are drawn


@dataclass(frozen=True)
class Condition:
    """What is done to a picture, in this order. The first one of all is nothing.

    scale: of its sides, by a kernel. crop: share of its sides that is left, at a place from 0 (upper left) to 1. blur: radius
    of a Gaussian in pixels. noise: standard deviation in levels. codec: compressed with a quality of 0 to 100, JPEG with 4:2:0
    colours.
    """

    scale: float = 1.0
    kernel: Kernel = "bicubic"
    crop: float = 1.0
    place: tuple[float, float] = (0.5, 0.5)
    blur: float = 0.0
    noise: float = 0.0
    codec: Codec = "none"
    quality: int = 90


def drawn(seed: int, number: int) -> Condition:
    """Condition number i of a seed: half of the pictures are resized, half are cut, a quarter isn't compressed."""
    random = np.random.default_rng([seed, 31, number])
    scale = float(MIN_SCALE * (MAX_SCALE / MIN_SCALE) ** random.random()) if random.random() < 0.5 else 1.0
    crop = float(random.uniform(MIN_CROP, 1)) if random.random() < 0.5 else 1.0
    down, along = map(float, random.random(2))
    kernel, codec = KERNELS[random.integers(len(KERNELS))], CODECS[random.integers(len(CODECS))]
    quality = int(random.integers(MIN_QUALITY, MAX_QUALITY + 1))
    return Condition(scale, kernel, crop, (down, along), codec=codec, quality=quality)


def applied(picture: NDArray[np.uint8], condition: Condition, seed: int = 0) -> NDArray[np.uint8]:
    """A colour picture, uint8 (3, H, W), as it comes out of a condition; sides stay at least 16 pixels, or what they were.

    seed: of the noise.
    """
    image = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
    if condition.scale != 1:
        sides = tuple(_side(side, condition.scale) for side in image.size)
        image = image.resize((sides[0], sides[1]), Image.Resampling[condition.kernel.upper()])
    if condition.crop < 1:
        image = _cropped(image, condition.crop, condition.place)
    if condition.blur:
        image = image.filter(ImageFilter.GaussianBlur(condition.blur))
    pixels = np.asarray(image)
    if condition.noise:
        noise = np.random.default_rng([seed, 32]).normal(0, condition.noise, pixels.shape)
        pixels = (pixels + noise).round().clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(compressed(pixels, condition.codec, condition.quality).transpose(2, 0, 1))


def shorter_side(side: int, condition: Condition) -> int:
    """Of a picture whose shorter side has so many pixels, what a condition leaves of it."""
    for share in (condition.scale, condition.crop):
        side = side if share == 1 else _side(side, share)
    return side


def _side(side: int, share: float) -> int:
    return max(round(side * share), min(side, MIN_SIDE))


def compressed(pixels: NDArray[np.uint8], codec: Codec, quality: int) -> NDArray[np.uint8]:
    """A colour picture, uint8 (H, W, 3), as it comes out of a codec."""
    if codec == "jpeg":
        coded = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, colorsubsampling="420")
        return np.asarray(simplejpeg.decode_jpeg(coded))
    if codec == "webp":
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=0)
        return np.asarray(Image.open(buffer).convert("RGB"))
    return pixels


def _cropped(image: Image.Image, share: float, place: tuple[float, float]) -> Image.Image:
    width, height = (_side(side, share) for side in image.size)
    top, left = round(place[0] * (image.height - height)), round(place[1] * (image.width - width))
    return image.crop((left, top, left + width, top + height))


# The sum of the 16 smallest numbers of JPEG's table of brightness for quality 50 (ITU-T T.81, annex K.1), which libjpeg scales by
# quality; the larger ones are cut off at 255 where it is low.
_SMALLEST, _TABLE_SUM = 16, 246


def jpeg_quality(file: Path) -> int | None:
    """The quality that a JPEG was saved with, by its table of brightness; None for other files. 1 to 100, as libjpeg counts."""
    try:
        with warnings.catch_warnings(), Image.open(file, formats=("JPEG",)) as picture:
            warnings.simplefilter("ignore")
            table = picture.quantization[0]  # type: ignore[attr-defined]
    except Exception:  # what is damaged is told where it is read
        return None
    scale = 100 * sum(sorted(table)[:_SMALLEST]) / _TABLE_SUM
    return round(min(max((200 - scale) / 2 if scale <= 100 else 5000 / scale, 1), 100))


# What a detector is tried under, by name; the last is a picture that was shown on a screen and shared from there.
SWEEP = {
    "as they are": Condition(),
    **{f"JPEG {quality}": Condition(codec="jpeg", quality=quality) for quality in (95, 85, 75, 60, 45, 30)},
    "WebP 75": Condition(codec="webp", quality=75),
    **{f"resized ×{scale:g}": Condition(scale=scale) for scale in (0.25, 0.5, 0.75, 1.5, 2.0)},
    **{f"blurred by {radius:g} px": Condition(blur=radius) for radius in (0.5, 1.0, 2.0)},
    **{f"noise of {levels:g} levels": Condition(noise=levels) for levels in (2.0, 5.0, 10.0)},
    **{f"{share:.0%} of each side": Condition(crop=share) for share in (0.9, 0.75, 0.5)},
    "like a screenshot": Condition(scale=1.25, kernel="bilinear", crop=0.92, codec="jpeg", quality=80),
}
