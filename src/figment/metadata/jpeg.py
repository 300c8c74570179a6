"""JPEG: segments before the pixels, of which APP1 holds EXIF and XMP, APP11 Content Credentials, APP13 IPTC's older fields."""

from typing import BinaryIO

from figment.metadata.exif import read_exif
from figment.metadata.iim import RESOURCES, read_resources
from figment.metadata.stored import CUT, Damaged, Stored

START = b"\xff\xd8\xff"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
# XMP specification, part 3, section 1.1.3.1: what a segment's 64 kB don't hold goes on in others, whose place the first part
# names by a checksum. Before each part: that checksum, the length of all, where it belongs.
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
CHECKSUM_BYTES = 32
EXIF = b"Exif\0"
WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
MAX_FILLING = 1 << 16  # bytes before a marker, which may be filled up
START_OF_SCAN, END = 0xDA, 0xD9
APP1, APP11, APP13, COMMENT = 0xE1, 0xEB, 0xED, 0xFE


def read_jpeg(file: BinaryIO, stored: Stored) -> None:
    file.seek(2)
    extensions: dict[bytes, list[tuple[int, bytes]]] = {}
    resources: list[bytes] = []
    try:
        _read_segments(file, stored, extensions, resources)
    finally:  # of a file that is cut short, what came before the cut
        for checksum, parts in extensions.items():
            if any(checksum in packet for packet in stored.packets[:1]):
                stored.add_packet(b"".join(part for _, part in sorted(parts, key=lambda it: it[0])))
        read_resources(b"".join(resources), stored)


def _read_segments(
    file: BinaryIO, stored: Stored, extensions: dict[bytes, list[tuple[int, bytes]]], resources: list[bytes]
) -> None:
    while True:
        marker = _marker(file)
        stored.count()
        if marker in (START_OF_SCAN, END):
            return
        if marker in WITHOUT_LENGTH:
            continue
        size = int.from_bytes(file.read(2), "big") - 2
        if size < 0:
            raise Damaged("its segments don't follow one another")
        if marker not in (APP1, APP11, APP13, COMMENT):
            file.seek(size, 1)
            continue
        content = stored.take(file, size)
        if marker == COMMENT:
            stored.add("JPEG", "comment", content)
        elif marker == APP13 and content.startswith(RESOURCES):
            resources.append(content.removeprefix(RESOURCES))
        elif marker == APP11 and content.startswith(b"JP"):  # ISO/IEC 19566-5; C2PA 2.1, section A.3.1
            if b"jumb" in content[:32]:
                stored.found_manifest(content)
        elif content.startswith(XMP):
            stored.add_packet(content.removeprefix(XMP))
        elif content.startswith(EXTENSION):
            part = content.removeprefix(EXTENSION)
            place = int.from_bytes(part[CHECKSUM_BYTES + 4 : CHECKSUM_BYTES + 8], "big")
            extensions.setdefault(part[:CHECKSUM_BYTES], []).append((place, part[CHECKSUM_BYTES + 8 :]))
        elif content.startswith(EXIF):
            read_exif(content[6:], stored)


def _marker(file: BinaryIO) -> int:
    """The next marker, behind which the file stands then."""
    first = byte = file.read(1)
    for _ in range(MAX_FILLING):
        if byte != b"\xff":
            break
        byte = file.read(1)
    if not byte:
        raise Damaged(CUT)
    if first != b"\xff" or byte == b"\xff":
        raise Damaged("its segments don't follow one another")
    return byte[0]
