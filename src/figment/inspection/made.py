"""Whether a picture is marked as made by machine: by what its file says, or by figment's invisible mark in its pixels."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from figment.common.marks import MADE
from figment.data.decoding.decode import DecodedPicture, read
from figment.errors import Unreadable
from figment.media.provenance import DigitalSourceType
from figment.media.watermark import MIN_SIDE
from figment.media.watermark_search import glance
from figment.metadata.files import read_content
from figment.metadata.origin import metadata_of

# Pictures whose pixels are looked at, of a large set; of a JPEG that is read at a fraction of its size how many pixels the whole
# may have, which is then decoded for that alone: figment draws 512 a side at most.
MAX_LOOKED, MAX_DECODED_PIXELS = 20_000, 512 * 512


@dataclass(frozen=True)
class Made:
    """said: what says that the picture was made, in a few words. word: of IPTC's DigitalSourceType, which copies bear, too."""

    said: str
    word: DigitalSourceType = "trainedAlgorithmicMedia"


def stated(content: bytes) -> Made | None:
    """What a picture's file says, in any of the ways that `figment check` reads; None where it says nothing of the kind.

    Of Content Credentials only whether they name it: signatures aren't looked at.
    """
    stored = read_content(content)
    if stored is None:
        return None
    metadata = metadata_of(stored)
    for words, where in ((metadata.source_type, *metadata.others), "IPTC's"), (stored.stated, "Content Credentials'"):
        if word := next((word for word in words if word in MADE), None):
            return Made(f"{where} {word}", cast(DigitalSourceType, word))
    return Made(f"traces of {metadata.traces[0].generator}") if metadata.traces else None


def can_bear(height: int, width: int) -> bool:
    """Whether a picture is large enough for the invisible mark."""
    return min(height, width) >= MIN_SIDE


def invisible(pixels: NDArray[np.uint8]) -> Made | None:
    """Figment's invisible mark as it was made, in a picture at its own size, uint8 (H, W, 3)."""
    found = glance(pixels)
    if not found.is_there:
        return None
    return Made(f"figment's invisible mark{f' of run {found.number}' if found.number else ''}")


def own_pixels(picture: DecodedPicture, content: bytes | np.ndarray, thorough: bool) -> NDArray[np.uint8] | None:
    """A picture's pixels at its own size, uint8 (H, W, 3), decoded anew where it was read at a fraction of it; None where that
    can't be done, or isn't worth the time. thorough: it always is.
    """
    image = picture.pixels
    height, width = image.shape[:2] if isinstance(image, np.ndarray) else (image.height, image.width)
    if (height, width) != (picture.height, picture.width):
        if not thorough and picture.height * picture.width > MAX_DECODED_PIXELS:
            return None
        try:
            image = read(content).pixels
        except Unreadable:
            return None
    return np.asarray(image)
