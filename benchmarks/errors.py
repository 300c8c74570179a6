"""Do ± 2 errors hold the true value in 93 to 97 % of repetitions? Simulated for every score, from populations that are known.

    python benchmarks/errors.py [--populations normal heavy …] [--counts 100 200 …] [--repetitions 200] [--seed 0]
    python benchmarks/errors.py --data DATA --counts 100 500 --repetitions 60

Samples, other reals and a reference are drawn anew again and again; what a score truly is, is its mean over all
repetitions (of as many pictures, since most scores depend on that). A row a score: how often value, floor and their
difference lie within 2 of their told errors of it; and by how much the told errors are too large or too small, told over
true as a root of mean squares. Populations: normal numbers that are shifted, alike, with heavy tails (Student's t of 6
degrees of freedom, chi-squared scales), two clusters of which one is lost; with --data real pictures, drawn without
replacement and seen by lite0, against the same saved as JPEG 10, and against themselves.
"""

import argparse
from collections.abc import Callable
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from figment.data.bank.prepare import prepare
from figment.data.sources.open import open_source
from figment.features.registry import extractor
from figment.metrics.degrade import DEGRADATIONS
from figment.metrics.scores import Reference, Seen, feature_scores, picture_scores
from trials import machine

Draw = Callable[[np.random.Generator, int], tuple[NDArray, NDArray, NDArray]]  # samples, others, reference
CLASSES = 10  # of the made-up head of the Inception Score


def normal(dimension: int, shift: float = 0.0, scale: float = 1.0, freedom: int = 0, lost: float = 0.0) -> Draw:
    """Reals are normal, or with degrees of freedom have heavy tails; samples are shifted, scaled, and lack a cluster.

    Deviations fall from 1 to a tenth over the dimensions, as those of features do.
    """
    spread = np.geomspace(1, 0.1, dimension)

    def some(random: np.random.Generator, count: int, share: float) -> NDArray:
        found = random.standard_normal((count, dimension))
        if freedom:
            found /= np.sqrt(random.chisquare(freedom, (count, 1)) / freedom)
        return found * spread + 3 * (random.random((count, 1)) < share)

    def draw(random: np.random.Generator, count: int) -> tuple[NDArray, NDArray, NDArray]:
        share = 0.5 if lost else 0.0
        samples = scale * some(random, count, share * (1 - lost)) + shift * spread
        return tuple(x.astype(np.float32) for x in (samples, some(random, count, share), some(random, count, share)))  # type: ignore[return-value]

    return draw


POPULATIONS: dict[str, Draw] = {
    "alike": normal(64),
    "shifted": normal(64, 0.5),
    "heavy": normal(16, 0.3, freedom=6),
    "flat": normal(8, scale=0.6),
    "lost": normal(64, lost=0.8),
}


def of_pictures(samples: NDArray, reals: NDArray) -> Draw:
    """Rows of what a network, or nobody, has seen: samples of one array, the others of the other, all different."""

    def draw(random: np.random.Generator, count: int) -> tuple[NDArray, NDArray, NDArray]:
        order = random.permutation(len(reals))
        return samples[order[:count]], reals[order[count : 2 * count]], reals[order[2 * count : 3 * count]]

    return draw


def repeated(draw: Draw, count: int, repetitions: int, seed: int) -> dict[str, NDArray]:
    """Values and errors of each score, by name: (repetitions, 3 of value, floor and difference, 2)."""
    found: dict[str, list] = {}
    for number in range(repetitions):
        random = np.random.default_rng([seed, count, number])
        sets = draw(random, count)
        if sets[0].dtype == np.uint8:
            scores, _ = picture_scores(*sets, seed=number)
        else:
            ours, others = (Seen(x, 2 * x[:, :CLASSES] if x.shape[1] >= CLASSES else None) for x in sets[:2])
            scores, _ = feature_scores(ours, others, Reference(sets[2]), number)
        for name, its in scores.items():
            found.setdefault(name, []).append([(part.value, part.error) for part in its.compared])
    return {name: np.array(its) for name, its in found.items()}


def told(found: dict[str, NDArray], title: str, count: int, seconds: float) -> None:
    """A row a score."""
    for name, its in found.items():
        values, errors = its[..., 0], its[..., 1]
        off = np.abs(values - values.mean(0))
        held = (off <= 2 * errors).mean(0)
        ratio = np.sqrt(np.square(errors).mean(0)) / values.std(0, ddof=1)
        cells = [f"{share:>6.1%} {r:>5.2f}" for share, r in zip(held, ratio, strict=True)]
        print(f"{title:<18}{count:>6}  {name:<16}{'   '.join(cells)}   {seconds:.2f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--populations", nargs="*", default=list(POPULATIONS), choices=list(POPULATIONS))
    parser.add_argument("--data")
    parser.add_argument("--features", default="lite0")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--counts", nargs="*", type=int, default=[100, 200, 500, 1000, 2000])
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{machine()}; {torch.get_num_threads()} threads, seed {options.seed}, {options.repetitions} repetitions")
    print(
        f"{'population':<18}{'N':>6}  {'score':<16}{'value':>12}   {'floor':>12}   {'difference':>12}   held by ± 2, told/true"
    )
    populations = {name: POPULATIONS[name] for name in options.populations}
    if options.data is not None:
        pictures = np.asarray(prepare(open_source(options.data or None), options.size, 3, None).pictures)
        pictures = pictures[np.random.default_rng(0).permutation(len(pictures))]
        network, worse = extractor(options.features), DEGRADATIONS[1].apply(pictures)
        seen, seen_worse = network(pictures), network(worse)
        populations = {
            "reals": of_pictures(seen, seen), "JPEG 10": of_pictures(seen_worse, seen),
            "patches JPEG 10": of_pictures(worse, pictures),
        }  # fmt: skip
    for title, draw in populations.items():
        for count in options.counts:
            began = perf_counter()
            found = repeated(draw, count, options.repetitions, options.seed)
            told(found, title, count, (perf_counter() - began) / options.repetitions)


if __name__ == "__main__":
    main()
