"""One stored picture → upright RGB pixels → its identity (a hash) and its square of the wanted size."""

import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError


@dataclass(frozen=True)
class Broken:
    """Stands in for the content of a picture that can't even be taken out of its archive."""

    reason: str


#: A picture still in its container: a file's path, a file's bytes, or pixels (H×W or H×W×C uint8).
Payload = str | bytes | np.ndarray | Broken

# Named, so that no file, whatever its suffix, reaches a plug-in that starts other programs (EPS calls Ghostscript).
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "TGA", "JPEG2000", "AVIF", "PCX")
ORIENTATION = 0x0112
MOST_PIXELS = 89_478_485  # Pillow's own line, where it starts to warn of a decompression bomb
DIGEST_BYTES = 16
EMPTY = "an empty file (0 bytes)"
UNKNOWN = "not a picture in a format that we read"


class Unreadable(Exception):
    """This file can't be used as a picture; the message is the reason, one short sentence."""


@dataclass(frozen=True)
class Prepared:
    """What became of one picture: its place in the source, and its identity or the reason why it has none."""

    slot: int
    digest: bytes | None
    reason: str | None = None
    pixels: np.ndarray | None = None  # uint8 (C, size, size)


@dataclass(frozen=True)
class Stored:
    """A chunk of stored pictures, light enough to be sent to another process."""

    slots: list[int]
    payloads: list[Payload]

    def prepare(self, size: int, channels: int) -> Iterator[Prepared]:
        """Decode one after the other; a picture that can't be read comes out with the reason."""
        for slot, payload in zip(self.slots, self.payloads, strict=True):
            try:
                picture = decode(payload)
                yield Prepared(slot, identity(picture), pixels=fit(picture, size, channels))
            except Unreadable as error:
                yield Prepared(slot, None, reason=str(error))


@dataclass(frozen=True)
class Drawn:
    """A chunk of built-in portraits: drawn where they are prepared, so only numbers travel."""

    start: int
    stop: int
    seed: int

    def prepare(self, size: int, channels: int) -> Iterator[Prepared]:
        """Draw the portraits at the wanted size; their identity is (seed, index), the same at any size."""
        from figment.data.portraits import portraits

        step = max(1, 2**18 // size**2)  # drawing takes memory by the pixel
        for start in range(self.start, self.stop, step):
            pictures, _ = portraits(min(step, self.stop - start), seed=self.seed, size=size, start=start)
            for index, pixels in enumerate(pictures if channels == 3 else _luma(pictures), start):
                digest = short_hash(b"portrait", f"{self.seed} {index}".encode())
                yield Prepared(index, digest, pixels=pixels)


Chunk = Stored | Drawn


def decode(payload: Payload) -> Image.Image:
    """Read a picture, turned upright by its EXIF orientation, as RGB at full size; transparency becomes white.

    Raises Unreadable with the reason. Wide ranges (16-bit grey, floats) are scaled to 0…255, colour profiles ignored.
    """
    with _reasons(), _open(payload) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise Unreadable(f"declares {picture.width}×{picture.height} pixels, more than we decode")
        picture.load()
        return _rgb(_upright(picture))


def is_grey(payload: Payload) -> bool:
    """Whether a picture holds no colour, however it is stored. Raises Unreadable."""
    red, green, blue = decode(payload).split()
    return red == green == blue


def identity(picture: Image.Image) -> bytes:
    """Hash of an RGB picture's full-size pixels: equal for equal pixels, whatever file they come from."""
    # SHA-256 has instructions of its own on current x86 and ARM cores: 84 µs for 178×218 pixels against 186 µs for
    # BLAKE2b, beside about 800 µs for decoding and reducing them.
    return short_hash(f"{picture.width}x{picture.height}".encode(), picture.tobytes())


def short_hash(kind: bytes, content: bytes) -> bytes:
    """SHA-256 of content, which is of some kind, cut to 128 bits."""
    hasher = hashlib.sha256(kind + b"\0")
    hasher.update(content)
    return hasher.digest()[:DIGEST_BYTES]


def fit(picture: Image.Image, size: int, channels: int) -> np.ndarray:
    """Centre square of an RGB picture, antialiased to size×size: uint8 (channels, size, size); 1 channel is luma."""
    picture = picture.convert("L") if channels == 1 else picture
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    # Cut first: resize's own box would let what lies outside of it into the outermost pixels.
    square = picture.crop((left, top, left + side, top + side))
    # The gap lets Pillow take whole-number steps of a large reduction by a box filter first: the eye sees no
    # difference, and a 24-megapixel photograph takes a third of the time.
    small = square.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(small).reshape(size, size, channels).transpose(2, 0, 1)


def _open(payload: Payload) -> Image.Image:
    if isinstance(payload, Broken):
        raise Unreadable(payload.reason)
    if isinstance(payload, np.ndarray):
        return Image.fromarray(payload)
    if isinstance(payload, bytes):
        if not payload:
            raise Unreadable(EMPTY)
        return Image.open(io.BytesIO(payload), formats=FORMATS)
    try:
        return Image.open(payload, formats=FORMATS)
    except UnidentifiedImageError:
        raise Unreadable(EMPTY if os.path.getsize(payload) == 0 else UNKNOWN) from None


def _upright(picture: Image.Image) -> Image.Image:
    try:
        turned = picture.getexif().get(ORIENTATION, 1) in range(2, 9)
    except Exception:  # a spoilt EXIF block raises whatever its bytes lead to, and the pixels are sound without it
        return picture
    return ImageOps.exif_transpose(picture) if turned else picture


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        return Image.fromarray(_to_8_bits(np.asarray(picture))).convert("RGB")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")


def _to_8_bits(values: np.ndarray) -> np.ndarray:
    """Scale grey values of a wide type to 0…255: integers as 16-bit, floats by the narrowest range that holds them."""
    fractions = np.nan_to_num(values.astype(np.float32), posinf=0, neginf=0)
    low, high = fractions.min(), fractions.max()
    if np.issubdtype(values.dtype, np.integer):
        white = 65535 if high <= 65535 else high
    else:
        white = next((white for white in (1, 255, 65535) if high <= white), high)
    black = min(low, 0)
    return np.rint((fractions - black) * (255 / (white - black))).astype(np.uint8)


def _luma(pictures: np.ndarray) -> np.ndarray:
    """Uint8 (N, 3, S, S) → (N, 1, S, S), with the weights and the rounding of Pillow's conversion to grey."""
    red, green, blue = np.moveaxis(pictures.astype(np.uint32), 1, 0)
    return ((red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16).astype(np.uint8)[:, None]


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn everything that a damaged file makes Pillow raise into Unreadable with a reason that a person can read."""
    try:
        with warnings.catch_warnings():
            # Pillow's remarks on odd metadata help nobody here, and would fail a program that treats them as errors.
            warnings.simplefilter("ignore")
            yield
    except Unreadable:
        raise
    except Image.DecompressionBombError:
        raise Unreadable("declares an absurd number of pixels") from None
    except UnidentifiedImageError:
        raise Unreadable(UNKNOWN) from None
    except FileNotFoundError:
        raise Unreadable("the file is gone, or its link leads nowhere") from None
    except PermissionError:
        raise Unreadable("no permission to read it") from None
    except MemoryError:
        raise Unreadable("doesn't fit into memory") from None
    except Exception as error:  # decoders of damaged files raise nearly anything: SyntaxError, struct.error, …
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        cut = "truncated" in text or "unexpected end" in text.lower() or isinstance(error, EOFError)
        raise Unreadable("cut short: the file ends before the picture does" if cut else f"broken: {text}") from None
