"""Originality: are a generator's pictures new, or its training pictures over again?

Two questions, since copies come in two ways. *Verified copies*: is some training picture, perhaps mirrored, slightly
cropped, brightened, noised or compressed, the same picture? That is judged pair by pair, from a level that pictures hardly
reach which surely are no copies (see verified). A single copy among thousands is found. *Distances*: do the generated
pictures as a whole lie nearer to the training pictures than held-out real ones do? That also shows a generator that stays
close without copying, but a few copies drown in it.

What held-out pictures get is given beside every number: in a set of look-alikes they lie near, too.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from figment.common.pixels import to_rgb
from figment.common.progress import Progress
from figment.errors import InputError
from figment.features.base import Extractor
from figment.media.images import grid
from figment.metrics import copy_matches as verified
from figment.metrics.originality import Copying, Pair
from figment.metrics.two_samples import chance_below, data_copying, interval, leaning, mann_whitney, more_often, nearer
from figment.similarity.lookup import Lookup
from figment.similarity.nearest import (
    Descriptor,
    Neighbours,
    PictureSet,
    Subset,
    kmeans_centres,
    nearest_centre,
    nearest_neighbour,
    reduced_pixels,
    rgb_chunks,
)

STRANGERS = 2000  # training pictures, looked up among the others, to see how alike pictures get that are no copies
ENOUGH = 20  # fewer pictures than this say nothing about distances
NEAREST = 0.01  # of the held-out pictures
CELL, MOST_CELLS = 50, 25  # held-out pictures a cell, on average; cells
POINTS = 10_000  # that the cells are made from
CLOSEST = 16


def measure_copying(
    generated: PictureSet,
    train: PictureSet,
    held_out: PictureSet,
    progress: Progress | None = None,
    features: Extractor | None = None,
    seed: int = 0,
    called: str = "training pictures",
) -> Copying:
    """Compare generated pictures with training pictures, and held-out real ones as well, for the floor.

    generated, train, held_out: uint8 (N, C, H, W), C 1 or 3, of one height and width; they are read part by part and may be
    memory-mapped: Subset(bank.pictures, bank.train). features: the network in which distances are taken; None: pixels of
    pictures reduced to 16×16. Copies are verified by their pixels in any case. Time grows with (N + held-out) · train, memory
    with the sum of all, about 4 kB a picture. Calls progress(done, of). The result depends on pictures and seed alone.
    called: what the verdict calls train. Raises InputError where sizes differ or there is nothing to compare.
    """
    _check(generated, train, held_out)
    queries = len(generated) + len(held_out)
    random = np.random.default_rng(seed)
    strangers = np.sort(random.choice(len(train), min(STRANGERS, len(train)), replace=False))
    work = len(train) + 4 * queries + len(strangers)
    done = _counter(progress, work)

    describe: Descriptor = features or reduced_pixels
    references, its_small, its_colours = described(train, describe, done)
    training = verified.Training(Lookup(its_small), its_colours, verified.noise_of(*train.shape[2:]))
    near, matches, plain, mirrored = [], [], [], []
    for pictures in (generated, held_out):
        descriptions, small, colours = described(pictures, describe, done)
        mirrored.append(_mirrored(pictures, describe))
        its = nearest_neighbour(descriptions, mirrored[-1], references, done=done)
        match = verified.matches(small, colours, training, its, done=done)
        verified.mark_identical(match, its, pictures, train)
        near.append(its)
        matches.append(match)
        plain.append(descriptions)
    among = verified.matches(its_small[strangers], its_colours[strangers], training, own=strangers, done=done)
    levels = verified.levels(matches[1].highest(), among.highest())

    copies = _copies(matches[0], near[0], levels)
    of_held_out = matches[1].best(levels)[1]
    floor, highest = int((of_held_out >= 0).sum()), float(of_held_out.max(initial=-np.inf))
    authentic = _authentic(near, train, references, describe, done)
    centres = kmeans_centres(
        references[:: -(-len(references) // POINTS)], min(MOST_CELLS, max(1, len(held_out) // CELL)), seed
    )
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
        highest_held_out=highest if np.isfinite(highest) else None,
        copies=copies,
        levels=tuple(np.tanh(levels).tolist()),
        nearest=near[0],
        held_out_distances=near[1].distance,
        auth_pct=authentic[0],
        auth_pct_held_out=authentic[1],
        closest=_closest(copies, near[0]),
        lean=_lean(near[0], plain, mirrored[0], len(train)),
        **_distances(
            near[0].distance, near[1].distance, (nearest_centre(plain[0], centres), nearest_centre(plain[1], centres))
        ),
        called=called,
        unsaid=_unsaid(of, len(train), len(held_out)),
    )


def gallery(
    generated: PictureSet, train: PictureSet, pairs: list[Pair], columns: int | None = None
) -> NDArray[np.uint8]:
    """A sheet of pairs, each the generated picture above the training picture, which is mirrored where that fits.

    Real pictures among generated ones: to be marked as a composite. Returns uint8 (H', W', 3). Needs a pair at least.
    """
    above = to_rgb(generated[np.array([pair.generated for pair in pairs])])
    below = to_rgb(train[np.array([pair.train for pair in pairs])])
    below = np.stack([p[:, :, ::-1] if pair.mirrored else p for p, pair in zip(below, pairs, strict=True)])
    return grid(np.concatenate([above, below], axis=2), columns or min(len(pairs), CLOSEST // 2), gap=4)


def described(
    pictures: PictureSet, describe: Descriptor, done: Callable[[int], None] = lambda count: None
) -> tuple[NDArray, NDArray[np.uint8], NDArray[np.float32]]:
    """Descriptions (N, d), thumbnails (N, 48, 48) and colours (N, 2, 8, 8) of pictures, which are read once."""
    descriptions, small, colours = [], [], []
    for part in rgb_chunks(pictures):
        descriptions.append(describe(part))
        small.append(verified.small_copies(part))
        colours.append(verified.colours(part))
        done(len(part))
    return np.concatenate(descriptions), np.concatenate(small), np.concatenate(colours)


def _mirrored(pictures: PictureSet, describe: Descriptor) -> NDArray:
    """Descriptions of the pictures' mirror images."""
    return np.concatenate([describe(np.ascontiguousarray(part[..., ::-1])) for part in rgb_chunks(pictures)])


def _copies(matches: verified.Matches, near: Neighbours, levels: NDArray) -> list[Pair]:
    column, score = matches.best(levels)
    pairs = []
    for i in np.flatnonzero(score >= 0).tolist():
        place, mirrored = int(matches.place[i, column[i]]), bool(matches.mirrored[i, column[i]])
        distance = float(near.distance[i]) if place == near.place[i] else None
        pairs.append(Pair(i, place, mirrored, float(score[i]), distance))
    return sorted(pairs, key=lambda pair: (-(pair.score or 0), pair.generated))


def _closest(copies: list[Pair], near: Neighbours) -> list[Pair]:
    taken = {pair.generated for pair in copies}
    others = [i for i in np.argsort(near.distance, kind="stable").tolist() if i not in taken]
    by_distance = [
        Pair(i, int(near.place[i]), bool(near.mirrored[i]), None, float(near.distance[i])) for i in others[:CLOSEST]
    ]
    return (copies + by_distance)[:CLOSEST]


def _authentic(
    near: list[Neighbours], train: PictureSet, references: NDArray, describe: Descriptor, done: Callable[[int], None]
) -> list[float | None]:
    """AuthPct of each set, whose nearest are given. Only training pictures that are somebody's nearest are looked up."""
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


def _lean(near: Neighbours, plain: list[NDArray], mirrored: NDArray, train: int) -> float | None:
    """See Copying.lean; plain: descriptions of generated and of held-out pictures."""
    if min(len(plain[0]), len(plain[1])) < ENOUGH:
        return None
    others = nearest_neighbour(plain[0], mirrored, plain[1])
    places = np.where(others.distance < near.distance, train + others.place, near.place)
    return leaning(places, train, len(plain[1]))


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


def _counter(progress: Progress | None, of: int) -> Callable[[int], None]:
    """Adds up what is done and tells it, always less than all until the end."""
    so_far = 0

    def done(count: int) -> None:
        nonlocal so_far
        so_far += count
        if progress:
            progress(min(so_far, of - 1), of)

    return done
