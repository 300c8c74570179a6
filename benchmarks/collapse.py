"""Does `auto` ever collapse? Ten seeds on the built-in portraits and on pictures of yours.

    python benchmarks/collapse.py [--data shared/data/celeba/dev --group '^(\\d+)_'] --out collapse.json \\
        [--features mobilenet_v2_features.onnx] [--minutes 3] [--seeds 0 … 9] [--size 32] [--at-once 1]

A run counts as collapsed when one of these holds: a NaN or infinity was met (it was set back, or a number in its events
isn't finite); the spread of its samples (mean distance between two, as a share of that between two reals) is below 0.4;
its recall is below a twentieth of that of training reals in their place; its sliced Wasserstein distance is above that of
the training pictures' mean, repeated: of a generator that draws one blur. The limits were set before any run.

With --at-once K, K runs go at a time with one thread each, so each gets less done than one alone on all cores would, but
all are over much sooner. Finished runs are kept in --out and not run again.
"""

import argparse
import math
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from figment.common.pixels import to_float, to_rgb
from figment.data.bank.prepare import prepare
from figment.run import Run
from figment.training.monitor import spread
from scoring import Yardstick
from trials import Kept, effort, machine, samples, train

LEAST_SPREAD = 0.4
LEAST_RECALL = 0.05  # of that of training reals


def floats(pictures: np.ndarray) -> torch.Tensor:
    return to_float(torch.from_numpy(to_rgb(pictures)))


def judged(run: Run, yardstick: Yardstick) -> dict[str, Any]:
    """What a run did, and its scores."""
    pictures = samples(run, yardstick.count)
    numbers = [value for event in run.events("tick") for value in event.values() if isinstance(value, float)]
    finite = all(map(math.isfinite, numbers)) and not run.events("setback")
    few = floats(pictures[:1000]), floats(yardstick.held_out[:1000])
    return effort(run) | asdict(yardstick(pictures)) | {"finite": finite, "spread": spread(*few)}


def complaints(result: dict[str, Any], floor: dict[str, Any], blur: dict[str, Any]) -> list[str]:
    """Which criteria say that a run collapsed."""
    signs = {
        "not finite": not result["finite"],
        "spread": result["spread"] < LEAST_SPREAD,
        "recall": result["recall"] < LEAST_RECALL * floor["recall"],
        "SWD": result["swd"] > blur["swd"],
    }
    return [name for name, holds in signs.items() if holds]


def yardsticks(data: Path | None, options: argparse.Namespace) -> tuple[Yardstick, dict[str, Any], dict[str, Any]]:
    """For one set; with the scores of training reals, and of their mean, repeated."""
    bank = prepare(data, options.size, group=options.group if data else None)
    yardstick = Yardstick(bank, options.features, options.samples)
    mean = yardstick.spare.mean(0, keepdims=True).astype(np.uint8)
    return yardstick, asdict(yardstick.floor()), asdict(yardstick(np.repeat(mean, yardstick.count, axis=0)))


def row(name: object, result: dict[str, Any], last: str = "") -> str:
    images = f"{result['images']:,}" if "images" in result else ""
    share = f"{result['spread']:.2f}" if "spread" in result else ""
    scores = f"{result['kid']:>10,.0f}{result['swd']:>10.1f}{result['recall']:>10.3f}"
    return f"{name!s:>16}{images:>12}{share:>10}{scores}   {last}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="beside the built-in portraits")
    parser.add_argument("--group")
    parser.add_argument("--features", type=Path, help="ONNX network; without it, one that has learnt nothing")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("collapse.json"))
    options = parser.parse_args()

    settings = {"minutes": options.minutes, "size": options.size, "samples": options.samples, "group": options.group}
    settings |= {"data": options.data.name if options.data else None, "at_once": options.at_once}
    settings["features"] = options.features.name if options.features else "random"
    kept = Kept(options.out, settings)
    threads = 1 if options.at_once > 1 else None
    print(
        f"{machine()}; {options.at_once} at once{', one thread each' if threads else ''}; {options.minutes:g} minutes each"
    )
    collapsed = 0
    for data in [None, options.data] if options.data else [None]:
        name = data.name if data else "portraits"
        yardstick, floor, blur = yardsticks(data, options)
        kept.keep(f"{name} yardsticks", {"floor": floor, "blur": blur})

        def one(seed: int, data: Path | None = data, name: str = name) -> Run:
            where = kept.folder / f"{name}-{seed}"
            choices = ["--recipe", "auto", "--size", str(options.size), "--seed", str(seed)]
            choices += ["--group", options.group] if data and options.group else []
            return train(where, data, 60 * options.minutes, choices, threads)

        missing = [seed for seed in options.seeds if f"{name} {seed}" not in kept.results]
        with ThreadPoolExecutor(options.at_once) as pool:
            runs = {pool.submit(one, seed): seed for seed in missing}
            for done in as_completed(runs):
                kept.keep(f"{name} {runs[done]}", judged(done.result(), yardstick))

        print(
            f"\n{name}\n{'seed':>16}{'images':>12}{'spread':>10}{'KID ×1000':>10}{'SWD':>10}{'recall':>10}   collapsed?"
        )
        results = {seed: kept.results[f"{name} {seed}"] for seed in options.seeds}
        for seed, result in results.items():
            wrong = complaints(result, floor, blur)
            collapsed += bool(wrong)
            print(row(seed, result, ", ".join(wrong) or "no"))
        extremes = dict.fromkeys(("kid", "swd"), max) | dict.fromkeys(("images", "spread", "recall"), min)
        print(row("worst of each", {f: worst(r[f] for r in results.values()) for f, worst in extremes.items()}))
        print(row("training reals", floor))
        print(row("their mean", blur))
    print(f"\n{collapsed} runs collapsed")


if __name__ == "__main__":
    main()
