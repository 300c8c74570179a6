"""What helps small sets? The first pictures of a folder, from nothing and from known nets, augmented or not, D's first stages
frozen or not: equal images seen, each scored against all pictures of the folder.

    python benchmarks/small_sets.py shared/data/anime_faces96 --from runs/portraits-1 --out small.json \\
        [--pictures 0 200 40] [--images 12000] [--seeds 0] [--ways "from" "from augment=full augment_p=0.3" …] [--grids FOLDER]

A way is words: "from" begins with the known nets, else from nothing; the others are recipe fields. --pictures 0: all of them.
KID ×1000 and recall are in the features of lite0, of 1,000 samples (recall of as many as there are pictures); "gap" is
how well D tells training from held-out reals, the mean AUC of the last three readings, which 4 held-out pictures hardly tell;
"copied" the share of 400 samples that are a training picture, "nearer" of those whose nearest training picture lies nearer than
held-out ones' does by chance. Finished runs are kept in --out, with a folder beside it, and not run again.
"""

import argparse
import shutil
import statistics
from pathlib import Path
from typing import Any

import numpy as np

import figment
from figment.common.pixels import to_rgb
from figment.common.progress import Silent
from figment.data.bank.prepare import prepare
from figment.data.sources.open import open_source
from figment.features.base import Extractor
from figment.features.registry import extractor
from figment.metrics.copying import measure_copying
from figment.metrics.kid import kid
from figment.metrics.precision_recall import precision_recall
from figment.reals import bank_of
from figment.run import Run
from figment.similarity.nearest import Subset
from trials import Kept, machine, samples, side_by_side

FULL = "augment=full augment_p=0.3"
WAYS = ("", "from", f"from {FULL}", "from frozen_stages=2", f"from {FULL} frozen_stages=2", FULL)
SCORED, LOOKED_UP, SHOWN = 1000, 400, 36  # samples


def subset(data: Path, count: int, folder: Path) -> Path:
    """A folder of the first so many pictures, by name; the folder itself for 0."""
    if not count:
        return data
    if not folder.exists():
        folder.mkdir(parents=True)
        for file in sorted(path for path in data.iterdir() if path.is_file())[:count]:
            shutil.copyfile(file, folder / file.name)
    return folder


def choices_of(way: str) -> dict[str, Any]:
    """Recipe fields of a way's words."""
    return dict(word.split("=", 1) for word in way.split() if word != "from")


def scores(run: Run, reals: np.ndarray, network: Extractor) -> dict[str, Any]:
    """How real, how varied, how much by heart."""
    drawn = samples(run, SCORED)
    found, bank = network(to_rgb(drawn)), bank_of(run, Silent())
    estimate = kid(found, reals)
    known = [event["memorising"] for event in run.events("tick") if event.get("memorising") is not None][-3:]
    copying = measure_copying(
        drawn[:LOOKED_UP], Subset(bank.pictures, bank.train), Subset(bank.pictures, bank.held_out)
    ).as_record()
    return {
        "kid": estimate.value, "error": estimate.error, "recall": precision_recall(found, reals).recall,
        "gap": statistics.fmean(known) if known else None, "copied": copying["copied_share"],
        "nearer": copying["nearer_share"], "seconds": run.facts["seconds"], "images": run.facts["images"],
    }  # fmt: skip


def told(row: dict[str, Any]) -> str:
    """A result in a line; – for what so few held-out pictures can't tell."""
    formats = dict(kid=",.0f", error=".0f", recall=".3f", gap=".2f", copied=".1%", nearer=".3f", seconds=".0f")
    cells = (f"{name} {'–' if row[name] is None else format(row[name], how)}" for name, how in formats.items())
    return "  ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--from", dest="start", required=True, help="known nets, as figment train --from takes them")
    parser.add_argument("--pictures", type=int, nargs="+", default=[0, 200, 40])
    parser.add_argument("--images", type=int, default=12_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--ways", nargs="+", default=list(WAYS))
    parser.add_argument("--recipe", default="dcgan-r1")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--out", type=Path, default=Path("small_sets.json"))
    parser.add_argument(
        "--grids", type=Path, help="folder for a sheet a number of pictures, its ways from left to right"
    )
    options = parser.parse_args()

    settings = {"data": options.data.name, "images": options.images, "recipe": options.recipe, "size": options.size}
    kept = Kept(options.out, settings)
    everything, network = prepare(open_source(str(options.data)), options.size, 3), extractor("lite0")
    parts = np.array_split(np.asarray(everything.pictures), -(-len(everything.pictures) // 256))
    reals = np.concatenate([network(to_rgb(part)) for part in parts])
    print(f"{machine()}; {len(reals):,} pictures, {options.images:,} images a run")
    for count in options.pictures:
        data = subset(options.data, count, kept.folder / f"first-{count}")
        for place, way in enumerate(options.ways):
            for seed in options.seeds:
                key = f"{count or 'all'} | {way or 'from nothing'} | {seed}"
                folder = kept.folder / f"{count or 'all'}-{place}-{seed}"
                if key not in kept.results:
                    shutil.rmtree(folder, ignore_errors=True)
                    run = figment.train(
                        data, images=options.images, recipe=options.recipe, size=options.size, seed=seed, out=folder,
                        from_run=options.start if "from" in way.split() else "none", scores="none", device="cpu",
                        display=None, **choices_of(way),
                    )  # fmt: skip
                    kept.keep(key, scores(run, reals, network) | {"folder": folder.name})
                row = kept.results[key]
                print(f"{key:60} {told(row)}", flush=True)
        if options.grids:
            first = [
                kept.results[f"{count or 'all'} | {way or 'from nothing'} | {options.seeds[0]}"] for way in options.ways
            ]
            side_by_side(
                options.grids / f"small-{count or 'all'}.png",
                [samples(Run(kept.folder / row["folder"]), SHOWN) for row in first],
            )


if __name__ == "__main__":
    main()
