"""Which penalty is best where? R1 + R2 exactly or by finite differences, on all of a batch or on a quarter of it.

    python benchmarks/penalty.py [DATA] [--recipe r3gan] [--width N] [--batch N] [--size 32] [--device cpu]
                                 [--warm-up 200] [--draws 64] [--rounds 3] [--seconds 10] [--eager] [--json FILE]

Images a second of whole training steps, each way eager and (where there is a compiler) compiled, in turns; medians of the
rounds; "none" is the same game without a penalty. Spread: the penalty of one and the same batch, at a discriminator that
has played the warm-up, is estimated many times with other noise and another quarter; the standard deviation and the bias
of the estimates, as shares of the exact penalty of the whole batch. Beside it stands what the exact one varies from batch
to batch anyway, which no estimate can be blamed for. Augmentation is off. Without DATA, the built-in portraits.
"""

import argparse
import json
import statistics
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import torch
from torch import Tensor

from figment import presets
from figment import recipe as recipes
from figment.common.machine import Machine, configure_torch, this_machine
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import prepare
from figment.game import penalties, phase_losses
from figment.game.phase_losses import Batch, LossSettings
from figment.recipe import Recipe
from figment.training.inputs import draw_inputs
from train_speed import Played, Side, rate

SHARES = (1.0, 0.25)


def ways(recipe: Recipe) -> Iterator[tuple[str, Recipe]]:
    """The recipe with each penalty, by name; and with none."""
    yield "none", recipes.changed(recipe, gamma=0.0)
    for penalty, share in product(("exact", "finite"), SHARES):
        yield f"{penalty}, {share:.0%} of the batch", recipes.changed(recipe, penalty=penalty, penalty_share=share)


def sides_of(recipe: Recipe, machine: Machine, bank: Bank, device: torch.device, eager: bool) -> dict[str, Side]:
    """Every way of training, by its name and whether it is compiled."""
    compiles = ("off",) if eager or not machine.compiler else ("off", "on")
    return {
        f"{name}{', compiled' if compiled == 'on' else ''}": Side(
            Played(recipes.changed(this, compile=compiled), bank, device)
        )
        for (name, this), compiled in product(ways(recipe), compiles)
    }


class Judge:
    """The discriminator of a game that has been played for a while, and batches of reals and fakes to put before it."""

    def __init__(self, recipe: Recipe, bank: Bank, device: torch.device, steps: int) -> None:
        this = recipes.changed(recipe, compile="off", precision="fp32", penalty="exact", penalty_share=1.0)
        self.played = Played(this, bank, device)
        for _ in range(steps):
            self.played()
        self.discriminator = self.played.state.discriminator.requires_grad_(False)

    def batch(self, number: int) -> tuple[Batch, Batch]:
        """Reals and fakes of one step."""
        recipe, played = self.played.recipe, self.played
        inputs = draw_inputs(recipe, played.feed, played.world, played.state.images + number * recipe.batch)
        with torch.no_grad():
            fake = played.state.generator(inputs.codes, inputs.labels)
        return inputs.real, Batch(fake, inputs.labels)

    def exact(self, batch: Batch) -> Tensor:
        """‖∇D‖² of each picture, (N,)."""
        return penalties.zero_centred(
            phase_losses.augmented_discriminator(self.discriminator, batch, 0.0, LossSettings()), batch.pictures
        ).detach()

    @torch.no_grad()
    def estimated(self, batch: Batch, random: torch.Generator) -> Tensor:
        """The same by finite differences."""
        sight = phase_losses.augmented_discriminator(self.discriminator, batch, 0.0, LossSettings())
        noise = torch.randn(batch.pictures.shape, generator=random).to(batch.pictures.device)
        return penalties.finite_difference(sight, batch.pictures, sight(batch.pictures), noise)


def spreads(judge: Judge, draws: int) -> dict[str, tuple[float, float]]:
    """Standard deviation and bias of each way of estimating R1 + R2, as shares of it; and between batches."""
    random = torch.Generator().manual_seed(0)
    both = judge.batch(0)
    exact = [judge.exact(batch).cpu() for batch in both]
    truth = sum(float(values.mean()) for values in exact)
    found: dict[str, list[float]] = {}
    for _ in range(draws):
        finite = [judge.estimated(batch, random).cpu() for batch in both]
        for (name, values), share in product((("exact", exact), ("finite", finite)), SHARES):
            count = phase_losses.penalised_count(len(values[0]), share)
            chosen = torch.randperm(len(values[0]), generator=random)[:count]
            sums = sum(float(one[chosen].mean()) for one in values)
            found.setdefault(f"{name}, {share:.0%} of the batch", []).append(sums)
    others = [sum(float(judge.exact(batch).mean()) for batch in judge.batch(i)) for i in range(1, 17)]
    result = {name: (statistics.stdev(v) / truth, statistics.fmean(v) / truth - 1) for name, v in found.items()}
    return result | {"exact, from batch to batch": (statistics.stdev(others) / statistics.fmean(others), 0.0)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--recipe", default="r3gan")
    parser.add_argument("--width", type=int, help="the recipe's if not given, as is batch")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--warm-up", type=int, default=200, help="steps")
    parser.add_argument("--draws", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument(
        "--eager", action="store_true", help="leave out compiled ways: on a CPU each compiles for minutes"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    machine, device = this_machine(options.device), torch.device(options.device)
    configure_torch(device)
    bank = prepare(options.data, options.size, 3)
    asked = {name: getattr(options, name) for name in ("width", "batch") if getattr(options, name)}
    precision = "bf16" if machine.bf16 == "fast" else "fp32"
    recipe = presets.make(
        options.recipe, size=options.size, channels=3, augment="none", precision=precision, planned_images=10**6, **asked
    )  # fmt: skip
    print(f"{machine}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"{recipe.name}, {recipe.size} px, width {recipe.width}, batch {recipe.batch}, {precision}", flush=True)

    spread = spreads(Judge(recipe, bank, device, options.warm_up), options.draws)
    print(f"\n{'':36}{'spread':>10}{'bias':>10}   ({options.draws} draws, after {options.warm_up} steps)")
    for name, (deviation, bias) in spread.items():
        print(f"{name:36}{deviation:>10.3f}{bias:>+10.3f}")
    sides = sides_of(recipe, machine, bank, device, options.eager)
    for _ in range(options.rounds):
        for side in sides.values():
            side.rates.append(rate(side, recipe.batch, options.seconds, device))
    speeds = {name: statistics.median(side.rates) for name, side in sides.items()}
    print(f"\n{'':36}{'images/s':>10}{'of none':>10}{'MiB':>9}")
    for name, images in speeds.items():
        print(f"{name:36}{images:>10.1f}{images / max(speeds['none'], 1e-9):>10.2f}{sides[name].memory:>9,}")
    if options.json:
        facts = {"machine": str(machine), "recipe": recipe.model_dump(mode="json"), "spread": spread}
        facts |= {"images_per_second": speeds, "warm_up": options.warm_up, "draws": options.draws}
        options.json.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
