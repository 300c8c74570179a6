"""How good are the pictures after so many minutes? `auto` against `auto` of before, a tutorial's loop, and other recipes.

    python benchmarks/quality_per_minute.py --data celeba/dev --group '^(\\d+)_' --out quality.json \\
        [--features mobilenet_v2_features.onnx] [--faces package/model] [--minutes 1 3 5 10 30] [--seeds 0 1 2] \\
        [--contenders auto before tutorial …] [--one-core-each] [--grids FOLDER] [--samples 5000] [--size 64]

All on the CPU of the same machine for the same seconds of wall: all that follows once the pictures are prepared counts, so
also measuring and compiling (starting Python and opening the bank don't, for none of them). One after the other on all
cores; or, with --one-core-each, side by side, each with one thread on a core of its own.

    auto      figment train --for …
    before    what `auto` was before it had nets to start from: dcgan-r1 where that sees 60,000 pictures in the time, else
              dcgan-r1-small, from nothing, two passes a step
    tutorial  the article's DCGAN in a plain eager float32 loop: benchmarks/tutorial.py says what exactly. Its rate is
              constant and it plans nothing, so its marks are taken in passing from one run
    dcgan     figment train --recipe dcgan --set width=16 --set batch=64 --set lr=3e-4 --for …: the honest baseline
    r3gan     figment train --recipe r3gan-small --set width=6 --for …: the modern game, as wide as two cores can carry

Judges, each with its KID ×1000 and Fréchet distance (benchmarks/scoring.py): the network of --features, `lite0`, and, with
--faces, one that tells people apart (benchmarks/face_features.py). What a contender needs to reach the last KID of
`before` is read off a line through its marks, log KID over log minutes and over log images. Intervals are 95 % ones of
Student's t over the seeds.

All trainings come first, then all scores. Runs lie in a folder beside --out, scores in it: what is there isn't made again,
so it can be stopped and made in pieces.
"""

import argparse
import itertools
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from face_features import face_extractor
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import prepare
from figment.features.base import Extractor
from figment.features.registry import extractor
from figment.run import Run
from scoring import Yardstick, as_ratio, interval
from trials import Kept, core_of_its_own, effort, figment_train, machine, samples, side_by_side, train

CONTENDERS = {
    "auto": ["--recipe", "auto"],
    "before": ["--from", "none", "--set", "one_pass=false"],  # and a recipe by what the machine does
    "tutorial": [],
    "dcgan": ["--recipe", "dcgan", "--set", "width=16", "--set", "batch=64", "--set", "lr=3e-4"],
    "r3gan": ["--recipe", "r3gan-small", "--set", "width=6"],
}
WIDE_FROM_IMAGES = 60_000  # in the time, from which `auto` of before took dcgan-r1


def judges(options: argparse.Namespace) -> dict[str, Extractor]:
    """The networks that look at the pictures; the first one's recall is told."""
    first = extractor(f"onnx:{options.features}") if options.features else None
    found = {"features": first, "lite0": extractor("lite0")}
    found |= {"face": face_extractor(options.faces) if options.faces else None}
    return {name: network for name, network in found.items() if network}


class Race:
    """The trainings: which there are, where each lies, and how it is made."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        group = ["--group", options.group] if options.group else []
        self.common = ["--size", str(options.size), *group]

    def entries(self) -> list[tuple[str, float, int]]:
        """(contender, minutes, seed), those that are compared one after the other."""
        options = self.options
        return [(name, m, seed) for seed in options.seeds for m in options.minutes for name in options.contenders]

    def place(self, name: str, minutes: float, seed: int) -> Path:
        """Where a run lies: the tutorial's marks share one."""
        return self.folder / (f"tutorial-{seed}" if name == "tutorial" else f"{name}-{minutes:g}m-{seed}")

    def run_all(self) -> None:
        """Train what isn't there, the longest first where they run side by side, so that no core waits for the last."""
        missing = [entry for entry in self.entries() if not self.is_done(*entry)]
        if not self.options.one_core_each:
            for entry in missing:
                self.run(*entry, core=None)
            return
        cores = SimpleQueue[int]()
        for core in sorted(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)):
            cores.put(core)

        def on_a_core(entry: tuple[str, float, int]) -> None:
            core = cores.get()
            try:
                self.run(*entry, core=core)
            finally:
                cores.put(core)

        # The tutorial's marks are one run.
        jobs = {self.place(*entry): entry for entry in sorted(missing, key=lambda entry: -self.length(*entry))}
        with ThreadPoolExecutor(cores.qsize()) as pool:
            list(pool.map(on_a_core, jobs.values()))

    def length(self, name: str, minutes: float, seed: int) -> float:
        """Minutes that a run takes."""
        return max(self.options.minutes) if name == "tutorial" else minutes

    def is_done(self, name: str, minutes: float, seed: int) -> bool:
        """Whether a run is there, whole."""
        folder = self.place(name, minutes, seed)
        if name == "tutorial":
            return f"{60 * minutes:g}" in self.marks(folder)
        return (folder / "run.json").is_file() and Run(folder).state == "finished"

    @staticmethod
    def marks(folder: Path) -> dict[str, dict[str, Any]]:
        """What the tutorial had done by each mark, in seconds."""
        file = folder / "tutorial.json"
        marks: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
        return marks

    def run(self, name: str, minutes: float, seed: int, core: int | None) -> None:
        """Make a run."""
        if self.is_done(name, minutes, seed):
            return
        folder, options = self.place(name, minutes, seed), self.options
        if name == "tutorial":
            self.run_tutorial(folder, seed, core)
        else:
            choices = [*CONTENDERS[name], "--seed", str(seed), *self.common]
            if name == "before":
                choices += ["--recipe", self.recipe_of_before(minutes, choices, core)]
            train(folder, options.data, 60 * minutes, choices, core=core)
        print(f"{name} {minutes:g}m {seed}: {self.done(name, minutes, seed)['images']:,} images", flush=True)

    def recipe_of_before(self, minutes: float, choices: list[str], core: int | None) -> str:
        """The rule of before, by what is measured now, under the same conditions."""
        asked = [*choices, "--recipe", "dcgan-r1", "--dry-run"]
        plan = figment_train(self.options.data, 60 * minutes, asked, core)
        planned = re.search(r"planned: ([\d,]+) images", plan)
        assert planned, plan
        return "dcgan-r1" if int(planned[1].replace(",", "")) >= WIDE_FROM_IMAGES else "dcgan-r1-small"

    def run_tutorial(self, folder: Path, seed: int, core: int | None) -> None:
        """One run with samples at all marks."""
        shutil.rmtree(folder, ignore_errors=True)
        options, script = self.options, str(Path(__file__).with_name("tutorial.py"))
        seconds = [f"{60 * minutes:g}" for minutes in options.minutes]
        command = [sys.executable, script, str(options.data), "--seconds", *seconds, "--out", str(folder)]
        command += ["--seed", str(seed), "--samples", str(options.samples), *self.common]
        environment, prefix = core_of_its_own(core)
        subprocess.run([*prefix, *command], env=environment, check=True)

    def done(self, name: str, minutes: float, seed: int) -> dict[str, Any]:
        """What a run did: images and seconds at least."""
        folder = self.place(name, minutes, seed)
        return self.marks(folder)[f"{60 * minutes:g}"] if name == "tutorial" else effort(Run(folder))

    def shown(self, name: str, minutes: float, seed: int, count: int) -> np.ndarray:
        """A run's first samples, uint8 (count, C, S, S)."""
        folder = self.place(name, minutes, seed)
        if name == "tutorial":
            return np.array(np.load(folder / f"samples-{60 * minutes:g}.npy")[:count])
        return samples(Run(folder), count)


def key(name: str, minutes: float, seed: int) -> str:
    return f"{name} {minutes:g}m {seed}"


def score_all(race: Race, kept: Kept, bank: Bank, networks: dict[str, Extractor], count: int) -> None:
    """Scores of all runs that have none yet, by every judge, and of training reals: the floor."""
    yardsticks = {
        name: cache(lambda network=network: Yardstick(bank, network, count)) for name, network in networks.items()
    }
    if "floor" not in kept.results:
        floor = {
            name: asdict(yardstick().floor()) | {"label": yardstick().label} for name, yardstick in yardsticks.items()
        }
        kept.keep("floor", {"scores": floor})
    for entry in race.entries():
        if key(*entry) not in kept.results:
            pictures = race.shown(*entry, min(count, len(bank.train) // 2))
            scores = {name: asdict(yardstick()(pictures)) for name, yardstick in yardsticks.items()}
            kept.keep(key(*entry), race.done(*entry) | {"scores": scores})


# ---- what is told --------------------------------------------------------------------------------------------------


class Told:
    """Results by contender and minutes, over the seeds."""

    def __init__(self, kept: Kept, options: argparse.Namespace, networks: Sequence[str]) -> None:
        self.results = kept.results
        self.options = options
        self.networks = networks

    def each(self, name: str, minutes: float, judge: str, score: str) -> list[float]:
        """A score of every seed."""
        return [self.results[key(name, minutes, seed)]["scores"][judge][score] for seed in self.options.seeds]

    def images(self, name: str, minutes: float) -> float:
        return statistics.fmean(self.results[key(name, minutes, seed)]["images"] for seed in self.options.seeds)

    def table(self, minutes: float) -> None:
        """One mark: a row a contender, then how `auto` compares."""
        columns = [(judge, score, digits) for judge in self.networks for score, digits in (("kid", 0), ("fd", 1))]
        columns += [(self.networks[0], "recall", 3)]
        labels = {judge: self.results["floor"]["scores"][judge]["label"] for judge in self.networks}
        heads = [{"kid": f"KID-{labels[j].removeprefix('FD-')}", "fd": labels[j]}.get(s, s) for j, s, _ in columns]
        print(
            f"\n{minutes:g} minutes, seeds {', '.join(map(str, self.options.seeds))}: mean ± half of the 95 % interval"
        )
        print(f"{'':12}{'images':>10}" + "".join(f"{head:>20}" for head in heads))
        for name in self.options.contenders:
            cells = [cell(self.each(name, minutes, judge, score), digits) for judge, score, digits in columns]
            print(f"{name:12}{self.images(name, minutes):>10,.0f}" + "".join(f"{text:>20}" for text in cells))
        floor = [f"{self.results['floor']['scores'][judge][score]:,.{digits}f}" for judge, score, digits in columns]
        print(f"{'reals':12}{'':>10}" + "".join(f"{text:>20}" for text in floor))
        for other, judge in itertools.product(self.options.contenders, self.networks):
            if other != "auto" and "auto" in self.options.contenders:
                apart = as_ratio(*(self.each(name, minutes, judge, "kid") for name in ("auto", other)))
                print(f"KID of auto / KID of {other}, {judge}: {apart}")

    def until(self, name: str, judge: str, goal: float, spent: Callable[[float], float]) -> str:
        """What a contender had spent when its mean KID came to the goal, for the first time."""
        marks = [
            (spent(minutes), statistics.fmean(self.each(name, minutes, judge, "kid")))
            for minutes in sorted(self.options.minutes)
        ]
        return crossing(marks, goal)

    def speed(self) -> None:
        """Minutes and images until the last KID of `before`."""
        last = max(self.options.minutes)
        if "before" not in self.options.contenders:
            return
        for judge in self.networks:
            goal = statistics.fmean(self.each("before", last, judge, "kid"))
            print(f"\nuntil KID {goal:,.0f} ({judge}), which `before` has after {last:g} minutes:")
            for name in self.options.contenders:
                minutes = self.until(name, judge, goal, lambda m: m)
                images = self.until(name, judge, goal, lambda m, name=name: self.images(name, m))
                print(f"{name:12} {minutes} minutes, {images} images")


def crossing(marks: Sequence[tuple[float, float]], goal: float) -> str:
    """Where the line through (spent, score), in logarithms, first falls to the goal; before the first mark and behind the
    last it is said to be there. Scores are above 0, as KID is far from the floor."""
    if marks[0][1] <= goal:
        return f"at most {amount(marks[0][0])}"
    for (a, high), (b, low) in itertools.pairwise(marks):
        if low <= goal:
            share = math.log(high / goal) / math.log(high / low)
            return amount(a * (b / a) ** share)
    return f"more than {amount(marks[-1][0])}"


def amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def cell(values: Sequence[float], digits: int) -> str:
    mean, half = interval(values)
    return f"{mean:,.{digits}f}{' (one seed)' if math.isnan(half) else f' ± {half:,.{digits}f}'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--group", help="regular expression: whose first group is held out together")
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 3, 5, 10, 30])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--contenders", nargs="+", choices=list(CONTENDERS), default=["tutorial", "before", "auto"])
    parser.add_argument("--features", type=Path, help="ONNX network: the first judge")
    parser.add_argument("--faces", type=Path, help="folder of face-api's weights: another judge, of faces")
    parser.add_argument("--one-core-each", action="store_true", help="side by side, a core and a thread each")
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--out", type=Path, default=Path("quality_per_minute.json"))
    parser.add_argument("--grids", type=Path, help="folder for sheets of all contenders side by side")
    options = parser.parse_args()

    bank = prepare(options.data, options.size, group=options.group)  # before any clock starts
    networks = judges(options)
    settings = {"data": options.data.name, "group": options.group, "size": options.size, "samples": options.samples}
    settings |= {"judges": [network.name for network in networks.values()]}
    settings |= {"cores": "one each" if options.one_core_each else "all"}
    kept = Kept(options.out, settings)
    race = Race(options, kept.folder)
    race.run_all()
    score_all(race, kept, bank, networks, options.samples)

    print(f"\n{machine()}; {options.data.name} at {options.size} px; cores: {settings['cores']}")
    count = min(options.samples, len(bank.train) // 2)
    print(
        f"{count:,} samples, KID and recall against {len(bank.held_out):,} held-out pictures, FD against training pictures"
    )
    told = Told(kept, options, list(networks))
    for minutes in options.minutes:
        told.table(minutes)
    told.speed()
    if options.grids:
        first = options.seeds[0]
        for minutes in options.minutes:
            file = options.grids / f"quality-{minutes:g}m.png"
            side_by_side(file, [race.shown(name, minutes, first, 36) for name in options.contenders])
            print(f"{file}: {', '.join(options.contenders)}, from left to right, seed {first}")


if __name__ == "__main__":
    main()
