"""Originality: are a generator's pictures new, or its training pictures over again?

Two questions, since copies come in two ways. *Verified copies*: is some training picture the same picture, whole or in
part, perhaps mirrored, slightly cropped, brightened, noised, compressed, recoloured, turned by a few degrees, enlarged or
blended with another (see copy_kinds)? That is judged pair by pair, from levels that pictures hardly reach which surely are
no copies (see copy_levels). A single copy among thousands is found. *Distances*: do the generated pictures as a whole lie
nearer to the training pictures than held-out real ones do? That also shows a generator that stays close without copying,
but a few copies drown in it.

What held-out pictures get is given beside every number: in a set of look-alikes they lie near, too. And copies of each
kind are planted and looked up, since of some pictures hardly any kind can be told (see planted).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.common.pixels import to_rgb
from figment.common.progress import Progress, Tally
from figment.errors import InputError
from figment.features.base import Extractor
from figment.media.images import grid
from figment.metrics.copy_kinds import KindsIndex, find_matches
from figment.metrics.copy_levels import copy_levels
from figment.metrics.copy_matches import FAMILIES, KINDS, Matches, joined, mark_identical, small_copies, tints
from figment.metrics.originality import Copying, Pair
from figment.metrics.planted import planted
from figment.metrics.two_samples import (
    data_copying,
    fisher_exact,
    lean,
    mann_whitney,
    normal_cdf,
    share_nearer,
    wilson_interval,
)
from figment.similarity.nearest import (
    Descriptor,
    Neighbours,
    PictureSet,
    Subset,
    kmeans_centres,
    mirrored_where,
    nearest_centre,
    nearest_neighbour,
    reduced_pixels,
    rgb_chunks,
)
from figment.similarity.parts import PARTS, box

STRANGER_PICTURES = 2000  # of training, looked up among the others, to see how alike pictures get that are no copies
MIN_PICTURES = 20  # of each side, to say something about distances
NEAREST_SHARE = 0.01  # of the held-out pictures
CELL_PICTURES, MAX_CELLS = 50, 25  # held-out pictures a cell, on average; cells
CELL_POINTS = 10_000  # training pictures that the cells are made from
CLOSEST_PAIRS = 16  # to look at

Done = Callable[[int], None]  # told how many more pictures are through


@dataclass(frozen=True, eq=False)
class _Compared:
    """One set beside the training pictures: its descriptions, (N, d), its mirror images', the nearest, matches."""

    descriptions: NDArray
    mirrored: NDArray
    nearest: Neighbours
    matches: Matches


def measure_copying(
    generated: PictureSet, train: PictureSet, held_out: PictureSet, progress: Progress | None = None,
    features: Extractor | None = None, seed: int = 0, called: str = "training pictures",
    units: tuple[NDArray, NDArray] | None = None,
) -> Copying:  # fmt: skip
    """Compare generated pictures with training pictures, and held-out real ones as well, for the floor.

    generated, train, held_out: uint8 (N, C, H, W), C 1 or 3, of one height and width; they are read part by part and
    may be memory-mapped: Subset(bank.pictures, bank.train). features: the network in which distances are taken; None:
    pixels of pictures reduced to 16×16. Copies are verified by their pixels in any case. Time grows with (N + held-out)
    · train, memory with the sum of all, about 7 kB a picture. Calls progress(done, of). The result depends on pictures
    and seed alone. called: what the verdict calls train. units: where pictures are the frames of clips, the number of each
    one's clip, of train and held_out: a frame's neighbours are no strangers, and lean is of clips. Raises InputError where
    sizes differ or there is nothing to compare.
    """
    _check(generated, train, held_out)
    random = np.random.default_rng(seed)
    # A frame that is passed over leaves its neighbours in the same clip, so of clips only held-out frames are strangers.
    apart = min(STRANGER_PICTURES, len(train)) if units is None else 0
    strangers = np.sort(random.choice(len(train), apart, replace=False))
    work = len(train) + 4 * (len(generated) + len(held_out)) + len(strangers)  # more or less
    done = Tally(progress, work)

    describe: Descriptor = features or reduced_pixels
    references, small, its_tints = described(train, describe, done)
    index = KindsIndex.of(small, its_tints, *train.shape[2:])
    ours, reals = (_compare(some, train, references, index, describe, done) for some in (generated, held_out))
    among = joined(find_matches(small[strangers], its_tints[strangers], index, own=strangers, done=done), 1)
    levels = copy_levels(reals.matches.highest(), among.highest())
    copies = _copies(ours.matches, ours.nearest, levels)
    authentic: list[float | None] = [None, None]  # of frames, whose neighbours are nearer than any other clip
    if units is None:
        authentic = _authentic([ours.nearest, reals.nearest], train, references, describe, done)
    centres = kmeans_centres(
        references[:: -(-len(references) // CELL_POINTS)], min(MAX_CELLS, max(1, len(held_out) // CELL_PICTURES)), seed
    )
    cells = nearest_centre(ours.descriptions, centres), nearest_centre(reals.descriptions, centres)
    if progress:
        progress(work, work)
    return Copying(
        generated=len(generated), train=len(train), held_out=len(held_out),
        space=features.name if features else "pixels",
        **_shares(len(copies), len(generated), reals.matches.best(levels)[1]),
        copies=copies, levels={family: tuple(np.tanh(its).tolist()) for family, its in zip(FAMILIES, levels, strict=True)},
        detectable=detectable(train, held_out, index, levels, random, None if units is None else units[0]),
        nearest=ours.nearest, held_out_distances=reals.nearest.distance,
        auth_pct=authentic[0], auth_pct_held_out=authentic[1],
        closest=_closest(copies, ours.nearest), lean=_lean(ours, reals.descriptions, len(train), units),
        **_distances(ours.nearest.distance, reals.nearest.distance, cells),
        called=called, unsaid=_unsaid(len(generated), len(train), len(held_out)),
    )  # fmt: skip


def _compare(
    pictures: PictureSet, train: PictureSet, references: NDArray, index: KindsIndex, describe: Descriptor, done: Done
) -> _Compared:
    """One set beside the training pictures and their descriptions."""
    descriptions, small, its_tints = described(pictures, describe, done)
    mirrored = _mirrored(pictures, describe)
    near = nearest_neighbour(descriptions, mirrored, references, done=done)
    wholes, others = find_matches(small, its_tints, index, near, done=done)
    mark_identical(wholes, near, pictures, train)
    return _Compared(descriptions, mirrored, near, joined([wholes, others], 1))


def detectable(
    train: PictureSet, held_out: PictureSet, index: KindsIndex, levels: NDArray, random: np.random.Generator,
    units: NDArray | None = None,
) -> dict[str, float]:  # fmt: skip
    """The share that is found of copies of each kind, which are made of these training pictures and planted.

    units: of frames, the numbers of their clips: a neighbour in the same clip is found as well.
    """
    copies, places, kinds = planted(train, held_out, random)
    matches = joined(find_matches(small_copies(copies), tints(copies), index), 1)
    column, score = matches.best(levels)
    place = matches.place[np.arange(len(places)), column]
    if units is not None:
        place, places = units[place], np.where(places < 0, -1, units[places])
    found = (score >= 0) & (place[:, None] == places).any(1)
    of = np.array(kinds)
    return {kind: float(found[of == kind].mean()) for kind in dict.fromkeys(kinds)}


def _shares(count: int, of: int, held_out: NDArray[np.float32]) -> dict[str, Any]:
    """Fields of Copying on copies: count of so many; held_out: how far held-out ones lie above the levels, (M,)."""
    floor, highest = int((held_out >= 0).sum()), float(held_out.max(initial=-np.inf))
    return {
        "copied_share": count / of,
        "copied_interval": wilson_interval(count, of),
        "copied_share_held_out": floor / len(held_out) if len(held_out) else None,
        "copied_p": fisher_exact(count, of, floor, len(held_out)) if len(held_out) else None,
        "highest_held_out": highest if np.isfinite(highest) else None,
    }


def gallery(
    generated: PictureSet, train: PictureSet, pairs: list[Pair], columns: int | None = None
) -> NDArray[np.uint8]:
    """A sheet of pairs, each the generated picture above the training picture, which is mirrored where that fits.

    What lies beside a copied part is pale; a blend's other picture stands below.
    Real pictures among generated ones: to be marked as a composite. Returns uint8 (H', W', 3). Needs a pair at least.
    """
    chosen = np.array([pair.generated for pair in pairs]), np.array([pair.train for pair in pairs])
    rows = [
        to_rgb(generated[chosen[0]]),
        mirrored_where(to_rgb(train[chosen[1]]), np.array([pair.mirrored for pair in pairs])),
    ]
    for picture, pair in zip(rows[1], pairs, strict=True):
        if pair.kind in PARTS:
            _dim_beside(picture, pair.kind)
    blends = [pair for pair in pairs if pair.second is not None]
    if blends:
        third = np.full_like(rows[1], 255)
        others = to_rgb(train[np.array([pair.second for pair in blends])])
        its = mirrored_where(others, np.array([pair.second_mirrored for pair in blends]))
        third[[pair.second is not None for pair in pairs]] = its
        rows.append(third)
    return grid(np.concatenate(rows, axis=2), columns or min(len(pairs), CLOSEST_PAIRS // 2), gap=4)


def _dim_beside(picture: NDArray[np.uint8], part: str) -> None:
    """Make pale what lies beside a part of a picture, uint8 (3, H, W), in place."""
    rows, columns = box(part, *picture.shape[1:])
    kept = picture[:, rows, columns].copy()
    picture[:] = picture // 4 + 191
    picture[:, rows, columns] = kept


def described(
    pictures: PictureSet, describe: Descriptor, done: Done = lambda count: None
) -> tuple[NDArray, NDArray[np.uint8], NDArray[np.float32]]:
    """Descriptions (N, d), thumbnails (N, 48, 48) and tints (N, 2, 8, 8) of pictures, which are read once."""
    descriptions, small, its_tints = [], [], []
    for part in rgb_chunks(pictures):
        descriptions.append(describe(part))
        small.append(small_copies(part))
        its_tints.append(tints(part))
        done(len(part))
    return np.concatenate(descriptions), np.concatenate(small), np.concatenate(its_tints)


def _mirrored(pictures: PictureSet, describe: Descriptor) -> NDArray:
    """Descriptions of the pictures' mirror images."""
    return np.concatenate([describe(np.ascontiguousarray(part[..., ::-1])) for part in rgb_chunks(pictures)])


def _copies(matches: Matches, near: Neighbours, levels: NDArray) -> list[Pair]:
    column, score = matches.best(levels)
    pairs, kinds = [], list(KINDS)
    for i in np.flatnonzero(score >= 0).tolist():
        k = column[i]
        place, mirrored, second = int(matches.place[i, k]), bool(matches.mirrored[i, k]), int(matches.second[i, k])
        distance = float(near.distance[i]) if place == near.place[i] else None
        pair = Pair(i, place, mirrored, float(score[i]), distance, kinds[matches.kind[i, k]])
        blended = replace(pair, second=second, second_mirrored=bool(matches.second_mirrored[i, k]))
        pairs.append(blended if second >= 0 else pair)
    return sorted(pairs, key=lambda pair: (-(pair.score or 0), pair.generated))


def _closest(copies: list[Pair], near: Neighbours) -> list[Pair]:
    taken = {pair.generated for pair in copies}
    others = [i for i in np.argsort(near.distance, kind="stable").tolist() if i not in taken]
    by_distance = [
        Pair(i, int(near.place[i]), bool(near.mirrored[i]), None, float(near.distance[i]))
        for i in others[:CLOSEST_PAIRS]
    ]
    return (copies + by_distance)[:CLOSEST_PAIRS]


def _authentic(
    near: list[Neighbours], train: PictureSet, references: NDArray, describe: Descriptor, done: Done
) -> list[float | None]:
    """AuthPct of each set, whose nearest are given. Only training pictures that are somebody's nearest count."""
    distinct = np.unique(np.concatenate([its.place for its in near]))
    if len(train) < 2:
        return [None for _ in near]
    mirrored = _mirrored(Subset(train, distinct), describe)
    own = nearest_neighbour(references[distinct], mirrored, references, own=distinct, done=done).distance
    limits = [own[np.searchsorted(distinct, its.place)] for its in near]
    return [
        100 * float((its.distance > limit).mean()) if len(limit) else None
        for its, limit in zip(near, limits, strict=True)
    ]


def _lean(ours: _Compared, held_out: NDArray, train: int, units: tuple[NDArray, NDArray] | None = None) -> float | None:
    """See Copying.lean; held_out: descriptions of the held-out pictures. units: as of measure_copying."""
    if min(len(ours.descriptions), len(held_out)) < MIN_PICTURES:
        return None
    others = nearest_neighbour(ours.descriptions, ours.mirrored, held_out)
    places = np.where(others.distance < ours.nearest.distance, train + others.place, ours.nearest.place)
    if units is None:
        return lean(places, train, len(held_out))
    of_train, of_held_out = (np.unique(numbers, return_inverse=True)[1] for numbers in units)
    clips = int(of_train.max()) + 1
    return lean(np.concatenate([of_train, clips + of_held_out])[places], clips, int(of_held_out.max()) + 1)


def _distances(first: NDArray, second: NDArray, cells: tuple[NDArray, NDArray]) -> dict[str, Any]:
    """What the distances say, fields of Copying; None where there are too few pictures."""
    found: dict[str, Any] = dict.fromkeys(("nearer_share", "nearer_p", "test_z", "p_value", "ct"))
    if min(len(first), len(second)) < MIN_PICTURES:
        return found
    z = mann_whitney(first, second)
    said = {"test_z": z, "p_value": normal_cdf(z), "ct": data_copying(first, second, cells)}
    if int(NEAREST_SHARE * len(second)):
        said["nearer_share"], said["nearer_p"] = share_nearer(first, second, NEAREST_SHARE)
    return {**found, **said}


def _unsaid(generated: int, train: int, held_out: int) -> list[str]:
    reasons = []
    if not held_out:
        reasons.append(
            "no picture is held out: distances aren't compared, and how often others pass for these isn't known"
        )
    elif held_out < MIN_PICTURES:
        reasons.append(
            f"distances aren't compared: {held_out} held-out pictures are too few, {MIN_PICTURES} are needed"
        )
    elif held_out * NEAREST_SHARE < 1:
        reasons.append(
            f"the nearest 1 % of held-out pictures can't be told of {held_out}: {round(1 / NEAREST_SHARE)} are needed"
        )
    if generated < MIN_PICTURES:
        reasons.append(
            f"distances aren't compared: {generated} generated pictures are too few, {MIN_PICTURES} are needed"
        )
    if train < 2:
        reasons.append("authenticity can't be told with one training picture")
    return reasons


def _check(generated: PictureSet, train: PictureSet, held_out: PictureSet) -> None:
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
