"""One codec for both sides: what JPEG did to the reals and didn't do to generated pictures is no lack of realism."""

from collections.abc import Sequence

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from figment.errors import InputError

DEFAULT_QUALITY = 90  # of the JPEG that both sides go through, where one of them has been through one
JPEG_SUFFIXES = (".jpg", ".jpeg", ".jfif")


def check_codec(codec: str) -> str:
    """The codec as it is noted: none, auto, or jpeg:QUALITY. Raises InputError for anything else."""
    name, _, quality = codec.partition(":")
    if codec in ("none", "auto"):
        return codec
    if name == "jpeg" and (not quality or (quality.isdecimal() and 1 <= int(quality) <= 100)):
        return f"jpeg:{int(quality or DEFAULT_QUALITY)}"
    raise InputError(
        f"--codec {codec}: give none, auto, or jpeg:QUALITY with a quality of 1 to 100, such as jpeg:{DEFAULT_QUALITY}"
    )


def codec_for(ours: Sequence[str], reals: Sequence[str]) -> str:
    """What auto means for files of these names: JPEG for both sides where one is mostly JPEG and the other isn't."""
    shares = [
        sum(name.lower().endswith(JPEG_SUFFIXES) for name in names) / max(len(names), 1) for names in (ours, reals)
    ]
    return f"jpeg:{DEFAULT_QUALITY}" if abs(shares[0] - shares[1]) > 0.5 else "none"


def through_codec(codec: str, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour pictures, uint8 (N, 3, H, W), as they come out of a codec: none, or jpeg:QUALITY with 4:2:0 colours."""
    if codec == "none":
        return pictures
    quality = int(codec.partition(":")[2])
    coded = [
        simplejpeg.decode_jpeg(
            simplejpeg.encode_jpeg(np.ascontiguousarray(picture.transpose(1, 2, 0)), quality, colorsubsampling="420")
        )
        for picture in pictures
    ]
    return np.stack(coded).transpose(0, 3, 1, 2)
