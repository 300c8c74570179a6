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
from PIL import Image

from figment.common.malloc import keep_memory
from figment.common.progress import Progress
from figment.data.bank.workers import map_unordered
from figment.data.decoding.fit import resize

SMALL = 64  # pixels of the small copy that a thumbnail is made from
SIDE = 48  # of a thumbnail
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow
CROP = 0.08  # the widest strip that a crop takes off each side, as a share of the picture
FLAT = 1.0  # grey levels: a thumbnail whose standard deviation is lower shows nothing but its level

WAVES = 8  # cosine frequencies along each axis in a description
CONTRAST = 4.0  # grey levels: fainter pictures aren't stretched further, which would blow up their noise
DIRECTIONS = 16  # of the discriminant; more of them find no more crops for the same number of candidates
REACH = 64.0  # squared distance of candidates, in units of what crops do: about 99 % of crops are nearer
MOST = 16  # candidates a picture, on average; in a set of look-alikes the reach shrinks until there are no more
SAMPLE = 2**14  # pictures that the discriminant is learnt from
BLOCK = 1024  # pictures compared with as many others at a time

COARSE = 16  # side at which a pair is aligned first
BATCH = 128  # pairs aligned at a time: as many as stay in the processor's cache
DETAIL = 1.5  # pixels: detail is what is left of a thumbnail after a Gaussian blur of this width
GRAIN = 0.5  # grey levels: what encoders alone do to the detail
ALIKE = (0.88, 0.91, 0.94)  # correlations at the coarse side after each step, below which a pair is given up
HOPE = 0.4  # correlation of the detail then, below which a pair isn't aligned any finer
# Correlations of the detail, in equal steps of Fisher's z. From the second on two pictures are one; or, in a set of
# look-alikes, from the first that has a gap below it.
LEVELS = np.tanh(np.arctanh(0.85) + 0.28 * np.arange(-1, 6))  # 0.75, 0.85, 0.91, 0.95, 0.97, 0.98, 0.99

WHOLE = (0.0, 1.0)
CENTRE = (CROP / 2, 1 - CROP / 2)


def thumbnail(picture: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The whole RGB picture, Pillow's or uint8 (H, W, 3), squeezed to a grey square: uint8 (48, 48)."""
    return thumbnails(resize(picture, SMALL, SMALL)[None])[0]


def thumbnails(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Thumbnails of RGB pictures that have been squeezed to small squares: uint8 (N, 64, 64, 3) → (N, 48, 48)."""
    # Triangles: with boxes or Lanczos's filter, copies' detail correlates a little less.
    scale = SMALL / SIDE
    distances = (np.arange(SIDE)[:, None] + 0.5) * scale - (np.arange(SMALL) + 0.5)
    weights = np.maximum(1 - np.abs(distances) / scale, 0).astype(np.float32)
    weights /= weights.sum(1, keepdims=True)
    return np.rint(weights @ luma(pictures) @ weights.T).clip(0, 255).astype(np.uint8)


def luma(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey values of RGB pictures, in 0 … 255: uint8 (…, 3) → float32 (…)."""
    return pictures.astype(np.float32) @ LUMA


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
    if thumbnails.dtype != np.uint8 or thumbnails.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"thumbnails are uint8 (N, {SIDE}, {SIDE}), not {thumbnails.dtype} {thumbnails.shape}")
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

    A group's first is the node that all others are linked to.

    Unlike connected components, a group never joins two nodes by a chain longer than two links.
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


def compare(first: list[list[int]], second: list[list[int]]) -> Comparison:
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
        flat = picture.max() - picture.min() < 64 and picture.std() < FLAT  # the first is quick, and mostly enough
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
    space = _discriminant(thumbnails, distinct[:: -(-len(distinct) // SAMPLE)])
    whole, centre = space.project(thumbnails, distinct)
    reach = _reach(whole, centre, space.signs)
    matcher = _Matcher(_Shared(thumbnails), distinct, whole, centre, space.signs, reach)
    starts = range(0, len(distinct), BLOCK)
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
    return sorted({(a, b) for a, b in same.tolist()}), reach < REACH


def _levels(scores: NDArray, parts: NDArray[np.int64]) -> NDArray:
    """What each pair has to score: the level of its part, or the higher one where its pictures, (N, 2), are of two."""
    levels = np.full(parts.max(initial=0) + 1, LEVELS[1])
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
    counts = [int((scores >= level).sum()) for level in LEVELS]
    for level, above, with_below in zip(LEVELS[1:], counts[1:], counts, strict=False):
        if with_below - above <= 1 + above / 2:
            return float(level)
    return float(LEVELS[-1])


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
        keep_memory()
        pairs = _candidates(self.whole, self.centre, self.signs, self.reach, *block)
        found = [np.empty((0, 3))]
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            first, second = (self.thumbnails.pictures[self.distinct[batch[:, side]]] for side in (0, 1))
            score = verify(first, second, batch[:, 2], batch[:, 3])
            found.append(np.column_stack([batch[:, :2], score])[score >= LEVELS[0]])
        return np.concatenate(found)


# ---- candidates ------------------------------------------------------------------------------------------------------


def _describe(
    pictures: NDArray, rows: tuple[float, float] = WHOLE, columns: tuple[float, float] = WHOLE
) -> NDArray[np.float32]:
    """Low frequencies of a window of each thumbnail, without its brightness and contrast: (N, 63).

    Mirroring a picture negates the odd horizontal frequencies and changes nothing else.
    """
    down, across = _cosines(*rows), _cosines(*columns).T
    waves = np.empty((len(pictures), WAVES, WAVES), np.float32)
    for start in range(0, len(pictures), BATCH):  # what is between the products stays in the cache
        part = slice(start, start + BATCH)
        np.matmul(down @ pictures[part].astype(np.float32), across, out=waves[part])
    flat = waves.reshape(len(pictures), -1)[:, 1:]
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), CONTRAST)


def _cosines(start: float, stop: float) -> NDArray[np.float32]:
    """The window [start, stop] of an axis → its discrete cosine transform: (WAVES, SIDE); pixels at its ends count in part."""
    x = (np.arange(SIDE) + 0.5) / SIDE
    share = np.clip(np.minimum(x - start, stop - x) * SIDE + 0.5, 0, 1)
    waves = np.cos(np.pi * np.arange(WAVES)[:, None] * (x - start) / (stop - start)) * share / share.sum()
    waves[1:] *= np.sqrt(2)
    return waves.astype(np.float32)


@dataclass(frozen=True)
class _Space:
    """Where pictures are compared: directions (63, 16), and the sign that mirroring gives each of them (16,)."""

    directions: NDArray[np.float32]
    signs: NDArray[np.float32]

    def project(self, thumbnails: NDArray, distinct: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
        """Each whole picture, and its centre, which lies midway between the picture and its widest crop: (N, 16) each."""
        whole, centre = (np.empty((len(distinct), DIRECTIONS), np.float32) for _ in range(2))
        for start in range(0, len(distinct), BATCH):
            pictures, block = thumbnails[distinct[start : start + BATCH]], slice(start, start + BATCH)
            whole[block] = _describe(pictures) @ self.directions
            centre[block] = _describe(pictures, CENTRE, CENTRE) @ self.directions
        return whole, centre


def _discriminant(thumbnails: NDArray, sample: NDArray[np.int64]) -> _Space:
    """Directions in which pictures differ most for what crops change, scaled so that crops change each by 1."""
    pictures = thumbnails[sample]
    whole = _describe(pictures).astype(np.float64)
    odd = np.arange(1, WAVES**2) % WAVES % 2 == 1
    # Both scatters are those of the set together with its mirror images: their even and odd parts don't mix.
    centred = whole - whole.mean(0) * ~odd
    between = centred.T @ centred / len(whole)
    within, count, step = np.zeros_like(between), 0, min(64, len(pictures))
    for number, (top, bottom, left, right) in enumerate(np.random.default_rng(0).uniform(0, CROP, (64, 4))):
        some = pictures[number % step :: step]
        change = _describe(some, (top, 1 - bottom), (left, 1 - right)) - _describe(some, CENTRE, CENTRE)
        within += change.T.astype(np.float64) @ change
        count += len(some)
    within = within / count + 1e-5 * np.eye(
        len(within)
    )  # encoders' noise, and what keeps few pictures from a singular matrix

    values, vectors = [], []
    for part in (np.flatnonzero(~odd), np.flatnonzero(odd)):
        whitening = np.linalg.inv(np.linalg.cholesky(within[np.ix_(part, part)]))
        variances, turns = np.linalg.eigh(whitening @ between[np.ix_(part, part)] @ whitening.T)
        rows = np.zeros((len(part), len(odd)))
        rows[:, part] = turns.T @ whitening
        values.append(variances)
        vectors.append(rows)
    best = np.argsort(-np.concatenate(values), kind="stable")[:DIRECTIONS]
    mirrored = np.repeat([1, -1], [len(part) for part in values])
    return _Space(np.concatenate(vectors)[best].T.astype(np.float32), mirrored[best].astype(np.float32))


def _candidates(
    whole: NDArray, centre: NDArray, signs: NDArray, reach: float, start: int, other: int
) -> NDArray[np.int64]:
    """Pairs within reach of each other, a from the block at start and b from the other: rows (a, b, mirrored, view).

    a < b. mirrored: whether b is. view 0: both whole, 1: a's centre against b, 2: a against b's centre; the nearest of
    the three.
    """
    first, second = slice(start, start + BLOCK), slice(other, other + BLOCK)
    found = []
    for mirror, sign in enumerate((1, signs)):
        for view, (left, right) in enumerate(_views(whole, centre, first, second)):
            left_over = _left_over(left, right * sign, reach)
            i, j = np.divmod(np.flatnonzero(left_over > 0), left_over.shape[1])
            flags = np.full(len(i), mirror), np.full(len(i), view)
            found.append(np.stack([i + start, j + other, *flags, -left_over[i, j]], 1))
    rows = np.concatenate(found)
    rows = rows[rows[:, 0] < rows[:, 1]]
    rows = rows[np.lexsort((rows[:, 4], rows[:, 2], rows[:, 1], rows[:, 0]))]
    nearest = np.ones(len(rows), bool)
    nearest[1:] = (rows[1:, :3] != rows[:-1, :3]).any(1)
    return rows[nearest, :4].astype(np.int64)


def _reach(whole: NDArray, centre: NDArray, signs: NDArray) -> float:
    """REACH, or the shorter one within which a picture has MOST candidates, by a sample of pictures against all."""
    some = slice(None, None, -(-len(whole) // min(256, max(16, 2**20 // len(whole)))))
    near = []
    for sign in (1, signs):
        views = _views(whole, centre, some, slice(None))
        left_over = np.maximum.reduce([_left_over(left, right * sign, REACH) for left, right in views])
        near.append(left_over[left_over > 0])
    # Each picture of the sample meets itself, too.
    inside, wanted = np.concatenate(near), (MOST + 1) * len(whole[some])
    return REACH if len(inside) <= wanted else REACH - 2 * float(np.partition(inside, -wanted)[-wanted])


def _views(whole: NDArray, centre: NDArray, first: slice, second: slice) -> list[tuple[NDArray, NDArray]]:
    return [(whole[first], whole[second]), (centre[first], whole[second]), (whole[first], centre[second])]


def _left_over(left: NDArray, right: NDArray, reach: float) -> NDArray[np.float32]:
    """Half of what the squared distance of each pair leaves of the reach: (reach − |l − r|²)/2, above 0 within reach."""
    # = l·r + (reach − |l|²)/2 − |r|²/2, as one product.
    rows = np.hstack([left, (reach - (left**2).sum(1, keepdims=True)) / 2, np.ones((len(left), 1), np.float32)])
    columns = np.hstack([right, np.ones((len(right), 1), np.float32), -(right**2).sum(1, keepdims=True) / 2])
    return rows @ columns.T


# ---- verification ----------------------------------------------------------------------------------------------------


def verify(first: NDArray, second: NDArray, mirrored: NDArray, view: NDArray) -> NDArray[np.float32]:
    """Correlation of the fine detail of pairs of thumbnails after alignment: (N,) in −1 … 1; −1 if not even coarsely alike.

    first, second: uint8 (N, 48, 48); mirrored: whether the second is, bool (N,); view (N,): which of the two is taken to
    be the larger, 0 neither, 1 the first, 2 the second.
    """
    second = np.where(mirrored[:, None, None] > 0, second[:, :, ::-1], second)
    swap = (view == 2)[:, None, None]
    larger, smaller = (np.where(swap, a, b).astype(np.float32) for a, b in ((second, first), (first, second)))
    windows = np.where((view == 0)[:, None], (0, 1, 0, 1), (CENTRE[0], CENTRE[1] - CENTRE[0]) * 2).astype(np.float64)

    scores, left = np.full(len(first), -1, np.float32), np.arange(len(first))
    big, small = (_standard(_reduce(pictures)) for pictures in (larger, smaller))
    seen, inside = _look(big, windows)
    for least in ALIKE:
        windows = _step(windows, seen, inside, small)
        seen, inside = _look(big, windows)
        near = _correlation(seen, inside, small, 0) >= least
        left, windows, seen, inside, big, small = _of(near, left, windows, seen, inside, big, small)
        if not len(left):
            return scores
    larger, smaller = larger[left], smaller[left]
    fine, its_fine = larger - _blur(larger), smaller - _blur(smaller)
    near = _correlation(*_look(fine, windows), its_fine, GRAIN**2) >= HOPE
    left, windows, larger, smaller, fine, its_fine = _of(near, left, windows, larger, smaller, fine, its_fine)
    if len(left):
        windows = _step(windows, *_look(_standard(larger), windows), _standard(smaller))
        scores[left] = _correlation(*_look(fine, windows), its_fine, GRAIN**2)
    return scores


def _step(windows: NDArray, seen: NDArray, inside: NDArray, smaller: NDArray) -> NDArray[np.float64]:
    """Move the windows to where they show the smaller pictures better, by one Gauss-Newton step.

    windows: (N, 4), each left, width, top, height as shares of the larger picture. seen, inside: what _look sees there.
    """
    count, side, _ = smaller.shape
    along = ((np.arange(side) + 0.5) / side - 0.5).astype(np.float32)
    # The mean of both pictures' slopes makes a step exact to second order (Malis 2004).
    mean = (seen + smaller) * (side / 2)
    changes = np.empty((count, 6, side, side), np.float32)
    for place, axis, growing in ((0, 2, along), (2, 1, along[:, None])):
        np.multiply(np.gradient(mean, axis=axis), inside, out=changes[:, place])
        np.multiply(changes[:, place], growing, out=changes[:, place + 1])
    np.multiply(seen, inside, out=changes[:, 4])
    changes[:, 5] = inside
    jacobian = changes.reshape(count, 6, side**2)
    error = (smaller - seen).reshape(count, side**2, 1)  # outside the picture the jacobian is 0
    # A little damping holds still what a picture says nothing about.
    normal = (jacobian @ jacobian.transpose(0, 2, 1)).astype(np.float64) + 1e-4 * side**2 * np.eye(6)
    step = np.linalg.solve(normal, (jacobian @ error).astype(np.float64))[:, :4, 0].clip(-0.06, 0.06)
    shift, growth, size = step[:, 0::2], step[:, 1::2], windows[:, 1::2]
    moved = np.empty_like(windows)
    moved[:, 0::2] = (windows[:, 0::2] + size * (shift - growth / 2)).clip(-0.25, 0.25)
    moved[:, 1::2] = (size * (1 + growth)).clip(0.75, 1.33)
    return moved


def _look(pictures: NDArray, windows: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the windows show, by bicubic interpolation, and 1 where that lies within the picture, else 0: (N, S, S) each."""
    side = pictures.shape[1]
    centres = (np.arange(side) + 0.5) / side
    weights, inside = [], []
    for start, size in (windows[:, :2].T, windows[:, 2:].T):
        places = ((start[:, None] + size[:, None] * centres) * side - 0.5).astype(np.float32)
        inside.append(((places > -0.5) & (places < side - 0.5)).astype(np.float32))
        weights.append(_cubic(places.clip(0, side - 1)))
    return weights[1] @ pictures @ weights[0].transpose(0, 2, 1), inside[1][:, :, None] * inside[0][:, None, :]


def _cubic(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights of a row of S pixels at S places in 0 … S−1, by Catmull and Rom's interpolating kernel: (N, S, S)."""
    count, side = places.shape
    first = np.floor(places)
    x = places - first
    kernel = ((2 - x) * x - 1) * x, (3 * x - 5) * x * x + 2, ((4 - 3 * x) * x + 1) * x, (x - 1) * x * x
    weights = np.zeros((count, side, side + 3), np.float32)  # with what lies beyond the ends, which is left out
    np.put_along_axis(weights, first.astype(int)[:, :, None] + np.arange(4), np.stack(kernel, 2) / 2, axis=2)
    return weights[:, :, 1:-2]


def _correlation(seen: NDArray, inside: NDArray, smaller: NDArray, noise: float) -> NDArray:
    """Correlation of the smaller pictures with what is seen of the larger ones; noise is the variance that says nothing."""
    weights = inside / inside.sum((1, 2), keepdims=True)
    a, b = (x - _sums(x, weights)[:, None, None] for x in (seen, smaller))
    weighted = a * weights
    return _sums(weighted, b) / np.sqrt((_sums(weighted, a) + noise) * (_sums(b * b, weights) + noise))


def _sums(a: NDArray, b: NDArray) -> NDArray[np.float32]:
    """Of each picture's products."""
    return np.einsum("nij,nij->n", a, b)


def _of(chosen: NDArray[np.bool_], *arrays: NDArray) -> list[NDArray]:
    return [array[chosen] for array in arrays]


def _standard(pictures: NDArray) -> NDArray:
    """Brightness 0 and contrast 1, faint pictures less."""
    centred = pictures - pictures.mean((1, 2), keepdims=True)
    return centred / np.maximum(centred.std((1, 2), keepdims=True), CONTRAST)


def _reduce(pictures: NDArray) -> NDArray:
    """SIDE → COARSE by means."""
    means = np.kron(np.eye(COARSE, dtype=np.float32), np.full(SIDE // COARSE, COARSE / SIDE, np.float32))
    return means @ pictures @ means.T


def _blur(pictures: NDArray) -> NDArray:
    x = np.arange(SIDE, dtype=np.float32)
    weights = np.exp(-0.5 * ((x[:, None] - x) / DETAIL) ** 2)
    weights /= weights.sum(1, keepdims=True)
    return weights @ pictures @ weights.T
