"""What lies between two codes: rows of steps, and how evenly pictures change along them.

A generator that has learnt what varies changes its picture little by little; one that has learnt pictures by heart holds
one, then jumps to the next (Radford et al., arXiv 1511.06434, section 6.1). How much changes is measured as a distance in
the features of a named network, as in the perceptual path length (Karras et al., arXiv 1812.04948, section 4.1).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.common import rehearsal
from figment.common.pixels import to_rgb
from figment.common.progress import Progress, part_of
from figment.errors import InputError
from figment.explore.paths import lerp, slerp
from figment.features.base import Extractor
from figment.features.registry import default_network, extractor
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.metrics.resemblance import Resemblance, doubt

MEASURED_PATHS = 64  # that smoothness is measured on
MEASURED_STEPS = 32  # of each of these
BATCH_PATHS = 16  # in memory
SMOOTH_EVENNESS = 0.55  # above which a path is called smooth
JUMPY_EVENNESS = 0.3  # below which it jumps

Path = Callable[[Tensor, Tensor, Tensor], Tensor]  # first and last codes (N, d), shares (T,) → codes (N, T, d)


@dataclass(frozen=True)
class Smoothness:
    """How pictures change along paths of S equal steps, means over the paths, in a network's features.

    path_length: S² times the mean squared distance of a step: the perceptual path length at ε = 1/S. detour: a path's length
    over its ends' distance, 1 being straight. steepest: its largest step over its mean step, 1 to S. evenness: of its steps,
    largest first, how many make up half of its length, as a share of half of them: 1 where all are equal, 2/S where one
    jump is all.
    """

    path_length: float
    detour: float
    steepest: float
    evenness: float


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Rows of pictures between samples of a seed, along great circles and straight, and how evenly these change.

    pairs: numbers of the samples at the ends. steps: pictures in a row. codes, float32 (P · 2 · steps, code_size), labels,
    int64 (P · 2 · steps,), or None, and pictures, uint8 (P · 2 · steps, C, H, W): pair by pair, the great circle first.
    smoothness: of other paths of the seed, by path, "spherical" and "linear". features: the network's name. resemblance: whether
    samples look like the pictures; None where nobody told.
    """

    seed: int
    pairs: tuple[tuple[int, int], ...]
    steps: int
    codes: Tensor
    labels: Tensor | None
    pictures: Tensor
    smoothness: dict[str, Smoothness]
    features: str
    resemblance: Resemblance | None = None

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a sheet of all rows; name: tells it from others of its kind."""
        titles = [f"{first} → {second}\n{path}" for first, second in self.pairs for path in self.smoothness]
        rows = list(zip(titles, self.pictures.split(self.steps), strict=True))
        caption = f"From one sample of seed {self.seed} to another in {self.steps - 1} equal steps of the code."
        return Finding(
            "interpolate",
            sentence(self.smoothness["spherical"], self.resemblance),
            {"": Sheet.of_strips(rows, caption)},
            {
                "seed": self.seed, "pairs": [list(pair) for pair in self.pairs], "steps": self.steps,
                "features": self.features,
                "smoothness": {path: asdict(its) for path, its in self.smoothness.items()},
                "paths": measured_paths(), "steps_measured": MEASURED_STEPS,
                "resemblance": None if self.resemblance is None else asdict(self.resemblance),
            },
            ("path", f"path length ({self.features})", "detour", "steepest step", "evenness"),
            tuple(
                (path, _length(s.path_length), f"{s.detour:.2f}×", f"{s.steepest:.1f}×", f"{s.evenness:.2f}")
                for path, s in self.smoothness.items()
            ),
            self.codes,
            self.labels,
            name,
        )  # fmt: skip


def _length(path: float) -> str:
    """A path's length in four digits, without an exponent."""
    return f"{path:,.0f}" if path >= 1000 else f"{path:.4g}"


def interpolate(
    generator: Generator,
    pairs: Sequence[tuple[int, int]] = ((0, 1), (2, 3), (4, 5), (6, 7)),
    steps: int = 9,
    seed: int = 0,
    network: Extractor | None = None,
    label: str | None = None,
    progress: Progress | None = None,
    resemblance: Resemblance | None = None,
) -> Interpolation:
    """Rows of pictures between samples of a seed, along great circles and straight, with the smoothness of both.

    Parameters
    ----------
    generator : Generator
    pairs : sequence of (int, int)
        Numbers of the samples at the ends of each row.
    steps : int
        Pictures in a row, the ends among them.
    seed : int
        Of the samples; smoothness is measured on 64 other paths between its samples.
    network : Extractor, optional
        What distances are taken in; the default network, lite0, where none is given.
    label : str, optional
        Class that a generator with classes keeps along a path; by default that of the path's first end.
    progress : callable, optional
        Told what is done, of how much.
    resemblance : Resemblance, optional
        Whether samples look like the pictures: without it nothing is said of learning by heart.

    Returns
    -------
    Interpolation

    Raises
    ------
    InputError
        For fewer than 2 steps, no pairs, or an unknown label.
    """
    if steps < 2 or not pairs:
        raise InputError(f"--steps {steps}: a row goes from one picture to another: give it 2 or more.")
    network, prior = network or extractor(default_network()), generator.recipe.prior
    paths: dict[str, Path] = {"spherical": lambda a, b, t: slerp(a, b, t, prior), "linear": lerp}
    first, last = (torch.cat([generator.codes(1, seed, pair[end]) for pair in pairs]) for end in (0, 1))
    between = [path(first, last, torch.linspace(0, 1, steps)) for path in paths.values()]
    z = torch.stack(between, 1).flatten(0, 2)
    of_pairs = [own for number, _ in pairs if (own := generator.labels(1, seed, number, label)) is not None]
    labels = torch.cat(of_pairs).repeat_interleave(steps * len(paths)) if of_pairs else None
    pictures = generator.decode(z, labels)
    smooth = {
        name: smoothness(generator, path, network, seed, label, part_of(progress, part, len(paths)), measured_paths())
        for part, (name, path) in enumerate(paths.items())
    }
    return Interpolation(seed, tuple(pairs), steps, z, labels, pictures, smooth, network.name, resemblance)


def measured_paths() -> int:
    """Paths that smoothness is measured on."""
    return rehearsal.at_most(MEASURED_PATHS, rehearsal.MEASURED_PATHS)


def smoothness(
    generator: Generator, path: Path, network: Extractor, seed: int = 0, label: str | None = None,
    progress: Progress | None = None, paths: int = MEASURED_PATHS, steps: int = MEASURED_STEPS,
) -> Smoothness:  # fmt: skip
    """The smoothness of paths between samples 2i and 2i + 1 of a seed."""
    z, labels = generator.codes(2 * paths, seed), generator.labels(2 * paths, seed, label=label)
    shares, lengths, ends = torch.linspace(0, 1, steps + 1), [], []
    for start in range(0, paths, BATCH_PATHS):
        part = slice(2 * start, 2 * (start + BATCH_PATHS), 2)
        between = path(z[part], z[1:][part], shares)
        repeated = None if labels is None else labels[part].repeat_interleave(steps + 1)
        pictures = generator.decode(between.flatten(0, 1), repeated).numpy()
        features = network(to_rgb(pictures)).reshape(len(between), steps + 1, -1).astype(np.float64)
        lengths.append(np.linalg.norm(np.diff(features, axis=1), axis=2))
        ends.append(np.linalg.norm(features[:, -1] - features[:, 0], axis=1))
        if progress:
            progress(min(start + BATCH_PATHS, paths), paths)
    return summarise(np.concatenate(lengths), np.concatenate(ends))


def summarise(lengths: NDArray[np.float64], ends: NDArray[np.float64]) -> Smoothness:
    """Smoothness from the lengths of steps (P, S) and the distances of the ends (P,). A path without any change is smooth."""
    steps, whole = lengths.shape[1], lengths.sum(1)
    moving = whole > 0
    if not moving.any():
        return Smoothness(0.0, 1.0, 1.0, 1.0)
    shares = lengths[moving] / whole[moving, None]
    halved = (np.cumsum(-np.sort(-shares, axis=1), axis=1) < 0.5 - 1e-12).sum(1) + 1
    return Smoothness(
        float(steps**2 * np.square(lengths).mean()),
        float((whole[moving] / np.maximum(ends[moving], 1e-12)).mean()),
        float((shares.max(1) * steps).mean()),
        float((halved / (steps / 2)).mean()),
    )


def sentence(found: Smoothness, resemblance: Resemblance | None = None) -> str:
    """What the smoothness says, in words: of learning by heart only where samples look like the pictures.

    Nets that have learnt nothing change smoothly, too, and so do blots.
    """
    if found.path_length == 0:
        return "Between two samples nothing changes: all are one picture."
    unsure = doubt(resemblance)
    if found.evenness > SMOOTH_EVENNESS:
        how, means = "changes little by little", "without the jumps of a generator that knows pictures by heart"
    elif found.evenness < JUMPY_EVENNESS:
        how, means = "mostly stands still and then jumps", "as it does in a generator that knows pictures by heart"
    else:
        how, means = "changes unevenly", ""
    means = f", {means}" if means and not unsure else ""
    caution = f" Of learning by heart that says nothing: {unsure}." if unsure else ""
    return (
        f"Between two samples the picture {how}{means}: its steepest step is {found.steepest:.1f} times the mean one (a single "
        f"jump would be {MEASURED_STEPS} times), and the evenness is {found.evenness:.2f} of 1.{caution}"
    )
