"""The article's DCGAN as a tutorial trains it: the baseline of quality_per_minute.py and train_speed.py.

    python benchmarks/tutorial.py DATA --seconds 300 600 --out FOLDER [--seed 0] [--group REGEX] [--size 64] [--samples 5000]

512→256→128→64, batch 128, eager float32, NCHW, binary cross-entropy with targets 1 and 0, Adam 2e-4 (.5, .999) on both
nets, normal codes, no flips, no average; D on reals, D on fakes, then G on the same fakes. Samples are of the last weights,
with batch norm's own statistics of each batch, as tutorials draw them. It is treated kindly in two ways: the pictures are
already decoded and cropped, in memory, and numbers near 0 are flushed. Its rate is constant and nothing depends on the
planned end, so one run is stopped at several marks for samples; the clock stands still meanwhile.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from figment import nets, presets
from figment.common.pixels import to_uint8
from figment.data.bank.prepare import prepare
from figment.recipe import Recipe


class Prepared(Dataset[Tensor]):
    """Pictures of the training part, one by one."""

    def __init__(self, pictures: np.ndarray) -> None:
        self.pictures = torch.from_numpy(pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, i: int) -> Tensor:
        return self.pictures[i].float() / 127.5 - 1


def endless(dataset: Dataset[Tensor], batch: int, workers: int) -> Iterator[Tensor]:
    """Shuffled batches, epoch after epoch."""
    loader = DataLoader(
        dataset, batch, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=workers > 0
    )
    while True:
        yield from loader


def plain(
    recipe: Recipe, batches: Iterator[Tensor], device: str | torch.device = "cpu"
) -> tuple[Callable[[], None], nn.Module]:
    """One step of the plain loop, to be called again and again; and its generator."""
    g = nets.initialised(nets.generator(recipe), recipe.seed, "generator").to(device)
    d = nets.initialised(nets.discriminator(recipe), recipe.seed, "discriminator").to(device)
    of_d = torch.optim.Adam(d.parameters(), recipe.lr, (recipe.beta1, recipe.beta2))
    of_g = torch.optim.Adam(g.parameters(), recipe.lr, (recipe.beta1, recipe.beta2))
    bce = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(recipe.batch, device=device), torch.zeros(recipe.batch, device=device)

    def step() -> None:
        real = next(batches).to(device)
        fake = g(torch.randn(recipe.batch, recipe.code_size, device=device))
        of_d.zero_grad()
        bce(d(real), ones).backward()
        bce(d(fake.detach()), zeros).backward()
        of_d.step()
        of_g.zero_grad()
        bce(d(fake), ones).backward()
        of_g.step()

    return step, g


@torch.no_grad()
def drawn(generator: nn.Module, recipe: Recipe, count: int) -> np.ndarray:
    """Samples of a generator in training, uint8 (count, C, S, S)."""
    batches = [generator(torch.randn(recipe.batch, recipe.code_size)) for _ in range(-(-count // recipe.batch))]
    return to_uint8(torch.cat(batches))[:count].numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", required=True, help="marks at which samples are drawn")
    parser.add_argument("--out", type=Path, required=True, help="folder for samples-<seconds>.npy and tutorial.json")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--group")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--samples", type=int, default=5000)
    options = parser.parse_args()
    bank = prepare(options.data, options.size, group=options.group)
    options.out.mkdir(parents=True, exist_ok=True)

    start = time.monotonic()
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    recipe = presets.make("dcgan", size=options.size, channels=bank.channels, seed=options.seed)
    pictures = np.asarray(bank.pictures[bank.train])
    step, generator = plain(recipe, endless(Prepared(pictures), recipe.batch, workers=0))
    facts, images = {}, 0
    for mark in sorted(options.seconds):
        while time.monotonic() - start < mark:
            step()
            images += recipe.batch
        paused = time.monotonic()
        facts[f"{mark:g}"] = {"images": images, "seconds": round(paused - start, 1)}
        np.save(options.out / f"samples-{mark:g}.npy", drawn(generator, recipe, options.samples))
        start += time.monotonic() - paused
    (options.out / "tutorial.json").write_text(json.dumps(facts) + "\n", "utf-8")


if __name__ == "__main__":
    main()
