"""JPEG by itself, since most pictures are: what the file says of itself, its identity, and its pixels, fast."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

JPEG_START = b"\xff\xd8\xff"
END = b"\xff\xd9"
FILM = b"ftyp"  # of an mp4's first box
START_OF_SCAN = b"\xff\xda"  # never within coded pixels, where each FF is followed by 00 or a restart
PROGRESSIVE = 0xC2
FRAME_MARKERS = (0xC0, 0xC1, PROGRESSIVE)  # Huffman-coded baseline, extended and progressive
TABLE_MARKERS = (0xC4, 0xDB, 0xDD)  # Huffman, quantisation, restart interval
COLOUR_MARKERS = (0xE0, 0xEE)  # JFIF's and Adobe's segments: they tell YCbCr from RGB
METADATA_MARKERS = (*range(0xE1, 0xEE), 0xEF, 0xFE)
REDUCTIONS = (8, 4, 2)  # those of libjpeg-turbo that are faster than decoding everything


@dataclass(frozen=True)
class JpegHeader:
    """What a JPEG says before its pixels begin.

    size: height and width as stored. mode: L or RGB, as Pillow has it. progressive: each scan refines all pixels.
    has_orientation: it may say which way is up. has_profile: it holds a colour profile. content: all bytes that decide
    the pixels, in pieces.
    """

    size: tuple[int, int]
    mode: str
    progressive: bool
    has_orientation: bool
    has_profile: bool
    content: list[bytes]

    def digest(self, orientation: int) -> bytes:
        """SHA-256 of all that decides the upright pixels."""
        # Not of the pixels: a reduced decoding never sees them, and the identity must be the same at any size. Without
        # the metadata, so that the copy which a tagging or stripping tool has written is known for what it is.
        hasher = sha256(b"jpeg\0%d\0" % orientation)
        for piece in self.content:
            hasher.update(piece)
        return hasher.digest()


def read_header(content: bytes) -> JpegHeader | None:
    """What the segments up to the first scan say: ITU-T T.81, annex B.

    None for anything but a plain 8-bit JPEG, grey or with three channels, from which nothing is missing before the scan.
    """
    if not content.startswith(JPEG_START):
        return None
    size, mode = None, "RGB"
    has_orientation = has_profile = progressive = False
    pieces: list[bytes] = []
    kept = 0  # where the bytes begin that haven't been put aside yet
    place = 2
    while content[place : place + 1] == b"\xff" and place + 4 <= len(content):
        marker = content[place + 1]
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if marker == START_OF_SCAN[1]:
            found = [*pieces, content[kept:]]
            return size and JpegHeader(size, mode, progressive, has_orientation, has_profile, found)
        if marker in METADATA_MARKERS:
            pieces.append(content[kept:place])
            kept = end
            has_orientation |= content.startswith((b"Exif", b"http://ns.adobe.com/xap"), place + 4)
            has_profile |= content.startswith(b"ICC_PROFILE\0", place + 4)
        elif marker in FRAME_MARKERS and size is None and end - place >= 13:
            progressive = marker == PROGRESSIVE
            precision, channels = content[place + 4], content[place + 9]
            size = (
                int.from_bytes(content[place + 5 : place + 7], "big"),
                int.from_bytes(content[place + 7 : place + 9], "big"),
            )
            mode = "L" if channels == 1 else "RGB"
            if precision != 8 or channels not in (1, 3) or 0 in size:
                return None
        elif marker not in TABLE_MARKERS + COLOUR_MARKERS:
            return None
        place = end
    return None


def reduced_by(size: tuple[int, int], min_size: tuple[int, int] | None, max_pixels: int) -> int:
    """1, 2, 4 or 8: what part of the size, height and width, is decoded.

    As small as min_size allows; where it asks for all, no smaller than max_pixels demands.
    """
    height, width = size
    if min_size is not None:
        return next((n for n in REDUCTIONS if height >= n * min_size[0] and width >= n * min_size[1]), 1)
    return next((n for n in (1, *reversed(REDUCTIONS)) if height * width <= n * n * max_pixels), REDUCTIONS[0])


def decode_jpeg(content: bytes, size: tuple[int, int], reduction: int = 1) -> np.ndarray:
    """Pixels as stored, uint8 (H, W, 3), of the size divided by the reduction and rounded up.

    The reduced pixels come from the low frequencies of each 8×8 block, without computing the others. A file that lacks
    its end and nothing else is taken for whole. Raises ValueError at the slightest other damage.
    """
    import simplejpeg

    least = [-(-side // reduction) for side in size]
    try:
        return simplejpeg.decode_jpeg(content, "RGB", min_height=least[0], min_width=least[1])
    except ValueError:
        return simplejpeg.decode_jpeg(with_end(content), "RGB", min_height=least[0], min_width=least[1])


def completed(content: bytes, cmyk: bool) -> bytes | None:
    """A JPEG that lacks its end and nothing else, with it; None where pixels are missing too."""
    import simplejpeg

    try:
        simplejpeg.decode_jpeg(with_end(content), "CMYK" if cmyk else "RGB")
    except ValueError:
        return None
    return with_end(content)


def with_end(content: bytes) -> bytes:
    """A JPEG with the mark of its end; without the film that phones put behind their pictures."""
    film = content.find(FILM, max(content.find(START_OF_SCAN), 0))
    content = content[: film - 4] if film > 4 else content  # four bytes of length stand before it
    return content.removesuffix(END).removesuffix(END[:1]) + END
