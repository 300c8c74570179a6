"""Files of boxes (ISO/IEC 14496-12): films in mp4 and QuickTime's, pictures in HEIC, AVIF and JPEG 2000."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from figment.metadata.exif import read_exif
from figment.metadata.iim import read_resources
from figment.metadata.stored import MAX_TEXT_BYTES, Damaged, Stored

# What the first bytes of pictures may call themselves (ISO/IEC 23008-12, annex B; AV1 Image File Format, section 4).
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1")
AVIF_BRANDS = (b"avif", b"avis")
JPEG2000_START = b"\0\0\0\x0cjP  \r\n\x87\n"
XMP_ID = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")  # XMP specification, part 3, sections 1.1.4 and 1.2.5
MANIFEST_ID = bytes.fromhex("D8FEC3D61B0E483C92975828877EC481")  # C2PA 2.1, section A.5.1
# Of JPEG 2000, as exiv2 and exiftool write them.
EXIF_ID, IIM_ID = b"JpgTiffExif->JP2", bytes.fromhex("33C7A4D2B81D4723A0BAF1A3E097AD38")
# Where XMP stands in QuickTime's films (XMP specification, part 3, section 1.2.6), and boxes with which those begin that
# have no "ftyp".
QUICKTIME_PLACE = (b"moov", b"udta", b"XMP_")
QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
# Names of QuickTime's and iTunes' texts, which encoders and cameras write: "©cmt" and the like.
TEXTS = {
    b"\xa9cmt": "comment", b"\xa9des": "description", b"desc": "description", b"\xa9too": "Software", b"\xa9swr": "Software",
    b"\xa9mak": "Make", b"\xa9mod": "Model", b"\xa9nam": "title", b"\xa9ART": "artist",
}  # fmt: skip
MAX_ITEMS = 1 << 12  # of a picture, and pieces of an item
XMP_ITEM = b"mime", b"application/rdf+xml"


@dataclass(frozen=True)
class Box:
    """kind: of four letters. start, end: where its content stands in the file."""

    kind: bytes
    start: int
    end: int


def is_boxes(head: bytes) -> bool:
    return head[4:8] == b"ftyp" or head[4:8] in QUICKTIME_BOXES or head.startswith(JPEG2000_START)


def kind_of(head: bytes) -> str:
    """What people call a file that begins like that."""
    if head.startswith(JPEG2000_START):
        return "JPEG 2000"
    if head[4:8] != b"ftyp" or head[8:12] == b"qt  ":
        return "MOV"
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, len(head) - 3, 4))]
    if brands[0] in AVIF_BRANDS or (brands[0] in (b"mif1", b"msf1") and set(brands) & set(AVIF_BRANDS)):
        return "AVIF"
    return "HEIC" if brands[0] in HEIC_BRANDS else "MP4"


def read_boxes(file: BinaryIO, size: int, stored: Stored) -> None:
    for box in boxes(file, stored, 0, size):
        if box.kind == b"uuid":
            _read_identified(file, stored, box)
        elif box.kind == b"moov":
            _read_film(file, stored, box)
        elif box.kind == b"meta":
            _read_items(file, stored, box)


def boxes(file: BinaryIO, stored: Stored, at: int, end: int) -> Iterator[Box]:
    """The boxes from one place of a file to another. Raises Damaged at one that is larger than the place has room for."""
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        stored.count()
        size, kind, start = int.from_bytes(head[:4], "big"), head[4:8], at + 8
        if size == 1:  # a box over 4 GiB has its size after its kind
            size, start = int.from_bytes(head[8:16], "big"), at + 16
        if size == 0:  # it goes on to the end
            size = end - at
        if not kind.strip(b"\0"):  # QuickTime ends a list with zeros
            return
        if size < start - at:
            raise Damaged("its boxes don't follow one another")
        yield Box(kind, start, min(at + size, end))
        if at + size > end:
            raise Damaged("it is cut short")
        at += size


def _read_identified(file: BinaryIO, stored: Stored, box: Box) -> None:
    file.seek(box.start)
    identity = file.read(16)
    size = max(box.end - box.start - len(identity), 0)
    if identity == XMP_ID:
        stored.add_packet(stored.take(file, size))
    elif identity == EXIF_ID:
        read_exif(stored.take(file, size), stored)
    elif identity == IIM_ID:
        read_resources(stored.take(file, size, MAX_TEXT_BYTES), stored)
    elif identity == MANIFEST_ID:
        stored.found_manifest(stored.take(file, size, MAX_TEXT_BYTES))


def _read_film(file: BinaryIO, stored: Stored, film: Box) -> None:
    """What a film says of itself beside its tracks."""
    for box in boxes(file, stored, film.start, film.end):
        if box.kind == b"meta":
            _read_list(file, stored, box)
        if box.kind != b"udta":
            continue
        for part in boxes(file, stored, box.start, box.end):
            if part.kind == QUICKTIME_PLACE[-1]:
                stored.add_packet(_content(file, stored, part, None))
            elif part.kind == b"meta":
                _read_list(file, stored, part)
            elif part.kind in TEXTS:  # two bytes of length, two of language, text
                stored.add("film", TEXTS[part.kind], _content(file, stored, part)[4:])


def _read_list(file: BinaryIO, stored: Stored, meta: Box) -> None:
    """iTunes' list of texts, or QuickTime's, whose names stand in a table of their own ("keys")."""
    keys: list[bytes] = []
    for box in _in_meta(file, stored, meta):
        if box.kind == b"keys":
            keys = _keys(_content(file, stored, box))
        if box.kind != b"ilst":
            continue
        for entry in boxes(file, stored, box.start, box.end):
            number = int.from_bytes(entry.kind, "big")
            name = keys[number - 1].decode("latin-1") if 0 < number <= len(keys) else TEXTS.get(entry.kind)
            for part in boxes(file, stored, entry.start, entry.end):
                if part.kind == b"data" and name:  # four bytes of kind, four of language, text
                    stored.add("film", name.rpartition("com.apple.quicktime.")[2], _content(file, stored, part)[8:])


def _keys(table: bytes) -> list[bytes]:
    """The names in QuickTime's table: four bytes of version, four of their count, and each with its length and a kind."""
    found: list[bytes] = []
    at = 8
    while at + 8 <= len(table) and len(found) < MAX_ITEMS:
        size = int.from_bytes(table[at : at + 4], "big")
        if size < 8:
            break
        found.append(table[at + 8 : at + size])
        at += size
    return found


def _read_items(file: BinaryIO, stored: Stored, meta: Box) -> None:
    """HEIC's and AVIF's items (ISO/IEC 14496-12, section 8.11): XMP, EXIF. A film may have a list in that place, too."""
    kinds: dict[int, bytes] = {}
    places: dict[int, list[tuple[int, int, int]]] = {}
    data = None
    for box in _in_meta(file, stored, meta):
        if box.kind == b"iinf":
            kinds = _item_kinds(file, stored, box)
        elif box.kind == b"iloc":
            places = _item_places(_content(file, stored, box))
        elif box.kind == b"idat":
            data = box
    for number, kind in kinds.items():
        content = b""
        for method, start, size in places.get(number, []):
            if method > 1 or (method == 1 and data is None):
                continue
            file.seek(start + (data.start if method == 1 and data else 0))
            content += stored.take(file, size)
        if kind == b"mime":
            stored.add_packet(content)
        elif content:  # four bytes say how many more come before it
            read_exif(content[4 + int.from_bytes(content[:4], "big") :], stored)


def _item_kinds(file: BinaryIO, stored: Stored, infos: Box) -> dict[int, bytes]:
    """The items that are XMP or EXIF, with their kind."""
    file.seek(infos.start)
    start = infos.start + (6 if file.read(1) == b"\0" else 8)
    found = {}
    for box in boxes(file, stored, start, infos.end):
        info = _content(file, stored, box)
        if box.kind != b"infe" or info[:1] not in (b"\2", b"\3"):
            continue
        wide = 2 if info[0] == 2 else 4
        number, rest = int.from_bytes(info[4 : 4 + wide], "big"), info[6 + wide :]
        content_type = rest[4:].split(b"\0")[1:2]
        if rest[:4] == b"Exif" or (rest[:4] == XMP_ITEM[0] and content_type == [XMP_ITEM[1]]):
            found[number] = rest[:4]
    return found


def _item_places(table: bytes) -> dict[int, list[tuple[int, int, int]]]:
    """Where each item's bytes stand: how the place is meant (0: of the file, 1: of "idat"), where it begins, how long it is."""
    at = 4
    version = table[0] if table else 0

    def number(size: int) -> int:
        nonlocal at
        at += size
        if at > len(table):
            raise Damaged("it is cut short")
        return int.from_bytes(table[at - size : at], "big")

    sizes = number(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 2 if version < 2 else 4
    found: dict[int, list[tuple[int, int, int]]] = {}
    for _ in range(min(number(wide), MAX_ITEMS)):
        item = number(wide)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)  # of which file: this one
        base = number(base_bytes)
        pieces = []
        for _ in range(min(number(2), MAX_ITEMS)):
            number(index_bytes if version in (1, 2) else 0)
            start = base + number(offset_bytes)
            pieces.append((method, start, number(length_bytes)))
        found[item] = pieces
    return found


def _in_meta(file: BinaryIO, stored: Stored, meta: Box) -> Iterator[Box]:
    """The boxes in one called "meta": by ISO behind four bytes of version, by QuickTime without."""
    file.seek(meta.start)
    head = file.read(8)
    return boxes(file, stored, meta.start + (4 if head[4:8] != b"hdlr" else 0), meta.end)


def _content(file: BinaryIO, stored: Stored, box: Box, most: int | None = MAX_TEXT_BYTES) -> bytes:
    file.seek(box.start)
    return stored.take(file, max(box.end - box.start, 0), most)
