"""GIF 89a: blocks in chains of sub-blocks; XMP and Content Credentials are extensions of applications."""

from typing import BinaryIO

from figment.metadata.stored import CUT, MAX_BYTES, MAX_TEXT_BYTES, Damaged, Stored

STARTS = (b"GIF87a", b"GIF89a")
XMP = b"XMP DataXMP"
# XMP specification, part 3, section 1.1.2: the packet is no chain of blocks, so behind it stand bytes that lead a reader,
# wherever it comes in, to the chain's end: 1, then 255 down to 0; the last of them ends the chain.
TRAILER_BYTES = 257
MANIFEST = b"C2PA_GIF\x01\x00\x00"  # C2PA 2.1, section A.3.4
EXTENSION, PICTURE, END = 0x21, 0x2C, 0x3B
COMMENT, APPLICATION = 0xFE, 0xFF
BUFFER_BYTES = 1 << 16
MAX_BLOCKS = 1 << 23  # of pixels: those of two gigabytes


def read_gif(file: BinaryIO, stored: Stored) -> None:
    file.seek(6)
    screen = _exactly(file, 7)
    file.seek(_colours(screen[4]), 1)
    while (kind := _exactly(file, 1)[0]) != END:
        stored.count()
        if kind == PICTURE:
            file.seek(_colours(_exactly(file, 9)[8]) + 1, 1)
            _skip_chain(file, stored)
        elif kind == EXTENSION:
            _read_extension(file, stored)
        else:
            raise Damaged("its blocks don't follow one another")


def _read_extension(file: BinaryIO, stored: Stored) -> None:
    label = _exactly(file, 1)[0]
    if label == COMMENT:
        stored.add("GIF", "comment", _chain(file, stored, MAX_TEXT_BYTES))
    elif label == APPLICATION:
        name = _exactly(file, _exactly(file, 1)[0])
        if name == XMP:
            stored.add_packet(_chain(file, stored, MAX_BYTES, with_lengths=True)[:-TRAILER_BYTES])
        else:
            content = _chain(file, stored, MAX_TEXT_BYTES if name == MANIFEST else 0)
            if name == MANIFEST:
                stored.found_manifest(content)
    else:
        _skip_chain(file, stored)


def _chain(file: BinaryIO, stored: Stored, most: int, with_lengths: bool = False) -> bytes:
    """The first bytes of a chain of sub-blocks, with the byte before each, its length, where that is of the text itself."""
    found = bytearray()
    while len(found) < most and (size := _exactly(file, 1))[0]:
        found += (size if with_lengths else b"") + stored.take(file, size[0])
    if len(found) >= most:
        _skip_chain(file, stored)
    return bytes(found)


def _skip_chain(file: BinaryIO, stored: Stored) -> None:
    """Go behind a chain of sub-blocks: pixels mostly, which are most of the file."""
    while buffer := file.read(BUFFER_BYTES):
        at = 0
        while at < len(buffer):
            size = buffer[at]
            at += size + 1
            stored.blocks += 1
            if not size:
                file.seek(at - len(buffer), 1)
                return
        if stored.blocks > MAX_BLOCKS:
            raise Damaged(f"it has more than {MAX_BLOCKS:,} blocks, which aren't followed")
        file.seek(at - len(buffer), 1)
    raise Damaged(CUT)


def _colours(flags: int) -> int:
    """Bytes of the table of colours that such flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise Damaged(CUT)
    return content
