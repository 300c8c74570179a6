"""Which loss rebuilds real pictures best, by judges that no loss has seen?

    python benchmarks/projection_loss.py RUN --judge onnx:FILE [--features own pixels lite0 random] [--pictures 8]
        [--restarts 2] [--steps 300] [--seed 0]

Held-out pictures, and own samples as a floor, are projected with each loss. How far the rebuilt ones lie from them: root mean
square of pixels, in levels of 255; distance in the judge's features, as a share of what the pictures lie apart from each
other; both with standard errors over the pictures. Seconds a picture.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from figment.common.pixels import to_rgb
from figment.common.progress import Silent
from figment.explore.projection import pictures_of_bank, project
from figment.features.base import Extractor
from figment.features.perceptual import perceptual_loss
from figment.features.registry import extractor
from figment.workbench import Workbench


def apart(judge: Extractor, wanted: NDArray[np.uint8], found: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Of each picture its distance from the rebuilt one, over the mean distance of two of the pictures."""
    goals, ours = judge(to_rgb(wanted)).astype(np.float64), judge(to_rgb(found))
    usual = np.linalg.norm(goals[:, None] - goals, axis=2).sum() / (len(goals) * (len(goals) - 1))
    return np.linalg.norm(goals - ours, axis=1) / usual


def mean_and_error(values: NDArray) -> str:
    return f"{values.mean():.3g} ± {values.std(ddof=1) / math.sqrt(len(values)):.2g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--judge", required=True)
    parser.add_argument("--features", nargs="+", default=["own", "pixels", "lite0", "random"])
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--restarts", type=int, default=2)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    at, judge = Workbench(options.run, "cpu", Silent()), extractor(options.judge)
    held_out = {"held-out": pictures_of_bank(at.bank, options.pictures, options.seed)[0]["held-out"]}
    print(f"| run | loss | pictures | RMS of 255 | {judge.name} | s a picture |\n|---|---|---|---|---|---|")
    for name in options.features:
        loss = perceptual_loss(name, lambda: at.discriminator)
        start = time.perf_counter()
        its = project(at.generator, held_out, loss, options.restarts, options.steps, options.seed)
        seconds = (time.perf_counter() - start) / sum(map(len, its.targets.values()))
        for group, place in its.places.items():
            rebuilt = its.found[place]
            far = apart(judge, its.targets[group].numpy(), rebuilt.pictures.numpy())
            cells = f"{len(place)} {group} | {mean_and_error(rebuilt.rms.numpy())} | {mean_and_error(far)}"
            print(f"| {options.run.name} | {name} | {cells} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
