"""How good are generated pictures? The scores that the benchmarks share; not a script.

Distances in a network's features are named after it: only the Inception network's may be called FID. Beside each score
stands its floor, what unseen training reals reach in the place of samples, for no score of finitely many pictures is 0.
"""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.data.bank import Bank
from figment.metrics.features import extractor

Pictures = NDArray[np.uint8]
Features = NDArray[np.floating]

PATCH, PATCHES, DIRECTIONS, COARSEST = 7, 32, 128, 16  # of the sliced Wasserstein distance
NEAREST = 3  # neighbours that make a ball, in recall
LOOKED_AT = 1000  # pictures that the face detector is shown
# Two-sided 95 % quantiles of Student's t by degrees of freedom.
STUDENT = (math.nan, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


@dataclass(frozen=True)
class Scores:
    """Of one set of pictures. Lower is better in kid, fd and swd (all ×1000 but fd), higher in recall and faces (0…1)."""

    kid: float
    fd: float
    swd: float
    recall: float
    faces: float


class Yardstick:
    """Scores sets of `count` pictures against a bank.

    KID, sliced Wasserstein distance and recall are taken against the held-out part; the Fréchet distance, which needs
    more pictures than there are features, against twice as many pictures of the training part, as far as there are
    so many beside those `count` that make the floor.

    features: an ONNX network (images in 0…255, resized by bicubic with antialiasing to what it takes), or None for the
    network that has learnt nothing. count: at most half of the training part.
    """

    def __init__(self, bank: Bank, features: Path | None, samples: int) -> None:
        self.network = extractor(f"onnx:{features}" if features else "random")
        self.count = min(samples, len(bank.train) // 2)
        train = np.random.default_rng(0).permutation(bank.train)
        self.spare = coloured(np.asarray(bank.pictures[np.sort(train[: self.count])]))
        self.held_out = coloured(np.asarray(bank.pictures[np.sort(bank.held_out)]))
        rest = np.sort(train[self.count : 3 * self.count])
        parts = (rest[i : i + 1024] for i in range(0, len(rest), 1024))
        self._train = np.concatenate([self.network(coloured(np.asarray(bank.pictures[part]))) for part in parts])
        self._held_out = self.network(self.held_out)

    @property
    def label(self) -> str:
        """Of the Fréchet distance: FD-<network>."""
        return f"FD-{Path(self.network.name.removeprefix('onnx:')).stem.removesuffix('_features')}"

    @property
    def warning(self) -> str:
        """What to keep in mind about the Fréchet distance here; empty where nothing is."""
        fewest, dimension = min(self.count, len(self._train)), self.network.dimension
        few = f"{self.label}: {fewest:,} pictures are fewer than the {dimension:,} features, so it is mostly bias"
        return few if fewest < dimension else ""

    def __call__(self, pictures: Pictures) -> Scores:
        """Scores of uint8 pictures (N, C, S, S)."""
        pictures = coloured(pictures)
        found = self.network(pictures)
        return Scores(
            kid=kid(found, self._held_out),
            fd=frechet(found, self._train),
            swd=sliced_wasserstein(pictures, self.held_out),
            recall=recall(found, self._held_out),
            faces=face_rate(pictures[:LOOKED_AT]),
        )

    def floor(self) -> Scores:
        """Scores of training reals in the place of samples."""
        return self(self.spare)


def coloured(pictures: Pictures) -> Pictures:
    """Grey pictures as colour ones."""
    return np.repeat(pictures, 3, axis=1) if pictures.shape[1] == 1 else pictures


def kid(a: Features, b: Features) -> float:
    """Kernel distance ×1000 with k(x, y) = (x·y/d + 1)³: eq. 4 of arXiv 1801.01401, unbiased, over all pairs at once.

    a: (N, d), b: (M, d). (Averaging over blocks, as is often done, has the same mean and a larger spread.) May be
    below 0 where the two are alike.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    return 1000 * (_among(a) + _among(b) - 2 * float(_kernel(a, b).mean()))


def _among(a: Features) -> float:
    """Mean kernel over pairs of different rows."""
    itself = ((a * a).sum(1) / a.shape[1] + 1) ** 3
    return float((_kernel(a, a).sum() - itself.sum()) / (len(a) * (len(a) - 1)))


def _kernel(a: Features, b: Features) -> Features:
    return np.asarray((a @ b.T / a.shape[1] + 1) ** 3)


def frechet(a: Features, b: Features) -> float:
    """Fréchet distance of two Gaussians, |μ₁-μ₂|² + tr(C₁ + C₂ - 2(C₁^½ C₂ C₁^½)^½): eq. 6 of arXiv 1706.08500.

    By symmetric eigenvalues, which are never imaginary. Biased upwards, the more the fewer pictures there are.
    """
    first, second = (np.cov(x.astype(np.float64), rowvar=False) for x in (a, b))
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    mixed = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    apart = ((a.mean(0, dtype=np.float64) - b.mean(0, dtype=np.float64)) ** 2).sum()
    return float(apart + np.trace(first) + np.trace(second) - 2 * mixed)


def recall(fakes: Features, reals: Features) -> float:
    """Share of reals that lie nearer to some fake than that one's third neighbour among fakes: arXiv 1904.06991, eq. 2.

    Both sides are cut to equal numbers, on which it depends.
    """
    count = min(len(fakes), len(reals))
    f, r = (torch.from_numpy(np.ascontiguousarray(x[:count], np.float64)) for x in (fakes, reals))
    radii = torch.cdist(f, f).kthvalue(NEAREST + 1, dim=1).values  # the nearest is itself
    return float((torch.cdist(r, f) <= radii).any(1).double().mean())


def sliced_wasserstein(fakes: Pictures, reals: Pictures, seed: int = 0) -> float:
    """Sliced Wasserstein distance of Laplacian-pyramid patches ×1000, after arXiv 1710.10196, section 5; no weights.

    Of each picture, at each level of the pyramid, 32 patches of 7×7 pixels at random places. On each of 128 random
    directions, the mean distance between the sorted patches of both sets; the mean over directions and levels. Unlike
    there, the reals' mean and deviation of each channel scale both sets, so that wrong colours count. Both sides, uint8
    (N, 3, S, S), are cut to equal numbers, on which it depends: compare it with the floor.
    """
    random = torch.Generator().manual_seed(seed)
    count = min(len(fakes), len(reals))
    distances = []
    for fake, real in zip(_pyramid(fakes[:count]), _pyramid(reals[:count]), strict=True):
        ours, theirs = _patches(fake, random), _patches(real, random)
        deviation, mean = torch.std_mean(theirs, (0, 2, 3), keepdim=True)
        directions = F.normalize(torch.randn(theirs[0].numel(), DIRECTIONS, generator=random), dim=0)
        ours, theirs = (directions.T @ ((x - mean) / deviation.clamp_min(1e-8)).flatten(1).T for x in (ours, theirs))
        distances.append((ours.sort(1).values - theirs.sort(1).values).abs().mean())
    return 1000 * float(torch.stack(distances).mean())


def _pyramid(pictures: Pictures) -> Iterator[Tensor]:
    """Each level less the bilinearly enlarged next one, which is the mean of 2×2 pixels; the last, of 16 px, as it is."""
    level = torch.from_numpy(np.ascontiguousarray(pictures)).float() / 127.5 - 1
    while min(level.shape[2:]) >= 2 * COARSEST:
        smaller = F.avg_pool2d(level, 2)
        yield level - F.interpolate(smaller, scale_factor=2, mode="bilinear", align_corners=False)
        level = smaller
    yield level


def _patches(level: Tensor, random: torch.Generator) -> Tensor:
    """(N·PATCHES, C, 7, 7) at random places of (N, C, H, W)."""
    every = level.unfold(2, PATCH, 1).unfold(3, PATCH, 1)
    n, _, rows, columns = every.shape[:4]
    top, left = (torch.randint(side, (n, PATCHES), generator=random) for side in (rows, columns))
    return every[torch.arange(n)[:, None], :, top, left].flatten(0, 1)


def face_rate(pictures: Pictures) -> float:
    """Share of pictures, uint8 (N, 3, S, S), in which OpenCV's frontal Haar detector finds a face at 128 px."""
    detector = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))
    grey = [cv2.cvtColor(np.ascontiguousarray(p.transpose(1, 2, 0)), cv2.COLOR_RGB2GRAY) for p in pictures]
    enlarged = [cv2.resize(g, (128, 128), interpolation=cv2.INTER_CUBIC) for g in grey]
    return sum(len(detector.detectMultiScale(g, 1.1, 3)) > 0 for g in enlarged) / len(enlarged)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and half the width of its 95 % interval by Student's t; nan for a single value."""
    if len(values) < 2:
        return statistics.fmean(values), math.nan
    return statistics.fmean(values), STUDENT[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """Geometric mean of the ratios of equal seeds and the ends of its 95 % interval; nan where a score isn't above 0."""
    if min(*ours, *theirs) <= 0:
        return math.nan, math.nan, math.nan
    mean, half = interval([math.log(a / b) for a, b in zip(ours, theirs, strict=True)])
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)
