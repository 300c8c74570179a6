"""Everything that can be said of a set of pictures, found in one pass over them: what table, page and advice tell.

Each picture is decoded once, in the workers. What near-duplicates and outliers are found by, its small copies, lies in
files in the cache folder until the survey is done, so that memory doesn't grow with the pictures' pixels.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from figment.cache import cache_folder
from figment.data.decode import rescue
from figment.data.source import Skipped, Source, open_source
from figment.data.workers import map_unordered
from figment.errors import InputError
from figment.files import naming_full_disk
from figment.inspection import duplicates
from figment.inspection.look import FACTS, SIDE, Looker

Progress = Callable[[int, int], None]

DARK = 48  # grey value that 98 % of a very dark picture's pixels don't exceed
LIGHT = 208  # and that 98 % of a very bright one's exceed
FLAT = 6.0  # grey values' deviation that a flat picture stays below
BLURRED = 4.0  # spreads below the set's median sharpness, by its logarithm
GREY = 1.5  # saturation that a picture without colour stays below; JPEG's rounding leaves a little
MOST_SHEET = 144  # pictures on the contact sheet
MOST_GROUPS = 30  # groups of near-duplicates whose pictures are kept for showing
MOST_IN_GROUP = 8
MOST_FOUND = 48  # pictures of each other kind


@dataclass(frozen=True, eq=False)
class Survey:
    """What a set of pictures is. A picture is named by its slot, its place in `names`.

    size: what "small" was measured against. features: the network in which outliers were looked for. facts: FACTS
    (slots,), see look.py. kinds: the pairs of format and mode that occur; kind: each slot's place in them, −1 where it
    can't be read. usable: slots that can be trained on: readable, and the first of those with equal pixels. copies: a
    further copy's slot → the first one's. near: groups of near-duplicates among the usable, the one to keep first.
    found: slots of `outliers` (farthest first), `small`, `dark`, `light`, `flat` and `blurred` pictures. sheet: slots
    spread evenly over the set. pictures: small copies, uint8 (SIDE, SIDE, 3), of those that are shown.
    """

    source: str
    names: list[str]
    labels: list[str | None]
    ignored: int
    skipped: list[Skipped]
    size: int
    features: str
    facts: np.ndarray
    kinds: list[tuple[str, str]]
    kind: np.ndarray
    usable: np.ndarray
    copies: dict[int, int]
    near: list[list[int]]
    found: dict[str, np.ndarray]
    sheet: list[int]
    pictures: dict[int, np.ndarray]

    @property
    def left_out(self) -> int:
        """How many that look like pictures can't be trained on: skipped or exact copies."""
        return len(self.skipped) + len(self.copies)

    @property
    def near_extra(self) -> int:
        """How many pictures would go if one of each group of near-duplicates stayed."""
        return sum(len(group) - 1 for group in self.near)

    @cached_property
    def formats(self) -> Counter[str]:
        """How many usable pictures were stored in each format."""
        return self._counted(0)

    @cached_property
    def modes(self) -> Counter[str]:
        """How many usable pictures were stored in each of Pillow's modes."""
        return self._counted(1)

    @cached_property
    def label_counts(self) -> Counter[str]:
        """How many usable pictures each label has."""
        labels = (self.labels[slot] for slot in self.usable.tolist())
        return Counter(label for label in labels if label is not None)

    @cached_property
    def rows(self) -> np.ndarray:
        """Facts of the usable pictures."""
        return self.facts[self.usable]

    @cached_property
    def shorter(self) -> np.ndarray:
        """Each usable picture's shorter side."""
        return np.minimum(self.rows["width"], self.rows["height"])

    @cached_property
    def grey(self) -> int:
        """How many usable pictures hold no colour, however they are stored."""
        return int((self.rows["saturation"] < GREY).sum())

    def is_drawn(self, slot: int) -> bool:
        """Whether this is one of the built-in portraits."""
        return self.kind[slot] >= 0 and self.kinds[self.kind[slot]][0] == "drawn"

    def _counted(self, part: int) -> Counter[str]:
        counts = np.bincount(self.kind[self.usable], minlength=len(self.kinds))
        found: Counter[str] = Counter()
        for kind, count in zip(self.kinds, counts.tolist(), strict=True):
            found[kind[part]] += count
        return +found


def survey(data: Any, features: str = "random", progress: Progress | None = None, size: int = 64) -> Survey:
    """Look at every picture of data (what open_source takes) once, on all cores.

    features: network for the outliers, see figment.metrics.features. progress: called with (done, total) through all
    stages. size: training size that "small" is measured against. Raises InputError where the data, the network or the
    cache folder can't be used, or the data change meanwhile.
    """
    if size < 1:
        raise InputError(f"--size {size} isn't a size: give the pixels of a side, such as 64")
    source = open_source(data)
    before = source.fingerprint()
    listing = source.listing
    from figment.metrics.features import extractor  # loads torch

    network = extractor(features)
    stages = _Stages(progress, len(listing.names))
    with _scratch() as folder:
        looked = _look(source, folder, stages.part(0.0, 0.7))
        if source.fingerprint() != before:
            mend = "run this again when nothing writes to it any more"
            raise InputError(f"{source.where} changed while it was being read: {mend}")
        facts, kinds, kind, broken = looked
        usable, copies = _distinct(facts["digest"])
        pictures = _closed_up(folder / "pictures", usable, (SIDE, SIDE, 3))
        thumbnails = _closed_up(folder / "thumbnails", usable, (duplicates.SIDE, duplicates.SIDE))
        near = duplicates.near_duplicates(thumbnails, stages.part(0.7, 0.85)) if len(usable) > 1 else []
        from figment.inspection.outliers import farness

        far = farness(pictures, network, progress=stages.part(0.85, 1.0))
        order = np.argsort(-far, kind="stable")
        found = {"outliers": usable[order[far[order] > 1]]} | _odd(facts, usable, size)
        groups = [usable[group].tolist() for group in near]
        sheet = _even(usable, MOST_SHEET)
        shown = {*sheet, *(slot for group in groups[:MOST_GROUPS] for slot in group[:MOST_IN_GROUP])}
        shown |= {slot for slots in found.values() for slot in slots[:MOST_FOUND].tolist()}
        rows = {slot: int(np.searchsorted(usable, slot)) for slot in sorted(shown)}
        stages.finish()
        skipped = listing.skipped + [Skipped(listing.names[slot], reason) for slot, reason in broken.items()]
        return Survey(
            source=source.display,
            names=listing.names,
            labels=listing.labels,
            ignored=listing.ignored,
            skipped=sorted(skipped, key=lambda item: item.name),
            size=size,
            features=network.name,
            facts=facts,
            kinds=kinds,
            kind=kind,
            usable=usable,
            copies=copies,
            near=groups,
            found=found,
            sheet=sheet,
            pictures={slot: np.array(pictures[row]) for slot, row in rows.items()},
        )


def _look(
    source: Source, folder: Path, progress: Progress
) -> tuple[np.ndarray, list[tuple[str, str]], np.ndarray, dict[int, str]]:
    """Look at every picture. Returns facts, kinds and kind as a Survey has them, and reasons by slot."""
    total = len(source.listing.names)
    facts = np.zeros(total, FACTS)
    pairs: dict[tuple[str, str], int] = {}
    kind = np.full(total, -1, np.int16)
    broken: dict[int, str] = {}
    looker = Looker(str(folder / "pictures"), str(folder / "thumbnails"))
    for file in (looker.pictures, looker.thumbnails):
        Path(file).touch()
    done = 0
    with closing(source.chunks()) as chunks, closing(map_unordered(looker, chunks, rescue=rescue)) as results:
        for looks in results:
            facts[looks.slots] = looks.facts
            for slot, pair in zip(looks.slots, looks.kinds, strict=True):
                kind[slot] = pairs.setdefault(pair, len(pairs))
            broken |= looks.broken
            done += len(looks)
            progress(done, total)
    # Chunks come in any order; kinds are numbered by their names, so that the same pictures give the same survey.
    ordered = sorted(pairs)
    places = np.array([ordered.index(pair) for pair in pairs] + [-1], np.int16)
    return facts, ordered, places[kind], dict(sorted(broken.items()))


def _distinct(digests: np.ndarray) -> tuple[np.ndarray, dict[int, int]]:
    """Slots, in order, of the first picture with each digest, and the other copies' slots → the first one's.

    digests: uint8 (slots, 16); zeros mean that there is no picture.
    """
    readable = np.flatnonzero(digests.any(axis=1))
    whole = np.ascontiguousarray(digests[readable]).view(f"V{digests.shape[1]}")[:, 0]
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    original = first[inverse]
    copies = np.flatnonzero(original != np.arange(len(readable)))
    pairs = zip(readable[copies].tolist(), readable[original[copies]].tolist(), strict=True)
    return readable[np.sort(first)], dict(pairs)


def _odd(facts: np.ndarray, usable: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Slots of the usable pictures that measures alone show to be odd, the oddest first."""
    rows = facts[usable]
    shorter = np.minimum(rows["width"], rows["height"])
    small, dark, light = shorter < size, rows["lightest"] < DARK, rows["darkest"] > LIGHT
    flat = (rows["contrast"] < FLAT) & ~dark & ~light
    sharpness = np.log(np.maximum(rows["sharpness"], 1e-9))
    judged = ~(small | dark | light | flat)  # the others are blurred by nature, and named for what they are
    blur = np.zeros(len(rows))
    if judged.sum() >= 2:
        low, middle = np.quantile(sharpness[judged], [0.1, 0.5])
        blur[judged] = (middle - sharpness[judged]) / max((middle - low) / 1.2816, 0.1)
    kinds = {
        "small": (small, shorter),
        "dark": (dark, rows["lightest"]),
        "light": (light, -rows["darkest"].astype(int)),
        "flat": (flat, rows["contrast"]),
        "blurred": (blur > BLURRED, -blur),
    }
    return {name: usable[(ranks := np.argsort(by, kind="stable"))[which[ranks]]] for name, (which, by) in kinds.items()}


def _even(slots: np.ndarray, most: int) -> list[int]:
    """At most so many of the slots, evenly spread, both ends among them."""
    if len(slots) <= most:
        return slots.tolist()
    return slots[np.linspace(0, len(slots) - 1, most).round().astype(int)].tolist()


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
    return np.memmap(file, np.uint8, "r", shape=(len(kept), *shape)) if len(kept) else np.zeros((0, *shape), np.uint8)


class _Stages:
    """One progress of several stages, counted in pictures."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress = progress
        self.total = total

    def part(self, start: float, stop: float) -> Progress:
        """A stage's own progress, which moves the whole from one share to another."""

        def tell(done: int, of: int) -> None:
            if self.progress:
                share = start + (stop - start) * done / max(of, 1)
                self.progress(min(int(share * self.total), self.total - 1), self.total)

        return tell

    def finish(self) -> None:
        if self.progress:
            self.progress(self.total, self.total)


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder in the cache for the time of a survey. What killed surveys have left there is swept up."""
    place = cache_folder() / "looks"
    folder = place / os.urandom(8).hex()
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        place.mkdir(parents=True, exist_ok=True)
        if not os.access(place, os.W_OK):
            raise PermissionError(13, "no permission to write")
        lock.acquire()
        folder.mkdir()
    except OSError as error:
        mend = "set FIGMENT_CACHE to a folder where you may write"
        reason = error.strerror or str(error)
        raise InputError(f"the cache folder {place.parent} can't be written to ({reason}): {mend}") from None
    try:
        _sweep(place, folder)
        with naming_full_disk(
            f"{place}, which holds small copies during a look,", "Free some space, or set FIGMENT_CACHE."
        ):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        with suppress(OSError):
            folder.with_suffix(".lock").unlink()


def _sweep(place: Path, own: Path) -> None:
    """Remove what belongs to nobody alive: a living survey holds its lock, which the system takes from the dead."""
    for file in place.glob("*.lock"):
        folder = file.with_suffix("")
        if folder == own:
            continue
        with suppress(Timeout, OSError), FileLock(file, blocking=False):
            shutil.rmtree(folder, ignore_errors=True)
            file.unlink()
