"""The pictures of a report: cut, reduced and compressed until the page is small enough to be sent by mail.

The files that they are made from stay in the run, with every pixel.
"""

import base64
import math
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from figment.common.progress import Say
from figment.media.images import encode
from figment.media.pages import data_url
from figment.media.provenance import DigitalSourceType, source_of

Pixels = NDArray[np.uint8]  # (H, W, 3)

QUALITIES = (88, 80, 70, 60)  # of WebP, from hardly to be told from the original to plainly softer, but true
GAP_PIXELS = 2  # between two pictures of a run's sheets: see media.images.grid
MIN_TILES = 2  # a side; larger pictures are reduced in place of being shown alone
MIN_SIDE = 16  # pixels; what is smaller isn't reduced further


def read_picture(path: Path, say: Say | None = None) -> Pixels | None:
    """A picture's pixels; None where it is gone or damaged, which say is told."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
        if say:
            say(f"{path.parent.name}/{path.name} is damaged or gone, and left out")
        return None


def mark_of(path: Path) -> DigitalSourceType | None:
    """What a picture that was read says of where it comes from, for the copies of it; None where figment writes no such mark.

    A run of another hand may hold pictures that another program has marked.
    """
    declared = source_of(path)
    return declared if declared in get_args(DigitalSourceType) else None  # type: ignore[return-value] # one of them


def first_tiles(sheet: Pixels, shape: tuple[int, int], max_pixels: int, of_clips: bool = False) -> tuple[Pixels, int]:
    """The upper left tiles of a sheet, as many as have so many pixels, 2×2 at least; these are reduced where they have more.

    sheet: as `grid` makes it, of pictures of a shape (height, width); another is taken as one picture. of_clips: whether each
    row is a clip, which is shown whole: then there are as many rows as fit, 2 at least. Returns the cut-out and how many tiles
    it shows.
    """
    (rows, columns), (height, width) = _tiles(sheet, shape), (side + GAP_PIXELS for side in shape)
    if not rows:
        return reduced(sheet, max_pixels), 1
    side = max(MIN_TILES, math.isqrt(max_pixels // (height * width)))
    if of_clips:
        rows = min(rows, max(MIN_TILES, max_pixels // (height * width * columns)))
    else:
        rows, columns = min(rows, side), min(columns, side)
    cut = sheet[: rows * height - GAP_PIXELS, : columns * width - GAP_PIXELS]
    return reduced(cut, max_pixels), rows * columns


def fitted(pictures: Sequence[Pixels], source: DigitalSourceType | None, max_bytes: int) -> list[bytes]:
    """Pictures as WebP, all of one quality: the best at which they have so many bytes together; else of half the size, too."""
    for quality in QUALITIES:
        files = [encode(picture, "WEBP", source, quality=quality) for picture in pictures]
        if sum(map(len, files)) <= max_bytes:
            return files
    if max((side for picture in pictures for side in picture.shape[:2]), default=0) <= MIN_SIDE:
        return files
    return fitted(
        [reduced(picture, picture.shape[0] * picture.shape[1] // 4) for picture in pictures], source, max_bytes
    )


def reduced(picture: Pixels, max_pixels: int) -> Pixels:
    """A picture with its sides divided by 2, 4, …, each block of pixels averaged, until it has so many pixels."""
    height, width, _ = picture.shape
    factor = 1
    while (height // factor) * (width // factor) > max_pixels and min(height, width) >= 2 * factor:
        factor *= 2
    return np.asarray(Image.fromarray(picture).reduce(factor)) if factor > 1 else picture


def webp_url(content: bytes) -> str:
    """A compressed picture as the page holds it."""
    return data_url(content, "webp")


def film_url(content: bytes) -> str:
    """An mp4 as the page holds it."""
    return f"data:video/mp4;base64,{base64.b64encode(content).decode()}"


def _tiles(sheet: Pixels, shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of a sheet of pictures; (0, 0) where it is no sheet of such."""
    counts = [divmod(side + GAP_PIXELS, part + GAP_PIXELS) for side, part in zip(sheet.shape, shape, strict=False)]
    return (0, 0) if any(left for _, left in counts) else (counts[0][0], counts[1][0])
