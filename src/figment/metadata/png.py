"""PNG (https://www.w3.org/TR/png-3/): chunks, of which some hold text, XMP, EXIF or Content Credentials."""

import struct
from typing import BinaryIO

from figment.metadata.exif import read_exif
from figment.metadata.iim import read_resources
from figment.metadata.stored import CUT, MAX_TEXT_BYTES, Damaged, Stored

START = b"\x89PNG\r\n\x1a\n"
XMP_KEY = b"XML:com.adobe.xmp"  # XMP specification, part 3, section 1.1.5; in iTXt there, in tEXt and zTXt by some
MAX_KEY_BYTES = 79
# As ImageMagick and exiftool keep what PNG had no chunk for: kind, length and hexadecimal digits, mostly in a zTXt.
PROFILE = b"Raw profile type "
_HEAD = struct.Struct(">I4s")


def read_png(file: BinaryIO, stored: Stored) -> None:
    file.seek(len(START))
    while True:
        head = file.read(8)
        if len(head) < 8:
            raise Damaged(CUT)
        stored.count()
        size, kind = _HEAD.unpack(head)
        if kind == b"IEND":
            return
        if kind in (b"iTXt", b"tEXt", b"zTXt"):
            _read_text(kind, stored.take(file, size), stored)
        elif kind == b"eXIf":
            read_exif(stored.take(file, size), stored)
        elif kind == b"caBX":  # C2PA 2.1, section A.3.2
            stored.found_manifest(stored.take(file, size, MAX_TEXT_BYTES))
        else:
            file.seek(size, 1)
        file.seek(4, 1)  # its checksum


def _read_text(kind: bytes, content: bytes, stored: Stored) -> None:
    key, _, rest = content.partition(b"\0")
    if len(key) > MAX_KEY_BYTES:
        return
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        _, _, rest = rest.partition(b"\0")  # its language
        _, _, rest = rest.partition(b"\0")  # its key in that language
    elif packed:
        rest = rest[1:]  # the method, of which there is one
    is_long = key == XMP_KEY or key.startswith(PROFILE)
    if packed:
        rest = stored.unpacked(rest, None if is_long else MAX_TEXT_BYTES)
    if key == XMP_KEY:
        stored.add_packet(rest)
    elif key.startswith(PROFILE):
        _read_profile(key.removeprefix(PROFILE).lower(), rest, stored)
    else:
        stored.add("PNG", key.decode("latin-1"), rest)


def _read_profile(kind: bytes, text: bytes, stored: Stored) -> None:
    """A profile in hexadecimal digits, behind a line of its kind and one of its length."""
    parts = text.split(None, 2)
    try:
        content = bytes.fromhex(parts[2].decode("ascii")) if len(parts) == 3 else b""
    except ValueError:
        stored.note("a profile in it is spoilt")
        return
    if kind == b"xmp":
        stored.add_packet(content)
    elif kind in (b"exif", b"app1"):
        if content.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            stored.add_packet(content.partition(b"\0")[2])
        else:
            read_exif(content, stored)
    elif kind in (b"iptc", b"8bim"):
        read_resources(content, stored)
