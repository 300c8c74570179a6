"""Files with metadata made by hand: chunks, boxes, packets; and sound files of every kind."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

PICTURE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MANIFEST_BOX = b"\0\0\0\x26jumb\0\0\0\x1ejumd" + bytes.fromhex("63327061 00110010 800000AA00389B71") + b"\x03c2pa\0"


def chunk(kind: bytes, content: bytes) -> bytes:
    """Of PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes) -> bytes:
    """A picture with chunks before its pixels."""
    Image.fromarray(PICTURE).save(buffer := io.BytesIO(), "PNG")
    return buffer.getvalue()[:33] + b"".join(chunks) + buffer.getvalue()[33:]


def text(key: str, content: str) -> bytes:
    """A chunk of PNG as Pillow writes one."""
    try:
        return chunk(b"tEXt", key.encode() + b"\0" + content.encode("latin-1"))
    except UnicodeEncodeError:
        return chunk(b"iTXt", key.encode() + b"\0\0\0\0\0" + content.encode())


def xmp_chunk(packet: bytes, packed: bool = False) -> bytes:
    return chunk(
        b"iTXt", b"XML:com.adobe.xmp\0" + (b"\1\0\0\0" + zlib.compress(packet) if packed else b"\0\0\0\0" + packet)
    )


def packet(*properties: str) -> bytes:
    """XMP with properties as they stand in it."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"<rdf:Description>{''.join(properties)}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def box(kind: bytes, content: bytes = b"") -> bytes:
    """Of mp4 and its kin."""
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    """A picture with segments, by their markers, before its own."""
    Image.fromarray(PICTURE).save(buffer := io.BytesIO(), "JPEG")
    made = (bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content for marker, content in segments)
    return b"\xff\xd8" + b"".join(made) + buffer.getvalue()[2:]


def exif(texts: dict[int, str], user_comment: bytes = b"") -> bytes:
    """A block of EXIF."""
    made = Image.Exif()
    made.update(texts)
    if user_comment:
        made.get_ifd(0x8769)[0x9286] = user_comment
    return made.tobytes()
