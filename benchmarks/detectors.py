"""What are detectors worth on generators that they never saw? Leave one of figment's own recipes out, and on pictures of others.

    for r in dcgan dcgan-r1 projected r3gan-small; do
        figment train shared/data/celeba/dev --group '^(\\d+)_' --size 128 --recipe $r --for 2h --out runs/$r; done
    python benchmarks/detectors.py --runs dcgan=runs/dcgan r1=runs/dcgan-r1 projected=runs/projected r3gan=runs/r3gan-small \\
        --transfer shared/data/hard_fake_vs_real/dev --out detectors.json

It trains no generator. Reals are the pictures that the runs held out: people whom no run, and by the detectors' own split no
detector, has learnt from. *All*: a detector of all runs, on fresh samples of each. *Without NAME*: one of all other runs, on
NAME's samples; all of its readings (spectrum, lite0, the first run's discriminator, their average), under all conditions: what
the default is chosen by. *Own NAME*: that run's discriminator, before and after calibration, on its own samples and on the
others'. *Transfer*: the detector of all on a folder with real/ and fake/, which is a biased bench: reduced to 16 px its classes
part still.

Figures are written after each step, and the same command goes on from there. --charts PAGE.html draws a page of curves of each.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from figment.common.bars import Bars
from figment.common.files import write_atomically
from figment.common.jsontext import without_nan
from figment.forensics.accuracy import calibration_errors, reliability
from figment.forensics.detect_page import page
from figment.forensics.detector import Detector, load_detector
from figment.forensics.examining import examine, examined
from figment.forensics.gathering import Set, gathered
from figment.forensics.own_discriminator import of_run
from figment.forensics.teaching import train
from figment.forensics.words import sweep_table, worth_table
from figment.run import Run

TIMED_PICTURES = 200
OWN_SEED = 2**37  # of the samples that a run's own discriminator is tried on


class Figures:
    """Results by step, in a file; a step that is there isn't taken again."""

    def __init__(self, file: Path, options: dict[str, Any]) -> None:
        self.file = file
        self.found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"options": options}
        if self.found["options"] != options:
            raise SystemExit(f"{file} is of other options, {self.found['options']}: name another file with --out")

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        if name not in self.found:
            began = time.monotonic()
            result = without_nan(work())
            self.found[name] = result | {"seconds": round(time.monotonic() - began, 1)}
            write_atomically(self.file, json.dumps(self.found, indent=1).encode())
            print(f"{name}: done in {self.found[name]['seconds']:,.0f} s", flush=True)
        return self.found[name]


def trained(runs: Sequence[str], file: Path, options: argparse.Namespace, by: Sequence[str]) -> Detector:
    """A detector of some runs, kept beside the figures."""
    if not file.exists():
        made = train((), runs, by=by, n=options.n, seed=options.seed, device=options.device, display=Bars())
        write_atomically(file, made.packed())
    return load_detector(file, options.device)


def of_own(name: str, runs: dict[str, str], options: argparse.Namespace) -> dict[str, Any]:
    """A run's own discriminator: calibrated on some held-out people and samples, tried on others, and on other runs' samples."""
    sets = gathered((), [runs[name]], options.n, OWN_SEED, None, None, options.device, None, Bars())
    detector = of_run(Run(runs[name]), options.device, Bars(), [one.rows(one.roles != "test") for one in sets])
    reals = next(one for one in sets if not one.is_fake)
    found = {}
    for other, run in runs.items():
        fakes: Set = next(
            one for one in (sets if other == name else gathered(
                (), [run], options.n, OWN_SEED, reals.pictures.shape[2:], None, options.device, None, Bars())) if one.is_fake
        )  # fmt: skip
        tried = [reals.rows(reals.roles == "test"), fakes.rows(fakes.roles == "test")]
        told = examined(detector, tried, options.seed, 0, Bars()).told
        raw = 1 / (1 + np.exp(-told.scores))  # σ(−logit): its scores are logits of fake
        every = np.ones((1, len(raw)))
        found[other] = {
            "worth": told.accuracy(options.seed).as_record(), "answered": told.answered,
            "ece_before": float(calibration_errors(raw, told.is_fake, every)[0]),
            "reliability_before": reliability(raw, told.is_fake), "reliability": reliability(told.p_fake, told.is_fake),
        }  # fmt: skip
    return found


def speed(detector: Detector, side: int) -> dict[str, float]:
    """Pictures a second."""
    pictures = np.random.default_rng(0).integers(0, 256, (TIMED_PICTURES, 3, side, side), np.uint8)
    detector.read(pictures[:8])
    began = time.process_time()
    detector.read(pictures)
    return {"pictures_a_cpu_second": TIMED_PICTURES / (time.process_time() - began)}


def tell(figures: Figures, names: Sequence[str]) -> None:
    """The tables."""
    for name in names:
        one = figures.found.get(f"without {name}")
        if one:
            print(f"\nwithout {name}, on its samples (answered: {one['readings'][one['default']]['answered']})")
            print("\n".join(worth_table({key: its["worth"] for key, its in one["readings"].items()}, "read by")))
            print("\n".join(sweep_table(one["sweep"])))
    for name in names:
        own = figures.found.get(f"own {name}", {})
        rows = {f"{name} on {other}": own[other]["worth"] for other in names if other in own}
        print("\n" + "\n".join(worth_table(rows, "own discriminator")))
        for other in rows and names:
            before, after = own[other]["ece_before"], own[other]["worth"]["ece"]["value"]
            print(f"  {other}: ECE {before:.3f} before, {after:.3f} after; answered {own[other]['answered']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", required=True, metavar="NAME=RUN")
    parser.add_argument("--transfer", type=Path, metavar="FOLDER", help="with real/ and fake/ in it")
    parser.add_argument("--n", type=int, default=1000, help="pictures of each kind")
    parser.add_argument("--sweep", type=int, default=200, help="pictures of each kind under each condition")
    parser.add_argument("--by", default="spectrum,lite0,discriminator")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path("detectors.json"))
    parser.add_argument(
        "--charts", type=Path, metavar="PAGE.html", help="curves of each step, a page each: PAGE-STEP.html"
    )
    options = parser.parse_args()
    runs = dict(pair.split("=", 1) for pair in options.runs)
    by = options.by.split(",")
    kept = {"runs": runs, "n": options.n, "sweep": options.sweep, "by": by, "seed": options.seed}
    figures = Figures(options.out, kept)

    def file(name: str) -> Path:
        return options.out.with_name(f"{options.out.stem}-{name}.safetensors")

    def tried(detector: Detector, real: Sequence[str], fake: Sequence[str]) -> dict[str, Any]:
        size = tuple(detector.card["size"])
        return examine(
            detector,
            real,
            fake,
            n=options.n,
            seed=options.seed,
            size=size,
            sweep=options.sweep,
            device=options.device,
            display=Bars(),
        ).as_record()

    everything = trained(list(runs.values()), file("all"), options, by)
    figures.step("all", lambda: {"card": dict(everything.card), "fresh": tried(everything, (), list(runs.values()))})
    figures.step("speed", lambda: speed(everything, everything.card["size"][0]))

    def without(name: str) -> dict[str, Any]:
        others = [run for other, run in runs.items() if other != name]
        return tried(trained(others, file(f"without-{name}"), options, by), (), [runs[name]])

    for name in runs:
        if len(runs) > 1:
            figures.step(f"without {name}", partial(without, name))
        figures.step(f"own {name}", partial(of_own, name, runs, options))
    if options.transfer:
        figures.step(
            "transfer", lambda: tried(everything, [str(options.transfer / "real")], [str(options.transfer / "fake")])
        )
    tell(figures, list(runs))
    if options.charts:
        for name, found in figures.found.items():
            if "readings" in found:
                place = options.charts.with_name(f"{options.charts.stem}-{name.replace(' ', '-')}.html")
                place.write_text(page(found, name), "utf-8")


if __name__ == "__main__":
    main()
