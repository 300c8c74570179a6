"""One stored picture → upright RGB pixels → its identity (a hash) and its pixels at the wanted size."""

import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image, UnidentifiedImageError

from figment.common.malloc import hold_freed_memory
from figment.data.decoding import jpeg
from figment.data.decoding.fit import Target
from figment.errors import Unreadable


@dataclass(frozen=True)
class Broken:
    """Stands in for the content of a picture that can't even be taken out of its archive."""

    reason: str


#: A picture still in its container: a file's path, a file's bytes, or pixels (H×W or H×W×C uint8).
Payload = str | bytes | np.ndarray | Broken

# Named, so that no file, whatever its suffix, reaches a plug-in that starts other programs (EPS calls Ghostscript).
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "TGA", "JPEG2000", "AVIF", "PCX")
HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1")
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
MOST_BYTES = 2**28  # of one file; more is no picture
MOST_PIXELS = 89_478_485  # Pillow's own line, where it starts to warn of a decompression bomb
MOST_SCANNED = 32 * MOST_PIXELS  # pixels times scans: a progressive JPEG has about ten scans, a hostile one thousands
DIGEST_BYTES = 16
EMPTY = "an empty file (0 bytes)"
UNKNOWN = "not a picture in a format that we read"
NO_HEIC = "HEIC needs pillow-heif: pip install 'figment-gan[heic]'"


@dataclass(frozen=True)
class Prepared:
    """What became of one picture: its place in the source, and its identity or the reason why it has none."""

    slot: int
    digest: bytes | None
    reason: str | None = None
    pixels: np.ndarray | None = None  # uint8 (channels, height, width) of the target
    width: int = 0  # of the whole upright picture
    height: int = 0


@dataclass(frozen=True)
class Stored:
    """A chunk of stored pictures, light enough to be sent to another process."""

    slots: list[int]
    payloads: list[Payload]

    def prepare(self, target: Target) -> Iterator[Prepared]:
        """Decode one after the other; a picture that can't be read comes out with the reason."""
        for slot, payload in zip(self.slots, self.payloads, strict=True):
            try:
                yield _prepare(slot, payload, target)
            except Unreadable as error:
                yield Prepared(slot, None, reason=str(error))


@dataclass(frozen=True)
class Drawn:
    """A chunk of built-in portraits: drawn where they are prepared, so only numbers travel.

    start, stop: which portraits of the seed. offset: a portrait's place in the source is its number plus this.
    """

    start: int
    stop: int
    seed: int
    offset: int = 0

    def prepare(self, target: Target) -> Iterator[Prepared]:
        """Draw the portraits, square and as large as the target; their identity is (seed, index), the same at any size."""
        from figment.data.portraits.table import portraits

        # They are drawn with the face at its place, and the detector knows photographs only.
        target = replace(target, fit="crop") if target.fit == "face" else target
        side = max(target.height, target.width)
        step = max(1, 2**18 // side**2)  # drawing takes memory by the pixel
        for start in range(self.start, self.stop, step):
            pictures, _ = portraits(min(step, self.stop - start), seed=self.seed, size=side, start=start)
            for index, pixels in enumerate(pictures.transpose(0, 2, 3, 1), start):
                yield Prepared(self.offset + index, self.digest(index), None, target.bring(pixels), side, side)

    def digest(self, index: int) -> bytes:
        """Identity of one portrait, DIGEST_BYTES long."""
        return short_hash(b"portrait", f"{self.seed} {index}".encode())


Chunk = Stored | Drawn


def rescue(chunk: Chunk, reason: str) -> list[Chunk]:
    """What to try in place of a chunk whose worker was lost: its pictures one by one; of one picture, telling why."""
    if not isinstance(chunk, Stored):
        raise RuntimeError(f"drawing portraits ended a worker: it {reason}")
    if len(chunk.slots) > 1:
        return [Stored([slot], [payload]) for slot, payload in zip(chunk.slots, chunk.payloads, strict=True)]
    if isinstance(chunk.payloads[0], Broken):
        raise RuntimeError(f"a worker can't even be told of a broken picture: it {reason}")
    return [Stored(chunk.slots, [Broken(reason)])]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as read: upright RGB, Pillow's or uint8 (H, W, 3), and height and width of the whole, also upright.

    format, mode: as stored, by Pillow's names; "array" for pixels. animated: whether there are more frames.
    header, orientation: what a plain JPEG says of itself; None and 1 for everything else.
    """

    pixels: Image.Image | np.ndarray
    height: int
    width: int
    format: str
    mode: str
    animated: bool = False
    header: jpeg.Header | None = None
    orientation: int = 1

    @property
    def image(self) -> Image.Image:
        """The pixels as Pillow's picture."""
        return Image.fromarray(self.pixels) if isinstance(self.pixels, np.ndarray) else self.pixels

    def digest(self) -> bytes:
        """Identity, DIGEST_BYTES long, whatever container the picture comes from and whatever size is wanted.

        Equal for JPEGs that differ in nothing but metadata (see jpeg.Header.digest), and for all other files of equal
        pixels at full size. So a JPEG and the PNG made of it are two; the near-duplicates' search finds them.
        """
        if self.header is not None:
            return self.header.digest(self.orientation)[:DIGEST_BYTES]
        assert isinstance(self.pixels, Image.Image)
        return short_hash(f"{self.width}x{self.height}".encode(), self.pixels.tobytes())


def read(payload: Payload, enough: tuple[int, int] | None = None) -> Picture:
    """Read a picture, turned upright by its EXIF orientation, as RGB; transparency becomes white.

    enough: height and width, upright, that will do: a large JPEG is then decoded at a fraction of its size, never
    below them. Wide ranges (16-bit grey, floats) are scaled to 0…255, colour profiles ignored; of animations the first
    frame counts. Raises Unreadable with the reason.
    """
    hold_freed_memory()
    with _reasons():
        content = _fetch(payload)
        if isinstance(content, bytes) and (header := jpeg.read_header(content)):
            return _read_jpeg(content, header, enough)
        return _decoded(content)


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


def _prepare(slot: int, payload: Payload, target: Target) -> Prepared:
    picture = read(payload, target.enough)
    with _reasons():
        pixels = target.bring(picture.pixels)
    return Prepared(slot, picture.digest(), None, pixels, picture.width, picture.height)


def _fetch(payload: Payload) -> bytes | np.ndarray:
    """A picture's bytes, each read once, or its pixels."""
    if isinstance(payload, Broken):
        raise Unreadable(payload.reason)
    if isinstance(payload, str):
        # Without Python's buffer: one question for the size, one read.
        with open(payload, "rb", buffering=0) as file:
            _check_weight(os.fstat(file.fileno()).st_size)
            payload = file.readall()
    if isinstance(payload, bytes):
        _check_weight(len(payload))
    return payload


def _check_weight(size: int) -> None:
    if size == 0:
        raise Unreadable(EMPTY)
    if size > MOST_BYTES:
        raise Unreadable(f"more than {MOST_BYTES >> 20} MB of data")


def _read_jpeg(content: bytes, header: jpeg.Header, enough: tuple[int, int] | None) -> Picture:
    # Only a progressive file can order much work with few bytes: of others each scan must bring all its pixels, or it
    # isn't sound and goes to Pillow.
    _check_size(header.size, content.count(jpeg.SCAN) if header.progressive else 1)
    orientation = _stated_orientation(content) if header.turned else 1
    sideways = orientation >= 5
    height, width = header.size[::-1] if sideways else header.size
    try:
        stored = jpeg.decode_jpeg(content, header.size, enough[::-1] if enough and sideways else enough)
        pixels = _turned(Image.fromarray(stored), orientation) if orientation > 1 else stored
    except ValueError:  # not quite sound: Pillow is more lenient, and knows what to say
        pixels = _decoded(content).pixels
    return Picture(pixels, height, width, "JPEG", header.mode, False, header, orientation)


def _decoded(content: bytes | np.ndarray) -> Picture:
    """By Pillow, at full size."""
    if isinstance(content, np.ndarray):
        stored = Image.fromarray(content)
        return Picture(_rgb(stored), stored.height, stored.width, "array", stored.mode)
    with Image.open(io.BytesIO(content), formats=_formats(content)) as picture:
        scans = content.count(jpeg.SCAN) if content.startswith(jpeg.START) else 1
        _check_size((picture.height, picture.width), scans)
        kind, mode, animated = picture.format or "unknown", picture.mode, _is_animated(picture)
        picture.load()
        upright = _rgb(_turned(picture, _orientation(picture)))
        return Picture(upright, upright.height, upright.width, kind, mode, animated)


def _formats(content: bytes) -> tuple[str, ...]:
    brands = content[8 : int.from_bytes(content[:4], "big")] if content[4:8] == b"ftyp" else b""
    if brands[:4] not in HEIC or b"avif" in brands[:256]:
        return FORMATS
    if not _heic():
        raise Unreadable(NO_HEIC)
    return ("HEIF",)


@cache
def _heic() -> bool:
    """Whether Pillow can read HEIC, which its plug-in has to be told once a process."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _check_size(size: tuple[int, int], scans: int) -> None:
    height, width = size
    if height * width > MOST_PIXELS:
        raise Unreadable(f"declares {width}×{height} pixels, more than we decode")
    if height * width * scans > MOST_SCANNED:
        raise Unreadable(f"draws its pixels {scans:,} times over, more often than we decode")


def _is_animated(picture: Image.Image) -> bool:
    try:
        return getattr(picture, "is_animated", False)
    except Exception:  # what comes after a sound first frame may be spoilt
        return False


def _stated_orientation(content: bytes) -> int:
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
        return _orientation(picture)


def _orientation(picture: Image.Image) -> int:
    """1 to 8, as EXIF counts."""
    try:
        stated = picture.getexif().get(ORIENTATION)
        return stated if stated in TURNS else 1
    except Exception:  # a spoilt EXIF block raises whatever its bytes lead to, and the pixels are sound without it
        return 1


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    return picture.transpose(TURNS[orientation]) if orientation in TURNS else picture


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        return Image.fromarray(_to_8_bits(np.asarray(picture))).convert("RGB")
    if picture.mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
        assert converted is not None
        return converted
    if picture.has_transparency_data:
        white = Image.new("RGB", picture.size, "white")
        rgba = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        white.paste(rgba, mask=rgba)
        return white
    return picture.convert("RGB")


def _to_8_bits(values: np.ndarray) -> np.ndarray:
    """Scale grey values of a wide type to 0…255: integers as 16-bit, floats by the narrowest range that holds them."""
    # In place: the largest picture that we decode takes 358 MB in float32.
    fractions = values.astype(np.float32)
    np.nan_to_num(fractions, copy=False, posinf=0, neginf=0)
    low, high = fractions.min(), fractions.max()
    if np.issubdtype(values.dtype, np.integer):
        white = 65535 if high <= 65535 else high
    else:
        white = next((white for white in (1, 255, 65535) if high <= white), high)
    black = min(low, 0)
    fractions -= black
    fractions *= 255 / (white - black)
    return np.rint(fractions, out=fractions).astype(np.uint8)


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
