"""Is the generator that a run keeps as its best one better than its last? As a network sees it that didn't choose.

    python benchmarks/best.py RUN … --judge onnx:mobilenet_v2_features.onnx --out best.json
        [--network lite0] [--samples 200] [--looks 10] [--judged 2000] [--before random] [--before-samples 500]

The last --looks snapshots of each run are looked at once more, by the code that does so in training, whatever the run was
scored by: so a run is best trained with --set scores=none. --before is the rule of before: of the same snapshots the one
with the least distance in that network's features, however little less. Best, last and that one are then judged by KID and
the Fréchet distance in the judge's features, of --judged other codes, the same for each, against as many reals as there
are, 1,000 at most: differences to the last are of pairs, and so are their errors. Below 0 is better than the last.

Each run's results are kept in --out, and what is there isn't made again.
"""

import argparse
import math
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import figment
from figment.common.progress import Silent
from figment.common.seeds import seed_at
from figment.data.bank.bank import Bank
from figment.features.base import Extractor
from figment.features.extract import bank_rows, extract_features, sampled
from figment.features.registry import extractor
from figment.metrics.estimate import Estimate
from figment.metrics.influence import FrechetInfluence, Influences
from figment.reals import bank_of
from figment.recipe import changed
from figment.run import Run
from figment.training import scoring
from figment.training.best import best, lowest
from trials import Kept

JUDGED_REALS = 1000
PLANNED_IMAGES = 10**9  # of which there are scores at all
SCORES = ("kid", "fd")


class KidInfluence:
    """KID ×1000 from one set of reals, with every picture's influence on it: the jackknife of its means, by rows."""

    def __init__(self, reals: NDArray) -> None:
        self.reals = reals.astype(np.float64)
        among = self._kernel(self.reals, self.reals)
        np.fill_diagonal(among, 0)
        self.among = among.sum(1) / (len(among) - 1)

    def __call__(self, samples: NDArray) -> Influences:
        x = samples.astype(np.float64)
        among, across = self._kernel(x, x), self._kernel(x, self.reals)
        np.fill_diagonal(among, 0)
        rows = among.sum(1) / (len(x) - 1)
        value = rows.mean() + self.among.mean() - 2 * across.mean()
        return Influences(1000 * value, 2000 * (rows - across.mean(1)), 2000 * (self.among - across.mean(0)))

    @staticmethod
    def _kernel(a: NDArray, b: NDArray) -> NDArray:
        return (a @ b.T / a.shape[1] + 1) ** 3


def looked_at(run: Run, bank: Bank, network: str, samples: int, reals: int, images: list[int]) -> list[dict[str, Any]]:
    """The events of looks at snapshots of a run, made by the trainer's own code on a copy."""
    with TemporaryDirectory() as place:
        copy = Path(
            shutil.copytree(run.folder, Path(place) / "run", ignore=shutil.ignore_patterns("state", "pictures"))
        )
        recipe = changed(run.recipe, scores=network, seconds=None, planned_images=PLANNED_IMAGES)
        scorer = scoring.Scorer(Run(copy), bank, recipe, torch.device("cpu"), [{"event": "snapshot", "images": 0}])
        scorer.samples, scorer.reals = samples, reals
        return [scorer.score(number, 0.0) for number in images]


def judged(run: Run, bank: Bank, judge: Extractor, count: int, images: set[int]) -> dict[int, tuple[Influences, ...]]:
    """KID and Fréchet distance of snapshots in the judge's features, with every picture's influence."""
    rows = np.random.default_rng(seed_at(0, "judge")).permutation(np.concatenate([bank.held_out, bank.train]))
    reals = seen(judge, bank_rows(bank, np.sort(rows[:JUDGED_REALS])))
    distances = KidInfluence(reals), FrechetInfluence(reals)
    found = {}
    for number in images:
        features = seen(judge, sampled(figment.load(run.snapshots()[number]), count, seed_at(0, "judged")))
        found[number] = tuple(distance(features) for distance in distances)
    return found


def seen(network: Extractor, pictures: Any) -> NDArray[np.float32]:
    return extract_features(pictures, [network]).features[network.name]


def result(run: Run, judge: Extractor, options: argparse.Namespace) -> dict[str, Any]:
    """Which snapshots are taken, and how far each is from the last by the judge."""
    bank = bank_of(run, Silent())
    images = [number for number in run.snapshots() if number][-options.looks :]
    scores = looked_at(run, bank, options.network, options.samples, scoring.REALS, images)
    earlier = looked_at(run, bank, options.before, options.before_samples, scoring.EARLIER_REALS, images)
    taken = {"best": best(scores), "before": lowest(earlier), "last": scores[-1]}
    at = {name: look["images"] for name, look in taken.items() if look is not None}
    told: dict[str, Any] = {
        "images": at, "looks": [look["fd"] for look in scores], "earlier": [look["fd"] for look in earlier],
        "behind": [(look.get("difference"), look.get("difference_error")) for look in scores],
    }  # fmt: skip
    if len(set(at.values())) == 1:  # nothing to be told apart
        return told | {score: {"best": (0.0, 0.0), "before": (0.0, 0.0)} for score in SCORES}
    by_judge = judged(run, bank, judge, options.judged, set(at.values()))
    last = by_judge[at["last"]]
    for place, score in enumerate(SCORES):
        told[score] = {"last": last[place].estimate}
        told[score] |= {name: by_judge[at[name]][place].minus(last[place]) for name in ("best", "before")}
        told[score] = {name: (found.value, found.error) for name, found in told[score].items()}
    return told


def report(results: dict[str, Any], judge: str) -> None:
    """A row a run, and sums."""
    print(f"{judge}: differences to the last generator, below 0 better than it; kid is ×1000")
    print(f"{'run':24}{'last at':>9}" + "".join(f"{title:>34}" for title in ("the best of now", "the one of before")))
    for name, found in results.items():
        cells = []
        for which in ("best", "before"):
            if found["images"][which] == found["images"]["last"]:
                cells.append("the last")
            else:
                told = ", ".join(f"{score} {Estimate(*found[score][which])}" for score in SCORES)
                cells.append(f"{found['images'][which]:,}: {told}")
        print(f"{name:24}{found['images']['last']:>9,}" + "".join(f"{cell:>44}" for cell in cells))
    for score in SCORES:
        for which in ("best", "before"):
            pairs = [found[score][which] for found in results.values()]
            total = Estimate(sum(value for value, _ in pairs), math.hypot(*(error for _, error in pairs)))
            others = [found for found in results.values() if found["images"][which] != found["images"]["last"]]
            worse = sum(found[score][which][0] > found[score][which][1] for found in others)
            print(
                f"{score}, {which}: sum of {len(pairs)} runs {total}; {len(others)} are not the last, {worse} of these worse "
                "by more than the error"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--judge", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--network", default="lite0")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--looks", type=int, default=10)
    parser.add_argument("--judged", type=int, default=2000)
    parser.add_argument("--before", default="random")
    parser.add_argument("--before-samples", type=int, default=500)
    options = parser.parse_args()
    judge = extractor(options.judge)
    settings = {n: v for n, v in vars(options).items() if n not in {"runs", "out", "judge"}} | {"judge": judge.name}
    kept = Kept(options.out, settings)
    for folder in options.runs:
        run = Run(folder)
        if run.name not in kept.results:
            kept.keep(run.name, result(run, judge, options))
            print(run.name, kept.results[run.name]["images"], flush=True)
    report(kept.results, judge.name)


if __name__ == "__main__":
    main()
