"""The beginning of a download on the disk: NAME.part, and beside it NAME.part.json, which says what the whole is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from figment.common.cache import naming_cache
from figment.common.files import write_atomically
from figment.common.locks import lock_held
from figment.common.places import flush


@dataclass(frozen=True)
class RemoteVersion:
    """What a server said of the whole file when the part was begun."""

    url: str
    length: int | None
    etag: str | None
    modified: str | None

    @property
    def validator(self) -> str | None:
        """What tells this version of the file from another. A weak ETag doesn't: RFC 9110, section 13.1.5."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


class PartialFile:
    """The beginning of a file, and what is known of the whole."""

    def __init__(self, file: Path, url: str) -> None:
        self.url = url
        self.file = file
        self.path = file.with_name(f"{file.name}.part")
        self.notes = file.with_name(f"{file.name}.part.json")

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def resumable(self) -> RemoteVersion | None:
        """What can be gone on with: a part from this address, of a version that can be told from others."""
        try:
            begun = RemoteVersion(**json.loads(self.notes.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return begun if self.bytes and begun.url == self.url and begun.validator else None

    def begin(self, begun: RemoteVersion) -> None:
        self.remove()  # before the notes change: bytes and notes must never belong to different versions
        write_atomically(self.notes, json.dumps(asdict(begun)))

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)

    def finish(self) -> None:
        with self.path.open("rb+") as opened:
            flush(opened.fileno())
        self.path.replace(self.file)
        self.notes.unlink(missing_ok=True)


@contextmanager
def downloading(file: Path) -> Iterator[None]:
    """Keep other processes from downloading the same file at the same time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    path = file.with_name(f".{file.name}.lock")
    with lock_held(path):
        yield
        # Whoever waits on the lock file that goes here finds the file in place, so nobody downloads beside another.
        with suppress(OSError):
            path.unlink()


@contextmanager
def naming_disk_errors(file: Path) -> Iterator[None]:
    """Turn the system's no into a sentence that names the file, its folder, and what to do."""
    with naming_cache(file.parent, file.name):
        yield
