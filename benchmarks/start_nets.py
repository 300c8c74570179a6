"""Makes the starting nets that figment brings along again: draws the pictures, trains on them, packs the nets.

    python benchmarks/start_nets.py [NAME …] [--runs runs/starts] [--out src/figment/starts] [--threads N] [--part 0.01]

PLANS says how each is made: one stage after another, each on pictures of its own that figment draws itself, and each from
the nets of the one before. What is there isn't made again: neither packed nets, nor a stage that is finished; one that was
interrupted goes on where it was. Beside the nets, NAME.json tells seed, time, machine and the drawings that they learnt
from. --part: only so much of each stage's images, to see whether all works.
"""

import argparse
import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

import figment
from figment.cli.console import at_terminal
from figment.common.files import write_atomically
from figment.common.progress import Display
from figment.data.sources.open import DRAWN, Source, open_source
from figment.errors import Interrupted
from figment.nets.start_file import packed_start
from figment.run import Run
from figment.training.origin import open_origin
from figment.version import versions
from trials import machine

STARTS = Path(figment.__file__).parent / "starts"
PICTURES_SEED = 7  # not 0: those of seed 0 are the built-in portraits that people train on and measure against


@dataclass(frozen=True)
class Stage:
    """What is learnt at a time. pictures: how many of each set; images: how many are seen; every stage decays its rates."""

    pictures: dict[str, int]
    images: int

    def source(self) -> Source:
        return open_source([DRAWN[name](count, PICTURES_SEED) for name, count in self.pictures.items()])


@dataclass(frozen=True)
class Plan:
    """How a pair of nets comes about. choices: fields of the recipe."""

    stages: tuple[Stage, ...]
    recipe: str = "dcgan-r1"
    seed: int = 0
    choices: tuple[tuple[str, Any], ...] = (("size", (64, 64)), ("scores", "none"))

    def named_choices(self) -> dict[str, Any]:
        return dict(self.choices) | {"seed": self.seed}


# A mixture with the drawn world, learned for 320,000 images after these, was the poorer start for faces (LOG 90).
PLANS = {"portraits": Plan((Stage({"portraits": 40_000}, 150_000),))}


def learnt(plan: Plan, folder: Path, part: float, display: Display) -> list[Run]:
    """The runs of all stages, finished: made, gone on with or found."""
    runs: list[Run] = []
    for number, stage in enumerate(plan.stages):
        place = folder / f"{number}-{'-'.join(stage.pictures)}"
        images = max(1, round(stage.images * part))
        before = runs[-1].folder if runs else None
        display.say(f"stage {number + 1} of {len(plan.stages)}: {images:,} images of {' + '.join(stage.pictures)}")
        if (place / "recipe.json").exists():
            run = Run(place)
            if run.recipe.images != images:
                sys.exit(
                    f"{place} is a run of {run.recipe.images:,} images, not {images:,}: remove it, or name other --runs."
                )
            if run.state != "finished":
                run = figment.resume(run, data=stage.source(), display=display)
        else:
            run = figment.train(
                stage.source(), images=images, recipe=plan.recipe, from_run=before, out=place, display=display,
                **plan.named_choices(),
            )  # fmt: skip
        runs.append(run)
    return runs


def record(name: str, plan: Plan, runs: list[Run], content: bytes) -> dict[str, Any]:
    """What is told beside the nets."""
    stages = [
        asdict(stage) | {
            "images": run.facts["images"], "seconds": round(run.facts["seconds"]), "fingerprint": run.facts["fingerprint"],
        }
        for stage, run in zip(plan.stages, runs, strict=True)
    ]  # fmt: skip
    return {
        "recipe": plan.recipe, "seed": plan.seed, "pictures_seed": PICTURES_SEED,
        "drawings": {which: DRAWN[which]().drawing() for stage in plan.stages for which in stage.pictures},
        "choices": plan.named_choices(), "stages": stages, "seconds": sum(stage["seconds"] for stage in stages),
        "machine": machine(), "versions": versions(), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
        "command": f"python benchmarks/start_nets.py {name}",
    }  # fmt: skip


def make(name: str, runs: Path, out: Path, part: float, display: Display) -> None:
    plan, file = PLANS[name], out / f"{name}.safetensors"
    if file.exists() and file.with_suffix(".json").exists():
        display.say(f"{file} is there")
        return
    finished = learnt(plan, runs / name, part, display)
    origin = open_origin(finished[-1])
    images = sum(run.facts["images"] for run in finished)
    content = packed_start(origin.weights, origin.recipe, {"images": images})
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(file, content)
    told = json.dumps(record(name, plan, finished, content), indent=1)
    write_atomically(file.with_suffix(".json"), told + "\n")
    display.say(f"{file}: {len(content):,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PLANS)}; all, where none is given")
    parser.add_argument("--runs", type=Path, default=Path("runs/starts"), help="where the runs are kept")
    parser.add_argument("--out", type=Path, default=STARTS, help="where the nets go")
    parser.add_argument("--threads", type=int, help="of torch; all cores, where it isn't given")
    parser.add_argument("--part", type=float, default=1.0, help="of each stage's images")
    options = parser.parse_args()
    if unknown := set(options.names) - PLANS.keys():
        parser.error(f"{', '.join(sorted(unknown))}: PLANS has {', '.join(PLANS)}")
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        with at_terminal() as display:
            for name in options.names or PLANS:
                make(name, options.runs, options.out, options.part, display)
    except Interrupted:
        print("Interrupted; the same command goes on where it was.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
