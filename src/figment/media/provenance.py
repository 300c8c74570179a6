"""Where a picture, video or page comes from: the mark of what is synthetic, written as XMP or JSON-LD and read back."""

import re
import struct
import warnings
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import BinaryIO, Literal, get_args

from markupsafe import Markup
from PIL import Image, UnidentifiedImageError

from figment.common.marks import DESCRIPTION, HEAD_BYTES, PACKET, PAGE_DATA, TAIL_BYTES, VOCABULARY, has_own_mark
from figment.data.decoding.decode import HEIC_BRANDS, NO_HEIC, has_heic
from figment.errors import InputError

DigitalSourceType = Literal[
    "trainedAlgorithmicMedia", "algorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"
]
# As an element, an attribute or an rdf:resource: other programs write all three; people, the bare word.
DECLARATION = re.compile(
    rb""":DigitalSourceType(?:\W[^<]{0,200}?digitalsourcetype/|(?:=["']|>)\s*(?=\w+\s*["'<]))(\w+)"""
)
# In a page: JSON-LD or microdata, of schema.org's words or of IPTC's.
PAGE_DECLARATION = re.compile(
    rb"""\bdigitalSourceType["'][^<>{}]{0,100}?(?:(?:schema\.org/|["'])(\w+)DigitalSource\b|digitalsourcetype/(\w+))"""
)
PAGES = {"html", "htm", "xhtml"}
AVIF_BRANDS = (b"avif", b"avis")  # of pictures in the boxes of an mp4, beside HEIC's
# C2PA 2.1, section 11.1: so begins the box that holds all that was signed, whatever kind of file it stands in.
SIGNED_BOX = b"jumd" + bytes.fromhex("63327061 00110010 800000AA00389B71")
SIGNED_BYTES = 1 << 24  # of a file's beginning and of its end, in which that is looked for
XMP_BOX = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")  # XMP specification, part 3, section 1.1.4 (MPEG-4)
# Where it stands in QuickTime's films (section 1.1.5, QuickTime), and boxes with which those begin that have no "ftyp".
QUICKTIME_PLACE = (b"moov", b"udta", b"XMP_")
QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
# XMP specification, part 3, section 1.1.2 (GIF): the packet is no chain of blocks, so behind it stand bytes that lead a
# reader, wherever it comes in, to the chain's end.
XMP_EXTENSION = b"\x21\xff\x0bXMP DataXMP"
XMP_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
#: As Pillow's readers say it: packed bombs, cut chunks, impossible numbers.
DAMAGED = (ValueError, SyntaxError, EOFError, LookupError, RuntimeError, TypeError, ArithmeticError, struct.error)
MAX_PACKET_BYTES = 1 << 24  # bytes; a mark needs 400
MAX_PAGE_BYTES = 1 << 26  # that are read of a page, which may hold its pictures


def source_of(path: str | Path) -> str | None:
    """Where a picture, mp4 or page says that it comes from: a word of IPTC's DigitalSourceType, or None if it says nothing.

    Raises InputError if the file is missing or is none of them.
    """
    path = Path(path)
    try:
        if path.suffix[1:].lower() in PAGES:
            return _page_source(path)
        with path.open("rb") as file:
            kind = file.read(12)[4:]
        is_video = (kind[:4] == b"ftyp" and kind[4:] not in (*HEIC_BRANDS, *AVIF_BRANDS)) or kind[:4] in QUICKTIME_BOXES
        if kind[:4] == b"ftyp" and kind[4:] in HEIC_BRANDS and not has_heic():
            raise InputError(f"{path} can't be read: {NO_HEIC}")
        packet = _video_packet(path) if is_video else _picture_packet(path)
    except Image.DecompressionBombError:
        raise InputError(
            f"{path} has more pixels than are opened here: name a smaller copy that kept its metadata."
        ) from None
    except UnidentifiedImageError:
        raise InputError(
            f"{path} is no picture, mp4 or page that figment can read: name a PNG, JPEG, WebP, GIF, HEIC, mp4 or HTML."
        ) from None
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror or error}): name a picture, mp4 or page.") from None
    except DAMAGED as error:
        raise InputError(f"{path} is damaged ({error}): name a whole file.") from None
    declared = DECLARATION.search(_in_utf8(packet))
    return declared[1].decode() if declared else None


def has_credentials(path: Path) -> bool:
    """Whether a file bears Content Credentials (C2PA): a signed statement, which isn't read here."""
    with path.open("rb") as file:
        if SIGNED_BOX in file.read(SIGNED_BYTES):
            return True
        file.seek(max(0, path.stat().st_size - SIGNED_BYTES))
        return SIGNED_BOX in file.read()


def xmp(source: DigitalSourceType, remark: str = "") -> bytes:
    """The XMP packet that marks a file with where it comes from. Raises ValueError for a word that isn't a Source.

    remark: what else is to be known of how it was made, as the packet's description.
    """
    if source not in get_args(DigitalSourceType):
        raise ValueError(f"{source} is none of {', '.join(get_args(DigitalSourceType))}")
    return PACKET.format(VOCABULARY + source, DESCRIPTION.format(escape(remark)) if remark else "").encode()


def of_all(sources: Iterable[DigitalSourceType | None]) -> DigitalSourceType | None:
    """What a page is marked as that holds pictures of these marks; None where nothing on it is synthetic.

    None among others is a real picture: with it, or where marks differ, the page is a composite.
    """
    found = set(sources)
    if len(found) < 2:
        return next(iter(found), None)
    has_learnt = found & {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"}
    return "compositeWithTrainedAlgorithmicMedia" if has_learnt else "compositeSynthetic"


def mark_of_reals(drawn: bool) -> DigitalSourceType | None:
    """What sheets of the pictures are marked as that a run learnt from. drawn: whether figment drew them by rule."""
    return "algorithmicMedia" if drawn else None


def page_mark(source: DigitalSourceType | None) -> Markup:
    """The same mark for the head of a page, as JSON-LD in the words of schema.org, which programs read; empty for None."""
    return Markup(PAGE_DATA.format(source[0].upper() + source[1:])) if source else Markup()


def xmp_box(source: DigitalSourceType) -> bytes:
    """The same mark as a top-level box of an mp4: size, "uuid", Adobe's identifier, packet."""
    content = b"uuid" + XMP_BOX + xmp(source)
    return (len(content) + 4).to_bytes(4, "big") + content


def is_own(path: Path) -> bool:
    """Whether a file says, in figment's way, that it is figment's."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return has_own_mark(head) or has_own_mark(file.read())


def check_replaced(path: Path) -> None:
    """Raise InputError where a file that is there isn't one that figment made, by its own mark: it mustn't be lost to it."""
    if path.is_file() and path.stat().st_size and not is_own(path):
        raise InputError(f"--out {path} exists and isn't a picture or film that figment made: name another file.")


def xmp_extension(source: DigitalSourceType) -> bytes:
    """The same mark as an extension block of a GIF, for the place behind its first colours."""
    return XMP_EXTENSION + xmp(source) + XMP_TRAILER


def _page_source(path: Path) -> str | None:
    with path.open("rb") as file:
        declared = PAGE_DECLARATION.search(file.read(MAX_PAGE_BYTES))
    if declared is None:
        return None
    of_schema, of_iptc = (part.decode() if part else "" for part in declared.groups())
    return of_iptc or of_schema[0].lower() + of_schema[1:]


def _picture_packet(path: Path) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # no pixel is read
        image = Image.open(path)
    with image:
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        if image.format == "GIF":  # of which Pillow reads no XMP
            with path.open("rb") as file:
                packet = file.read(HEAD_BYTES).partition(XMP_EXTENSION)[2].partition(XMP_TRAILER)[0]
    return packet.encode() if isinstance(packet, str) else packet


def _video_packet(path: Path) -> bytes:
    """The XMP packet of an mp4, in a box of its own, or of QuickTime, within others; empty if there is none."""
    with path.open("rb") as file:
        size = path.stat().st_size
        for kind, start, end in _boxes(file, 0, size):
            file.seek(start)
            if kind == b"uuid" and file.read(len(XMP_BOX)) == XMP_BOX:
                return file.read(min(max(end - file.tell(), 0), MAX_PACKET_BYTES))
        found = [(0, size)]
        for wanted in QUICKTIME_PLACE:
            found = [(start, end) for place in found for kind, start, end in _boxes(file, *place) if kind == wanted]
        for start, end in found:
            file.seek(start)
            return file.read(min(end - start, MAX_PACKET_BYTES))
    return b""


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes of an mp4 or of QuickTime from one place of a file to another: kind, and where the content begins and ends."""
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        size, kind, start = int.from_bytes(head[:4], "big"), head[4:8], at + 8
        if size == 1:  # a box over 4 GiB has its size after its kind
            size, start = int.from_bytes(head[8:16], "big"), at + 16
        if size == 0:  # it goes on to the end
            size = end - at
        if size < start - at:  # damage
            return
        yield kind, start, min(at + size, end)
        at += size


def _in_utf8(packet: bytes) -> bytes:
    """An XMP packet in UTF-8, which may be in UTF-16 or 32, either way round (XMP specification, part 1, section 7.3.2)."""
    for encoding, unit in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        # "<" stands in every packet; at a whole number of units only in its own encoding, since the text is mostly of ASCII.
        at = packet.find("<".encode(encoding) + "?".encode(encoding))
        at = packet.find("<x:".encode(encoding)) if at < 0 else at
        if at >= 0 and at % unit == 0:
            return packet[: len(packet) // unit * unit].decode(encoding, "replace").encode("utf-8", "replace")
    return packet
