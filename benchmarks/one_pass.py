"""How much faster is a step in which one pass of the fakes through D serves both nets? Against two passes, in pairs.

    python benchmarks/one_pass.py [DATA] [--recipe dcgan-r1] [--size 64] [--batch N] [--precision fp32] [--device cpu]
                                  [--pairs 31]

Both sides train nets of their own, on DATA or the built-in portraits. Blocks of so many steps that each holds one R1 take
turns, two by two, the first of a pair second in the next. The clock is this process's own time on a CPU, which other work
on the machine stretches less, and the wall's on a GPU. Printed: images a second, the median of the pairs' ratios with its
95 % interval by order statistics, and the same of blocks of one side that follow each other, which should be 1.
"""

import argparse
import statistics
import time
from collections.abc import Sequence

import torch

from figment import presets
from figment.common.machine import configure_torch, this_machine
from figment.common.malloc import hold_freed_memory
from figment.data.bank.prepare import prepare
from figment.planning.trials import WARM_UP_STEPS, synchronise
from train_speed import Played


def block(played: Played, device: torch.device) -> float:
    """Images a second over the steps from one penalty to the next."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    synchronise(device)
    start = clock()
    for _ in range(played.recipe.penalty_every):
        played()
    synchronise(device)
    return played.recipe.penalty_every * played.recipe.images_a_step / (clock() - start)


def median_with_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and the ends of its 95 % interval: the order statistics n/2 ± .98·√n, by the normal limit of signs."""
    ordered, half = sorted(values), 0.98 * len(values) ** 0.5
    low, high = int(len(values) / 2 - half), int(len(values) / 2 + half)
    return statistics.median(values), ordered[max(low, 0)], ordered[min(high, len(values) - 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?")
    parser.add_argument("--recipe", default="dcgan-r1")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, help="the recipe's if not given")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pairs", type=int, default=31)
    options = parser.parse_args()
    device = torch.device(options.device)
    configure_torch(device), hold_freed_memory()
    fields = dict(size=options.size, channels=3, augment="none", planned_images=10**6, compile="off")
    fields |= dict(precision=options.precision) | (dict(batch=options.batch) if options.batch else {})
    bank = prepare(options.data, options.size, 3)
    sides = {one: Played(presets.make(options.recipe, one_pass=one, **fields), bank, device) for one in (False, True)}
    rates: dict[bool, list[float]] = {False: [], True: []}
    for played in sides.values():
        for _ in range(WARM_UP_STEPS[device.type]):
            played()
        block(played, device)
    for pair in range(options.pairs):
        for one in (False, True) if pair % 2 else (True, False):
            rates[one].append(block(sides[one], device))
    machine = this_machine(options.device)
    print(f"{machine}, torch {torch.__version__}, {torch.get_num_threads()} threads, {options.precision}")
    print(f"{options.recipe}, {options.size} px, batch {sides[True].recipe.batch}: {options.pairs} pairs")
    for one, name in {False: "two passes", True: "one pass"}.items():
        print(f"{name:12}{statistics.median(rates[one]):8.1f} images/s")
    ratios = [b / a for a, b in zip(rates[False], rates[True], strict=True)]
    same = [b / a for one in rates for a, b in zip(rates[one][::2], rates[one][1::2], strict=False)]
    for name, values in {"one pass is faster by": ratios, "equal blocks": same}.items():
        print(f"{name}: {{:.3f}} × ({{:.3f}} to {{:.3f}})".format(*median_with_interval(values)))


if __name__ == "__main__":
    main()
