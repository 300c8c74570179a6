"""What measuring costs: the scores from ready features, the networks that see pictures, and the memory of many.

    python benchmarks/measure_speed.py [--count 10000] [--dimension 2048] [--features random …] [--pictures 512]

Each score is made of two sets of `count` features, normal and unlike, whose number doesn't change its cost; the networks
see pictures of noise, and their rate through all of figment is put beside that of their own batches alone, resized inside:
what is lost is gathering and copying. Memory is the process's peak, less what it held before.
"""

import argparse
import resource
from collections.abc import Callable
from time import perf_counter

import numpy as np

from figment.features.extract import LazyPictures, extract_features
from figment.features.registry import extractor
from figment.metrics.frechet import compared_frechet, frechet, gaussian
from figment.metrics.kid import KernelDistance, kid
from figment.metrics.precision_recall import compared_precision_recall
from figment.metrics.sliced_wasserstein import compared_sliced_wasserstein
from trials import machine


def timed(name: str, work: Callable[[], object]) -> float:
    """Run once, and say how long it took and by how much the process's peak memory grew."""
    before, began = peak(), perf_counter()
    work()
    seconds = perf_counter() - began
    print(f"{name:<44}{seconds:>9.1f} s{(peak() - before) / 2**20:>9,.0f} MiB more", flush=True)
    return seconds


def peak() -> int:
    """Bytes that the process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def of_scores(count: int, dimension: int) -> None:
    random = np.random.default_rng(0)
    print(
        f"\n{count:,} features of {dimension:,} numbers against as many ({count * dimension * 8 / 2**20:,.0f} MiB themselves)"
    )
    ours = random.standard_normal((count, dimension), np.float32)
    theirs = 1.1 * random.standard_normal((count, dimension), np.float32) + np.float32(0.1)
    both = timed("Fréchet distance", lambda: frechet(ours, theirs))
    both += timed("KID with its error", lambda: kid(ours, theirs))
    print(f"{'both':<44}{both:>9.1f} s")
    others = 1.1 * random.standard_normal((count, dimension), np.float32) + np.float32(0.1)
    known, kernel = gaussian(theirs), KernelDistance(theirs)
    print("beside the floor, with errors of value, floor and difference")
    timed("Fréchet distance and its limit", lambda: compared_frechet(ours, others, theirs, known, limits=True))
    timed("KID", lambda: kernel.compared(ours, others))
    timed("precision, recall, density, coverage", lambda: compared_precision_recall(ours, others, theirs))


def of_patches(count: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, count, 3, 64, 64), np.uint8)
    print(f"\n{count:,} pictures of 64 px against as many, beside the floor")
    timed("sliced Wasserstein distance", lambda: compared_sliced_wasserstein(*pictures))


def of_network(name: str, count: int) -> None:
    network = extractor(name)
    pictures = np.random.default_rng(0).integers(0, 256, (count, 3, 64, 64), np.uint8)
    network(pictures[: network.batch])
    began = perf_counter()
    extract_features(LazyPictures(count, lambda start, stop: pictures[start:stop]), [network])
    streamed = count / (perf_counter() - began)
    began = perf_counter()
    for start in range(0, count - network.batch + 1, network.batch):
        network.network(pictures[start : start + network.batch])
    alone = (count // network.batch * network.batch) / (perf_counter() - began)
    print(
        f"{network.name:<44}{streamed:>9.1f} pictures/s, {streamed / alone:.0%} of its own batches' {alone:.1f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--dimension", type=int, default=2048)
    parser.add_argument("--features", nargs="*", default=["random"])
    parser.add_argument("--pictures", type=int, default=512)
    options = parser.parse_args()
    print(machine())
    for name in options.features:
        of_network(name, options.pictures)
    if options.count:
        of_patches(min(options.count, 5000))
        of_scores(options.count, options.dimension)


if __name__ == "__main__":
    main()
