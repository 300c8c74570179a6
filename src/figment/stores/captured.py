"""What is to be kept of a run, as it lies in its folder at one moment."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from figment.run import Run
from figment.stores.manifest import LEFT, in_order

HASHED_BYTES = 1 << 20  # at once: Python's lock is let go of meanwhile, so that training goes on


@dataclass
class Opened:
    """A file of a run, held open: it stays what it was, even after another has taken its name.

    Run folders' files are replaced by a rename, so what is open doesn't change. Two grow at their end, events.jsonl and
    measures.jsonl: of these the first size bytes are meant.
    """

    path: str
    file: BinaryIO
    size: int
    stamp: tuple[int, ...]

    def sha256(self) -> str:
        digest, left = hashlib.sha256(), self.size
        self.file.seek(0)
        while left and (part := self.file.read(min(HASHED_BYTES, left))):
            digest.update(part)
            left -= len(part)
        return digest.hexdigest()


@dataclass
class Captured:
    """A consistent set, in the order of uploading. at: when it was taken, in seconds of the process's clock."""

    images: int
    seconds: float
    files: list[Opened]
    at: float = field(default_factory=monotonic)

    def close(self) -> None:
        for opened in self.files:
            opened.file.close()


def captured(run: Run, images: int, seconds: float) -> Captured:
    """All that is to be kept of a run, right after its state was saved: by the one who saves, before anything else is written.

    Takes some microseconds a file: nothing is read.
    """
    found = list[Opened]()
    for path in in_order(_paths(run.folder)):
        try:
            file = (run.folder / path).open("rb", buffering=0)
        except OSError:  # removed since it was listed
            continue
        is_ = os.fstat(file.fileno())
        found.append(Opened(path, file, is_.st_size, (is_.st_dev, is_.st_ino, is_.st_size, is_.st_mtime_ns)))
    return Captured(images, seconds, found)


def _paths(folder: Path) -> list[str]:
    """Of all files of a run that are kept, relative to its folder; links are left out, and so are pipes and such."""
    found = []
    for place, folders, names in os.walk(folder):
        inner = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = (inner / name).as_posix()
            whole = Path(place) / name
            if not LEFT.fullmatch(path) and whole.is_file() and not whole.is_symlink():
                found.append(path)
    return found
