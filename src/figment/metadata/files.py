"""A file's metadata, whatever kind of file it is: opened once, followed from part to part, no pixel decoded."""

import io
import os
import stat
import struct
from pathlib import Path
from typing import BinaryIO

from figment.common.addresses import absent
from figment.errors import InputError
from figment.metadata import boxes, gif, jpeg, pages, png, webp
from figment.metadata.exif import STARTS as TIFF_STARTS
from figment.metadata.exif import read_tiff
from figment.metadata.stored import Damaged, Stored

HEAD_BYTES = 64  # by which a kind is told
BUFFER_BYTES = 1 << 16  # a small file is read at once
# Kinds that have no place for metadata, by how they begin; TGA's beginning says nothing.
BARE = ((b"BM", "BMP"), (b"\xff\x4f\xff\x51", "JPEG 2000"), *((f"P{digit}".encode(), "PNM") for digit in "123456"))
BARE_SUFFIXES = {"tga": "TGA", "pcx": "PCX", "dib": "BMP"}
NAMED = "name a PNG, JPEG, WebP, GIF, TIFF, HEIC, AVIF, mp4 or HTML"


def read(path: str | Path) -> Stored:
    """What stands in a picture, film or page beside its pixels. Of a damaged file what can be read, with the problem.

    Raises InputError where there is none, or it is of no such kind.
    """
    path = Path(path)
    try:
        with _opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(HEAD_BYTES)
            if not head:
                raise InputError(f"{path} is empty (0 bytes): name a picture, film or page.")
            return _told(file, size, head, _kind(path, head))
    except OSError as error:
        if not os.path.lexists(path):  # an address on the web, say
            raise InputError(absent(path, "name a picture, film or page")) from None
        raise InputError(f"{path} can't be read ({error.strerror or error}): name a picture, film or page.") from None


def read_content(content: bytes) -> Stored | None:
    """The same of a file that was read already; None where it is of no such kind."""
    head = content[:HEAD_BYTES]
    try:
        return _told(io.BytesIO(content), len(content), head, _kind(Path(), head))
    except InputError:
        return None


def _told(file: BinaryIO, size: int, head: bytes, kind: str) -> Stored:
    stored = Stored(kind)
    try:
        _read(file, size, head, stored)
    except Damaged as damage:
        stored.note(str(damage))
    except (struct.error, IndexError, OverflowError, ValueError):
        stored.note("its parts contradict one another")
    return stored


def _opened(path: Path) -> BinaryIO:
    """A regular file, opened for reading; a pipe's writer isn't waited for. Raises InputError for anything else."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    kind = os.fstat(handle).st_mode
    if not stat.S_ISREG(kind):
        os.close(handle)
        what = "a folder" if stat.S_ISDIR(kind) else "a pipe or a device"
        raise InputError(f"{path} is {what}, no file: name a picture, film or page.")
    return open(handle, "rb", buffering=BUFFER_BYTES)


def _kind(path: Path, head: bytes) -> str:
    suffix = path.suffix[1:].lower()
    if head.startswith(png.START):
        return "PNG"
    if head.startswith(jpeg.START):
        return "JPEG"
    if head.startswith(gif.STARTS):
        return "GIF"
    if webp.is_webp(head):
        return "WebP"
    if head.startswith(TIFF_STARTS):
        return "TIFF"
    if boxes.is_boxes(head):
        return boxes.kind_of(head)
    if suffix in pages.SUFFIXES:
        return "page"
    for start, kind in BARE:
        if head.startswith(start):
            return kind
    if suffix in BARE_SUFFIXES:
        return BARE_SUFFIXES[suffix]
    raise InputError(f"{path} is no picture, film or page that figment can read: {NAMED}.")


def _read(file: BinaryIO, size: int, head: bytes, stored: Stored) -> None:
    if stored.kind == "PNG":
        png.read_png(file, stored)
    elif stored.kind == "JPEG":
        jpeg.read_jpeg(file, stored)
    elif stored.kind == "GIF":
        gif.read_gif(file, stored)
    elif stored.kind == "WebP":
        webp.read_webp(file, stored)
    elif stored.kind == "TIFF":
        read_tiff(file, stored)
    elif stored.kind == "page":
        pages.read_page(file, stored)
    elif boxes.is_boxes(head):
        boxes.read_boxes(file, size, stored)
