"""Real and made pictures for a detector, brought to one size alike, each with the group that it stays in."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from figment.common import sizes
from figment.common.pixels import to_grey, to_rgb
from figment.common.progress import Agree, Preparing
from figment.common.rehearsal import SAMPLES, at_most
from figment.common.text import shown
from figment.data.bank.prepare import prepare
from figment.data.decoding.chunks import StoredChunk
from figment.data.decoding.decode import read
from figment.data.sources.groups import Grouping, grouping
from figment.data.sources.open import Source, open_source
from figment.errors import InputError, Unreadable
from figment.features.codec import DEFAULT_QUALITY, JPEG_SUFFIXES, codec_for, through_codec
from figment.features.resize import resized_array
from figment.forensics.conditions import MIN_SIDE
from figment.generator import Generator, load
from figment.reals import bank_of
from figment.run import Run

Role = Literal["train", "calibrate", "test"]
SHARES: dict[Role, float] = {"train": 0.5, "calibrate": 0.25, "test": 0.25}  # of the groups
LEAST_REHEARSED = 2  # times as many pictures as a rehearsal measures, or too few are left to calibrate by
MAX_SIDE = 512  # pixels, to which pictures are reduced where no size is asked for
PROBED = 16  # pictures of a set, whose sizes tell how much it is reduced
REDUCED = 1.5  # times, from which on a reduction hides what JPEG did before
Sides = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Set:
    """Pictures of one kind from one place.

    pictures: uint8 (N, 3, H, W), in an order drawn by the seed. groups: of each, a text that is the same wherever it is met.
    fingerprint: of the place. made_by: the generator that made them, in words, "" for real ones. reduced: how many times larger
    the stored pictures are; nan where nobody knows. names: of their files, if any.
    """

    name: str
    is_fake: bool
    pictures: NDArray[np.uint8]
    groups: list[str]
    fingerprint: str
    made_by: str = ""
    reduced: float = float("nan")
    names: Sequence[str] = ()

    def rows(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Set":
        """Some of its pictures."""
        return replace(
            self,
            pictures=self.pictures[rows],
            groups=[str(group) for group in np.array(self.groups)[rows]],
            names=[str(name) for name in np.array(self.names)[rows]] if len(self.names) else (),
        )

    @property
    def roles(self) -> NDArray[np.str_]:
        """What each picture is for, (N,): its group's hash alone decides."""
        return np.array([role(group) for group in self.groups])


def role(group: str) -> Role:
    """What a group is for: the same wherever and with whatever else it is met."""
    draw = (
        int.from_bytes(hashlib.blake2b(group.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") / 2**64
    )
    for name, share in SHARES.items():
        if draw < share:
            return name
        draw -= share
    return "test"


def gathered(
    real: Sequence[str], fake: Sequence[str], n: int, seed: int, size: Sides | None, group: str | None, device: str,
    agree: Agree | None, display: Preparing,
) -> list[Set]:  # fmt: skip
    """At most n real and n made pictures, of places alike many each. Those that are named, or of runs whose samples are the made
    ones and whose held-out pictures are the real ones, where no real ones are named.

    Raises InputError for what can't be used, or tells the kinds apart by what it isn't meant to.
    """
    opened = [_Made(one, device, agree, display) for one in fake]
    if not opened:
        raise InputError("--fake: name made pictures, or runs whose samples are taken.")
    if not real and any(made.run is None for made in opened):
        other = next(made.name for made in opened if made.run is None)
        raise InputError(f"--real: {other} is no run whose held-out pictures could be taken: name real pictures.")
    n = at_most(n, LEAST_REHEARSED * SAMPLES)
    grouped = None if group is None else _Groups(grouping(group))
    size = size or _common_size(opened)
    grey = any(made.channels == 1 for made in opened)
    fits = {made.generator.recipe.fit for made in opened if made.generator}
    fit = fits.pop() if len(fits) == 1 else "crop"
    sets = [made.set(-(-n // len(opened)), seed, size, grouped, display) for made in opened]
    if real:
        each = -(-n // len(real))
        sets += [
            _of_source(_opened(one, agree, display), False, each, seed, size, fit, grouped, display) for one in real
        ]
    else:
        runs = {str(made.run.folder): made.run for made in opened if made.run}
        sets += [_held_out(run, -(-n // len(runs)), seed, size, display) for run in runs.values()]
    if grouped is not None:
        grouped.check()
    if grey:
        sets = [replace(one, pictures=to_rgb(to_grey(one.pictures))) for one in sets]
        display.say("some are grey, so all are looked at in grey")
    return _in_one_codec(sets, display)


class _Groups:
    """--group for several sets: it has to match in one of them at least."""

    def __init__(self, how: Grouping) -> None:
        self.how, self.matched = how, False
        self.error: InputError | None = None

    def of(self, source: Source) -> list[str | None]:
        try:
            found = self.how.of(source)
        except InputError as error:
            self.error = error
            return [None] * len(source.listing.names)
        self.matched = True
        return found

    def check(self) -> None:
        if self.error is not None and not self.matched:
            raise self.error


class _Made:
    """What --fake names: a run, a generator's file, or pictures."""

    def __init__(self, what: str, device: str, agree: Agree | None, display: Preparing) -> None:
        path = Path(what).expanduser()
        self.name = what
        self.run = Run(path) if (path / "run.json").is_file() else None
        self.generator: Generator | None = None
        if self.run or (path.is_file() and path.suffix == ".safetensors"):
            self.generator = load(path, device)
        self.source = None if self.generator else _opened(what, agree, display)

    @property
    def channels(self) -> int:
        return int(self.generator.recipe.channels) if self.generator else 3

    @property
    def size(self) -> Sides:
        if self.generator:
            return self.generator.recipe.shape
        assert self.source is not None
        found = _stored_sizes(self.source)
        if not found:
            return 64, 64
        height, width = found[0]
        scale = min(1.0, MAX_SIDE / max(height, width))
        return round(height * scale), round(width * scale)

    def set(self, n: int, seed: int, size: Sides, grouped: "_Groups | None", display: Preparing) -> Set:
        if self.generator is None:
            assert self.source is not None
            return _of_source(self.source, True, n, seed, size, "crop", grouped, display)
        told = display.stage(f"sampling {self.name}")
        blocks, generator = [], self.generator
        for start in range(0, n, 64):
            told(start, n)
            blocks.append(generator.sample(min(64, n - start), seed, start=start).numpy())
        pictures = _sized(to_rgb(np.concatenate(blocks)), size)
        groups = [f"{generator.digest} {seed} {i}" for i in range(n)]
        return Set(self.name, True, pictures, groups, generator.digest, generator.recipe.name)


def _common_size(opened: Sequence[_Made]) -> Sides:
    """The smallest of all sizes: enlarging leaves more traces than reducing. Raises InputError for too small ones."""
    size = min((made.size for made in opened), key=lambda sides: (sides[0] * sides[1], sides))
    if min(size) < MIN_SIDE:
        raise InputError(
            f"--fake: pictures of {sizes.as_text(size)} show too little: it takes {MIN_SIDE} pixels a side."
        )
    return size


def _opened(what: str, agree: Agree | None, display: Preparing) -> Source:
    return open_source(what, agree, display.stage("downloading", "MB"), display.say)


def _of_source(
    source: Source, is_fake: bool, n: int, seed: int, size: Sides, fit: str, grouped: "_Groups | None", display: Preparing
) -> Set:  # fmt: skip
    """Some pictures of a source. Real ones that figment made, as their mark says, are left out."""
    bank = prepare(
        source, size, 3, None, display.stage(f"preparing {source.display}"), fit, min_pictures=2, keep_marked=is_fake
    )
    if bank.marked:
        display.say(f"{shown(bank.source)}: {bank.marked:,} are left out of the real ones: figment made them")
    rows = np.random.default_rng([seed, 35]).permutation(len(bank.pictures))[:n]
    names = [bank.names[row] for row in rows]
    known = {} if grouped is None else dict(zip(source.listing.names, grouped.of(source), strict=True))
    groups = [known.get(name) or name for name in names]
    return Set(
        source.display, is_fake, np.asarray(bank.pictures[rows]), groups, source.fingerprint(),
        source.display if is_fake else "", _reduced(source, size), names,
    )  # fmt: skip


def _held_out(run: Run, n: int, seed: int, size: Sides, display: Preparing) -> Set:
    """Real pictures that a run held out, in the groups that it kept together."""
    bank = bank_of(run, display)
    rows = np.random.default_rng([seed, 35]).permutation(bank.held_out)[:n]
    source, group = open_source(run.data), run.facts.get("group")
    known = {} if group is None else dict(zip(source.listing.names, grouping(group).of(source), strict=True))
    names = [bank.names[row] for row in rows]
    return Set(
        f"held-out pictures of {run.folder.name}", False, _sized(to_rgb(np.asarray(bank.pictures[rows])), size),
        [known.get(name) or name for name in names], source.fingerprint(), reduced=_reduced(source, size), names=names,
    )  # fmt: skip


def _sized(pictures: NDArray[np.uint8], size: Sides) -> NDArray[np.uint8]:
    if pictures.shape[2:] == size:
        return pictures
    return np.concatenate([resized_array(pictures[start : start + 64], size) for start in range(0, len(pictures), 64)])


def _reduced(source: Source, size: Sides) -> float:
    """How many times as large as this its stored pictures are; nan where nobody knows."""
    found = _stored_sizes(source)
    return float(np.median([min(sides) for sides in found])) / min(size) if found else float("nan")


def _stored_sizes(source: Source) -> list[Sides]:
    """Heights and widths of some stored pictures; none where they are drawn, or can't be read."""
    found: list[Sides] = []
    for chunk in islice(source.chunks(), 1):
        for _, picture in islice(chunk.each(read), PROBED) if isinstance(chunk, StoredChunk) else ():
            if not isinstance(picture, Unreadable):
                found.append((picture.height, picture.width))
    return found


def _in_one_codec(sets: list[Set], display: Preparing) -> list[Set]:
    """JPEG for both kinds where one's files are mostly JPEG, the other's aren't, and no reduction has hidden that.

    Says where the kinds were reduced differently, which can't be mended here.
    """
    kinds = [[one for one in sets if one.is_fake == kind] for kind in (True, False)]
    reduced = [[one.reduced for one in kind if one.reduced == one.reduced] for kind in kinds]
    if all(reduced):
        fakes, reals = (float(np.median(found)) for found in reduced)
        if max(fakes, reals) > REDUCED * min(fakes, reals):
            display.say(
                f"made pictures are stored {fakes:.2g} times as large as they are looked at, real ones {reals:.2g} times: a "
                "detector may learn that difference. Name pictures of like sizes, or --size"
            )
    fresh = [[name for one in kind if not one.reduced >= REDUCED for name in one.names] for kind in kinds]
    jpegs = [name for names in fresh for name in names if name.lower().endswith(JPEG_SUFFIXES)]
    if not jpegs or (codec := codec_for(*fresh)) == "none":
        return sets
    display.say(f"one kind's files are JPEGs: both go through JPEG {DEFAULT_QUALITY} first")
    return [replace(one, pictures=through_codec(codec, one.pictures)) for one in sets]
