"""What reads a file, told by its name, or by its content where the name says nothing."""

import re
import zipfile
from pathlib import Path

from figment.data.sources.archives import Tar, Zip
from figment.data.sources.arrays import Arrays
from figment.data.sources.base import FileSource
from figment.data.sources.binaries import Cifar, Idx, is_cifar, is_idx
from figment.data.sources.parquet import Arrow, Parquet

Reader = type[FileSource]

TAR = re.compile(r"\.(tar|tar\.\w+|tgz|tbz2?|txz|tzst)$")


def reader_of(name: str) -> Reader | None:
    """What reads a file of this name."""
    low = name.lower()
    if low.endswith((".npy", ".npz")):
        return Arrays
    if low.endswith(".zip"):
        return Zip
    if TAR.search(low):
        return Tar
    if low.endswith((".parquet", ".pq")):
        return Parquet
    if low.endswith((".arrow", ".feather")):
        return Arrow
    if is_idx(low):
        return Idx
    return Cifar if is_cifar(name) else None


def reader_by_content(path: Path) -> Reader | None:
    """What reads a file whose name tells nothing."""
    try:
        with path.open("rb") as file:
            start = file.read(265)
        if start.startswith((b"PAR1", b"ARROW1")):
            return Parquet if start.startswith(b"PAR1") else Arrow
        if start[257:262] == b"ustar":
            return Tar
        if start.startswith((b"\0\0\x08\x03", b"\0\0\x08\x04")):
            return Idx
        return Zip if zipfile.is_zipfile(path) else None
    except OSError:
        return None
