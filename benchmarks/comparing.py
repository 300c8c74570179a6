"""How often figment compare calls a setting better where none is, and how often its intervals hold the truth.

    python benchmarks/comparing.py

Settings are drawn, no net is trained: scores are 100 in the mean, with a part that a seed has in common to all settings
(deviation --common) and one that it hasn't (--own). For 2, 3 and 5 settings of 2, 3, 5 and 10 seeds, shared by all of them or
not, it prints in per cent of --repeats comparisons: whether any setting is said to be better than another although all are
alike; whether every interval holds its true difference; and, where the first setting is 2 deviations (--own) better than all
others, whether it is said to be better than the second.
"""

import argparse
import itertools
from collections.abc import Sequence

import numpy as np

from figment.comparing.intervals import LEVEL, Contrast, Scored, contrast
from figment.metrics.estimate import Estimate


def settings(
    random: np.random.Generator, means: Sequence[float], seeds: int, shared: bool, common: float, own: float
) -> dict[str, Scored]:
    """Scores of settings with these means, by seed."""
    effect, found = common * random.standard_normal(seeds), {}
    for place, mean in enumerate(means):
        if not shared:
            effect = common * random.standard_normal(seeds)
        scores = mean + effect + own * random.standard_normal(seeds)
        first = 0 if shared else place * seeds
        found[str(place)] = {first + seed: [Estimate(float(score), 1.0)] for seed, score in enumerate(scores)}
    return found


def contrasts(found: dict[str, Scored]) -> list[Contrast]:
    """Every two of them, at the level that figment compare takes."""
    pairs = list(itertools.combinations(found.items(), 2))
    return [contrast(first, second, 1 - (1 - LEVEL) / len(pairs)) for first, second in pairs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--common", type=float, default=5.0)
    parser.add_argument("--own", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    print(
        f"{'settings':>8}{'seeds':>7}{'shared':>8}{'said although alike, %':>24}{'all intervals hold, %':>23}{'found, %':>10}"
    )
    for count, seeds, shared in itertools.product((2, 3, 5), (2, 3, 5, 10), (True, False)):
        said = held = told = 0
        for _ in range(options.repeats):
            alike = contrasts(settings(random, [100.0] * count, seeds, shared, options.common, options.own))
            said += any(one.is_sure for one in alike)
            held += all(one.low <= 0 <= one.high for one in alike)
            better = [100 - 2 * options.own, *[100.0] * (count - 1)]
            first = contrasts(settings(random, better, seeds, shared, options.common, options.own))[0]
            told += first.high < 0
        shares = [f"{100 * number / options.repeats:.1f}" for number in (said, held, told)]
        print(
            f"{count:>8}{seeds:>7}{'yes' if shared else 'no':>8}{shares[0]:>24}{shares[1]:>23}{shares[2]:>10}",
            flush=True,
        )


if __name__ == "__main__":
    main()
