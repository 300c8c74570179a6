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

from figment.common.pixels import to_rgb
from figment.common.progress import Progress, part_of
from figment.errors import InputError
from figment.explore.paths import lerp, slerp
from figment.features.base import Extractor
from figment.features.registry import extractor
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.strips import strips

MEASURED_PATHS, MEASURED_STEPS = 64, 32  # paths that smoothness is measured on, and steps of each
BATCH_PATHS = 16  # paths in memory
SMOOTH_EVENNESS, JUMPY_EVENNESS = 0.55, 0.3  # evenness above which a path is called smooth, and below which it jumps

Path = Callable[[Tensor, Tensor, Tensor], Tensor]


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


def interpolate(
    generator: Generator,
    pairs: Sequence[tuple[int, int]] = ((0, 1), (2, 3), (4, 5), (6, 7)),
    steps: int = 9,
    seed: int = 0,
    network: Extractor | None = None,
    label: str | None = None,
    progress: Progress | None = None,
) -> Finding:
    """Rows of pictures between samples of a seed, along great circles and straight, with the smoothness of both.

    pairs: numbers of the samples at the ends. steps: pictures in a row, the ends among them. network: what distances are
    taken in, "random" by default; they are measured on 64 other paths of the seed. A generator with classes keeps the class
    that label names along a path, or that of its first end. Raises InputError for fewer than 2 steps or an unknown label.
    """
    if steps < 2 or not pairs:
        raise InputError(f"--steps {steps}: a row goes from one picture to another: give it 2 or more.")
    network = network or extractor("random")
    prior = generator.recipe.prior
    paths: dict[str, Path] = {"spherical": lambda a, b, t: slerp(a, b, t, prior), "linear": lerp}
    ends = [torch.cat([generator.codes(1, seed, pair[end]) for pair in pairs]) for end in (0, 1)]
    z = {name: path(ends[0], ends[1], torch.linspace(0, 1, steps)) for name, path in paths.items()}
    drawn = torch.cat([z[name][i] for i in range(len(pairs)) for name in paths])
    classes = [of_first for first, _ in pairs if (of_first := generator.labels(1, seed, first, label)) is not None]
    labels = torch.cat(classes).repeat_interleave(steps * len(paths)) if classes else None
    pictures = generator.decode(drawn, labels).split(steps)
    names = [f"{first} → {second}\n{name}" for first, second in pairs for name in paths]
    smooth = {}
    for part, (name, path) in enumerate(paths.items()):
        smooth[name] = smoothness(generator, path, network, seed, label, part_of(progress, part, len(paths)))
    return Finding(
        "interpolate",
        sentence(smooth["spherical"]),
        {
            "": Sheet(
                strips(list(zip(names, pictures, strict=True))),
                f"From one sample of seed {seed} to another in {steps - 1} equal steps of the code.",
            )
        },
        {
            "seed": seed, "pairs": [list(pair) for pair in pairs], "steps": steps, "features": network.name,
            "smoothness": {name: asdict(found) for name, found in smooth.items()}, "paths": MEASURED_PATHS,
            "steps_measured": MEASURED_STEPS,
        },
        ("path", f"path length ({network.name})", "detour", "steepest step", "evenness"),
        tuple(
            (name, f"{s.path_length:.4g}", f"{s.detour:.2f}×", f"{s.steepest:.1f}×", f"{s.evenness:.2f}")
            for name, s in smooth.items()
        ),
        drawn,
        labels,
    )  # fmt: skip


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


def sentence(found: Smoothness) -> str:
    """What the smoothness says, in words."""
    if found.evenness > SMOOTH_EVENNESS:
        how = "changes little by little, without the jumps of a generator that knows pictures by heart"
    elif found.evenness < JUMPY_EVENNESS:
        how = "mostly stands still and then jumps, as it does in a generator that knows pictures by heart"
    else:
        how = "changes unevenly"
    return (
        f"Between two samples the picture {how}: its steepest step is {found.steepest:.1f} times the mean one (a single "
        f"jump would be {MEASURED_STEPS} times), and the evenness is {found.evenness:.2f} of 1."
    )
