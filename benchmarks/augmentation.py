"""What is augmentation worth on a small set? The same recipe for the same time, with and without.

    python benchmarks/augmentation.py shared/data/congress_faces64/modern --out augmentation.json \\
        [--features mobilenet_v2_features.onnx] [--minutes 10] [--seeds 0 1 2] [--recipe auto] [--with FIELD=VALUE …]
        [--size 64] [--grids FOLDER]

"with" is what `figment train` does with so few pictures, or what --with sets; "without" adds --set augment=none. KID is
against held-out pictures (benchmarks/scoring.py); "memorising" is how well the discriminator tells training from held-out
reals, the AUC of the last five readings of the run (0.5: not at all). Intervals are 95 % ones of Student's t over the
seeds. Finished runs are kept in --out, with a folder beside it, and not run again.
"""

import argparse
import math
import statistics
from dataclasses import asdict
from functools import cache
from pathlib import Path

from figment.data.bank.prepare import prepare
from figment.features.registry import extractor
from figment.run import Run
from scoring import Yardstick, as_ratio, with_interval
from trials import Kept, effort, machine, samples, side_by_side, train

COLUMNS = ("kid", "fd", "recall", "memorising", "images")


def memorising(run: Run) -> float:
    """AUC of training against held-out reals over the last five readings; nan where too few are held out to tell."""
    return statistics.fmean(math.nan if (auc := e["memorising"]) is None else auc for e in run.events("tick")[-5:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--features", type=Path, help="ONNX network; without it, lite0")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--recipe", default="auto")
    parser.add_argument(
        "--with", dest="choices", nargs="+", default=[], metavar="FIELD=VALUE", help="augment=…, augment_p=…"
    )
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--out", type=Path, default=Path("augmentation.json"))
    parser.add_argument("--grids", type=Path, help="folder for a sheet of both sides")
    options = parser.parse_args()

    bank = prepare(options.data, options.size)
    network = extractor(f"onnx:{options.features}" if options.features else "lite0")
    yardstick = cache(lambda: Yardstick(bank, network, options.samples))
    settings = {"data": options.data.name, "minutes": options.minutes, "recipe": options.recipe, "size": options.size}
    settings |= {"samples": options.samples, "features": network.name}
    settings["with"] = options.choices
    sides = {"with": [part for choice in options.choices for part in ("--set", choice)]}
    sides["without"] = ["--set", "augment=none"]
    kept = Kept(options.out, settings)
    for seed in options.seeds:
        for side, choices in sides.items():
            if f"{side} {seed}" in kept.results:
                continue
            common = ["--recipe", options.recipe, "--size", str(options.size), "--seed", str(seed)]
            run = train(kept.folder / f"{side}-{seed}", options.data, 60 * options.minutes, [*common, *choices])
            scores = asdict(yardstick()(samples(run, yardstick().count)))
            kept.keep(f"{side} {seed}", effort(run) | scores | {"memorising": memorising(run)})
    if "floor" not in kept.results:
        kept.keep("floor", asdict(yardstick().floor()) | {"label": yardstick().label, "warning": yardstick().warning})

    floor = kept.results["floor"]
    print(f"{machine()}; {len(bank.train):,} trained on, {len(bank.held_out):,} held out; {options.minutes:g} minutes")
    print(f"fd is {floor['label']}. {floor['warning']}")
    print(f"{'':16}" + "".join(f"{name:>18}" for name in COLUMNS))
    for side in sides:
        runs = [kept.results[f"{side} {seed}"] for seed in options.seeds]
        print(f"{side:16}" + "".join(f"{with_interval([run[name] for run in runs]):>18}" for name in COLUMNS))
        used = runs[0]["recipe"]
        print(f"{'':16}({used['name']}, augment {used['augment']}, p {used['augment_p']:g} {used['augment_mode']})")
    print(f"{'training reals':16}" + "".join(f"{floor[name]:>18,.4g}" for name in COLUMNS if name in floor))
    kids = ([kept.results[f"{side} {seed}"]["kid"] for seed in options.seeds] for side in sides)
    print(f"KID with / KID without: {as_ratio(*kids)}")
    if options.grids:
        first = options.seeds[0]
        file = options.grids / "augmentation.png"
        side_by_side(file, [samples(Run(kept.folder / f"{side}-{first}"), 36) for side in sides])
        print(f"{file}: with and without, seed {first}")


if __name__ == "__main__":
    main()
