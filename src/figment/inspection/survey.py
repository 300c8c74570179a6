"""Everything that can be said of a set of pictures, found in one pass over them: what table, page and advice tell."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from figment.common.progress import Progress
from figment.data.decoding.decode import MARKED
from figment.data.decoding.depth import Ranges
from figment.data.sources.aside import Aside
from figment.data.sources.open import Skipped, open_source
from figment.errors import InputError
from figment.inspection.made import Made, can_bear
from figment.inspection.measures import Kind
from figment.inspection.scan import Look, scan
from figment.similarity.near_duplicates import near_duplicates

DEFAULT_FEATURES = "gradients"  # that outliers are far away in
MAX_DARK_LEVEL = 48  # grey value that 98 % of a very dark picture's pixels don't exceed
MIN_LIGHT_LEVEL = 208  # and that 98 % of a very bright one's exceed
FLAT_DEVIATION = 6.0  # of grey values, that a flat picture stays below
BLURRED_SPREADS = 4.0  # below the set's median sharpness, by its logarithm
GREY_SATURATION = 1.5  # that a picture without colour stays below; JPEG's rounding leaves a little
# What is kept for showing: the contact sheet, groups of near-duplicates, pictures of each of these and of every other kind.
MAX_SHEET_PICTURES = 144
MAX_SHOWN_GROUPS, MAX_GROUP_PICTURES = 30, 8
MAX_ODD_PICTURES = 48


@dataclass(frozen=True, eq=False)
class Survey:
    """What a set of pictures is. A picture is named by its slot, its place in `names`.

    size: what "small" was measured against. features: the network in which outliers were looked for. facts: FACTS
    (slots,), see measures.py. kinds: the ways of being stored that occur; kind: each slot's place in them, −1 where it
    can't be read. ranges: of the values of deep pictures. usable: slots that can be trained on: readable, and the first of
    those with equal pixels. copies: a
    further copy's slot → the first one's. near: groups of near-duplicates among the usable, the one to keep first.
    found: slots of `outliers` (farthest first), `small`, `dark`, `light`, `flat` and `blurred` pictures, and of `made`, those
    marked as made by machine. sheet: slots
    spread evenly over the set. pictures: small copies, uint8 (64, 64, 3), of those that are shown. made: slot of a usable
    picture → what marks it as made, be it in a copy of it. looked: how many pictures' pixels were looked at for figment's
    invisible mark.
    """

    source: str
    names: list[str]
    labels: list[str | None]
    ignored: int
    skipped: list[Skipped]
    size: int
    features: str
    facts: np.ndarray
    kinds: list[Kind]
    kind: np.ndarray
    usable: np.ndarray
    copies: dict[int, int]
    near: list[list[int]]
    found: dict[str, np.ndarray]
    sheet: list[int]
    pictures: dict[int, np.ndarray]
    # What is none of the set by where it lies, how labels were found, and what figment made itself.
    aside: list[Aside] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    marked: list[Skipped] = field(default_factory=list)
    ranges: Ranges = field(default_factory=Ranges)
    made: dict[int, Made] = field(default_factory=dict)
    looked: int = 0

    @property
    def left_out(self) -> int:
        """How many of the set's pictures aren't trained on: skipped, exact copies, or made by figment."""
        return len(self.skipped) + len(self.copies) + len(self.marked)

    @property
    def absent(self) -> list[Skipped]:
        """All of the set's pictures that aren't trained on, with the reasons, sorted by name."""
        copies = [
            Skipped(self.names[copy], f"exact copy of {self.names[first]}") for copy, first in self.copies.items()
        ]
        return sorted([*self.skipped, *self.marked, *copies], key=lambda item: item.name)

    @property
    def near_extra(self) -> int:
        """How many pictures would go if one of each group of near-duplicates stayed."""
        return sum(len(group) - 1 for group in self.near)

    @cached_property
    def formats(self) -> Counter[str]:
        """How many usable pictures were stored in each format."""
        return self._counted("format")

    @cached_property
    def modes(self) -> Counter[str]:
        """How many usable pictures were stored in each of Pillow's modes."""
        return self._counted("mode")

    @cached_property
    def depths(self) -> Counter[str]:
        """How many usable pictures have 8 bits a channel, and how many come in each deeper container."""
        return self._counted("depth")

    @cached_property
    def profiles(self) -> Counter[str]:
        """How many usable pictures have each colour profile; "none" are those that mean sRGB."""
        return self._counted("profile")

    @cached_property
    def label_counts(self) -> Counter[str]:
        """How many usable pictures each label has."""
        labels = (self.labels[slot] for slot in self.usable.tolist())
        return Counter(label for label in labels if label is not None)

    @cached_property
    def made_counts(self) -> Counter[str]:
        """How many usable pictures are marked as made by machine, by what says so."""
        return Counter(one.said for one in self.made.values())

    @property
    def unlooked(self) -> int:
        """How many usable pictures could bear figment's invisible mark and weren't looked at for it, at least."""
        able = sum(map(can_bear, self.rows["height"].tolist(), self.rows["width"].tolist()))
        return max(0, able - self.looked)

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
        return int((self.rows["saturation"] < GREY_SATURATION).sum())

    def is_drawn(self, slot: int) -> bool:
        """Whether this is a picture that figment drew by rule."""
        return self.kind[slot] >= 0 and self.kinds[self.kind[slot]][0] == "drawn"

    def _counted(self, part: str) -> Counter[str]:
        counts = np.bincount(self.kind[self.usable], minlength=len(self.kinds))
        found: Counter[str] = Counter()
        for kind, count in zip(self.kinds, counts.tolist(), strict=True):
            found[getattr(kind, part)] += count
        return +found


def survey(
    data: Any, features: str = DEFAULT_FEATURES, progress: Progress | None = None, size: int = 64, first: bool = False,
    keep_marked: bool = False, look_at_all: bool = False,
) -> Survey:  # fmt: skip
    """Look at every picture of data (what open_source takes) once, on all cores.

    features: network for the outliers, see figment.features.registry. progress: called with (done, total) through all
    stages. size: training size that "small" is measured against. first: look at the first frames of strips of frames.
    keep_marked: pictures that figment made count like others. look_at_all: for figment's invisible mark in the pixels of every
    picture, however many and large they are. Raises InputError where the data, the network or the cache folder can't be used,
    or the data change meanwhile.
    """
    if size < 1:
        raise InputError(f"--size {size} isn't a size: give the pixels of a side, such as 64")
    source = open_source(data)
    from figment.features.registry import extractor
    from figment.inspection.outliers import farness

    network = extractor(features)  # a mistyped name is told now
    listing = source.listing
    stages = _Stages(progress, len(listing.names))
    look: Look = "all" if look_at_all else "some"
    with scan(source, stages.part(0.0, 0.7), first, keep_marked, look) as scanned:
        facts, usable = scanned.facts, scanned.usable
        near = near_duplicates(scanned.thumbnails, stages.part(0.7, 0.85), parts=scanned.parts)
        far = farness(scanned.pictures, network, progress=stages.part(0.85, 1.0))
        order = np.argsort(-far, kind="stable")
        made = _of_usable(scanned.made, scanned.copies)
        found = {"outliers": usable[order[far[order] > 1]]} | _odd(facts, usable, size)
        found["made"] = np.array(list(made), np.int64)
        groups = [usable[group].tolist() for group in near]
        sheet = _even(usable, MAX_SHEET_PICTURES)
        shown = {*sheet, *(slot for group in groups[:MAX_SHOWN_GROUPS] for slot in group[:MAX_GROUP_PICTURES])}
        shown |= {slot for slots in found.values() for slot in slots[:MAX_ODD_PICTURES].tolist()}
        rows = {slot: int(np.searchsorted(usable, slot)) for slot in sorted(shown)}
        stages.finish()
        broken = [Skipped(listing.names[slot], reason) for slot, reason in scanned.broken.items()]
        skipped = listing.skipped + [item for item in broken if item.reason != MARKED]
        return Survey(
            source=source.display,
            names=listing.names,
            labels=listing.labels,
            ignored=listing.ignored,
            aside=listing.aside,
            notes=listing.notes,
            marked=[item for item in broken if item.reason == MARKED],
            skipped=sorted(skipped, key=lambda item: item.name),
            size=size,
            features=network.name,
            facts=facts,
            kinds=scanned.kinds,
            kind=scanned.kind,
            usable=usable,
            copies=scanned.copies,
            near=groups,
            found=found,
            sheet=sheet,
            ranges=scanned.ranges,
            made=made,
            looked=scanned.looked,
            pictures={slot: np.array(scanned.pictures[row]) for slot, row in rows.items()},
        )


def _of_usable(made: dict[int, Made], copies: dict[int, int]) -> dict[int, Made]:
    """What marks each usable picture, itself or a copy of it: metadata are lost by one and kept by another."""
    marks = {copies[slot]: one for slot, one in made.items() if slot in copies}
    return dict(sorted((marks | {slot: one for slot, one in made.items() if slot not in copies}).items()))


def _odd(facts: np.ndarray, usable: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Slots of the usable pictures that measures alone show to be odd, the oddest first."""
    rows = facts[usable]
    shorter = np.minimum(rows["width"], rows["height"])
    small, dark, light = shorter < size, rows["lightest"] < MAX_DARK_LEVEL, rows["darkest"] > MIN_LIGHT_LEVEL
    flat = (rows["contrast"] < FLAT_DEVIATION) & ~dark & ~light
    sharpness = np.log(np.maximum(rows["sharpness"], 1e-9))
    plain = ~(small | dark | light | flat)  # the others are blurred by nature, and named for what they are
    blur = np.zeros(len(rows))
    if plain.sum() >= 2:
        low, middle = np.quantile(sharpness[plain], [0.1, 0.5])
        blur[plain] = (middle - sharpness[plain]) / max((middle - low) / 1.2816, 0.1)
    kinds = {
        "small": (small, shorter),
        "dark": (dark, rows["lightest"]),
        "light": (light, -rows["darkest"].astype(int)),
        "flat": (flat, rows["contrast"]),
        "blurred": (blur > BLURRED_SPREADS, -blur),
    }
    return {name: usable[(ranks := np.argsort(by, kind="stable"))[which[ranks]]] for name, (which, by) in kinds.items()}


def _even(slots: np.ndarray, most: int) -> list[int]:
    """At most so many of the slots, evenly spread, both ends among them."""
    if len(slots) <= most:
        return slots.tolist()
    return slots[np.linspace(0, len(slots) - 1, most).round().astype(int)].tolist()


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
