"""How many modes do recipes draw? A thousand, known ones, of stacked grey portraits; or the built-in portraits' attributes.

    python benchmarks/modes.py --out modes.json [--recipes dcgan-r1 dcgan-small …] [--for 3m | --images 200k] [--seeds 0]
        [--pictures 25600] [--samples 26000] [--set field=value …] [--data modes.npz] [--threads N] [--attributes]

A training a recipe and seed through `figment.train`, on the CPU, on PICTURES stacked pictures of 32 px, which lie at --data
(beside --out where it isn't given). Of its samples, modes found of 1000 and the KL divergence from equal shares, as
attributes/modes.py has them; beside them what as many real pictures reach. With --attributes the built-in portraits of 64 px
are trained on, and attributes/coverage.py measures the samples. Finished runs are kept in --out and not run again.
"""

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import figment
from figment.attributes.coverage import measure_attributes
from figment.attributes.modes import count_modes, stacked
from trials import Kept, machine, samples

Measure = Callable[[np.ndarray], dict[str, Any]]


def set_of(file: Path, pictures: int) -> Path:
    """The stacked set in a file, drawn where it isn't there yet. Its modes aren't kept: nothing may be trained on them."""
    if not file.exists():
        drawn, _ = stacked(pictures)
        np.savez(file, pictures=drawn)
    return file


def trained(folder: Path, data: Path | None, recipe: str, seed: int, options: argparse.Namespace) -> figment.Run:
    shutil.rmtree(folder, ignore_errors=True)
    budget = {"images": options.images} if options.images else {"time": options.time}
    choices = dict(field.split("=", 1) for field in options.set)
    size = 64 if options.attributes else 32
    return figment.train(
        data, recipe=recipe, out=folder, device="cpu", display=None, **{"size": size, "seed": seed, **budget, **choices}
    )


def of_modes(pictures: np.ndarray) -> dict[str, Any]:
    modes = count_modes(pictures)
    print("  " + "; ".join(modes.sentences()), flush=True)
    return modes.as_record()


def of_attributes(pictures: np.ndarray) -> dict[str, Any]:
    attributes = measure_attributes(pictures)
    print("\n".join("  " + sentence for sentence in attributes.sentences()), flush=True)
    return attributes.as_record()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=["auto"])
    parser.add_argument("--for", dest="time", default="3m", help="of training, each")
    parser.add_argument("--images", help="a budget of images seen in its place")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--pictures", type=int, default=25_600)
    parser.add_argument("--samples", type=int, help="26,000 for modes, 2,000 for attributes")
    parser.add_argument("--set", nargs="+", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--attributes", action="store_true", help="of the built-in portraits, in place of modes")
    parser.add_argument("--out", type=Path, default=Path("modes.json"))
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)

    what = "attributes" if options.attributes else "modes"
    count = options.samples or (2_000 if options.attributes else 26_000)
    settings = {"what": what, "for": options.time, "images": options.images, "samples": count, "set": options.set}
    settings |= {"pictures": options.pictures, "threads": torch.get_num_threads()}
    kept = Kept(options.out, settings)
    kept.folder.mkdir(parents=True, exist_ok=True)
    data = None if options.attributes else set_of(options.data or kept.folder / "modes.npz", options.pictures)
    measure: Measure = of_attributes if options.attributes else of_modes
    print(f"{machine()}; {options.images or options.time} each; {count:,} samples")
    for recipe in options.recipes:
        for seed in options.seeds:
            name = f"{recipe} {seed}"
            if name in kept.results:
                print(f"{name}: {kept.results[name]}")
                continue
            run = trained(kept.folder / f"{recipe}-{seed}", data, recipe, seed, options)
            print(
                f"{name}: {run.facts['images']:,} images in {run.facts['seconds']:.0f} s, {run.recipe.name}", flush=True
            )
            kept.keep(name, measure(samples(run, count)) | {k: run.facts[k] for k in ("images", "seconds")})


if __name__ == "__main__":
    main()
