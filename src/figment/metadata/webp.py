"""WebP (RFC 9649): chunks of a RIFF file, those of metadata behind the pixels."""

from typing import BinaryIO

from figment.metadata.exif import read_exif
from figment.metadata.stored import CUT, MAX_TEXT_BYTES, Damaged, Stored


def is_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def read_webp(file: BinaryIO, stored: Stored) -> None:
    file.seek(4)
    end = int.from_bytes(file.read(4), "little") + 8
    file.seek(at := 12)
    while at + 8 <= end:
        head = file.read(8)
        if len(head) < 8:
            raise Damaged(CUT)
        stored.count()
        kind, size = head[:4], int.from_bytes(head[4:], "little")
        if kind == b"XMP ":
            stored.add_packet(stored.take(file, size))
        elif kind == b"EXIF":
            read_exif(stored.take(file, size), stored)
        elif kind == b"C2PA":  # C2PA 2.1, section A.3.6
            stored.found_manifest(stored.take(file, size, MAX_TEXT_BYTES))
        at += 8 + size + size % 2
        file.seek(at)
