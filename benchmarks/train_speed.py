"""How fast does figment train? Compared with a plain loop over the same nets, and with what the machine could give.

    python benchmarks/train_speed.py [DATA] [--recipe dcgan] [--width N] [--batch N] [--size 64] [--device cpu]
                                     [--rounds 5] [--seconds 12] [--json FILE]

Recipes without R1 + R2: "plain" is the loop of a tutorial (benchmarks/tutorial.py): eager float32, NCHW, Adam as PyTorch
has it by default, with pictures decoded, cropped, reduced and mirrored by a DataLoader with two workers; "plain, step"
leaves the data out, being given one batch that is ready in memory. "figment" is what `figment train --for …` runs here:
the fastest of its ways of doing the arithmetic, found by trying them, fed from the uint8 bank.

Recipes with R1 + R2, such as r3gan: each phase as one compiled graph, against the same nets, precision and exact
penalty in eager mode, differentiated twice by autograd and launched kernel by kernel; finite differences, which are
another computation, apart.

All sides take turns, so that whatever else the machine does hits all; ratios are taken round by round, and medians
count. The operations of a step are counted on one eager step, by the formulas of torch.utils.flop_counter. "of
convolutions" is what the step reaches of the rate of its own convolutions, called one by one in the round, in float32
and in bf16; "of matrices" of the bf16 rate of large square products. The limit takes each convolution at that rate or at
the bandwidth of memory, whichever is slower, and all else but Adam and the average as free. Augmentation is off. DATA is
a folder of pictures; without it 2,000 of the built-in portraits are written as JPEG first.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from figment import presets
from figment import recipe as recipes
from figment.common.machine import Machine, configure_torch, this_machine
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import prepare
from figment.data.portraits.table import portraits
from figment.game import penalties
from figment.planning.trials import WARM_UP_STEPS, measure_ways, synchronise
from figment.recipe import Recipe
from figment.training import loop
from figment.training.distributed import World
from figment.training.inputs import Phases
from figment.training.loader import Feed
from figment.training.phases import EagerPhases, phases_of
from figment.training.state import TrainState, new_state
from roofline import Work, bandwidth, convolution_seconds, limit, matrix_rate, work_of
from tutorial import endless, plain

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass
class Side:
    """One way to train: a step to be called again and again, what it asks for, and what was measured."""

    step: Callable[[], object]
    work: Work | None = None
    rates: list[float] = field(default_factory=list)
    memory: int = 0


class Files(Dataset[Tensor]):
    """Pictures decoded one by one, as a tutorial's loader does."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        self.files, self.size = sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".jpg", ".png"}), size

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> Tensor:
        with Image.open(self.files[i]) as file:
            picture = file.convert("RGB")
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        small = picture.resize(self.size[::-1], Image.Resampling.BILINEAR, (left, top, left + side, top + side))
        tensor = torch.from_numpy(np.array(small)).permute(2, 0, 1).float() / 127.5 - 1
        return tensor.flip(2) if torch.rand(()) < 0.5 else tensor


class Played:
    """A figment step of a recipe with nothing left open, on players of its own."""

    def __init__(
        self,
        recipe: Recipe,
        bank: Bank,
        device: torch.device,
        phases: Callable[[TrainState, Recipe], Phases] = phases_of,
    ) -> None:
        self.recipe, self.world = recipe, World.alone(device)
        self.state: TrainState = new_state(recipe, self.world)
        self.feed = Feed(bank.pictures, bank.train, 0, True, device)
        self.phases = phases(self.state, recipe)

    def __call__(self) -> None:
        loop.train_step(self.state, self.phases, self.recipe, self.feed, self.world)


def fastest(recipe: Recipe, machine: Machine, bank: Bank, device: torch.device) -> tuple[Played, str]:
    """The step as a run with a time budget settles it, and what was tried."""
    played = Played(recipes.changed(recipe, compile="off"), bank, device)
    timed = recipes.changed(recipe, seconds=3600.0, images=None)
    trials = measure_ways(timed, machine, played.state, played.feed, played.world, 3.0)
    best, played.phases = trials[0]
    played.recipe = recipes.changed(recipe, precision=best.precision, compile=best.compile)
    return played, ", ".join(str(trial) for trial, _ in trials)


def differentiated_twice(discriminator: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """penalties.zero_centred as autograd has it in eager mode, without torch.func's overhead."""
    x = pictures.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gradient.square().flatten(1).sum(1)


def by_autograd(step: Callable[[], object]) -> Callable[[], None]:
    def patched() -> None:
        with patch.object(penalties, "zero_centred", differentiated_twice):
            step()

    return patched


def sides_without_penalty(
    recipe: Recipe, machine: Machine, bank: Bank, folder: Path, device: torch.device
) -> tuple[dict[str, Side], Played, str]:
    played, trials = fastest(recipe, machine, bank, device)
    eager = Played(recipes.changed(recipe, precision="fp32", compile="off"), bank, device, EagerPhases)
    sides = {"figment": Side(played, work_of(eager))}
    if recipe.nets == "dcgan":
        ready = torch.rand(recipe.batch, 3, *recipe.shape, device=device) * 2 - 1
        files = endless(Files(folder, recipe.shape), recipe.batch, workers=2)
        for name, batches in {"plain, step": iter(lambda: ready, None), "plain, with data": files}.items():
            sides[name] = Side(plain(recipe, batches, device)[0], sides["figment"].work)
    return sides, played, trials


def sides_with_penalty(
    recipe: Recipe, machine: Machine, bank: Bank, device: torch.device
) -> tuple[dict[str, Side], Played, str]:
    precision = recipe.precision if recipe.precision != "auto" else "bf16" if machine.bf16 == "fast" else "fp32"
    sides = {}
    for penalty, name in {"exact": "exact", "finite": "finite differences"}.items():
        this = recipes.changed(recipe, penalty=penalty, precision=precision, compile="off")
        eager = Played(this, bank, device, EagerPhases)
        work = work_of(eager)
        if machine.compiler:
            sides[f"compiled, {name}"] = Side(Played(recipes.changed(this, compile="on"), bank, device), work)
        sides[f"eager, {name}"] = Side(by_autograd(eager), work)
    return sides, eager, f"precision {precision}"


def rate(side: Side, batch: int, seconds: float, device: torch.device) -> float:
    """Images a second over at least so many seconds, after some steps to warm up, in which compiled ones compile."""
    for _ in range(WARM_UP_STEPS[device.type]):
        side.step()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    synchronise(device)
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        side.step()
        steps += 1
    synchronise(device)
    taken = time.perf_counter() - start
    used = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else psutil.Process().memory_info().rss
    side.memory = max(side.memory, round(used / 2**20))
    return steps * batch / taken


def portraits_as_files(folder: Path, size: int) -> Path:
    pictures, _ = portraits(2000, size=size)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture.transpose(1, 2, 0)).save(folder / f"{i:04d}.jpg", quality=90)
    return folder


def report(sides: dict[str, Side], rounds: list[dict[str, float]], played: Played, moved: float) -> dict[str, Any]:
    """Print the tables; return what they say. rounds: of each, the machine's rates in operations a second."""
    first, batch = next(iter(sides)), played.recipe.images_a_step
    median = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    print("measured rates, TFLOP/s: " + ", ".join(f"{name} {value / 1e12:.3f}" for name, value in median.items()))
    print(f"copying moves {moved / 1e9:.1f} GB/s")
    against = [name for name in median if name.startswith("convolutions")] + ["matrices bf16"]
    head = "".join(f"{'of ' + name:>22}" for name in against)
    print(f"{'':28}{'images/s':>10}{'TFLOP/s':>9}{head}{'MiB':>9}   {first} is faster by")
    result: dict[str, Any] = {"machine_rates": median, "bytes_per_second": moved, "sides": {}}
    for name, side in sides.items():
        assert side.work is not None
        reached = [images * side.work.flops / batch for images in side.rates]
        share = {
            other: statistics.median(r / one[other] for r, one in zip(reached, rounds, strict=True))
            for other in against
        }
        faster = statistics.median(a / b for a, b in zip(sides[first].rates, side.rates, strict=True))
        images = statistics.median(side.rates)
        shares = "".join(f"{share[other]:>22.1%}" for other in against)
        print(
            f"{name:28}{images:>10.1f}{statistics.median(reached) / 1e12:>9.3f}{shares}{side.memory:>9,}   {faster:.2f}×"
        )
        result["sides"][name] = {
            "images_per_second": images,
            "flop_per_image": side.work.flops / batch,
            "shares": share,
        }
        result["sides"][name] |= {"first_is_faster_by": faster, "memory_mib": side.memory, "rounds": side.rates}
    work = sides[first].work
    assert work is not None
    convolving = sum(call.flops * count for call, count in work.calls.items())
    moving = sum(call.numbers * count for call, count in work.calls.items())
    print(
        f"\na step of {batch} images: {work.flops / 1e9:.1f} GFLOP, {convolving / 1e9:.1f} of them in"
        f" {work.calls.total()} convolutions, which touch {moving / 1e6:.0f} million numbers"
    )
    result["limit"] = {}
    for precision, width in {"fp32": 4, "bf16": 2}.items():
        best, state = median[f"matrices {precision}"], played.state
        least = limit(work, state.generator, state.discriminator, best, moved, width)
        print(
            f"limit in {precision} at {best / 1e12:.3f} TFLOP/s and {moved / 1e9:.1f} GB/s: convolutions"
            f" {1e3 * least.convolutions:.2f} ms ({1e3 * least.by_memory:.2f} by memory) + other products"
            f" {1e3 * least.other:.2f} ms + Adam and average {1e3 * least.weights:.2f} ms = {1e3 * least.seconds:.2f} ms:"
            f" {batch / least.seconds:,.0f} images/s, {work.flops / least.seconds / best:.0%} of matrices;"
            f" {first} reaches {statistics.median(sides[first].rates) * least.seconds / batch:.1%} of it"
        )
        result["limit"][precision] = {"seconds": least.seconds, **least._asdict()}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--recipe", default="dcgan")
    parser.add_argument("--width", type=int, help="the recipe's if not given, as are batch and precision")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--precision", choices=list(PRECISIONS))
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    asked = {name: getattr(options, name) for name in ("width", "batch", "precision") if getattr(options, name)}
    recipe = presets.make(
        options.recipe, size=options.size, channels=3, augment="none", planned_images=10**6, **asked
    )  # fmt: skip
    machine, device = this_machine(options.device), torch.device(options.device)
    configure_torch(device)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.setdefault("FIGMENT_CACHE", scratch)
        folder = options.data or portraits_as_files(Path(scratch), 178)
        bank = prepare(folder, options.size, 3)
        if recipe.gamma:
            sides, played, chosen = sides_with_penalty(recipe, machine, bank, device)
        else:
            sides, played, chosen = sides_without_penalty(recipe, machine, bank, folder, device)
        print(f"{machine}, torch {torch.__version__}, {torch.get_num_threads()} threads; {chosen}")
        print(
            f"{recipe.name}, {recipe.size} px, width {recipe.width}, batch {recipe.batch}; {options.rounds} rounds",
            flush=True,
        )
        rounds: list[dict[str, float]] = []
        for _ in range(options.rounds):
            rates = {f"matrices {name}": matrix_rate(precision, device) for name, precision in PRECISIONS.items()}
            work = next(iter(sides.values())).work
            assert work is not None
            convolving = sum(call.flops * count for call, count in work.calls.items())
            for name, precision in PRECISIONS.items():
                rates[f"convolutions {name}"] = convolving / convolution_seconds(work, precision, device)
            rounds.append(rates)
            for side in sides.values():
                side.rates.append(rate(side, recipe.images_a_step, options.seconds, device))
        result = report(sides, rounds, played, bandwidth(device))
    if options.json:
        facts = {"machine": str(machine), "torch": torch.__version__, "threads": torch.get_num_threads()}
        facts |= {"recipe": recipe.model_dump(mode="json"), "chosen": chosen, "rounds": options.rounds}
        options.json.write_text(json.dumps(facts | result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
