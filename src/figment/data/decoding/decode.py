"""One stored picture → upright RGB pixels and its identity, a hash; every damaged one → Unreadable, with the reason.

Plain JPEGs go a fast way of their own (see jpeg.py), everything else through Pillow.
"""

import hashlib
import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from figment.common.extras import mend
from figment.common.malloc import hold_freed_memory
from figment.common.marks import has_own_mark
from figment.common.pointers import IS_POINTER, is_pointer
from figment.data.decoding import jpeg
from figment.data.decoding.depth import Scales, deep_array, deep_picture
from figment.data.decoding.profiles import PLAIN, Profile, profile_of, to_srgb
from figment.data.decoding.rgb import orientation_of, to_rgb, turned
from figment.errors import Unreadable
from figment.metadata.boxes import HEIC_BRANDS


@dataclass(frozen=True)
class Broken:
    """Stands in for the content of a picture that can't even be taken out of its archive."""

    reason: str


#: A picture still in its container: a file's path, a file's bytes, or pixels (H×W or H×W×C numbers).
Payload = str | bytes | np.ndarray | Broken

# Named, so that no file, whatever its suffix, reaches a plug-in that starts other programs (EPS calls Ghostscript).
PILLOW_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "TGA", "JPEG2000", "AVIF", "PCX")
MAX_PICTURE_BYTES = 2**28  # more is a bomb, or no picture
# Of a picture in memory, for which Pillow takes four bytes each: a gigabyte, so that with the copies which converting it
# takes it stays below what a worker may have (4 GB). Phones have cameras of 200 million.
MAX_PIXELS = 2**28
# So many, or any number that the file's bytes could hold: a small file that declares more is spoilt, or a bomb.
MAX_UNFOUNDED_PIXELS, MAX_PIXELS_PER_BYTE = 89_478_485, 2**13
# Pixels times scans of a JPEG, which may be decoded at a fraction of its size, but has to be read through: a progressive
# one has about ten scans, a hostile one thousands.
MAX_SCANNED_PIXELS = 2_900_000_000
DIGEST_BYTES = 16
# Reasons that a person is told.
TOO_MANY_BYTES = f"more than {MAX_PICTURE_BYTES >> 20} MB of data"
EMPTY_FILE = "an empty file (0 bytes)"
UNKNOWN_FORMAT = "not a picture in a format that we read"
NO_PERMISSION = "no permission to read it"
MARKED = "made by figment, as its mark says"
NO_HEIC = f"HEIC needs pillow-heif: {mend('heic')}"


@dataclass(frozen=True, eq=False)
class DecodedPicture:
    """A picture as read: upright RGB, Pillow's or uint8 (H, W, 3), and height and width of the whole, also upright.

    format, mode: as stored, by Pillow's names; "array" for pixels. animated: whether there are more frames. container:
    the kind of one with more than 8 bits a channel (see depth.py), else "". profile: of its colours, and icc, the profile's
    bytes. header, orientation: what a plain JPEG says of itself; None and 1 for everything else.
    """

    pixels: Image.Image | np.ndarray
    height: int
    width: int
    format: str
    mode: str
    animated: bool = False
    container: str = ""
    profile: Profile = PLAIN
    icc: bytes | None = None
    header: jpeg.JpegHeader | None = None
    orientation: int = 1

    @property
    def image(self) -> Image.Image:
        """The pixels as Pillow's picture."""
        return Image.fromarray(self.pixels) if isinstance(self.pixels, np.ndarray) else self.pixels

    def digest(self) -> bytes:
        """Identity, DIGEST_BYTES long, whatever container the picture comes from and whatever size is wanted.

        Equal for JPEGs that differ in nothing but metadata (see JpegHeader.digest), and for all other files of equal
        pixels at full size. So a JPEG and the PNG made of it are two; the near-duplicates' search finds them.
        """
        if self.header is not None:
            stored = self.header.digest(self.orientation)
            if self.profile.converts and self.icc:  # the same numbers are other colours then
                return short_hash(b"jpeg in colours of", self.icc + stored)
            return stored[:DIGEST_BYTES]
        assert isinstance(self.pixels, Image.Image)
        return short_hash(f"{self.width}x{self.height}".encode(), self.pixels.tobytes())


def read(
    payload: Payload, min_size: tuple[int, int] | None = None, scales: Scales | None = None, keep_marked: bool = True
) -> DecodedPicture:
    """Read a picture, turned upright by its EXIF orientation, as sRGB; transparency becomes white.

    min_size: height and width, upright, that will do: a large JPEG is then decoded at a fraction of its size, never
    below them. scales: what brings deep pictures (16-bit grey, floats) of this set to 0…255; without any, each is scaled
    by itself. Colour profiles are converted, broken ones ignored; of animations the first frame counts. Raises Unreadable
    with the reason; Unscaled, which is one, for a deep picture whose kind has no scale; and without keep_marked one of
    MARKED for a picture that figment made.
    """
    hold_freed_memory()
    with naming_damage():
        content = load(payload)
        if not keep_marked and isinstance(content, bytes) and has_own_mark(content):
            raise Unreadable(MARKED)
        if isinstance(content, bytes) and (header := jpeg.read_header(content)):
            return _read_jpeg(content, header, min_size)
        return _by_pillow(content, scales)


def content_of(payload: Payload) -> bytes | np.ndarray:
    """A picture's bytes, or its pixels, which read takes, too: where both are wanted, so that it is read once. Raises
    Unreadable with the reason."""
    with naming_damage():
        return load(payload)


def decode(payload: Payload) -> Image.Image:
    """The whole picture at full size, as read gives it. Raises Unreadable with the reason."""
    return read(payload).image


def is_grey(payload: Payload) -> bool:
    """Whether a picture holds no colour, however it is stored. Raises Unreadable."""
    red, green, blue = decode(payload).split()
    return red == green == blue


def short_hash(kind: bytes, content: bytes) -> bytes:
    """SHA-256 of content, which is of some kind, cut to 128 bits."""
    hasher = hashlib.sha256(kind + b"\0")
    hasher.update(content)
    return hasher.digest()[:DIGEST_BYTES]


def load(payload: Payload) -> bytes | np.ndarray:
    """A picture's bytes, each read once, or its pixels. Raises Unreadable, or OSError as reading does."""
    if isinstance(payload, Broken):
        raise Unreadable(payload.reason)
    if isinstance(payload, str):
        # Without Python's buffer: one question for the size, one read.
        with open(payload, "rb", buffering=0) as file:
            _check_bytes(os.fstat(file.fileno()).st_size)
            payload = file.readall()
    if isinstance(payload, bytes):
        _check_bytes(len(payload))
        if is_pointer(payload):
            raise Unreadable(IS_POINTER)
    return payload


def _check_bytes(size: int) -> None:
    if size == 0:
        raise Unreadable(EMPTY_FILE)
    if size > MAX_PICTURE_BYTES:
        raise Unreadable(TOO_MANY_BYTES)


def _read_jpeg(content: bytes, header: jpeg.JpegHeader, min_size: tuple[int, int] | None) -> DecodedPicture:
    """By libjpeg-turbo, at a fraction of the size where that will do."""
    orientation, icc = _stated(content) if header.has_orientation or header.has_profile else (1, None)
    sideways = orientation >= 5
    height, width = header.size[::-1] if sideways else header.size
    reduction = jpeg.reduced_by(header.size, min_size[::-1] if min_size and sideways else min_size, MAX_PIXELS)
    # Only a progressive file can order much work with few bytes: of others each scan must bring all its pixels, or it
    # isn't sound and goes to Pillow. And all its pixels are kept while it is decoded.
    scans = content.count(jpeg.START_OF_SCAN) if header.progressive else 1
    _check_size(header.size, len(content), scans, 1 if header.progressive else reduction)
    try:
        stored = jpeg.decode_jpeg(content, header.size, reduction)
        pixels = turned(Image.fromarray(stored), orientation) if orientation > 1 else stored
    except ValueError:  # not quite sound: Pillow is more lenient, and knows what to say
        pixels = _leniently(content, reduction)
    profile = profile_of(icc, "L" if header.mode == "L" else "RGB")
    if profile.converts:
        colours = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
        pixels = np.asarray(to_srgb(colours.convert("L" if header.mode == "L" else "RGB"), icc).convert("RGB"))
    return DecodedPicture(
        pixels, height, width, "JPEG", header.mode, profile=profile, icc=icc, header=header, orientation=orientation
    )


def _leniently(content: bytes, reduction: int) -> Image.Image:
    """An unsound JPEG as far as Pillow makes something of it: upright RGB."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
        scans = content.count(jpeg.START_OF_SCAN)
        _check_size((picture.height, picture.width), len(content), scans, reduction)
        if reduction > 1:
            picture.draft(None, (picture.width // reduction, picture.height // reduction))
        picture.load()
        return turned(picture, orientation_of(picture)).convert("RGB")


def _by_pillow(content: bytes | np.ndarray, scales: Scales | None) -> DecodedPicture:
    """By Pillow, at full size."""
    if isinstance(content, np.ndarray):
        deep = deep_array(content)
        stored = Image.fromarray(content) if deep is None else deep.scaled(scales)
        container = deep.container if deep else ""
        return DecodedPicture(to_rgb(stored)[0], stored.height, stored.width, "array", stored.mode, container=container)
    with Image.open(io.BytesIO(content), formats=pillow_formats(content)) as picture:
        scans = content.count(jpeg.START_OF_SCAN) if content.startswith(jpeg.JPEG_START) else 1
        _check_size((picture.height, picture.width), len(content), scans)
        kind, mode, animated = picture.format or "unknown", picture.mode, _is_animated(picture)
        icc = picture.info.get("icc_profile")
        deep = deep_picture(picture, content)
        if deep is None:
            _load_pixels(picture, content)
        small = picture if deep is None else deep.scaled(scales)
        upright, profile = to_rgb(turned(small, orientation_of(picture)), icc if isinstance(icc, bytes) else None)
        container = deep.container if deep else ""
        return DecodedPicture(upright, upright.height, upright.width, kind, mode, animated, container, profile)


def _load_pixels(picture: ImageFile.ImageFile, content: bytes) -> None:
    """Have Pillow decode; of a JPEG that lacks its end and nothing else, all the same."""
    try:
        picture.load()
    except OSError:
        whole = jpeg.completed(content, picture.mode == "CMYK") if content.startswith(jpeg.JPEG_START) else None
        if whole is None:
            raise
        with Image.open(io.BytesIO(whole), formats=("JPEG",)) as again:
            again.load()
            picture.im, picture.tile = again.im, []


def pillow_formats(content: bytes) -> tuple[str, ...]:
    """The formats that Pillow may take these bytes for. Raises Unreadable for HEIC without its plug-in."""
    brands = content[8 : int.from_bytes(content[:4], "big")] if content[4:8] == b"ftyp" else b""
    if brands[:4] not in HEIC_BRANDS or b"avif" in brands[:256]:
        return PILLOW_FORMATS
    if not has_heic():
        raise Unreadable(NO_HEIC)
    return ("HEIF",)


@cache
def has_heic() -> bool:
    """Whether Pillow can read HEIC, which its plug-in has to be told once a process."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _check_size(size: tuple[int, int], stored_bytes: int, scans: int, reduction: int = 1) -> None:
    height, width = size
    most = min(MAX_PIXELS * reduction**2, MAX_SCANNED_PIXELS)
    if height * width > min(most, max(MAX_UNFOUNDED_PIXELS, stored_bytes * MAX_PIXELS_PER_BYTE)):
        raise Unreadable(f"declares {width}×{height} pixels, more than we decode")
    if height * width * scans > MAX_SCANNED_PIXELS:
        raise Unreadable(f"draws its pixels {scans:,} times over, more often than we decode")


def _is_animated(picture: Image.Image) -> bool:
    try:
        return getattr(picture, "is_animated", False)
    except Exception:  # what comes after a sound first frame may be spoilt
        return False


def _stated(content: bytes) -> tuple[int, bytes | None]:
    """The orientation that a JPEG states, and its colour profile."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
        icc = picture.info.get("icc_profile")
        return orientation_of(picture), icc if isinstance(icc, bytes) else None


_bound_lock = threading.Lock()
_bounds: list[int | None] = []  # Pillow's own, one for each block that is inside


@contextmanager
def _own_bound() -> Iterator[None]:
    """Have Pillow open what its own bound on pixels refuses: ours is checked before anything is decoded."""
    with _bound_lock:
        _bounds.append(Image.MAX_IMAGE_PIXELS if not _bounds else _bounds[-1])
        Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        with _bound_lock:
            before = _bounds.pop()
            if not _bounds:
                Image.MAX_IMAGE_PIXELS = before


@contextmanager
def naming_damage() -> Iterator[None]:
    """Turn everything that a damaged file makes Pillow raise into Unreadable with a reason that a person can read."""
    try:
        with warnings.catch_warnings(), _own_bound():
            # Pillow's remarks on odd metadata help nobody here, and would fail a program that treats them as errors.
            warnings.simplefilter("ignore")
            yield
    except Unreadable:
        raise
    except Image.DecompressionBombError:
        raise Unreadable("declares an absurd number of pixels") from None
    except UnidentifiedImageError:
        raise Unreadable(UNKNOWN_FORMAT) from None
    except FileNotFoundError:
        raise Unreadable("the file is gone, or its link leads nowhere") from None
    except PermissionError:
        raise Unreadable(NO_PERMISSION) from None
    except MemoryError:
        raise Unreadable("doesn't fit into memory") from None
    except Exception as error:  # decoders of damaged files raise nearly anything: SyntaxError, struct.error, …
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        cut = "truncated" in text.lower() or "unexpected end" in text.lower() or isinstance(error, EOFError)
        raise Unreadable("cut short: the file ends before the picture does" if cut else f"broken: {text}") from None
