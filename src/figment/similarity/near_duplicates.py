"""Near-duplicates: pictures that are one picture encoded, resized, mirrored, slightly cropped or brightened anew.

Two stages. *Candidates* are pairs whose lowest frequencies differ by no more than a crop could make them differ: the
measure is learnt from the set itself, as the directions in which its pictures differ much and crops of them little
(Fisher's discriminant). *Verification* aligns a pair (Lucas and Kanade 1981, with shift and scale along each axis, gain
and offset) and correlates its fine detail, which two photographs of one person do not share.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from mmap import mmap

import numpy as np
from numpy.typing import NDArray

from figment.common.malloc import hold_freed_memory
from figment.common.progress import Progress
from figment.data.bank.workers import map_unordered
from figment.similarity.alignment import BATCH_PAIRS, detail_correlation
from figment.similarity.candidates import (
    BLOCK_PICTURES,
    MAX_REACH,
    SAMPLE_PICTURES,
    candidate_pairs,
    candidate_reach,
    fisher_discriminant,
)
from figment.similarity.thumbnails import MIN_DEVIATION, THUMBNAIL_SIDE

# 0.75, 0.85, 0.91, 0.95, 0.97, 0.98, 0.99: equal steps of Fisher's z. From the second on two pictures are one; or, in a
# set of look-alikes, from the first that has a gap below it.
DETAIL_CORRELATIONS = np.tanh(np.arctanh(0.85) + 0.28 * np.arange(-1, 6))


def near_duplicates(
    thumbnails: NDArray[np.uint8],
    progress: Progress | None = None,
    processes: int = 0,
    parts: NDArray[np.int64] | None = None,
) -> list[list[int]]:
    """Groups of pictures that are one picture; each ascending and of two or more, ordered by their first.

    thumbnails: uint8 (N, 48, 48), as `thumbnail` makes them. Which pictures are grouped doesn't depend on their order.
    All pictures of a group are duplicates of one of them (not always of the first), so chains don't grow, except in a
    set of many copies of each picture, which are put together step by step. parts: int (N,), which of several sets each
    picture is from, since how alike two pictures have to be is judged set by set; None: all are from one.
    Works on `processes` cores (0: all), with the same result on any number. Time grows with N², memory with N. Calls
    progress(done, N).
    """
    side = THUMBNAIL_SIDE
    if thumbnails.dtype != np.uint8 or thumbnails.shape[1:] != (side, side):
        raise ValueError(f"thumbnails are uint8 (N, {side}, {side}), not {thumbnails.dtype} {thumbnails.shape}")
    copies = _equal(thumbnails)
    shown = [key for key in sorted(copies) if not key.startswith(b"flat")]
    # Sorted by what they show, the pictures are handled alike in whatever order they came.
    distinct = np.array([copies[key][0] for key in shown], np.int64)
    parts = np.zeros(len(thumbnails), np.int64) if parts is None else parts
    merged = _merged(thumbnails, distinct, parts, progress, processes)
    groups = [sorted(i for node in nodes for i in copies[shown[node]]) for nodes in merged]
    grouped = {i for group in groups for i in group}
    groups += [indices for indices in copies.values() if len(indices) > 1 and indices[0] not in grouped]
    if progress:
        progress(len(thumbnails), len(thumbnails))
    return sorted(groups)


def stars(links: list[tuple[int, int]]) -> list[list[int]]:
    """Split linked nodes into groups, each a node and neighbours of it; those with the most links choose first.

    A group's first is the node that all others are linked to. Unlike connected components, a group
    never joins two nodes by a chain longer than two links.
    """
    neighbours = defaultdict(set)
    for a, b in links:
        neighbours[a].add(b)
        neighbours[b].add(a)
    groups = []
    taken: set[int] = set()
    for node in sorted(neighbours, key=lambda node: (-len(neighbours[node]), node)):
        if node not in taken:
            others = neighbours[node] - taken
            taken |= {node} | others
            if others:
                groups.append([node, *sorted(others)])
    return groups


@dataclass(frozen=True)
class Comparison:
    """Pairs of pictures that two ways of finding duplicates put into one group."""

    both: int
    only_first: int
    only_second: int


def compare_groups(first: list[list[int]], second: list[list[int]]) -> Comparison:
    """Count the pairs within groups that two ways found both, and each alone."""
    place = {i: number for number, group in enumerate(second) for i in group}
    both = 0
    for group in first:
        shared: dict[int, int] = defaultdict(int)
        for i in group:
            if i in place:
                shared[place[i]] += 1
        both += sum(map(_pairs, shared.values()))
    return Comparison(both, *(sum(_pairs(len(group)) for group in groups) - both for groups in (first, second)))


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _equal(thumbnails: NDArray[np.uint8]) -> dict[bytes, list[int]]:
    """Indices of equal thumbnails by a hash of what they show, flat ones by their level."""
    copies = defaultdict(list)
    for i, picture in enumerate(thumbnails):
        # The first is quick, and mostly enough.
        flat = picture.max() - picture.min() < 64 and picture.std() < MIN_DEVIATION
        key = b"flat%3d" % round(picture.mean()) if flat else hashlib.sha256(picture).digest()
        copies[key].append(i)
    return dict(copies)


def _merged(
    thumbnails: NDArray[np.uint8],
    distinct: NDArray[np.int64],
    parts: NDArray[np.int64],
    progress: Progress | None,
    processes: int,
) -> list[list[int]]:
    """Groups of two or more positions in distinct, whose pictures are the same."""
    groups = {node: [node] for node in range(len(distinct))}
    while len(groups) > 1:
        nodes = list(groups)
        links, crowded = _links(thumbnails, distinct[nodes], parts, progress, processes)
        for first, *others in stars(links):
            groups[nodes[first]] += [node for other in others for node in groups.pop(nodes[other])]
        # Where pictures have more near ones than are looked at, one of each group goes on to look further.
        if not crowded or len(groups) > 0.9 * len(nodes):
            break
        progress = None
    return [group for group in groups.values() if len(group) > 1]


def _links(
    thumbnails: NDArray[np.uint8],
    distinct: NDArray[np.int64],
    parts: NDArray[np.int64],
    progress: Progress | None,
    processes: int,
) -> tuple[list[tuple[int, int]], bool]:
    """Pairs of positions in distinct whose pictures are verified to be the same, and whether there were too many to look at."""
    discriminant = fisher_discriminant(thumbnails, distinct[:: -(-len(distinct) // SAMPLE_PICTURES)])
    whole, centre = discriminant.project(thumbnails, distinct)
    reach = candidate_reach(whole, centre, discriminant.signs)
    matcher = _Matcher(_Shared(thumbnails), distinct, whole, centre, discriminant.signs, reach)
    starts = range(0, len(distinct), BLOCK_PICTURES)
    blocks = [(a, b) for a in starts for b in starts if a <= b]
    found = []
    # In processes, since threads were hardly faster than one, and BLAS, which starts threads of its own for products as
    # large as these, took up to six times as long where other programs kept the cores busy.
    with closing(map_unordered(matcher, blocks, processes)) as results:
        for number, rows in enumerate(results, 1):
            found.append(rows)
            if progress:
                progress(number * len(thumbnails) // len(blocks), len(thumbnails))
    alike = np.concatenate(found)
    pairs, scores = alike[:, :2].astype(int), alike[:, 2]
    same = pairs[scores >= _levels(scores, parts[distinct[pairs]])]
    return sorted({(a, b) for a, b in same.tolist()}), reach < MAX_REACH


def _levels(scores: NDArray, parts: NDArray[np.int64]) -> NDArray:
    """What each pair has to score: the level of its part, or the higher one where its pictures, (N, 2), are of two."""
    levels = np.full(parts.max(initial=0) + 1, DETAIL_CORRELATIONS[1])
    inside = np.flatnonzero(parts[:, 0] == parts[:, 1])
    inside = inside[np.argsort(parts[inside, 0], kind="stable")]
    for rows in np.split(inside, np.flatnonzero(np.diff(parts[inside, 0])) + 1):
        if len(rows):
            levels[parts[rows[0], 0]] = _level(scores[rows])
    return levels[parts].max(axis=1)


def _level(scores: NDArray) -> float:
    """The lowest level below which pairs get rare, as they do where the pairs above it are duplicates."""
    # Photographs leave a gap between duplicates and others; small smooth pictures of clothes form a continuum, and
    # only what rises above all of it is a duplicate.
    counts = [int((scores >= level).sum()) for level in DETAIL_CORRELATIONS]
    for level, above, with_below in zip(DETAIL_CORRELATIONS[1:], counts[1:], counts, strict=False):
        if with_below - above <= 1 + above / 2:
            return float(level)
    return float(DETAIL_CORRELATIONS[-1])


class _Shared:
    """Thumbnails that go to other processes: a memory map goes as the name of its file, another array as it is."""

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self.pictures = pictures

    def __reduce__(self) -> tuple[Callable, tuple]:
        pictures = self.pictures
        if isinstance(pictures, np.memmap) and isinstance(pictures.base, mmap):  # the whole map, not a part of it
            return _mapped, (pictures.filename, pictures.offset, pictures.shape)
        return _Shared, (np.asarray(pictures),)


def _mapped(file: str, offset: int, shape: tuple[int, ...]) -> _Shared:
    return _Shared(np.memmap(file, np.uint8, "r", offset, shape))


@dataclass(frozen=True)
class _Matcher:
    """Finds the pictures of two blocks that are more or less alike; runs in the workers."""

    thumbnails: _Shared
    distinct: NDArray[np.int64]
    whole: NDArray[np.float32]
    centre: NDArray[np.float32]
    signs: NDArray[np.float32]
    reach: float

    def __call__(self, block: tuple[int, int]) -> NDArray:
        """Rows (a, b, correlation), for the places in distinct where the two blocks start."""
        hold_freed_memory()
        pairs = candidate_pairs(self.whole, self.centre, self.signs, self.reach, *block)
        found = [np.empty((0, 3))]
        for start in range(0, len(pairs), BATCH_PAIRS):
            batch = pairs[start : start + BATCH_PAIRS]
            first, second = (self.thumbnails.pictures[self.distinct[batch[:, side]]] for side in (0, 1))
            score = detail_correlation(first, second, batch[:, 2], batch[:, 3])
            found.append(np.column_stack([batch[:, :2], score])[score >= DETAIL_CORRELATIONS[0]])
        return np.concatenate(found)
