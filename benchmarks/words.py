"""Does a run say what ails it? Labelled runs of half a minute, and what the live words make of them.

    python benchmarks/words.py train --out words.json celeba=shared/data/celeba/dev anime=shared/data/anime_faces96 \\
        old=shared/data/congress_faces64/pre1929 fashion=shared/data/fashion_mnist_12k.npz [--seeds 0 1 2] [--minutes 4]
    python benchmarks/words.py replay --out words.json [--seeds 2] [--lines]

Six classes of runs at 32 px, half a minute of one core each at the most. *healthy*: recipes as they are. *collapsed*: codes are
snapped to k fixed ones (and a little of the code left), and the nets trained so. *memorising*: 34 to 60 pictures, without
augmentation. *dead*: objectives, rates and first weights of which nothing comes. *weak*: a discriminator that sees or
learns too little. *strong*: one that learns too fast for its generator. The last three are labelled by what was done to
them, not by what came of it.

`train` makes the runs that aren't there yet, for so many minutes, and may be called again; `replay` goes by their events
alone, so that a rule can be changed without training again: how often the words of the last readings name the class,
which others they name, and what share of all lines does. Limits were chosen by seeds 0 and 1; seed 2 checks them.
"""

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import torch
from torch import nn

import figment
from figment import nets
from figment.common.progress import Silent
from figment.data.bank.prepare import prepare
from figment.features.extract import bank_rows, extract_features, sampled
from figment.features.registry import extractor
from figment.metrics.frechet import frechet, gaussian
from figment.reals import bank_of
from figment.recipe import Recipe
from figment.run import Run
from figment.training import diagnosis
from trials import Kept

SIZE = 32  # pixels
JUDGED = 256  # samples
NAMES = (
    "collapsed",
    "memorising",
    "alike",
    "featureless",
    "noise",
    "chequered",
    "standstill",
    "blind",
    "flat",
    "certain",
)
RIGHT = {  # the signs that name what is wrong with a class; of a dead run any that isn't another class's own
    "healthy": set(),
    "collapsed": {"collapsed", "alike"},
    "memorising": {"memorising"},
    "dead": {"alike", "featureless", "noise", "chequered", "standstill", "blind", "flat", "certain"},
    "weak": {"blind", "flat"},
    "strong": {"certain"},
}


class Labelled(NamedTuple):
    """A run: its class, data and recipe. few: pictures, if not all. codes: to which codes are snapped, by `left` of them."""

    label: str
    data: str
    choices: dict[str, Any]
    recipe: str = "dcgan-r1-small"
    images: int = 8000
    few: int | None = None
    codes: int | None = None
    left: float = 0.1

    @property
    def name(self) -> str:
        parts = [
            f"{self.few} of" if self.few else "",
            self.data,
            self.recipe,
            f"{self.codes} codes" if self.codes else "",
        ]
        return " ".join([self.label, *filter(None, parts), *(f"{k}={v}" for k, v in self.choices.items())])


def healthy(data: str, recipe: str = "dcgan-r1-small", images: int = 8000, **choices: Any) -> Labelled:
    return Labelled("healthy", data, choices, recipe, images)


def spoilt(label: str, data: str, recipe: str = "dcgan-r1-small", **choices: Any) -> Labelled:
    return Labelled(label, data, choices, recipe)


SMALL = dict(augment="full", augment_mode="adaptive")
UNHELD = dict(gamma=0.0, beta2=0.999)
RUNS = [
    *(healthy(data) for data in ("portraits", "fashion", "celeba", "anime", "old")),
    healthy("portraits", "dcgan-r1", 12_000),
    healthy("celeba", "dcgan-r1", 12_000),
    healthy("portraits", "dcgan-small", 40_000),
    healthy("celeba", "dcgan-small", 40_000),
    healthy("old", objective="hinge"),
    Labelled("healthy", "celeba", SMALL, few=300, images=12_000),
    *(
        Labelled("collapsed", data, {}, codes=codes, left=left)
        for codes, data, left in (
            (1, "portraits", 0.1),
            (2, "fashion", 0.2),
            (3, "celeba", 0.3),
            (5, "old", 0.1),
            (8, "anime", 0.2),
            (12, "portraits", 0.3),
            (20, "celeba", 0.1),
            (20, "fashion", 0.2),
        )
    ),
    *(
        Labelled("memorising", data, {}, images=12_000, few=few)
        for few, data in (
            (34, "celeba"),
            (40, "portraits"),
            (48, "celeba"),
            (60, "old"),
            (40, "anime"),
            (36, "fashion"),
        )
    ),
    spoilt("dead", "portraits", "dcgan-small", objective="mse"),
    spoilt("dead", "celeba", "dcgan", width=16, objective="mse", lr=5e-3),
    spoilt("dead", "fashion", "dcgan-small", objective="ml"),
    spoilt("dead", "anime", "dcgan-small", objective="ml"),
    spoilt("dead", "old", "dcgan-small", objective="mse"),
    spoilt("dead", "anime", lr=0.05),
    spoilt("dead", "celeba", "dcgan-small", lr=0.03),
    spoilt("dead", "portraits", width=1, lr=1e-5),
    spoilt("weak", "portraits", dropout=0.9),
    spoilt("weak", "celeba", "dcgan-small", dropout=0.95),
    spoilt("weak", "fashion", lr_discriminator=0.001),
    spoilt("weak", "anime", lr_discriminator=0.003),
    spoilt("weak", "portraits", discriminator_width=1),
    spoilt("weak", "celeba", discriminator_width=1, lr_discriminator=0.1),
    spoilt("weak", "portraits", gamma=500.0),
    spoilt("strong", "portraits", lr_discriminator=10, **UNHELD),
    spoilt("strong", "celeba", lr_discriminator=20, lr=2e-4, **UNHELD),
    spoilt("strong", "fashion", lr_discriminator=10, **UNHELD),
    spoilt("strong", "anime", objective="ml", discriminator_width=48, width=4, lr_discriminator=5, **UNHELD),
    spoilt("strong", "celeba", "dcgan-small", lr_discriminator=10),
    spoilt("strong", "old", discriminator_steps=5, **UNHELD),
]


@contextmanager
def snapped(codes: int, left: float, seed: int) -> Iterator[None]:
    """Within, generators see one of so many fixed codes in place of each, and a share of its own beside it."""
    made = nets.generator

    def generator(recipe: Recipe) -> nn.Module:
        random = torch.Generator().manual_seed(seed)
        fixed = torch.randn(codes, recipe.code_size, generator=random)
        fixed = fixed if recipe.prior == "normal" else 2 * torch.special.ndtr(fixed) - 1
        sides = torch.randn(recipe.code_size, codes, generator=random)

        def snap(net: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
            z = inputs[0]
            return (fixed.to(z)[(z @ sides.to(z)).argmax(1)] + left * z, *inputs[1:])

        net = made(recipe)
        net.register_forward_pre_hook(snap)
        return net

    with mock.patch.object(nets, "generator", generator):
        yield


def few_of(data: Path | None, count: int, seed: int, file: Path) -> Path:
    """So many pictures of a set, as a file."""
    bank = prepare(data, SIZE)
    which = np.random.default_rng(seed).permutation(len(bank.pictures))[:count]
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, images=np.asarray(bank.pictures[np.sort(which)]).transpose(0, 2, 3, 1))
    return file


def trained(spec: Labelled, seed: int, data: dict[str, Path | None], folder: Path) -> Run:
    source = data[spec.data]
    if spec.few:
        source = few_of(source, spec.few, seed, folder.parent / f"{spec.few}-{spec.data}-{seed}.npz")
    shutil.rmtree(folder, ignore_errors=True)
    with (
        snapped(spec.codes, spec.left, seed) if spec.codes else nullcontext(),
        mock.patch("figment.start._report"),  # a few seconds of charts that nobody looks at
    ):
        return figment.train(
            source, images=spec.images, size=SIZE, recipe=spec.recipe, seed=seed, out=folder, device="cpu",
            compile="off", precision="bf16", snapshots=4, display=None, **spec.choices,
        )  # fmt: skip


def judged(run: Run) -> dict[str, float]:
    """FD-lite0 of the run's samples, and the floor: what a reader may check a label by; no word goes by it."""
    bank, samples = bank_of(run, Silent()), sampled(figment.load(run.folder), JUDGED, seed=1)
    order = np.random.default_rng(0).permutation(len(bank.pictures))
    reals = (bank_rows(bank, np.sort(which)) for which in (order[JUDGED : 5 * JUDGED], order[:JUDGED]))
    network = extractor("lite0")
    compared, others, fakes = (extract_features(x, [network]).features["lite0"] for x in (*reals, samples))
    return {"end": frechet(fakes, gaussian(compared)), "floor": frechet(others, gaussian(compared))}


def train(options: argparse.Namespace, kept: Kept) -> bool:
    """Make runs for so many minutes. Returns whether all are there."""
    data: dict[str, Path | None] = {"portraits": None}
    data |= {name: Path(path) for name, _, path in (one.partition("=") for one in options.data)}
    until = time.monotonic() + 60 * options.minutes
    for seed in options.seeds:
        for spec in RUNS:
            key = f"{spec.name} #{seed}"
            if key in kept.results or spec.data not in data:
                continue
            if time.monotonic() > until:
                return False
            began = time.process_time()
            try:
                run = trained(spec, seed, data, kept.folder / key.replace("=", "-"))
            except figment.InputError as error:  # it diverged again and again: that is told, too
                kept.keep(key, {"label": spec.label, "refused": str(error)})
                continue
            cpu = round(time.process_time() - began, 1)
            events = run.events("tick") + run.events("score")
            recipe = run.recipe.model_dump(mode="json")
            kept.keep(
                key,
                {
                    "label": spec.label,
                    "cpu": cpu,
                    "recipe": recipe,
                    "events": events,
                    "fd": judged(run) if not spec.few else {},
                },
            )
            print(f"{key:80}{kept.results[key]['cpu']:7.1f} s", flush=True)
    return True


def said(result: dict[str, Any]) -> list[list[str]]:
    """The names of the signs that hold at each reading, the gravest first."""
    ticks = [event for event in result["events"] if event["event"] == "tick"]
    scores = [event for event in result["events"] if event["event"] == "score"]
    lines, widest, recipe = [], 0.0, Recipe(**result["recipe"])
    for i, tick in enumerate(ticks):
        widest = max(widest, tick["spread"])
        known = [score for score in scores if score["images"] <= tick["images"]]
        outlook = diagnosis.Outlook(ticks[max(0, i + 1 - diagnosis.KEPT_READINGS) : i + 1], recipe, known, widest)
        lines.append([sign.name for sign in diagnosis.signs(outlook)])
    return lines


def replay(kept: Kept, seeds: list[int], each: bool) -> None:
    """Print the confusion table of the words at the end of runs, and what share of all lines says what."""
    names = [*NAMES, "nothing"]
    print(f"{'':12}{'runs':>6}  named {''.join(f'{name:>13}' for name in names)}   any sign in lines")
    for label in dict.fromkeys(spec.label for spec in RUNS):
        ends, right, lines, runs = Counter[str](), 0, Counter[bool](), 0
        for key in (f"{spec.name} #{seed}" for seed in seeds for spec in RUNS if spec.label == label):
            if (result := kept.results.get(key)) is None:
                continue
            runs += 1
            told = said(result) if "events" in result else [["refused"]]
            ends.update(told[-1] or ["nothing"])
            lines.update(bool(names) for names in told)
            right += bool(RIGHT[label] & set(told[-1])) if RIGHT[label] else not told[-1]
            if each:
                print(f"  {key:76}{', '.join(told[-1]) or '–':24}{Counter(n for line in told for n in line)}")
        if runs:
            row = "".join(f"{ends[name] or '':>13}" for name in names)
            print(f"{label:12}{runs:6}{right:7}{row}{lines[True]:8} of {lines.total()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "replay"))
    parser.add_argument("data", nargs="*", metavar="NAME=PATH")
    parser.add_argument("--out", type=Path, default=Path("words.json"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--lines", action="store_true", help="what each run says in the end")
    options = parser.parse_intermixed_args()
    kept = Kept(options.out, {"size": SIZE})
    if options.what == "train":
        sys.exit(0 if train(options, kept) else 3)
    replay(kept, options.seeds, options.lines)


if __name__ == "__main__":
    main()
