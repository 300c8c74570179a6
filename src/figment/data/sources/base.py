"""What every source of pictures is: names, labels, and still-encoded pictures in chunks of bounded size."""

import errno
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import IO

from figment.common.video_shape import VideoShape
from figment.data.decoding.chunks import Chunk, StoredChunk
from figment.data.decoding.decode import MAX_PICTURE_BYTES, TOO_MANY_BYTES, Broken, Payload
from figment.data.sources.aside import Aside
from figment.errors import InputError

_SUFFIXES = "jpg jpeg jpe jfif png webp gif bmp dib tif tiff ppm pgm pbm pnm tga jp2 j2k avif heic heif hif pcx"
PICTURE_SUFFIXES = frozenset(_SUFFIXES.split())
_FILM_SUFFIXES = "mp4 m4v mov webm mkv avi mpg mpeg wmv"
FILM_SUFFIXES = frozenset(_FILM_SUFFIXES.split())
Chunks = Generator[Chunk, None, None]
ColumnReader = Callable[[], list[str | None]]  # gives what it says of each picture; raises ValueError with a reason
CHUNK_PICTURES, CHUNK_BYTES = 64, 2**20  # at most, but for one picture that is larger
READ_BYTES = 2**20  # read at once of a file that may be a bomb
MAX_PICTURES = 2**25  # that one array or table may declare, since their names alone take gigabytes
_DAMAGE_ERRORS = {errno.EINVAL, errno.EOVERFLOW}  # of the system, for places in a file that can't be


@dataclass(frozen=True)
class Skipped:
    """A picture that can't be used, and the reason in one short sentence."""

    name: str
    reason: str


@dataclass
class Listing:
    """What a source holds. A picture's slot is its place in `names`."""

    names: list[str]
    labels: list[str | None]
    ignored: int = 0  # files that are neither pictures nor labels by their names
    skipped: list[Skipped] = field(default_factory=list)  # pictures that show without reading that they can't be used
    aside: list[Aside] = field(default_factory=list)  # pictures that are none of the set, by where they lie
    notes: list[str] = field(default_factory=list)  # sentences about how labels were found
    tables: Mapping[str, bytes] = field(default_factory=dict)  # contents of the tables beside the pictures, by name
    # Of clips, whose frames are the pictures: how many each has, one clip after the other; and what tables call the film
    # that each frame is from.
    clip_lengths: list[int] | None = None
    films: list[str] | None = None


class Source(ABC):
    """Something that holds pictures."""

    display: str  # its name for people; never an absolute path
    where: str  # as the user gave it, for messages
    lists_at_once = False  # whether its listing costs next to nothing
    is_drawn = False  # whether figment draws all of its pictures itself
    video: VideoShape | None = None  # of its clips, where its pictures are their frames

    @abstractmethod
    def fingerprint(self) -> str:
        """Hash that changes when pictures or labels change, found anew at each call and without reading the pictures.

        A source whose fingerprint after reading isn't the one before has changed meanwhile.
        """

    @cached_property
    @abstractmethod
    def listing(self) -> Listing:
        """Names in a fixed order, and labels: found once. Raises InputError where the whole source can't be read."""

    @abstractmethod
    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        """The pictures (of the slots in `only`), encoded, in chunks of bounded size. Raises InputError as listing."""

    def columns(self) -> Mapping[str, ColumnReader]:
        """What is told of the pictures beside their labels, by name: columns of a table, say."""
        return {}


class FileSource(Source):
    """A source that is one file."""

    kind: str  # for messages

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        self.display = path.name

    def fingerprint(self) -> str:
        return file_fingerprint(self.path)

    def damaged(self) -> InputError:
        """What is said of a damaged file."""
        return InputError(f"{self.path} isn't a readable {self.kind}, it may be cut short: download or copy it again")

    @contextmanager
    def naming_damage(self) -> Iterator[None]:
        """Turn whatever is raised inside into an InputError that names the file.

        Readers of damaged files raise nearly anything, ValueError, TypeError, KeyError, RecursionError …: no list of
        them was ever whole. What the system refuses is told apart from what the file is to blame for.
        """
        try:
            yield
        except InputError:
            raise
        except MemoryError as error:
            raise InputError(
                f"{self.path} asks for more memory than there is, as a damaged {self.kind} does: download or copy it again"
            ) from error
        except OSError as error:
            told_by_system = error.errno and error.errno not in _DAMAGE_ERRORS
            raise (cannot_read(self.path, error) if told_by_system else self.damaged()) from error
        except Exception as error:
            raise self.damaged() from error


def chunked(pictures: Iterable[tuple[int, Payload, int]]) -> Chunks:
    """Put (slot, payload, bytes) together into chunks, bounded in number and in bytes."""
    slots: list[int] = []
    payloads: list[Payload] = []
    size = 0
    for slot, payload, length in pictures:
        slots.append(slot)
        payloads.append(payload)
        size += length
        if len(slots) == CHUNK_PICTURES or size >= CHUNK_BYTES:
            yield StoredChunk(slots, payloads)
            slots, payloads, size = [], [], 0
    if slots:
        yield StoredChunk(slots, payloads)


def payload_bytes(content: bytes | Broken) -> int:
    """How many bytes a picture takes in a chunk."""
    return len(content) if isinstance(content, bytes) else 0


def read_bounded(file: IO[bytes]) -> bytes | Broken:
    """All of a file that is one picture."""
    content = read_at_most(file, MAX_PICTURE_BYTES + 1)
    return content if len(content) <= MAX_PICTURE_BYTES else Broken(TOO_MANY_BYTES)


def read_at_most(file: IO[bytes], count: int) -> bytes:
    """So many bytes or what is left, read a little at a time: unpacking readers take twice what they are asked for."""
    first = file.read(min(READ_BYTES, count))
    if len(first) < READ_BYTES:
        return first
    content = BytesIO()
    content.write(first)
    while (left := count - content.tell()) and (piece := file.read(min(READ_BYTES, left))):
        content.write(piece)
    return content.getvalue()


def relative_name(name: str) -> str:
    """A name as a folder would give it: ./a/b.jpg and a\\b.jpg are a/b.jpg."""
    return name.replace("\\", "/").removeprefix("./").lstrip("/")


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder on the way to it, is somebody's housekeeping."""
    return name.startswith(".") or "/." in name or ("__MACOSX" in name and "__MACOSX" in name.split("/"))


def is_picture(name: str) -> bool:
    """Whether a name is a picture's: by its suffix, and with nothing hidden on the way to it."""
    return has_picture_suffix(name) and not is_hidden(name)


def is_film(name: str) -> bool:
    """Whether a name is a film's, as is_picture has it."""
    return "." in name and name.rpartition(".")[2].lower() in FILM_SUFFIXES and not is_hidden(name)


def has_picture_suffix(name: str) -> bool:
    return "." in name and name.rpartition(".")[2].lower() in PICTURE_SUFFIXES


def hash_texts(lines: Iterable[str]) -> str:
    """SHA-256 of pieces of text, which hold no NUL."""
    hasher = hashlib.sha256()
    for line in lines:
        # File names may hold bytes that aren't text; Python carries them as surrogates.
        hasher.update(line.encode("utf-8", "surrogatepass") + b"\0")
    return hasher.hexdigest()


def file_fingerprint(path: Path) -> str:
    """Size, time, and both ends of a file: a zip's end lists its content, and copying tools keep the time."""
    try:
        status = path.stat()
        with path.open("rb") as file:
            head = file.read(2**16)
            file.seek(max(0, status.st_size - 2**16))
            ends = head + file.read(2**16)
    except OSError as error:
        raise cannot_read(path, error) from None
    return hash_texts(["file", str(status.st_size), str(status.st_mtime_ns), hashlib.sha256(ends).hexdigest()])


def cannot_read(path: Path, error: OSError) -> InputError:
    """What is said of a file that the system doesn't give."""
    return InputError(f"{path} can't be read ({error.strerror}): is it still there, and yours to read?")
