"""The invisible mark: which low frequencies of a picture lie where between two steps tells that figment made it, and which run.

Dither modulation (Chen and Wornell 2001, "Quantization index modulation", IEEE Trans. Inf. Theory 47): in each block of 8×8
pixels five low frequencies of the luma are moved to the nearest place that has the phase, between one STEP and the next, that
a key says. Half of the phases are of figment's own key and carry 16 bits, the number of a run; the other half are of the run's
key. The pattern repeats after PERIOD blocks each way, so that it is found again in a cut-out, and adds up in large pictures.
media/watermark_search.py finds it.
"""

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

BLOCK = 8  # pixels a side, as JPEG's, which rounds the same frequencies where nothing was cut away
PERIOD = 8  # blocks after which the pattern repeats
FREQUENCIES = (
    (0, 1),
    (1, 0),
    (1, 1),
    (0, 2),
    (2, 0),
)  # half a period a block is one; these outlive a reduction by half
STEP = 28.0  # grey levels × 8, in the orthonormal cosine transform of a block (LOG 115)
LEAST, WHOLE = (
    0.25,
    12.0,
)  # share of the way that is gone in an even block, where it would be seen; deviation of a whole one
BITS = 16  # of a run's number
MIN_SIDE = 64  # pixels: a smaller picture hasn't the places for it
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as JPEG has it
FIGMENTS_KEY = b"figment's invisible mark, 1"  # no secret: whoever has figment can look for the mark
FULL_TURN = 2 * np.pi

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """What a picture is marked with. key: of the run that drew it; b"" for a run that isn't known."""

    key: bytes = b""

    @property
    def number(self) -> int:
        """Of the run, 1 to 65,535; 0 of none. Of 65,535 others about one has the same."""
        return (
            int.from_bytes(hashlib.blake2b(self.key, digest_size=8).digest(), "little") % (2**BITS - 1) + 1
            if self.key
            else 0
        )

    @cached_property
    def phases(self) -> Floats:
        """Where each frequency of each block of the pattern belongs, radians, (PERIOD, PERIOD, frequencies)."""
        groups, numbered = bit_groups(), phases_of(FIGMENTS_KEY)
        bits = np.array([self.number >> bit & 1 for bit in range(BITS)])
        return np.where(groups < 0, phases_of(self.key or FIGMENTS_KEY), numbered + np.pi * bits[groups])


def marked(picture: NDArray[np.uint8], mark: Mark) -> NDArray[np.uint8]:
    """A picture, uint8 (H, W, 3), (H, W, 1) or (H, W), with the mark in it; as it is where a side has fewer than 64 pixels.

    The same picture and mark give the same pixels. Blocks of one colour, such as the paper of a sheet, are left alone.
    """
    if min(picture.shape[:2]) < MIN_SIDE:
        return picture
    pixels = picture.astype(np.float64)
    blocks = in_blocks(luma(pixels))
    found = blocks @ waves().T
    height, width = found.shape[:2]
    wanted = mark.phases[np.arange(height)[:, None] % PERIOD, np.arange(width) % PERIOD] * (STEP / FULL_TURN)
    lacking = (wanted - found + STEP / 2) % STEP - STEP / 2
    deviation = blocks.std(-1)
    share = np.where(deviation > 0, np.clip(LEAST + (1 - LEAST) * deviation / WHOLE, LEAST, 1), 0)
    change = (share[..., None] * lacking) @ waves()
    laid_out = change.reshape(height, width, BLOCK, BLOCK).swapaxes(1, 2).reshape(height * BLOCK, width * BLOCK)
    whole = pixels[: height * BLOCK, : width * BLOCK]
    whole += laid_out[..., None] if pixels.ndim == 3 else laid_out
    return pixels.round().clip(0, 255).astype(np.uint8)


def borne(mark: Mark | None, picture: NDArray[np.uint8]) -> Mark | None:
    """The mark that a picture bears once it was put into it: none where a side has fewer than 64 pixels."""
    return mark if min(picture.shape[:2]) >= MIN_SIDE else None


def luma(pixels: NDArray[np.number]) -> Floats:
    """(H, W, 3), (H, W, 1) or (H, W), 0 … 255 → (H, W)."""
    if pixels.ndim == 3:
        return pixels @ LUMA if pixels.shape[2] == 3 else pixels[..., 0].astype(np.float64)
    return pixels.astype(np.float64)


def in_blocks(plane: Floats) -> Floats:
    """(H, W) → (H // 8, W // 8, 64): the whole blocks, from the upper left corner on."""
    height, width = plane.shape[0] // BLOCK, plane.shape[1] // BLOCK
    whole = plane[: height * BLOCK, : width * BLOCK]
    return whole.reshape(height, BLOCK, width, BLOCK).swapaxes(1, 2).reshape(height, width, BLOCK * BLOCK)


@cache
def waves() -> Floats:
    """The frequencies' waves in a block, (frequencies, 64), each of length 1 (DCT-II, orthonormal)."""
    k, x = np.arange(BLOCK)[:, None], np.arange(BLOCK)
    one_way = np.sqrt(np.where(k, 2, 1) / BLOCK) * np.cos(np.pi * (2 * x + 1) * k / (2 * BLOCK))
    return np.stack([np.outer(one_way[down], one_way[across]).ravel() for down, across in FREQUENCIES])


@cache
def phases_of(key: bytes) -> Floats:
    """A key's phases, radians, (PERIOD, PERIOD, frequencies): as good as drawn by chance, the same on every machine."""
    shape = (PERIOD, PERIOD, len(FREQUENCIES))
    drawn = hashlib.shake_256(key).digest(2 * int(np.prod(shape)))
    return np.frombuffer(drawn, "<u2").reshape(shape) * (FULL_TURN / 2**16)


@cache
def bit_groups() -> NDArray[np.int64]:
    """Which bit of the number each place of the pattern carries, (PERIOD, PERIOD, frequencies); -1 where the run's key goes."""
    shape = (PERIOD, PERIOD, len(FREQUENCIES))
    count = int(np.prod(shape))
    drawn = np.frombuffer(hashlib.shake_256(FIGMENTS_KEY + b" order").digest(4 * count), "<u4")
    place = np.argsort(np.argsort(drawn, kind="stable"), kind="stable")
    return np.where(place < count // 2, place % BITS, -1).reshape(shape)
