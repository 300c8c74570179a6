"""The bank: all pictures of a source, prepared once, as one memory-mapped uint8 array with a fixed held-out part."""

import errno
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from figment.common.mapping import mapped_npy
from figment.common.refusals import refusal
from figment.common.text import printable, shown
from figment.data.bank.clips import Clips, open_clips
from figment.data.bank.shards import Shards
from figment.data.bank.split import HELD_OUT_SHARE
from figment.data.decoding.decode import MARKED
from figment.data.decoding.depth import Ranges
from figment.data.sources.aside import Aside, told_places
from figment.data.sources.labels import Classes, classes_of
from figment.data.sources.open import Skipped
from figment.errors import InputError

MANY = 10_000_000  # pictures: from so many on no list of them is held in memory, where each takes 8 bytes a picture
TRAIN_ROWS, HELD_OUT_ROWS = "train_rows.npy", "held_out_rows.npy"
FORMAT = 2  # of bank.json and what lies beside it
# Of what is made of the files; older banks are prepared anew, under their name. 1: deep pictures by one scale, colour
# profiles converted; what lies aside left out, labels by more rules, held out by class and by a tenth of groups' pictures.
DECODING = 1


@dataclass(frozen=True)
class DealtPart:
    """Which part of a set a bank holds: the number-th, from 0, of so many.

    listed: pictures of the whole set, as far as is known without reading them. whole: a hash that is the same for all parts
    of one set that were prepared alike.
    """

    number: int
    of: int
    listed: int
    whole: str


@dataclass(frozen=True, eq=False)
class Bank:
    """A prepared set of pictures.

    pictures: uint8 (N, C, height, width), read-only, memory-mapped. train and held_out: int64 indices into it, disjoint,
    together all N but unused ones (see thinned). skipped, left_out, copies, aside, ignored: what of the source isn't in the
    bank, and why.
    notes: sentences about how labels were found and pictures held out.
    enlarged: how many pictures had less than three quarters of the bank's height or width. source: its name for people.
    ranges: of the values of its deep pictures. converted_profiles, broken_profiles: how many pictures came with a colour
    profile that was converted to sRGB, or couldn't be read. decoding: by which it was made, see DECODING. drawn: whether
    figment drew all of the pictures itself. clips: whose frames the pictures are, where they are a film's. part: where it is
    one of several parts of a set (sources/part_of.py). beside: the other parts of it that this machine trains on.
    """

    folder: Path
    fingerprint: str
    height: int
    width: int
    channels: int
    pictures: Shards
    train: np.ndarray
    held_out: np.ndarray
    skipped: list[Skipped]
    left_out: list[Skipped]
    copies: list[Skipped]
    aside: list[Aside]
    notes: list[str]
    ignored: int
    enlarged: int
    source: str
    ranges: Ranges = field(default_factory=Ranges)
    converted_profiles: int = 0
    broken_profiles: int = 0
    decoding: int = 0
    drawn: bool = False
    unused: int = 0
    clips: Clips | None = None
    part: DealtPart | None = None
    beside: tuple["Bank", ...] = ()

    @property
    def trained_on(self) -> int:
        """How many pictures of the set are trained on; of a set in parts, whose others may lie elsewhere, about so many."""
        return len(self.train) if self.part is None else round(self.part.listed * (1 - HELD_OUT_SHARE))

    def thinned(self, count: int | None) -> "Bank":
        """With so many of its training pictures, always the same ones, fewer of them among more; itself for None.

        Of clips whole ones are taken. Held-out pictures stay as they are, so that what is learnt from fewer and from more
        compares. Raises InputError where there aren't as many.
        """
        if count is None:
            return self
        if count > len(self.train):
            raise InputError(
                f"--set pictures={count}: {shown(self.source)} has {len(self.train):,} pictures to train on: name no more, or "
                "leave it out."
            )
        if self.clips is not None:
            chosen = self._whole_clips(self.clips, count)
            return replace(self, train=chosen, unused=len(self.clips.of(self.train)) - len(self.clips.of(chosen)))
        order = np.random.default_rng(0).permutation(self.train)
        return replace(self, train=np.sort(order[:count]), unused=len(self.train) - count)

    def _whole_clips(self, clips: Clips, count: int) -> np.ndarray:
        """Training pictures of as many whole clips as have no more than so many pictures, one clip at least."""
        ranges, order = clips.ranges(), np.random.default_rng(0).permutation(clips.of(self.train))
        fitting = max(1, int((np.cumsum(ranges[order, 1]) <= count).sum()))
        return self.train[np.isin(clips.numbers[self.train], order[:fitting])]

    def _content(self) -> str:
        """How many pictures or clips there are, in words."""
        if self.clips is None:
            return f"{len(self.pictures):,} pictures"
        return f"{len(self.clips):,} clip{'s' * (len(self.clips) != 1)} ({len(self.pictures):,} frames)"

    @cached_property
    def names(self) -> list[str]:
        """Name of each picture in the source."""
        return list(read_json(self.folder / "names.json"))

    @cached_property
    def labels(self) -> list[str | None]:
        """Label of each picture, or None."""
        kinds = read_json(self.folder / "bank.json")["labels"]
        return [None if kind < 0 else kinds[kind] for kind in np.load(self.folder / "labels.npy").tolist()]

    @cached_property
    def classes(self) -> Classes:
        """The classes that the labels make. Raises InputError where they make none (see classes_of)."""
        return classes_of(self.labels, self.names, self.train, self.source)

    @cached_property
    def marked(self) -> int:
        """How many pictures aren't in the bank because figment made them."""
        return sum(item.reason == MARKED for item in self.left_out)

    def summary(self, split: bool = True) -> str:
        """A few sentences: how many pictures there are, how they are split, what was left out, what was enlarged.

        split: whether nets learn from some and not from others; without it nothing is said of that.
        """
        text = f"{self._content()} from {shown(self.source)}"
        all_of_them = f" of {len(self.train) + self.unused:,}" if self.unused else ""
        if self.clips is not None:
            train, held_out = len(self.clips.of(self.train)), len(self.clips.of(self.held_out))
        else:
            train, held_out = len(self.train), len(self.held_out)
        text += f": {train:,}{all_of_them} to train on, {held_out:,} held out." if split else "."
        copied = "exact duplicate" if self.clips is None else "exactly equal clip"
        reasons = [f"{shown(item.name)}: {item.reason}" for item in self.skipped[:3]]
        reasons += [f"… and {len(self.skipped) - 3:,} more"] if len(self.skipped) > 3 else []
        absent = [
            f"{number:,} {what}"
            for number, what in [
                (len(self.skipped), f"skipped ({'; '.join(reasons)})"),
                (len(self.left_out) - self.marked, "dropped as asked"),
                (self.marked, f"{MARKED} (--keep-marked keeps them)"),
                (len(self.copies), copied + "s" * (len(self.copies) > 1)),
                (self.ignored, "other files" if self.ignored > 1 else "other file"),
            ]
            if number
        ]
        absent += [shown(place) for place in told_places(self.aside)]
        if absent:
            text += f" Left out: {', '.join(absent)}."
        told = [*self.ranges.sentences(), *profile_sentences(self.converted_profiles, self.broken_profiles)]
        text += "".join(f" {sentence[0].upper()}{sentence[1:]}." for sentence in told)
        if 2 * self.enlarged > len(self.pictures):
            text += (
                f" Most are much smaller than {self.height}×{self.width} ({self.enlarged:,} of {len(self.pictures):,})"
                " and had to be enlarged: a smaller --size fits them better."
            )
        if not self.pictures.mapped:
            text += (
                f" {self.folder.parent} is on a disk that maps no files: pictures are read one by one, which may be"
                " slower; set FIGMENT_CACHE to a folder on another where it matters."
            )
        return " ".join([text, *map(printable, self.notes)])


def open_bank(folder: str | Path) -> Bank:
    """Open a prepared bank by its folder. Raises InputError where there is none."""
    folder = Path(folder)
    try:
        facts = read_json(folder / "bank.json")
        if facts["format"] != FORMAT:
            raise ValueError
        train, held_out = _split_rows(folder)
        shape = (facts["channels"], facts["height"], facts["width"])
        return Bank(
            folder=folder,
            fingerprint=_fingerprint(folder, facts),
            height=facts["height"],
            width=facts["width"],
            channels=facts["channels"],
            pictures=Shards(folder, facts["count"], shape, facts["per_shard"]),
            train=train,
            held_out=held_out,
            skipped=[Skipped(**item) for item in facts["skipped"]],
            left_out=[Skipped(**item) for item in facts["left_out"]],
            copies=[Skipped(**item) for item in facts["copies"]],
            aside=[Aside(**item) for item in facts.get("aside", [])],
            notes=list(facts.get("notes", [])),
            ignored=facts["ignored"],
            enlarged=facts["enlarged"],
            source=facts["source"],
            ranges=Ranges.read(facts.get("ranges", [])),
            converted_profiles=facts.get("converted_profiles", 0),
            broken_profiles=facts.get("broken_profiles", 0),
            decoding=facts.get("decoding", 0),
            drawn=facts.get("drawn", False),
            part=DealtPart(**facts["part"]) if "part" in facts else None,
            clips=open_clips(folder, facts["clips"]) if "clips" in facts else None,
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        if isinstance(error, OSError) and error.errno not in {None, errno.ENOENT, errno.ENOTDIR}:
            raise refusal(folder, error, done="read") from None
        raise InputError(f"{folder} isn't a bank of prepared pictures: prepare the data again") from None


def _split_rows(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pictures to train on and those held out: mapped where they are kept as lists, which costs no memory of its own."""
    if (folder / TRAIN_ROWS).exists():
        return mapped_npy(folder / TRAIN_ROWS), mapped_npy(folder / HELD_OUT_ROWS)
    held_out = np.load(folder / "held_out.npy")
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def profile_sentences(converted: int, broken: int) -> list[str]:
    """What was made of pictures with colour profiles, given how many there are of each kind."""
    told = []
    if converted:
        told.append(f"{converted:,} in other colours than sRGB were converted by their profiles")
    if broken:
        told.append(f"{broken:,} with a broken colour profile were taken as sRGB")
    return told


def _fingerprint(folder: Path, facts: dict[str, Any]) -> str:
    """Tells the pictures from all others: by what they were made of, and by how, where that has changed them."""
    changed = facts.get("ranges") or facts.get("converted_profiles")
    return f"{folder.name}-{facts['decoding']}" if changed else folder.name


def read_json(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))
