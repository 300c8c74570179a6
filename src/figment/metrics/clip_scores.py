"""How well generated clips move: distances of whole clips beside what reals and spoilt reals reach, and statistics of motion.

Single frames are scored as pictures are, which says nothing of their order. Nothing here is an FVD, which is of the features
of a network for films that nobody's package brings.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.common.progress import Progress, Tally
from figment.common.text import aligned
from figment.data.bank.bank import Bank
from figment.features.base import Extractor
from figment.features.onnx_clips import ClipNetwork
from figment.metrics.clip_features import CONTROLS, ClipFeatures, Frames
from figment.metrics.estimate import Estimate
from figment.metrics.frechet import distance, gaussian
from figment.metrics.kid import KernelDistance

MOST_CLIPS = 500  # of each kind that are looked at
LEAST_CLIPS = 20  # real ones, half of which stand in for samples: of fewer nothing is told
AXES = 16  # principal axes of the reference's clips, in which the Fréchet distance is taken: clips are few
PLACES = 16  # a side: the spectrum is of frames so small, whose noise is averaged out
FILM_DISTANCE = "FD of films, "  # before the name of a network for films
Clips = NDArray[np.uint8]  # (N, T, C, H, W)


@dataclass(frozen=True)
class ClipScore:
    """A score of clips. floor: what other real clips reach. spoilt: what samples and reals reach that were spoilt, by how."""

    name: str
    meaning: str
    value: Estimate
    floor: Estimate
    spoilt: dict[str, Estimate]

    def as_record(self) -> dict[str, Any]:
        spoilt = {how: asdict(found) for how, found in self.spoilt.items()}
        return {"score": self.name, "value": asdict(self.value), "floor": asdict(self.floor), "spoilt": spoilt}


@dataclass(frozen=True)
class ClipScores:
    """Scores of clips, of so many generated ones against so many real ones of `frames` frames."""

    scores: list[ClipScore]
    samples: int
    reals: int
    frames: int

    def lines(self) -> list[str]:
        """For a person: a line a score with its floor, what it means, and what the spoilt ones reach."""
        rows = [["clips", "samples", "reals"], *([s.name, str(s.value), str(s.floor)] for s in self.scores)]
        text = [f"{self.samples:,} clips of {self.frames} frames against {self.reals:,} real ones:", *aligned(rows)]
        text += [f"  {score.name}: {score.meaning}" for score in self.scores]
        for told in (self.scores[0], *(score for score in self.scores if score.name.startswith(FILM_DISTANCE))):
            spoilt = ", ".join(f"{how} {it}" for how, it in told.spoilt.items())
            text.append(f"  {told.name} of what is spoilt: {spoilt}")
        return text

    def as_record(self) -> dict[str, Any]:
        return {
            "samples": self.samples, "reals": self.reals, "frames": self.frames,
            "scores": [score.as_record() for score in self.scores],
        }  # fmt: skip


def real_windows(bank: Bank, clips: NDArray[np.int64], frames: int, most: int) -> Clips:
    """Of each clip its frames in turn, so many at a time, a clip after the other: uint8 (N, frames, C, H, W)."""
    assert bank.clips is not None
    ranges = bank.clips.ranges()[clips]
    starts = [first + k * frames for first, count in ranges for k in range(count // frames)][:most]
    if not starts:
        return np.zeros((0, frames, *bank.pictures.shape[1:]), np.uint8)
    return np.stack([np.asarray(bank.pictures[start : start + frames]) for start in starts])


def held_out_first(bank: Bank, seed: int) -> tuple[NDArray[np.int64], int]:
    """All clips in an order that a seed gives, those held out before those trained on; and how many are held out."""
    assert bank.clips is not None
    random = np.random.default_rng([seed, 8])
    held_out, train = (random.permutation(bank.clips.of(part)) for part in (bank.held_out, bank.train))
    return np.concatenate([held_out, train]), len(held_out)


def split_clips(bank: Bank, frames: int, samples: int, seed: int) -> tuple[Clips, Clips]:
    """Real clips that stand in for samples, held out where there are such, and those that all are compared with."""
    order, held_out = held_out_first(bank, seed)
    half = max(held_out, len(order) // 2) if held_out < len(order) // 2 else len(order) // 2
    floor = real_windows(bank, order[:half], frames, samples)
    return floor, real_windows(bank, order[half:], frames, 2 * MOST_CLIPS)


def clip_scores(
    samples: Clips, others: Clips, reference: Clips, network: Extractor, seed: int, progress: Progress | None = None
) -> ClipScores:
    """Samples, and other reals in their place, against reference clips, by a network's features of their frames."""
    done, total = 0, sum(map(len, (samples, others, reference)))

    def told(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, total)

    ours, theirs, known = (features_of(network, clips, told) for clips in (samples, others, reference))
    by = ClipFeatures.of(known)
    kernel, axes = KernelDistance(by(known)), _Axes(by(known))
    random = np.random.default_rng([seed, 9])
    spoilt = {
        f"{how} {what}": spoil(clips, random)
        for what, clips in (("samples", ours), ("reals", theirs))
        for how, spoil in CONTROLS.items()
    }

    def score(name: str, meaning: str, measured: Callable[[Frames], Estimate]) -> ClipScore:
        return ClipScore(
            name, meaning, measured(ours), measured(theirs), {how: measured(clips) for how, clips in spoilt.items()}
        )

    found = [
        score(
            "clip KID",
            "what clips show, how much they move and which way, ×1000 (less is better)",
            lambda f: kernel(by(f)),
        ),
        score(f"clip FD, {AXES} axes", "the same by a Fréchet distance (less is better)", lambda f: axes(by(f))),
        _ratio(
            "motion",
            "mean difference of one frame to the next, as a share of reals' (1 is best)",
            motion,
            samples,
            others,
            reference,
        ),
        _spectrum(samples, others, reference),
        score("drift", "how far a clip goes from what it was, as a share of how far clips lie apart", drift),
    ]
    return ClipScores(found, len(samples), len(reference), samples.shape[1])


def film_distance(
    samples: Clips, others: Clips, reference: Clips, network: ClipNetwork, seed: int, progress: Progress | None = None
) -> ClipScore:
    """The Fréchet distance of whole clips in the features of a network for films, samples' and other reals', beside controls.

    In the features of the I3D that it is defined by this is the FVD (arXiv 1812.01717), of so many clips: of fewer it is larger.
    """
    network.check(samples.shape[1])
    random = np.random.default_rng([seed, 10])
    sides = {"samples": samples, "reals": others}
    spoilt = {f"{how} {what}": spoil(clips, random) for what, clips in sides.items() for how, spoil in CONTROLS.items()}
    tally = Tally(progress, len(reference) + sum(map(len, (samples, others, *spoilt.values()))))
    distance_to = _Axes(network(reference, tally), None)
    value, floor, *rest = (distance_to(network(clips, tally)) for clips in (samples, others, *spoilt.values()))
    meaning = "Fréchet distance in that network's features of films (less is better); of few clips far too large: see the reals'"
    return ClipScore(f"{FILM_DISTANCE}{network.name}", meaning, value, floor, dict(zip(spoilt, rest, strict=True)))


def features_of(network: Extractor, clips: Clips, told: Callable[[int], None] = lambda _: None) -> Frames:
    """Of every frame, float32 (N, T, d)."""
    found = []
    for clip in clips:
        found.append(network(clip if clip.shape[1] == 3 else np.repeat(clip, 3, 1)))
        told(1)
    return np.stack(found)


def motion(clips: Clips) -> NDArray[np.float64]:
    """Mean absolute difference of one frame to the next, in grey levels: (N,)."""
    return np.array([np.abs(np.diff(clip.astype(np.int16), axis=0)).mean() for clip in clips])


def spectra(clips: Clips) -> NDArray[np.float64]:
    """Power at each frequency from 1 to half of the frames in a clip, mean over places and colours: (N, T // 2)."""
    found = []
    for clip in clips:
        frames, channels, height, width = clip.shape
        tall, wide = max(1, height // PLACES), max(1, width // PLACES)
        cut = clip[:, :, : height // tall * tall, : width // wide * wide].astype(np.float64)
        small = cut.reshape(frames, channels, height // tall, tall, width // wide, wide).mean((3, 5))
        moving = (small - small.mean(0)) * np.hanning(frames + 2)[
            1:-1, None, None, None
        ]  # no leak from a clip's two ends
        found.append((np.abs(np.fft.rfft(moving, axis=0)) ** 2).mean((1, 2, 3))[1 : frames // 2 + 1])
    return np.array(found)


def drift(frames: Frames) -> Estimate:
    """Distance of a clip's last third from its first, over that of different clips' means."""
    third = max(1, frames.shape[1] // 3)
    within = np.linalg.norm(frames[:, -third:].mean(1) - frames[:, :third].mean(1), axis=1)
    means = frames.mean(1)
    between = float(np.linalg.norm(means - np.roll(means, 1, 0), axis=1).mean()) or 1.0
    return Estimate(float(within.mean()) / between, float(within.std(ddof=1)) / math.sqrt(len(within)) / between)


def _ratio(
    name: str, meaning: str, of: Callable[[Clips], NDArray[np.float64]], samples: Clips, others: Clips, reference: Clips
) -> ClipScore:
    known = of(reference)

    def share(clips: Clips) -> Estimate:
        values = of(clips)
        ratio = float(values.mean() / known.mean()) if known.mean() else math.nan
        apart = [float(x.std(ddof=1) / x.mean()) / math.sqrt(len(x)) if x.mean() else 0.0 for x in (values, known)]
        return Estimate(ratio, ratio * math.hypot(*apart))

    return ClipScore(name, meaning, share(samples), share(others), {})


def _spectrum(samples: Clips, others: Clips, reference: Clips) -> ClipScore:
    """How far the power at each frequency is off, in doublings: the root of the mean square over all frequencies."""
    known = spectra(reference).mean(0)

    def off(clips: Clips) -> Estimate:
        powers = spectra(clips)

        def distance(rows: NDArray[np.float64]) -> float:
            return float(np.sqrt(np.square(np.log2((rows.mean(0) + 1e-12) / (known + 1e-12))).mean()))

        groups = [distance(powers[np.arange(len(powers)) % 5 != group]) for group in range(5)]
        return Estimate(distance(powers), float(np.std(groups, ddof=1)) * 4 / math.sqrt(5))

    meaning = "power at each frequency of the motion, off by so many doublings (0 is best)"
    return ClipScore("spectrum", meaning, off(samples), off(others), {})


class _Axes:
    """The Fréchet distance to reference rows (N, d), in their first principal axes, or in all that there are."""

    def __init__(self, reference: NDArray[np.float32], count: int | None = AXES) -> None:
        self.mean = reference.mean(0)
        whole = np.eye(reference.shape[1], dtype=np.float32)
        self.axes = np.linalg.svd(reference - self.mean, full_matrices=False)[2][:count] if count else whole
        self.reference = gaussian(self._turned(reference))

    def __call__(self, rows: NDArray[np.float32]) -> Estimate:
        turned = self._turned(rows)
        groups = [distance(gaussian(turned[np.arange(len(turned)) % 5 != group]), self.reference) for group in range(5)]
        return Estimate(distance(gaussian(turned), self.reference), float(np.std(groups, ddof=1)) * 4 / math.sqrt(5))

    def _turned(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return ((rows - self.mean) @ self.axes.T).astype(np.float32)
