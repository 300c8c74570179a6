"""The files in a zip, unpacked a little at a time, and why some can't be."""

import bz2
import copy
import lzma
import struct
import zipfile
import zlib
from typing import IO, Any

from figment.data.decoding.decode import MAX_PICTURE_BYTES, TOO_MANY_BYTES, Broken
from figment.data.sources.base import read_at_most, read_bounded
from figment.data.sources.content import START_BYTES

MAX_LZMA_DICTIONARY = 2**28  # bytes: as much memory is taken
# What packs pictures and isn't read here, by its number in the format (APPNOTE.TXT, 4.4.5); another number is damage.
OTHER_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 96: "JPEG recompression", 98: "PPMd", 99: "AES encryption"}


def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    """A file of a zip, unpacked as it is read.

    zipfile itself hands bzip2 and LZMA 4 kB at a time, which may be gigabytes: those are unpacked here from what is
    stored, in steps of what is asked for, and without its check of the sum.
    """
    if not _unpacked_here(member):
        return archive.open(member)
    stored: Any = copy.copy(member)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, member.compress_size
    del stored.CRC  # of the unpacked bytes
    packed = archive.open(stored)
    if member.compress_type == zipfile.ZIP_BZIP2:
        return bz2.BZ2File(packed)
    return lzma.LZMAFile(packed, format=lzma.FORMAT_RAW, filters=[_lzma_filter(packed)])


def _unpacked_here(member: zipfile.ZipInfo) -> bool:
    return member.compress_type in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def _lzma_filter(packed: IO[bytes]) -> dict[str, Any]:
    """What LZMA has to know, from the head of what it packed: two bytes of version, two of length, five of settings."""
    settings, dictionary = struct.unpack("<4xBI", packed.read(9))
    if dictionary > MAX_LZMA_DICTIONARY:
        raise lzma.LZMAError("its dictionary takes too much memory")
    return {
        "id": lzma.FILTER_LZMA1, "lc": settings % 9, "lp": settings // 9 % 5, "pb": settings // 45,
        "dict_size": max(dictionary, 4096),
    }  # fmt: skip


def reason_unread(member: zipfile.ZipInfo) -> str | None:
    """Why a file of a zip can't be unpacked whatever is in it."""
    if member.compress_type in OTHER_METHODS:
        return f"packed by {OTHER_METHODS[member.compress_type]}, which can't be unpacked here"
    return "encrypted" if member.flag_bits & 1 else None


def start_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The first bytes of a file of a zip, where they can be read."""
    try:
        with open_member(archive, member) as file:
            return file.read(START_BYTES)
    except Exception:  # readers of damaged files raise nearly anything
        return b""


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo | None) -> bytes | Broken:
    """A file that is one picture."""
    if member is None:
        return Broken("gone from the archive while it was read")
    if reason := reason_unread(member):
        return Broken(reason)
    if member.file_size > MAX_PICTURE_BYTES:
        return Broken(TOO_MANY_BYTES)
    try:
        with open_member(archive, member) as file:
            if not _unpacked_here(member):
                return read_bounded(file)
            content = read_at_most(file, member.file_size)  # and no more: LZMA needn't mark its end
            return content if zlib.crc32(content) == member.CRC else Broken("broken in the archive: another checksum")
    except Exception as error:  # readers of damaged files raise nearly anything
        return Broken(f"broken in the archive: {str(error).splitlines()[0][:100] if str(error) else 'cut short'}")
