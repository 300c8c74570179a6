"""Many files checked: those in folders, too, in several processes where there are many. One that can't be read costs itself."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from figment.common.progress import Progress
from figment.data.bank.workers import map_unordered
from figment.forensics.check import METADATA, Checked, Wanted, check
from figment.metadata.pages import SUFFIXES as PAGES

FILMS = frozenset({"mp4", "m4v", "mov"})  # that are looked at in folders, beside pictures and pages
CHUNK_FILES = 64  # that a process takes at once; so many alone are sooner checked than another process has started


@dataclass(frozen=True)
class FileChunk:
    """Files to check, the first of which has a place among all. lost: why the process that checked this one file ended."""

    first: int
    files: tuple[str, ...]
    lost: str | None = None


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that are named, and those in the folders that are and below: there only what may bear a mark, by its name."""
    from figment.data.sources.base import PICTURE_SUFFIXES  # it brings numpy, which one file needn't wait for

    may_be_marked = PICTURE_SUFFIXES | FILMS | PAGES
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, inside, names in os.walk(path):
            inside.sort()
            yield from (
                Path(folder, name)
                for name in sorted(names)
                if not name.startswith(".") and name.rpartition(".")[2].lower() in may_be_marked
            )


def check_files(
    files: Sequence[Path], wanted: Wanted = METADATA, advance: Progress | None = None, processes: int = 0
) -> list[Checked]:
    """What each of the files says, in their order, on so many cores (0: all)."""
    found: dict[int, Checked] = {}
    starts = range(0, len(files), CHUNK_FILES)
    chunks = (FileChunk(start, tuple(map(str, files[start : start + CHUNK_FILES]))) for start in starts)
    checker = partial(check_chunk, wanted)
    # Without a rescue so few are checked in this process.
    with closing(map_unordered(checker, chunks, processes, rescue if len(starts) > 1 else None)) as results:
        for first, checked in results:
            found |= dict(enumerate(checked, first))
            if advance:
                advance(len(found), len(files))
    return [found[place] for place in range(len(files))]


def check_chunk(wanted: Wanted, chunk: FileChunk) -> tuple[int, list[Checked]]:
    """A chunk's place, and what its files say."""
    if chunk.lost is not None:
        return chunk.first, [Checked(file, error=f"{file} can't be read: it {chunk.lost}.") for file in chunk.files]
    return chunk.first, [check(file, wanted) for file in chunk.files]


def rescue(chunk: FileChunk, reason: str) -> list[FileChunk]:
    """What to try in place of a chunk whose process was lost: its files one by one; of one file, telling why."""
    if len(chunk.files) > 1:
        return [FileChunk(chunk.first + place, (file,)) for place, file in enumerate(chunk.files)]
    return [replace(chunk, lost=reason)]
