"""All pictures of a set scanned once, in the workers: what table, page and search for copies are made of.

Small copies lie in files in the cache folder until the scan is done with, so that memory doesn't grow with the pictures.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from figment.common.cache import cache_folder, locked, naming_cache, sweep
from figment.common.mapping import mapped_array
from figment.common.progress import Progress
from figment.data.bank.split import exact_duplicates
from figment.data.bank.workers import map_unordered
from figment.data.decoding.chunks import rescue
from figment.data.decoding.depth import Ranges, Unscaled
from figment.data.sources.open import Source
from figment.errors import InputError
from figment.inspection.made import MAX_LOOKED, Made
from figment.inspection.measures import FACTS, Kind, ScannedChunk, Scanner
from figment.similarity.thumbnails import COPY_SIDE, THUMBNAIL_SIDE

Look = Literal["all", "some", "none"]
SMALL_COPIES = "small copies of the pictures"  # what is kept in the cache during a look, for a sentence
MIN_PART_PICTURES = 500  # of a set, which tell how alike its own are


@dataclass(frozen=True, eq=False)
class Scan:
    """What a scan of a set gave. A picture is named by its slot in the source.

    facts: FACTS (slots,), see measures.py. kinds: the ways of being stored that occur; kind: each slot's place in them, −1
    where it can't be read. ranges: of the values of deep pictures. broken: slot → reason. usable: slots that can be trained
    on: readable, and the first of those with equal identity. copies: a further copy's slot → the first one's. pictures and
    thumbnails: small copies of the usable, uint8 (N, 64, 64, 3) and (N, 48, 48), mapped from files in folder, which may be
    used for more. parts: int (N,), the set that each is from, where several are joined or lie in one folder. made: slot → what
    marks a picture as made by machine. looked: how many pictures' pixels were looked at for figment's invisible mark.
    """

    folder: Path
    facts: np.ndarray
    kinds: list[Kind]
    kind: np.ndarray
    ranges: Ranges
    broken: dict[int, str]
    usable: np.ndarray
    copies: dict[int, int]
    pictures: np.ndarray
    thumbnails: np.ndarray
    parts: np.ndarray
    made: dict[int, Made]
    looked: int


@contextmanager
def scan(
    source: Source,
    progress: Progress | None = None,
    first: bool = False,
    keep_marked: bool = True,
    look: Look = "none",
) -> Iterator[Scan]:
    """Scan every picture of a source once, on all cores; the small copies are gone when the block is left.

    progress: called with (done, total). first: of strips of frames only the first frame is looked at. keep_marked:
    pictures that figment made count like others, or else as broken, for that reason. look: whether marks of what a
    machine made are looked for, and figment's invisible one in "all" pictures, or in "some": MAX_LOOKED, evenly spread.
    Raises InputError where the data or the cache folder can't be used, or the data change meanwhile.
    """
    before = source.fingerprint()
    with _scratch() as folder:
        every = {"none": None, "all": 0, "some": max(1, -(-len(source.listing.names) // MAX_LOOKED))}[look]
        scanner = Scanner(
            str(folder / "pictures"), str(folder / "thumbnails"), first, keep_marked=keep_marked, look_every=every
        )
        all_of_it = _scan_all(source, scanner, progress)
        if source.fingerprint() != before:
            mend = "run this again when nothing writes to it any more"
            raise InputError(f"{source.where} changed while it was being read: {mend}")
        names = source.listing.names
        usable, copies = exact_duplicates(all_of_it.facts["digest"])
        pictures = _closed_up(folder / "pictures", usable, (COPY_SIDE, COPY_SIDE, 3))
        small = _closed_up(folder / "thumbnails", usable, (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        yield Scan(
            folder, **vars(all_of_it), usable=usable, copies=copies, pictures=pictures, thumbnails=small,
            parts=_parts(names, usable),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Found:
    """What all chunks gave, as Scan has it."""

    facts: np.ndarray
    kinds: list[Kind]
    kind: np.ndarray
    ranges: Ranges
    broken: dict[int, str]
    made: dict[int, Made]
    looked: int


def _scan_all(source: Source, scanner: Scanner, progress: Progress | None) -> _Found:
    """Scan every picture, the deep ones at last."""
    total = len(source.listing.names)
    facts = np.zeros(total, FACTS)
    places: dict[Kind, int] = {}
    kind = np.full(total, -1, np.int32)
    broken: dict[int, str] = {}
    ranges, deep = Ranges(), set[int]()
    made: dict[int, Made] = {}
    looked: set[int] = set()
    for file in (scanner.pictures, scanner.thumbnails):
        Path(file).touch()

    def take(chunk: ScannedChunk, done: int, waiting: int) -> None:
        facts[chunk.slots] = chunk.facts
        for slot, one in zip(chunk.slots, chunk.kinds, strict=True):
            kind[slot] = places.setdefault(one, len(places))
        broken.update(chunk.broken)
        made.update(chunk.made)
        looked.update(chunk.looked)
        if progress:  # what has been looked at for the range of its values is half done
            progress(done + waiting // 2, total)

    seen = 0
    for chunk in _scanned(source, scanner):
        seen += len(chunk)
        for slot, found in chunk.deep.items():
            ranges.add(found)
            deep.add(slot)
        take(chunk, seen - len(deep), len(deep))
    waiting = len(deep)
    for chunk in _scanned(source, replace(scanner, scales=ranges.scales()), deep) if deep else ():
        # Their files have changed, which is told when all are read.
        broken |= {slot: str(Unscaled(found)) for slot, found in chunk.deep.items()}
        waiting -= len(chunk)
        take(chunk, seen - waiting, waiting)
    # Chunks come in any order; kinds are numbered by their names, so that the same pictures give the same survey.
    ordered = sorted(places)
    numbers = np.array([ordered.index(one) for one in places] + [-1], np.int32)
    return _Found(
        facts, ordered, numbers[kind], ranges, dict(sorted(broken.items())), dict(sorted(made.items())), len(looked)
    )


def _scanned(source: Source, scanner: Scanner, only: set[int] | None = None) -> Iterator[ScannedChunk]:
    """What the scanner finds in each chunk of the slots, as they get done."""
    with closing(source.chunks(only)) as chunks, closing(map_unordered(scanner, chunks, rescue=rescue)) as results:
        yield from results


def _parts(names: list[str], usable: np.ndarray) -> np.ndarray:
    """Number of the set that each usable picture is from, by the first folder of its name; those with few share one."""
    firsts = [names[slot].partition("/")[0] if "/" in names[slot] else "" for slot in usable.tolist()]
    large = [first for first, count in sorted(Counter(firsts).items()) if count >= MIN_PART_PICTURES]
    numbers = {first: number for number, first in enumerate(large, 1)}
    return np.array([numbers.get(first, 0) for first in firsts], np.int64)


def _closed_up(file: Path, kept: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The rows of the kept slots as one memory-mapped array (len(kept), *shape): moved to the front, in order."""
    row = int(np.prod(shape))
    with file.open("r+b", buffering=0) as opened:
        for place, slot in enumerate(kept.tolist()):
            if place != slot:
                opened.seek(slot * row)
                content = opened.read(row)
                opened.seek(place * row)
                opened.write(content)
        opened.truncate(len(kept) * row)
    return mapped_array(file, (len(kept), *shape))


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder in the cache for the time of a survey. What killed surveys have left there is swept up."""
    place = cache_folder() / "looks"
    folder = place / os.urandom(8).hex()
    lock = folder.with_suffix(".lock")
    try:
        with locked(lock, place.parent, SMALL_COPIES), naming_cache(place.parent, SMALL_COPIES):
            folder.mkdir()
            for other in place.glob("*.lock"):
                if other != lock:
                    sweep(other.with_suffix(""), other, with_lock=True)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        with suppress(OSError):
            lock.unlink()
