"""Copies of clips: is a generated clip some training clip played again, whole or from another moment on, mirrored or not?

In two steps. *Candidates* are the clips nearest in order, at every shift: by their frames reduced to 8×8 pixels, and by what
changes between these. *Verified* is a pair whose frames, moment by moment, are the same pictures (as copies of pictures are
told, in three of four moments), or which moves alike at the same places, which tells clips apart that share their ground.
From which likeness on is set by clips that are no copies: held-out ones, and training clips beside the others. Replays at
another speed aren't looked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.common import rehearsal
from figment.common.pixels import to_rgb
from figment.common.progress import Progress, Tally
from figment.metrics.clip_originality import ClipCopying, ClipPair
from figment.metrics.clip_scores import Clips
from figment.metrics.copy_levels import FALSE_ALARM_SHARES, MAX_LEVELS, MIN_FOR_A_TAIL, MIN_LEVELS, level_of
from figment.metrics.copy_matches import fisher_z, small_copies, thumbnail_noise, tints, tints_match
from figment.metrics.planted import BRIGHTNESS, NOISE_LEVELS, PLANTED
from figment.similarity.in_order import moments, nearest_clips
from figment.similarity.lookup import BANDS, UNALIGNED, likeness
from figment.similarity.nearest import PictureSet, area_weights, mirrored_where

SEARCH_SIDE, MOTION_SIDE = 8, 16  # pixels that frames are reduced to, to find candidates, and to see what moves
CANDIDATES = 2  # by what is shown, and as many by what moves
STRANGERS = 200  # training clips, held beside the others
UNLIKE_SHARE = 0.25  # of a pair's moments may be less alike than its score says
MIN_MOTION_LEVEL, MAX_MOTION_LEVEL = np.arctanh(0.85), np.arctanh(0.995)  # as MIN_LEVELS and MAX_LEVELS are of pictures
CHUNK_PIXELS = 1 << 22  # of pairs, looked at at a time
FAINT_MOTION = 0.5  # grey levels from moment to moment, root of the mean square: less shows no motion
Ranges = NDArray[np.int64]  # of clips, first frame and number of frames, (M, 2)


@dataclass(frozen=True, eq=False)
class _Looked:
    """What N clips were held beside, K each: clip −1 for none. scores: Fisher's z in BANDS and of motion, (N, K, 4)."""

    clip: NDArray[np.int64]
    shift: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    scores: NDArray[np.float64]

    def highest(self) -> NDArray[np.float64]:
        """In each band, (N, 4)."""
        return self.scores.max(1, initial=-np.inf)

    def above(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far each pair lies above the levels in any band, (N, K)."""
        return (self.scores - levels).max(2)


def measure_clip_copying(
    samples: Clips, pictures: PictureSet, train: Ranges, held_out: Clips, progress: Progress | None = None, seed: int = 0,
    called: str = "training clips",
) -> ClipCopying:  # fmt: skip
    """Look for generated clips among training clips, and for held-out ones, for the floor.

    samples, held_out: uint8 (N, T, C, H, W). pictures: uint8 (F, C, H, W), the frames of all clips; train: which of them are
    the training clips', each at least T. called: what the verdict calls these. Time grows with clips times frames; memory
    holds a few hundred bytes a training frame. Calls progress(done, of). The result depends on clips and seed alone.
    """
    random = np.random.default_rng([seed, 10])
    frames = samples.shape[1]
    own = (
        np.sort(random.choice(len(train), min(STRANGERS, len(train)), replace=False))
        if len(train) > 1
        else train[:0, 0]
    )
    strangers = [pictures[np.arange(first, first + frames)] for first, _ in train[own]]
    replays, sources = _replays(pictures, train, frames, random)
    looked_up = len(samples) + len(held_out) + len(own) + len(replays)
    tally = Tally(progress, int(train[:, 1].sum()) + 4 * 2 * len(train) + looked_up)
    among = _Training(pictures, train, frames, tally)

    ours, floor, planted = (among.look_up(clips) for clips in (samples, held_out, replays))
    apart = among.look_up(np.stack(strangers) if strangers else samples[:0], own)
    levels = _levels([floor.highest(), apart.highest()])
    above = ours.above(levels)
    best = above.argmax(1)
    rows = [i for i in range(len(samples)) if above[i, best[i]] >= 0]
    copies = [
        ClipPair(i, int(ours.clip[i, k]), int(ours.shift[i, k]), bool(ours.mirrored[i, k]), float(above[i, k]))
        for i in rows for k in [best[i]]
    ]  # fmt: skip
    passing = floor.above(levels).max(1, initial=-np.inf)
    highest = float(passing.max(initial=-np.inf))
    found = (planted.above(levels) >= 0) & (planted.clip == sources[:, None])
    return ClipCopying(
        len(samples), len(train), len(held_out), sorted(copies, key=lambda pair: (-pair.score, pair.sample)),
        int((passing >= 0).sum()), highest if np.isfinite(highest) else None,
        len(replays), float(found.any(1).mean()) if len(replays) else 0.0, called,
    )  # fmt: skip


class _Training:
    """The training clips, among which others are looked up."""

    def __init__(self, pictures: PictureSet, train: Ranges, frames: int, tally: Tally) -> None:
        self.pictures, self.train, self.tally = pictures, train, tally
        self.moments = moments(frames)
        self.step = int(self.moments[1])
        self.noise = thumbnail_noise(*pictures.shape[2:])
        self.shown = []
        for first, count in train:
            self.shown.append(_reduced(pictures[np.arange(first, first + count)], SEARCH_SIDE).astype(np.float16))
            tally(int(count))
        self.middle = np.mean([rows.mean((0), dtype=np.float32) for rows in self.shown], 0)

    def look_up(self, clips: Clips, own: NDArray[np.int64] | None = None) -> _Looked:
        """Hold clips, uint8 (N, T, C, H, W), beside those that they could be. own: of each a training clip passed over."""
        if not len(clips):
            nowhere = np.zeros((0, 1), np.int64)
            return _Looked(nowhere, nowhere, nowhere > 0, np.zeros((0, 1, len(BANDS) + 1)))
        shown = np.stack([_reduced(clip[self.moments], SEARCH_SIDE) for clip in clips])
        clip, shift, mirrored = (np.concatenate(its, 1) for its in zip(*self._nearest(shown, own), strict=True))
        most = max(1, CHUNK_PIXELS // (2 * CANDIDATES * len(self.moments) * clips.shape[3] * clips.shape[4]))
        scores = []
        for start in range(0, len(clips), most):
            rows = slice(start, start + most)
            scores.append(self._verified(clips[rows][:, self.moments], clip[rows], shift[rows], mirrored[rows]))
            self.tally(len(scores[-1]))
        return _Looked(clip, shift, mirrored, np.concatenate(scores))

    def _nearest(self, shown: NDArray[np.float32], own: NDArray[np.int64] | None) -> list[tuple[NDArray, ...]]:
        """Clip, shift and whether mirrored, (N, CANDIDATES) each: by what is shown, and by what moves."""
        both, its_own = np.concatenate([shown, shown[..., ::-1]]), None if own is None else np.tile(own, 2)
        still = [_flat(its.astype(np.float32) - self.middle) for its in self.shown]
        moving = [_flat(its[self.step :].astype(np.float32) - its[: -self.step]) for its in self.shown]
        ours = both - self.middle, np.diff(both, axis=1)
        found = []
        for rows, others in zip(ours, (still, moving), strict=True):
            near = nearest_clips(rows.reshape(*rows.shape[:2], -1), others, self.step, CANDIDATES, its_own, self.tally)
            place, shift, cosine = (
                np.concatenate(np.split(its, 2), 1) for its in (near.place, near.shift, near.cosine)
            )
            best = np.argsort(-cosine, axis=1, kind="stable")[:, : near.place.shape[1]]
            chosen = (np.take_along_axis(its, best, 1) for its in (place, shift))
            found.append((*chosen, best >= near.place.shape[1]))
        return found

    def _verified(
        self, ours: NDArray[np.uint8], clip: NDArray[np.int64], shift: NDArray[np.int64], mirrored: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Fisher's z of pairs in BANDS, that three of four moments reach, and of what moves: (N, K, 4).

        ours: the moments of clips, uint8 (N, M, C, H, W), of which each is held beside K others, −1 for none.
        """
        first, count = self.train[clip, 0], self.train[clip, 1]
        at = shift[:, :, None] + self.moments
        inside = (at >= 0) & (at < count[:, :, None]) & (clip >= 0)[:, :, None]
        i, k, m = np.nonzero(inside)
        mine, flips = to_rgb(ours[i, m]), mirrored[i, k]
        theirs = to_rgb(self.pictures[first[i, k] + at[i, k, m]])
        alike = likeness(small_copies(mine), small_copies(theirs), flips, np.zeros(len(i), np.int64), self.noise)
        alike[~tints_match(tints(mine), tints(theirs), flips)] = UNALIGNED
        theirs = mirrored_where(theirs, flips)
        alike[(mine == theirs).all((1, 2, 3))] = 1  # which correlations can't tell of what hardly shows anything
        of_moments = np.full((*inside.shape, len(BANDS)), np.inf)
        of_moments[i, k, m] = np.where(alike <= UNALIGNED, -np.inf, fisher_z(alike))
        unlike = (UNLIKE_SHARE * inside.sum(2)).astype(int)[:, :, None, None]
        scores = np.take_along_axis(np.sort(of_moments, 2), unlike, 2)[:, :, 0]
        small = np.zeros((2, *inside.shape, 3 * MOTION_SIDE**2), np.float32)
        small[:, i, k, m] = [_flat(_reduced(its, MOTION_SIDE)) for its in (mine, theirs)]
        moving = _motion_likeness(small[0], small[1], inside)
        found = np.concatenate([scores, moving[:, :, None]], 2)
        found[clip < 0] = -np.inf
        return found


def _motion_likeness(ours: NDArray, theirs: NDArray, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fisher's z of what changes from moment to moment: of rows (…, M, d) the cosine over those inside, (…, M), gives (…).

    −∞ where hardly anything changes.
    """
    both = (inside[..., 1:] & inside[..., :-1])[..., None]
    a, b = (np.diff(its, axis=-2) * both for its in (ours, theirs))
    numbers = np.maximum(both.sum((-1, -2)) * ours.shape[-1], 1)
    squares = np.stack([np.square(its).sum((-1, -2)) for its in (a, b)])
    cosine = (a * b).sum((-1, -2)) / np.sqrt(np.maximum(squares.prod(0), 1e-9))
    faint = squares.min(0) < FAINT_MOTION**2 * numbers
    return np.where(faint, -np.inf, fisher_z(cosine))


def _levels(strangers: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """From which score on a pair is a copy in each band, (4,), by the highest of clips that are no copies, (N, 4) each."""
    told = np.concatenate(strangers)
    least, most = np.append(MIN_LEVELS[0], MIN_MOTION_LEVEL), np.append(MAX_LEVELS[0], MAX_MOTION_LEVEL)
    share = FALSE_ALARM_SHARES["whole"]
    found = [level_of(told[:, band], share, least[band], len(told) < MIN_FOR_A_TAIL) for band in range(len(least))]
    return np.minimum(found, most)


def _replays(
    pictures: PictureSet, train: Ranges, frames: int, random: np.random.Generator
) -> tuple[Clips, NDArray[np.int64]]:
    """Training clips as somebody could play them again: from another moment on, brighter or darker, and noised; and of which.

    Clips no longer than a training clip begin up to a quarter of one late and stand still at their end.
    """
    count = min(rehearsal.at_most(PLANTED, rehearsal.PLANTED), len(train))
    chosen = np.sort(random.choice(len(train), count, replace=False)) if len(train) > 1 else np.zeros(0, np.int64)
    replays = []
    for first, length in train[chosen]:
        begin = random.integers(0, max(length - frames, frames // 4) + 1)
        clip = pictures[first + np.minimum(np.arange(begin, begin + frames), length - 1)].astype(np.float32)
        gain = 1 + random.uniform(-BRIGHTNESS, BRIGHTNESS)
        noised = clip * gain + random.normal(0, NOISE_LEVELS, clip.shape)
        replays.append(np.rint(noised).clip(0, 255).astype(np.uint8))
    shape = (0, frames, *pictures.shape[1:])
    return np.stack(replays) if replays else np.zeros(shape, np.uint8), chosen


def _reduced(pictures: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Means of side × side areas in colour: uint8 (n, C, H, W) → float32 (n, 3, side, side)."""
    down, across = (area_weights(pixels, side) for pixels in pictures.shape[2:])
    found: NDArray[np.float32] = down @ to_rgb(pictures).astype(np.float32) @ across.T
    return found


def _flat(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pictures as rows, (n, …) → (n, d)."""
    return rows.reshape(len(rows), -1)
