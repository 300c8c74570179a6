"""How good are the pictures after so many minutes? `auto` against a tutorial's loop and against narrow known recipes.

    python benchmarks/quality_per_minute.py --data shared/data/celeba/dev --group '^(\\d+)_' --out quality.json \\
        [--features mobilenet_v2_features.onnx] [--minutes 5 10] [--seeds 0 1 2] [--contenders auto tutorial …] \\
        [--r3gan-width N] [--grids FOLDER] [--samples 5000] [--size 64]

All on the CPU of the same machine, one after the other, for the same seconds of wall: all that follows once the pictures
are prepared counts, so also measuring and compiling (starting Python and opening the bank don't, for none of them).

    auto      figment train --recipe auto --for …
    tutorial  the article's DCGAN in a plain eager float32 loop: benchmarks/tutorial.py says what exactly. Its rate is
              constant and it plans nothing, so its shorter marks are taken in passing from its longest run
    dcgan     figment train --recipe dcgan --set width=16 --set batch=64 --set lr=3e-4 --for …: the honest baseline
    r3gan     figment train --recipe r3gan-small, narrowed to the widest nets that run at 200 images/s here, as short
              runs find; r3gan itself has a batch and an average for days of GPUs, which would be no match

Scores are those of benchmarks/scoring.py; intervals are 95 % ones of Student's t over the seeds. Each finished run's
scores are kept in --out, and its folder beside it: what is there isn't run again, so it can be run in pieces.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from figment.data.bank.prepare import prepare
from figment.run import Run
from scoring import Yardstick, interval, ratio
from trials import Kept, effort, machine, samples, side_by_side, train

RECIPES = {
    "auto": ["--recipe", "auto"],
    "tutorial": [],
    "dcgan": ["--recipe", "dcgan", "--set", "width=16", "--set", "batch=64", "--set", "lr=3e-4"],
    "r3gan": ["--recipe", "r3gan-small"],
}
WIDTHS = (96, 64, 48, 32, 24, 16, 8)  # tried for r3gan, widest first
# In shorter trials slow nets spend most of the time on readings and pictures, of which there are 32 in any run.
WANTED_RATE, TRIAL_SECONDS = 200.0, 60.0


def calibrated(data: Path, folder: Path, common: list[str]) -> int:
    """The greatest width at which r3gan-small shows D 200 images a second here; the smallest if none does."""
    for width in WIDTHS:
        options = [*RECIPES["r3gan"], "--set", f"width={width}", *common]
        try:
            run = train(folder / f"r3gan-width-{width}", data, TRIAL_SECONDS, options)
        except RuntimeError as error:  # refused where a step alone takes seconds
            if "too short" not in str(error):
                raise
            print(f"r3gan, width {width}: too slow for a trial of {TRIAL_SECONDS:g} s", flush=True)
            continue
        rates = [event["images_per_second"] for event in run.events("tick")][1:]
        reached = statistics.median(rates) if rates else run.facts["images"] / run.facts["seconds"]
        print(f"r3gan, width {width}: {reached:.0f} images/s", flush=True)
        if reached >= WANTED_RATE:
            break
    return width


def by_tutorial(folder: Path, options: argparse.Namespace, seed: int, minutes: float) -> dict[str, Any]:
    """What the tutorial had done by a mark, from a run with samples at all marks, unless that has been made already."""
    facts = folder / "tutorial.json"
    if facts.exists() and f"{60 * minutes:g}" in (marks := json.loads(facts.read_text("utf-8"))):
        return dict(marks[f"{60 * minutes:g}"])
    shutil.rmtree(folder, ignore_errors=True)
    seconds = [f"{60 * minutes:g}" for minutes in options.minutes]
    script = str(Path(__file__).with_name("tutorial.py"))
    command = [sys.executable, script, str(options.data), "--seconds", *seconds, "--out", str(folder)]
    command += ["--seed", str(seed), "--size", str(options.size), "--samples", str(options.samples)]
    subprocess.run([*command, *(["--group", options.group] if options.group else [])], check=True)
    return by_tutorial(folder, options, seed, minutes)


def shown(name: str, minutes: float, folder: Path, count: int) -> np.ndarray:
    """A finished run's samples."""
    if name == "tutorial":
        return np.array(np.load(folder / f"samples-{60 * minutes:g}.npy")[:count])
    return samples(Run(folder), count)


def place(folder: Path, name: str, minutes: float, seed: int) -> Path:
    """Where a run lies: the tutorial's marks share one."""
    return folder / (f"tutorial-{seed}" if name == "tutorial" else f"{name}-{minutes:g}m-{seed}")


def report(kept: Kept, options: argparse.Namespace, label: str) -> None:
    """Print the tables."""
    head = f"{'':18}{'KID ×1000':>16}{label:>24}{'SWD ×1000':>14}{'recall':>14}{'faces':>14}{'images/s':>10}"
    for minutes in options.minutes:
        print(
            f"\n{minutes:g} minutes, seeds {', '.join(map(str, options.seeds))}: mean ± half of the 95 % interval\n{head}"
        )
        scored: dict[str, list[dict[str, Any]]] = {}
        for name in options.contenders:
            runs = [kept.results[f"{name} {minutes:g}m {seed}"] for seed in options.seeds]
            scored[name] = [run["scores"] for run in runs]
            rate = statistics.fmean(run["images"] / run["seconds"] for run in runs)
            print(row(name, scored[name]) + f"{rate:>10.0f}")
        print(row("training reals", [kept.results["floor"]["scores"]]))
        for other in scored if "auto" in scored else ():
            if other == "auto":
                continue
            mean, low, high = ratio(*([run["kid"] for run in scored[name]] for name in ("auto", other)))
            print(f"KID of auto / KID of {other}: {mean:.3f} ({low:.3f} to {high:.3f})")


def row(name: str, scores: list[dict[str, float]]) -> str:
    """One line of the table."""
    columns = (("kid", 16, 0), ("fd", 24, 2), ("swd", 14, 1), ("recall", 14, 3), ("faces", 14, 3))
    cells = []
    for score, width, digits in columns:
        mean, half = interval([run[score] for run in scores])
        cells.append(f"{mean:,.{digits}f}{'' if half != half else f' ± {half:,.{digits}f}'}".rjust(width))
    return f"{name:18}" + "".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--group", help="regular expression: whose first group is held out together")
    parser.add_argument("--minutes", type=float, nargs="+", default=[5, 10])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--contenders", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--features", type=Path, help="ONNX network; without it, one that has learnt nothing")
    parser.add_argument("--r3gan-width", type=int, help="instead of finding it out")
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--out", type=Path, default=Path("quality_per_minute.json"))
    parser.add_argument("--grids", type=Path, help="folder for sheets of all contenders side by side")
    options = parser.parse_args()

    bank = prepare(options.data, options.size, group=options.group)  # before any clock starts
    yardstick = cache(lambda: Yardstick(bank, options.features, options.samples))
    settings = {"data": options.data.name, "group": options.group, "size": options.size, "samples": options.samples}
    settings["features"] = options.features.name if options.features else "random"
    kept = Kept(options.out, settings)
    common = ["--size", str(options.size), *(["--group", options.group] if options.group else [])]
    if "floor" not in kept.results:
        floor = {"scores": asdict(yardstick().floor()), "label": yardstick().label}
        kept.keep("floor", floor | {"count": yardstick().count, "warning": yardstick().warning})
    width = options.r3gan_width or kept.results.get("r3gan width")
    if "r3gan" in options.contenders and width is None:
        width = calibrated(options.data, kept.folder, common)
        kept.keep("r3gan width", width)

    for seed in options.seeds:
        for name in options.contenders:  # in turn, so that what else the machine does hits all alike
            for minutes in options.minutes:
                key, where = f"{name} {minutes:g}m {seed}", place(kept.folder, name, minutes, seed)
                if key in kept.results:
                    continue
                if name == "tutorial":
                    done = by_tutorial(where, options, seed, minutes)
                else:
                    narrow = ["--set", f"width={width}"] if name == "r3gan" else []
                    choices = [*RECIPES[name], *narrow, "--seed", str(seed), *common]
                    done = effort(train(where, options.data, 60 * minutes, choices))
                scores = asdict(yardstick()(shown(name, minutes, where, yardstick().count)))
                kept.keep(key, done | {"scores": scores})
                print(
                    f"{key}: {done['images']:,} images in {done['seconds']:.0f} s, KID {scores['kid']:,.0f}", flush=True
                )

    floor = kept.results["floor"]
    print(
        f"\n{machine()}; {options.data.name} at {options.size} px; features {settings['features']}; r3gan width {width}"
    )
    print(f"{floor['count']:,} samples against {len(bank.held_out):,} held-out pictures (KID, SWD, recall)")
    print(f"and against training pictures ({floor['label']}). {floor['warning']}")
    report(kept, options, floor["label"])
    if options.grids:
        for minutes in options.minutes:
            first = options.seeds[0]
            sets = [shown(name, minutes, place(kept.folder, name, minutes, first), 36) for name in options.contenders]
            file = options.grids / f"quality-{minutes:g}m.png"
            side_by_side(file, sets)
            print(f"{file}: {', '.join(options.contenders)}, from left to right, seed {first}")


if __name__ == "__main__":
    main()
