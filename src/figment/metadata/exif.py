"""EXIF, and TIFF, whose form it has: directories of numbered entries."""

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

from figment.metadata.iim import read_iim, read_resources
from figment.metadata.stored import CUT, MAX_TEXT_BYTES, Damaged, Stored

# EXIF 3.0, tables 3 to 8: those that name programs, cameras and people.
TEXTS = {
    0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software", 0x013B: "Artist",
    0x013C: "HostComputer", 0x8298: "Copyright", 0x9003: "DateTimeOriginal", 0xA433: "LensMake", 0xA434: "LensModel",
}  # fmt: skip
WINDOWS_TEXTS = {0x9C9B: "XPTitle", 0x9C9C: "XPComment", 0x9C9D: "XPAuthor", 0x9C9E: "XPKeywords"}  # in UTF-16
USER_COMMENT = 0x9286
EXIF_DIRECTORY = 0x8769
XMP, IIM, RESOURCES = 700, 33723, 34377  # XMP specification, part 3, section 1.1.8
MANIFEST = 0xCD41  # C2PA 2.1, section A.3.5
WANTED = {*TEXTS, *WINDOWS_TEXTS, USER_COMMENT, EXIF_DIRECTORY, XMP, IIM, RESOURCES, MANIFEST}
# Bytes of a value, by its type; BigTIFF has the last three.
BYTES_OF = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
MAX_DIRECTORIES = 64
MAX_ENTRIES = 1 << 12  # of a directory
STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two of BigTIFF


@dataclass(frozen=True)
class Form:
    """How numbers stand in a file: struct's sign of their order; the forms of a place, of a count of entries, of an entry."""

    order: str
    place: str
    count: str
    entry: str

    def numbers(self, form: str, content: bytes) -> tuple[int, ...]:
        """Raises Damaged where there aren't enough bytes for them."""
        form = self.order + form
        if len(content) < struct.calcsize(form):
            raise Damaged(CUT)
        return struct.unpack_from(form, content)


def read_exif(block: bytes, stored: Stored) -> None:
    """EXIF as it stands in other files; what is wrong with it costs it alone."""
    block = block.removeprefix(b"Exif\0\0")
    try:
        if not block.startswith(STARTS):
            raise Damaged("no such block")
        read_tiff(io.BytesIO(block), stored)
    except Damaged:
        stored.note("the EXIF in it is spoilt")


def read_tiff(file: BinaryIO, stored: Stored) -> None:
    """The entries that tell where a picture comes from, of all directories."""
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    is_big = b"+" in head[2:4]
    form = Form(order, "Q", "Q", "HHQ8s") if is_big else Form(order, "I", "H", "HHI4s")
    waiting = list(form.numbers(form.place, head[8 if is_big else 4 :]))
    seen = {0}
    while waiting:
        place = waiting.pop(0)
        if place not in seen and len(seen) <= MAX_DIRECTORIES:
            seen.add(place)
            waiting += _read_directory(file, stored, form, place)


def _read_directory(file: BinaryIO, stored: Stored, form: Form, place: int) -> list[int]:
    """Read the entries of a directory; gives the places of others that it names."""
    _go_to(file, place)
    (entries,) = form.numbers(form.count, file.read(8 if form.count == "Q" else 2))
    if entries > MAX_ENTRIES:
        raise Damaged("it has more entries than any picture needs")
    size = struct.calcsize(form.order + form.entry)
    table, following = file.read(entries * size), file.read(8)
    places: list[int] = []
    for at in range(0, len(table) - size + 1, size):
        stored.count()
        tag, kind, length, value = struct.unpack_from(form.order + form.entry, table, at)
        if tag == EXIF_DIRECTORY:
            places += form.numbers(form.place, value)
        elif tag in WANTED:
            content = _content(file, stored, form, tag, length * BYTES_OF.get(kind, 1), value)
            _keep(stored, tag, content)
    if len(table) < entries * size:
        raise Damaged(CUT)
    return [*places, *(form.numbers(form.place, following) if following else ())]


def _content(file: BinaryIO, stored: Stored, form: Form, tag: int, size: int, value: bytes) -> bytes:
    """An entry's bytes: in the entry itself where they fit, else where it says."""
    if size <= len(value):
        return value[:size]
    _go_to(file, *form.numbers(form.place, value))
    return stored.take(file, size, None if tag in (XMP, RESOURCES) else MAX_TEXT_BYTES)


def _go_to(file: BinaryIO, place: int) -> None:
    if place >= 1 << 63:
        raise Damaged(CUT)
    file.seek(place)


def _keep(stored: Stored, tag: int, content: bytes) -> None:
    if tag == XMP:
        stored.add_packet(content)
    elif tag == IIM:
        read_iim(content, stored)
    elif tag == RESOURCES:
        read_resources(content, stored)
    elif tag == MANIFEST:
        stored.found_manifest(content)
    elif tag == USER_COMMENT:
        charset, text = content[:8], content[8:]
        stored.add("EXIF", "UserComment", _from_utf16(text) if charset == b"UNICODE\0" else text)
    elif tag in WINDOWS_TEXTS:
        stored.add("EXIF", WINDOWS_TEXTS[tag], content.decode("utf-16-le", "ignore").encode("utf-8", "ignore"))
    else:
        stored.add("EXIF", TEXTS[tag], content)


def _from_utf16(content: bytes) -> bytes:
    """UTF-16 as UTF-8. Its order is the file's by the standard, and whatever they like with programs: zeros tell."""
    is_big = content[::2].count(0) > content[1::2].count(0)
    return content.decode("utf-16-be" if is_big else "utf-16-le", "ignore").encode("utf-8", "ignore")
