"""How long exploring takes once a generator is loaded: a strip of 64 pictures; a real picture projected, as the command does.

    python benchmarks/explore_speed.py RUN [--repeats 5] [--out FILE.json]

Wall-clock of the library's functions in this process, after one unmeasured turn; the aims for 64 px on two cores are a second
for the strip and 20 seconds for the projection.
"""

import argparse
import json
import platform
import statistics
import time
from pathlib import Path

import torch

from figment.common.machine import this_machine
from figment.common.progress import Silent
from figment.discriminator import load_discriminator
from figment.explore.paths import slerp
from figment.explore.projection import project
from figment.features.perceptual import perceptual_loss
from figment.generator import load
from figment.media.strips import strips
from figment.reals import bank_of
from figment.run import Run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    run, generator = Run(args.run), load(args.run)
    bank = bank_of(run, Silent())
    perceptual = perceptual_loss("own", lambda: load_discriminator(run.folder), "cpu")
    picture = torch.from_numpy(bank.pictures[bank.held_out[:1]])

    def strip() -> None:
        ends = generator.codes(2)
        z = slerp(ends[:1], ends[1:], torch.linspace(0, 1, 64), generator.recipe.prior)[0]
        labels = generator.labels(1)
        pictures = generator.decode(z, None if labels is None else labels.expand(64))
        strips([("", part) for part in pictures.split(8)])

    def projection() -> None:
        project(generator, {"given": picture}, perceptual)

    found = {"machine": str(this_machine("cpu")), "threads": torch.get_num_threads(), "torch": torch.__version__,
             "python": platform.python_version(), "recipe": run.recipe.name, "size": run.recipe.size}  # fmt: skip
    for name, work, repeats in (("strip of 64", strip, args.repeats), ("projection of 1", projection, 2)):
        work()
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
        found[name] = statistics.median(seconds)
        print(f"{name:16} {found[name]:6.2f} s  (median of {repeats})")
    if args.out:
        args.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
