"""Originality: are a generator's pictures new, or its training pictures over again?

Two questions, since copies come in two ways. *Verified copies*: is some training picture, perhaps mirrored, slightly
cropped, brightened, noised or compressed, the same picture? That is judged pair by pair, from a level that pictures hardly
reach which surely are no copies (see verified). A single copy among thousands is found. *Distances*: do the generated
pictures as a whole lie nearer to the training pictures than held-out real ones do? That also shows a generator that stays
close without copying, but a few copies drown in it.

What held-out pictures get is given beside every number: in a set of look-alikes they lie near, too.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.callbacks import Progress
from figment.errors import InputError
from figment.inspection.lookup import Lookup
from figment.metrics import verified
from figment.metrics.features import Extractor
from figment.metrics.nearest import Describe, Near, Part, Pictures, cell_of, cells, coloured, nearest, parts, reduced
from figment.metrics.two_samples import chance_below, data_copying, interval, mann_whitney, more_often, nearer
from figment.pictures import grid

STRANGERS = (
    2000  # training pictures that are looked up among the others, to see how alike pictures get that are no copies
)
SURE = 0.01  # a chance below which a difference is called one
ENOUGH = 20  # fewer pictures than this say nothing about distances
NEAREST = 0.01  # of the held-out pictures
CELL, MOST_CELLS = 50, 25  # held-out pictures a cell, on average; cells
POINTS = 10_000  # that the cells are made from
CLOSEST = 16
QUANTILES = (0, 0.01, 0.1, 0.5, 0.9, 1)


@dataclass(frozen=True)
class Pair:
    """A generated picture and a training picture.

    score: how far their likeness lies above the level from which a pair is a copy, in Fisher's z; None for a pair that
    was found by distance. distance: None where it isn't the generated picture's nearest.
    """

    generated: int
    train: int
    mirrored: bool
    score: float | None
    distance: float | None


@dataclass(frozen=True, eq=False)
class Copying:
    """How original generated pictures are. Shares lie in 0 … 1. None is what can't be said; `unsaid` tells why.

    generated, train, held_out: numbers of pictures. space: what distances are of: "pixels", grey levels a pixel of pictures
    reduced to 16×16, or a network's name.
    copied_share: verified copies; copied_interval: its 95 % interval; copied_share_held_out: the same among held-out
    pictures; copied_p: the chance of as many copies or more, if held-out pictures were copies as often.
    copies: the best pair of each copied picture, surest first. levels: correlations in BANDS (see lookup) that make a copy.
    nearest: of each generated picture. held_out_distances: of each held-out picture to its nearest.
    nearer_share, nearer_p: generated pictures nearer than the nearest 1 % of held-out ones, and the chance of so many.
    test_z, p_value: Mann and Whitney's test of both distances; z below 0: generated ones are nearer; p is one-sided.
    ct: the same cell by cell: C_T (see data_copying).
    auth_pct, auth_pct_held_out: percent of pictures that are authentic: farther from their nearest training picture than
    that is from its own nearest (Alaa et al. 2022, arXiv 2102.08921, section 4.3: authenticity).
    closest: up to 16 pairs to look at, copies first.
    """

    generated: int
    train: int
    held_out: int
    space: str
    copied_share: float
    copied_interval: tuple[float, float]
    copied_share_held_out: float | None
    copied_p: float | None
    copies: list[Pair]
    levels: tuple[float, ...]
    nearest: Near
    held_out_distances: NDArray[np.float64]
    nearer_share: float | None
    nearer_p: float | None
    test_z: float | None
    p_value: float | None
    ct: float | None
    auth_pct: float | None
    auth_pct_held_out: float | None
    closest: list[Pair]
    unsaid: list[str]

    def verdict(self) -> str:
        """A sentence on copies, and one on distances where there is something to be said."""
        count, floor = len(self.copies), round((self.copied_share_held_out or 0) * self.held_out)
        beside = (
            f"among held-out pictures {floor:,} of {self.held_out:,}" if self.held_out else "no picture is held out"
        )
        of = f"{count:,} of {self.generated:,} samples ({100 * self.copied_share:.3g} %)"
        if not count:
            most = f"at most {100 * self.copied_interval[1]:.2g} % of all are, at 95 % confidence"
            none = f"none of {self.generated:,} samples is one of {self.train:,} training pictures"
            text = f"No copies: {none} ({most}); {beside}."
        elif floor and self.copied_p is not None and self.copied_p >= SURE:
            others = f"{floor:,} of {self.held_out:,} held-out pictures"
            text = f"No sign of copying: {of} could pass for training pictures, but so could {others}."
        else:
            verb = "is a training picture" if count == 1 else "are training pictures"
            text = f"Copies: {of} {verb}, whole, mirrored, slightly cropped or otherwise hardly changed; {beside}."
        return text + self._on_distances()

    def _on_distances(self) -> str:
        if self.test_z is None or self.p_value is None:
            return ""
        if self.p_value < SURE:
            return (
                f" As a whole samples lie nearer to training pictures than held-out pictures do (z {self.test_z:.1f})."
            )
        if self.nearer_share is not None and self.nearer_p is not None and self.nearer_p < SURE:
            share = f"{100 * self.nearer_share:.2g} % nearer than the nearest 1 % of held-out pictures"
            return f" Some lie very near to training pictures: {share}."
        return " As a whole samples lie no nearer to training pictures than held-out pictures do."

    def as_record(self) -> dict[str, Any]:
        """Plain numbers for JSON, rounded; of distances the quantiles."""
        arrays = ("nearest", "held_out_distances", "copies", "closest")
        record = {key: _plain(value) for key, value in vars(self).items() if key not in arrays}
        distances = {"generated": self.nearest.distance, "held_out": self.held_out_distances}
        found = {key: _plain(np.quantile(its, QUANTILES).tolist()) for key, its in distances.items() if len(its)}
        record["nearest"] = {"quantiles": list(QUANTILES), **found}
        for key in ("copies", "closest"):
            record[key] = [{name: _plain(value) for name, value in asdict(pair).items()} for pair in getattr(self, key)]
        return {**record, "verdict": self.verdict()}


def measure_copying(
    generated: Pictures,
    train: Pictures,
    held_out: Pictures,
    progress: Progress | None = None,
    features: Extractor | None = None,
    seed: int = 0,
) -> Copying:
    """Compare generated pictures with training pictures, and held-out real ones as well, for the floor.

    generated, train, held_out: uint8 (N, C, H, W), C 1 or 3, of one height and width; they are read part by part and may be
    memory-mapped: Part(bank.pictures, bank.train). features: the network in which distances are taken; None: pixels of
    pictures reduced to 16×16. Copies are verified by their pixels in any case. Time grows with (N + held-out) · train, memory
    with the sum of all, about 4 kB a picture. Calls progress(done, of). The result depends on pictures and seed alone.
    Raises InputError where sizes differ or there is nothing to compare.
    """
    _check(generated, train, held_out)
    queries = len(generated) + len(held_out)
    random = np.random.default_rng(seed)
    strangers = np.sort(random.choice(len(train), min(STRANGERS, len(train)), replace=False))
    work = len(train) + 4 * queries + len(strangers)
    done = _counter(progress, work)

    describe: Describe = features or reduced
    references, its_small = described(train, describe, done)
    lookup = Lookup(its_small)
    noise = verified.noise_of(*train.shape[2:])
    near, matches, plain = [], [], []
    for pictures in (generated, held_out):
        descriptions, small = described(pictures, describe, done)
        its = nearest(descriptions, _mirrored(pictures, describe), references, done=done)
        match = verified.matches(small, lookup, noise, its, done=done)
        verified.mark_identical(match, its, pictures, train)
        near.append(its)
        matches.append(match)
        plain.append(descriptions)
    among = verified.matches(its_small[strangers], lookup, noise, own=strangers, done=done)
    levels = verified.levels(matches[1].highest(), among.highest())

    copies = _copies(matches[0], near[0], levels)
    floor = int((matches[1].best(levels)[1] >= 0).sum())
    authentic = _authentic(near, train, references, describe, done)
    centres = cells(references[:: -(-len(references) // POINTS)], min(MOST_CELLS, max(1, len(held_out) // CELL)), seed)
    count, of = len(copies), len(generated)
    if progress:
        progress(work, work)
    return Copying(
        generated=of,
        train=len(train),
        held_out=len(held_out),
        space=features.name if features else "pixels",
        copied_share=count / of,
        copied_interval=interval(count, of),
        copied_share_held_out=floor / len(held_out) if len(held_out) else None,
        copied_p=more_often(count, of, floor, len(held_out)) if len(held_out) else None,
        copies=copies,
        levels=tuple(np.tanh(levels).tolist()),
        nearest=near[0],
        held_out_distances=near[1].distance,
        auth_pct=authentic[0],
        auth_pct_held_out=authentic[1],
        closest=_closest(copies, near[0]),
        **_distances(near[0].distance, near[1].distance, (cell_of(plain[0], centres), cell_of(plain[1], centres))),
        unsaid=_unsaid(of, len(train), len(held_out)),
    )


def gallery(generated: Pictures, train: Pictures, pairs: list[Pair], columns: int | None = None) -> NDArray[np.uint8]:
    """A sheet of pairs, each the generated picture above the training picture, which is mirrored where that fits.

    Real pictures among generated ones: to be marked as a composite. Returns uint8 (H', W', 3). Needs a pair at least.
    """
    above = coloured(generated[np.array([pair.generated for pair in pairs])])
    below = coloured(train[np.array([pair.train for pair in pairs])])
    below = np.stack([p[:, :, ::-1] if pair.mirrored else p for p, pair in zip(below, pairs, strict=True)])
    return grid(np.concatenate([above, below], axis=2), columns or min(len(pairs), CLOSEST // 2), gap=4)


def described(
    pictures: Pictures, describe: Describe, done: Callable[[int], None] = lambda count: None
) -> tuple[NDArray, NDArray[np.uint8]]:
    """Descriptions (N, d) and thumbnails (N, 48, 48) of pictures, which are read once."""
    descriptions, small = [], []
    for part in parts(pictures):
        descriptions.append(describe(part))
        small.append(verified.small_copies(part))
        done(len(part))
    return np.concatenate(descriptions), np.concatenate(small)


def _mirrored(pictures: Pictures, describe: Describe) -> NDArray:
    """Descriptions of the pictures' mirror images."""
    return np.concatenate([describe(np.ascontiguousarray(part[..., ::-1])) for part in parts(pictures)])


def _copies(matches: verified.Matches, near: Near, levels: NDArray) -> list[Pair]:
    column, score = matches.best(levels)
    pairs = []
    for i in np.flatnonzero(score >= 0).tolist():
        place, mirrored = int(matches.place[i, column[i]]), bool(matches.mirrored[i, column[i]])
        distance = float(near.distance[i]) if place == near.place[i] else None
        pairs.append(Pair(i, place, mirrored, float(score[i]), distance))
    return sorted(pairs, key=lambda pair: (-(pair.score or 0), pair.generated))


def _closest(copies: list[Pair], near: Near) -> list[Pair]:
    taken = {pair.generated for pair in copies}
    others = [i for i in np.argsort(near.distance, kind="stable").tolist() if i not in taken]
    by_distance = [
        Pair(i, int(near.place[i]), bool(near.mirrored[i]), None, float(near.distance[i])) for i in others[:CLOSEST]
    ]
    return (copies + by_distance)[:CLOSEST]


def _authentic(
    near: list[Near], train: Pictures, references: NDArray, describe: Describe, done: Callable[[int], None]
) -> list[float | None]:
    """AuthPct of each set, whose nearest are given. Only training pictures that are somebody's nearest are looked up."""
    distinct = np.unique(np.concatenate([its.place for its in near]))
    if len(train) < 2:
        return [None for _ in near]
    mirrored = _mirrored(Part(train, distinct), describe)
    own = nearest(references[distinct], mirrored, references, own=distinct, done=done).distance
    limits = [own[np.searchsorted(distinct, its.place)] for its in near]
    return [
        100 * float((its.distance > limit).mean()) if len(limit) else None
        for its, limit in zip(near, limits, strict=True)
    ]


def _distances(first: NDArray, second: NDArray, cells: tuple[NDArray, NDArray]) -> dict[str, float | None]:
    """What the distances say: a field of Copying each; None where there are too few pictures."""
    found = dict.fromkeys(("nearer_share", "nearer_p", "test_z", "p_value", "ct"))
    if min(len(first), len(second)) < ENOUGH:
        return found
    z = mann_whitney(first, second)
    said = {"test_z": z, "p_value": chance_below(z), "ct": data_copying(first, second, cells)}
    if int(NEAREST * len(second)):
        said["nearer_share"], said["nearer_p"] = nearer(first, second, NEAREST)
    return {**found, **said}


def _unsaid(generated: int, train: int, held_out: int) -> list[str]:
    reasons = []
    if held_out < ENOUGH:
        reasons.append(f"distances aren't compared: {held_out} held-out pictures are too few, {ENOUGH} are needed")
    elif held_out * NEAREST < 1:
        reasons.append(
            f"the nearest 1 % of held-out pictures can't be told of {held_out}: {round(1 / NEAREST)} are needed"
        )
    if generated < ENOUGH:
        reasons.append(f"distances aren't compared: {generated} generated pictures are too few, {ENOUGH} are needed")
    if train < 2:
        reasons.append("authenticity can't be told with one training picture")
    if not held_out:
        reasons.append("no picture is held out, so how often others pass for training pictures isn't known")
    return reasons


def _check(generated: Pictures, train: Pictures, held_out: Pictures) -> None:
    if not len(generated) or not len(train):
        what = "generated" if not len(generated) else "training"
        raise InputError(f"originality can't be measured without {what} pictures: give some")
    sizes = [pictures.shape[2:] for pictures in (generated, train, held_out)]
    if sizes[0] != sizes[1] or (len(held_out) and sizes[2] != sizes[1]):
        told = ", ".join(
            f"{what} {height}×{width}"
            for what, (height, width) in zip(("generated", "training", "held-out"), sizes, strict=True)
        )
        raise InputError(f"pictures of different sizes can't be compared ({told}): bring them to one size first")


def _counter(progress: Progress | None, of: int) -> Callable[[int], None]:
    """Adds up what is done and tells it, always less than all until the end."""
    so_far = 0

    def done(count: int) -> None:
        nonlocal so_far
        so_far += count
        if progress:
            progress(min(so_far, of - 1), of)

    return done


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
