"""How good is a run after so many images? Learning curves, as `figment train` promises its pictures by.

    python benchmarks/learning_curves.py RUN … --set CelebA --log 99 --features mobilenet_v2_features.onnx \\
        [--against DATA --group REGEX] [--samples 500] [--least 5000]

Every snapshot from --least images on is scored: KID ×1000 of --samples samples of the run's seed, in the network's features,
against the held-out pictures of --against (by default the run's own data). The points go into
src/figment/planning/learning_curves.json under the run's recipe, size and number of training pictures, in the place of a curve of
the same set, recipe, size, pictures and start; curves that other benchmarks measured (quality_per_minute.py, small_sets.py,
start_nets.py: the entries of LOG.md that stand beside them) stay as they are. One seed a curve.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import figment
from figment.common.pixels import to_rgb
from figment.data.bank.prepare import prepare
from figment.data.sources.open import open_source
from figment.features.registry import extractor
from figment.metrics.kid import kid
from figment.planning.learning_curves import FILE
from figment.run import Run
from figment.starts.asked import SHIPPED

WHICH = ("set", "recipe", "size", "pictures", "start")  # what makes a curve another one


def curve(run: Run, reals: np.ndarray, network: Any, options: argparse.Namespace) -> dict[str, Any]:
    """The curve of a run. reals: features of pictures that it hasn't learnt from, (N, d)."""
    points = []
    for images, file in run.snapshots().items():
        if images < options.least:
            continue
        seen = network(to_rgb(figment.load(file).sample(options.samples, seed=run.recipe.seed).numpy()))
        points.append([images, round(kid(seen, reals).value)])
        print(f"{run.name}: {images:,} images, KID {points[-1][1]:,}", flush=True)
    start = (run.facts.get("from") or {}).get("asked") == SHIPPED
    return {
        "set": options.set, "recipe": run.recipe.name, "size": run.recipe.size, "pictures": run.facts["trained_on"],
        "start": start, "log": [options.log], "points": points,
    }  # fmt: skip


def as_text(content: dict[str, Any]) -> str:
    """The file's text: a line a curve, smaller sizes first."""
    order = sorted(
        content["curves"], key=lambda its: (its["size"], its["set"], its["pictures"], its["recipe"], its["start"])
    )
    rows = ",\n".join(f"  {json.dumps(its, ensure_ascii=False)}" for its in order)
    head = json.dumps({key: value for key, value in content.items() if key != "curves"}, ensure_ascii=False, indent=1)
    return f'{head[:-2]},\n "curves": [\n{rows}\n ]\n}}\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--set", required=True)
    parser.add_argument("--log", type=int, required=True)
    parser.add_argument("--features", required=True)
    parser.add_argument("--against")
    parser.add_argument("--group")
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--least", type=int, default=5000)
    options = parser.parse_args()

    network = extractor(f"onnx:{options.features}")
    for folder in options.runs:
        run = figment.open_run(folder)
        source = open_source(options.against or run.data)
        bank = prepare(source, run.recipe.shape, int(run.recipe.channels), options.group or run.facts.get("group"))
        reals = network(to_rgb(np.asarray(bank.pictures[np.sort(bank.held_out)])))
        found = curve(run, reals, network, options)
        content = json.loads(FILE.read_text("utf-8"))
        others = [its for its in content["curves"] if any(its[key] != found[key] for key in WHICH)]
        FILE.write_text(as_text(content | {"curves": [*others, found]}), "utf-8")


if __name__ == "__main__":
    main()
