"""Pictures of more than 8 bits a channel: their values as stored, and the scale that brings those of a whole set to 0…255.

A container tells how large its values may be, not how large they are: cameras and scanners of 12 bits write 16-bit
files, and floats may count from 0 to 1 or in metres. So black and white are found from all pictures of a set that come
in one kind of container, and are the same for each: a picture by itself would lose whether it is a dark one.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from figment.errors import Unreadable

# Floats that are meant to run to one of these may overshoot it, as resizing makes them, and hardly stay below a half.
NOMINAL_WHITES = (1.0, 255.0, 65535.0)
OVERSHOOT = 1.1
FULL_16_BITS = 65535
PNG_CHUNKS_START = 8  # bytes of a PNG's signature
S_MAX_SAMPLE_VALUE = 341  # the tag of TIFF
# How a file's 16-bit colours are taken for their high bytes, → how for the low ones: the other end of each value. Grey
# with transparency, of which Pillow has only the high bytes, is taken as its four bytes.
LOW_BYTES = {
    f"{bands};16{end}": f"{bands};16{other}"
    for bands in ("RGB", "RGBA", "RGBX", "CMYK")
    for end, other in (("L", "B"), ("B", "L"), ("N", "B" if np.little_endian else "L"))
}
FOUR_BYTES = {"LA;16B": "RGBA"}


@dataclass(frozen=True)
class Range:
    """How far the values of pictures run. container: the kind they come in, "16-bit PNG". told: the bits that the files
    declare, where that is less than the container has, else 0. whole: whether they are integers.
    """

    container: str
    low: float
    high: float
    told: int = 0
    whole: bool = True

    @property
    def kind(self) -> str:
        """Pictures of one kind have one scale."""
        return f"{self.container} of {self.told} bits" if self.told else self.container

    def with_other(self, other: "Range") -> "Range":
        """The range of both together."""
        return Range(self.container, min(self.low, other.low), max(self.high, other.high), self.told, self.whole)

    def scale(self) -> "Scale":
        """Integers: 0 is black, and white the largest of the told bits, or of as few bits as hold all. Where some are
        negative, the least and the largest. Floats: see _float_scale.
        """
        if not self.whole:
            return _float_scale(self.low, self.high)
        if self.low < 0:
            return Scale(self.low, max(self.high, self.low + 1))
        bits = max(int(self.high).bit_length(), 1)
        return Scale(0.0, 2.0 ** max(bits, self.told) - 1)


@dataclass(frozen=True)
class Scale:
    """The values that become 0 and 255."""

    black: float
    white: float

    def to_8_bits(self, values: np.ndarray) -> np.ndarray:
        """uint8 of the same shape; what lies outside is cut, what is no number becomes the least."""
        # In place: of the largest picture that we decode each copy takes gigabytes.
        fractions = values.astype(np.float32)
        np.nan_to_num(fractions, copy=False, posinf=0, neginf=0)
        fractions -= np.float32(self.black)
        fractions *= 255 / (self.white - self.black)
        np.clip(fractions, 0, 255, out=fractions)
        return np.rint(fractions, out=fractions).astype(np.uint8)


#: The scale of each kind of deep pictures.
Scales = Mapping[str, Scale]


class Unscaled(Unreadable):
    """A picture whose scale isn't known before all of the set have been looked at. range: that of its values."""

    def __init__(self, range: Range) -> None:
        super().__init__("its values changed while they were being read")
        self.range = range


class Ranges:
    """The ranges of many pictures, by kind; in whatever order they are added."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._by_kind: dict[str, Range] = {}
        for one in ranges:
            self.add(one)

    @classmethod
    def read(cls, records: Iterable[Mapping[str, Any]]) -> "Ranges":
        """From what `records` gave. Raises KeyError or TypeError where something is missing."""
        return cls(
            Range(one["container"], one["low"], one["high"], one.get("told", 0), one.get("whole", True))
            for one in records
        )

    def add(self, found: Range) -> None:
        known = self._by_kind.get(found.kind)
        self._by_kind[found.kind] = known.with_other(found) if known else found

    def __iter__(self) -> Any:
        return (self._by_kind[kind] for kind in sorted(self._by_kind))

    def scales(self) -> dict[str, Scale]:
        return {found.kind: found.scale() for found in self}

    def records(self) -> list[dict[str, Any]]:
        """As plain values, which `read` takes."""
        return [asdict(found) for found in self]

    def sentences(self) -> list[str]:
        """What was made of each kind."""
        return [
            f"{found.kind}: values from {found.low:,.6g} to {found.high:,.6g}, {_described(found)}" for found in self
        ]


@dataclass(frozen=True, eq=False)
class DeepPicture:
    """Values as stored: (H, W) or (H, W, C); of an array with 2 or 4 channels the last is transparency.

    as_8_bits: what Pillow made of them by their container's full range; None for grey, which it leaves as it is.
    """

    values: np.ndarray
    container: str
    told: int = 0
    as_8_bits: Image.Image | None = None

    @property
    def colours(self) -> np.ndarray:
        """The values without transparency."""
        transparent = self.values.ndim == 3 and self.values.shape[2] in (2, 4) and not self._is_cmyk
        return self.values[..., :-1] if transparent else self.values

    @property
    def range(self) -> Range:
        """How far the values run."""
        if self.values.dtype.kind in "iub":
            return Range(self.container, float(self.colours.min()), float(self.colours.max()), self.told)
        finite = self.colours[np.isfinite(self.colours)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        return Range(self.container, low, high, whole=False)

    def scaled(self, scales: Scales | None) -> Image.Image:
        """In 8 bits a channel: L, LA, RGB, RGBA or CMYK. scales: of the set, None: by itself. Raises Unscaled."""
        found = self.range
        if scales is not None and found.kind not in scales:
            raise Unscaled(found)
        scale = found.scale() if scales is None else scales[found.kind]
        if self.as_8_bits is not None and scale == Scale(0.0, float(FULL_16_BITS)):
            return self.as_8_bits
        small = scale.to_8_bits(self.values)
        if self.colours is not self.values:
            alpha = self.values[..., -1]
            full = scale.white if alpha.max(initial=0) <= scale.white else FULL_16_BITS
            small[..., -1] = Scale(0.0, float(full)).to_8_bits(alpha)
        if small.ndim == 3 and small.shape[2] == 1:
            small = small[..., 0]
        return Image.frombytes("CMYK", small.shape[1::-1], small.tobytes()) if self._is_cmyk else Image.fromarray(small)

    @property
    def _is_cmyk(self) -> bool:
        return self.as_8_bits is not None and self.as_8_bits.mode == "CMYK"


def deep_picture(picture: ImageFile.ImageFile, content: bytes) -> DeepPicture | None:
    """A picture that Pillow has opened, where it has more than 8 bits a channel; loaded then. None for all others."""
    if picture.mode.startswith("I") or picture.mode == "F":
        bits = "floating-point" if picture.mode == "F" else f"{_container_bits(picture)}-bit"
        told = _told_bits(picture, content)
        return DeepPicture(np.asarray(picture), f"{bits} {picture.format}", told)
    raw = _raw_mode(picture)
    if raw in FOUR_BYTES:
        pairs = np.asarray(_reopened(picture, content, FOUR_BYTES[raw])).astype(np.uint16)
        values = pairs[..., ::2] << 8 | pairs[..., 1::2]
        return DeepPicture(values, f"16-bit {picture.format}", _told_bits(picture, content), _loaded(picture))
    if raw == "RGB" and picture.format == "PPM" and tuple(picture.tile[0].args or ()) == ("RGB", FULL_16_BITS):
        high, raw = _reopened(picture, content, "RGB;16B"), "RGB;16B"
    elif raw in LOW_BYTES:
        high = _loaded(picture)
    else:
        return None
    values = np.asarray(high).astype(np.uint16) << 8 | np.asarray(_reopened(picture, content, LOW_BYTES[raw]))
    return DeepPicture(values, f"16-bit {picture.format}", _told_bits(picture, content), _loaded(picture))


def deep_array(values: np.ndarray) -> DeepPicture | None:
    """Pixels, (H, W) or (H, W, C), of another type than uint8; None for those of uint8."""
    if values.dtype == np.uint8:
        return None
    return DeepPicture(values, f"{values.dtype.name} array")


def _float_scale(low: float, high: float) -> Scale:
    """Where they come near the top of 0…1, 0…255, 0…65535, or −1…1, or a little above it, that; else from the least,
    or 0, to the largest.
    """
    reach = max(high, -low)
    nominal = next((white for white in NOMINAL_WHITES if white / 2 < reach <= white * OVERSHOOT), None)
    white = nominal or high
    if low >= -(OVERSHOOT - 1) * white:
        black = 0.0
    else:
        black = -white if nominal and -low > white / 2 else low
    return Scale(black, white if white > black else black + 1)


def _described(found: Range) -> str:
    scale = found.scale()
    if found.whole and not scale.black:
        return f"taken as {int(scale.white).bit_length()} bits"
    return f"taken with black at {scale.black:,.6g} and white at {scale.white:,.6g}"


def _raw_mode(picture: ImageFile.ImageFile) -> str:
    """How the file's own values lie in it, by Pillow's names."""
    tile = picture.tile[0] if getattr(picture, "tile", None) else None
    args = tile.args if tile else None
    return str(args[0] if isinstance(args, tuple) and args else args)


def _container_bits(picture: ImageFile.ImageFile) -> int:
    if _raw_mode(picture).startswith("I;12"):
        return 12
    return 16 if picture.mode != "I" or picture.format == "PPM" or _raw_mode(picture).startswith("I;16") else 32


def _told_bits(picture: ImageFile.ImageFile, content: bytes) -> int:
    """Significant bits that a file declares; 0 where it tells nothing, or as many as fit."""
    told = 0
    if picture.format == "PNG":
        told = max(_significant_bits(content), default=0)
    elif isinstance(picture, TiffImagePlugin.TiffImageFile):
        if _raw_mode(picture).startswith("I;12"):
            return 12
        # Only a whole number of bits is a declaration: others are what this picture happens to hold.
        largest = np.max(np.atleast_1d(picture.tag_v2.get(S_MAX_SAMPLE_VALUE, 0)))
        told = int(largest).bit_length() if largest > 1 and largest == 2 ** int(largest).bit_length() - 1 else 0
    return told if 0 < told < 16 else 0


def _significant_bits(content: bytes) -> bytes:
    """The content of a PNG's sBIT chunk: bits of each channel."""
    place = PNG_CHUNKS_START
    while place + 8 <= len(content):
        length, kind = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8]
        if kind == b"sBIT":
            return content[place + 8 : place + 8 + min(length, 4)]
        if kind == b"IDAT":
            break
        place += length + 12
    return b""


def _reopened(picture: ImageFile.ImageFile, content: bytes, raw: str) -> Image.Image:
    """The same file with its values taken in another way."""
    again = Image.open(io.BytesIO(content), formats=(str(picture.format),))
    assert isinstance(again, ImageFile.ImageFile)
    if again.format == "PPM":  # whose own decoder leaves 8 bits
        again.tile = [again.tile[0]._replace(codec_name="raw", args=(raw, 0, 1))]
    else:
        again.tile = [
            tile._replace(args=(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw) for tile in again.tile
        ]
    return _loaded(again)


def _loaded(picture: Image.Image) -> Image.Image:
    picture.load()
    return picture
