"""JPEG by itself, since most pictures are: what the file says of itself, its identity, and its pixels, fast."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

JPEG_START = b"\xff\xd8\xff"
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
    has_orientation: it may say which way is up. content: all bytes that decide the pixels, in pieces.
    """

    size: tuple[int, int]
    mode: str
    progressive: bool
    has_orientation: bool
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
    has_orientation = progressive = False
    pieces = []
    kept = 0  # where the bytes begin that haven't been put aside yet
    place = 2
    while content[place : place + 1] == b"\xff" and place + 4 <= len(content):
        marker = content[place + 1]
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if marker == START_OF_SCAN[1]:
            return size and JpegHeader(size, mode, progressive, has_orientation, [*pieces, content[kept:]])
        if marker in METADATA_MARKERS:
            pieces.append(content[kept:place])
            kept = end
            has_orientation |= content.startswith((b"Exif", b"http://ns.adobe.com/xap"), place + 4)
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


def decode_jpeg(content: bytes, size: tuple[int, int], min_size: tuple[int, int] | None) -> np.ndarray:
    """Pixels as stored, uint8 (H, W, 3); where less will do, at 1/2, 1/4 or 1/8 of the size, never below min_size.

    The reduced pixels come from the low frequencies of each 8×8 block, without computing the others. Raises ValueError
    at the slightest damage.
    """
    import simplejpeg

    height, width = size
    least = (height, width)
    if min_size is not None:
        fitting = (n for n in REDUCTIONS if height >= n * min_size[0] and width >= n * min_size[1])
        reduction = next(fitting, 1)
        least = (-(-height // reduction), -(-width // reduction))
    return simplejpeg.decode_jpeg(content, "RGB", min_height=least[0], min_width=least[1])
