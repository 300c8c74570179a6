"""How fast does figment train? Compared with a plain loop over the same nets at the same batch.

    python benchmarks/train_speed.py [DATA] [--width 64] [--batch 128] [--rounds 5] [--seconds 12] [--json FILE]

"plain" is the loop of a tutorial: eager float32, NCHW, Adam as PyTorch has it by default, pictures decoded, cropped,
reduced and mirrored by a DataLoader with two workers. "figment" is what `figment train --for …` runs here: the fastest
of its ways of doing the arithmetic, found by trying them, fed from the resident uint8 bank. "step" leaves the data path
out on both sides: plain is given one batch that is ready in memory. The two take turns, so that whatever else the
machine does hits both; the ratio is taken round by round and its median counts. DATA is a folder of pictures; without
it 2,000 of the built-in portraits are written as JPEG of 178 px first.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from figment import nets
from figment import recipe as recipes
from figment.data.portraits import portraits
from figment.data.preparing import prepare
from figment.machine import this_machine
from figment.recipe import Recipe
from figment.training import loop, speed
from figment.training.feed import Feed
from figment.training.state import new_players


class Files(Dataset):
    """Pictures decoded one by one, as a tutorial's loader does."""

    def __init__(self, folder: Path, size: int) -> None:
        self.files, self.size = sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".jpg", ".png"}), size

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> Tensor:
        with Image.open(self.files[i]) as file:
            picture = file.convert("RGB")
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        small = picture.resize((self.size, self.size), Image.Resampling.BILINEAR, (left, top, left + side, top + side))
        tensor = torch.from_numpy(np.array(small)).permute(2, 0, 1).float() / 127.5 - 1
        return tensor.flip(2) if torch.rand(()) < 0.5 else tensor


def endless(folder: Path, recipe: Recipe) -> Iterator[Tensor]:
    loader = DataLoader(
        Files(folder, recipe.size), recipe.batch, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True
    )
    while True:
        yield from loader


def plain_step(recipe: Recipe, batches: Iterator[Tensor]) -> Callable[[], None]:
    """One step of the plain loop, as a function to be called again and again."""
    g = nets.initialised(nets.generator(recipe), 0, "generator")
    d = nets.initialised(nets.discriminator(recipe), 0, "discriminator")
    of_d = torch.optim.Adam(d.parameters(), recipe.lr, (recipe.beta1, recipe.beta2))
    of_g = torch.optim.Adam(g.parameters(), recipe.lr, (recipe.beta1, recipe.beta2))
    bce = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(recipe.batch), torch.zeros(recipe.batch)

    def step() -> None:
        real = next(batches)
        fake = g(torch.rand(recipe.batch, recipe.code_size) * 2 - 1)
        of_d.zero_grad()
        bce(d(real), ones).backward()
        bce(d(fake.detach()), zeros).backward()
        of_d.step()
        of_g.zero_grad()
        bce(d(fake), ones).backward()
        of_g.step()

    return step


def our_step(recipe: Recipe, folder: Path) -> tuple[Callable[[], None], str]:
    """One step as the product runs it, and in which arithmetic."""
    machine = this_machine("cpu")
    bank = prepare(folder, recipe.size, 3)
    recipe = recipes.changed(recipe, seconds=3600.0, images=None)
    players = new_players(recipe, torch.device("cpu"))
    feed = Feed(bank.pictures, bank.train, 0, True, torch.device("cpu"))
    trials = speed.try_out(recipe, machine, players, feed, 3.0)
    fastest, calls = trials[0]
    recipe = recipes.changed(recipe, precision=fastest.precision, compile=fastest.compile, planned_images=10**6)
    return lambda: loop.play(players, calls, recipe, feed), ", ".join(str(trial) for trial, _ in trials)


def rate(step: Callable[[], None], batch: int, seconds: float) -> float:
    """Images a second over at least so many seconds, after one step to warm up."""
    step()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
    return steps * batch / (time.perf_counter() - start)


def portraits_as_files(folder: Path) -> Path:
    pictures, _ = portraits(2000, size=178)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture.transpose(1, 2, 0)).save(folder / f"{i:04d}.jpg", quality=90)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_flush_denormal(True)
    recipe = recipes.make("dcgan", width=options.width, batch=options.batch, channels=3, planned_images=10**6)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.setdefault("FIGMENT_CACHE", scratch)
        folder = options.data or portraits_as_files(Path(scratch))
        ours, trials = our_step(recipe, folder)
        ready = torch.rand(recipe.batch, 3, 64, 64) * 2 - 1
        sides = {
            "plain, step": plain_step(recipe, iter(lambda: ready, None)),
            "plain, with data": plain_step(recipe, endless(folder, recipe)),
            "figment": ours,
        }
        rounds: list[dict[str, float]] = []
        for _ in range(options.rounds):
            rounds.append({name: rate(step, recipe.batch, options.seconds) for name, step in sides.items()})
    median = {name: statistics.median(r[name] for r in rounds) for name in sides}
    ratios = {name: statistics.median(r["figment"] / r[name] for r in rounds) for name in list(sides)[:2]}
    result = {
        "machine": str(this_machine("cpu")), "torch": torch.__version__, "threads": torch.get_num_threads(),
        "width": options.width, "batch": options.batch, "size": 64, "rounds": options.rounds, "trials": trials,
        "images_per_second": median, "ratio": ratios,
        "peak_memory_mb": round(psutil.Process().memory_info().rss / 2**20),
    }  # fmt: skip
    print(
        f"{result['machine']}, torch {result['torch']}, {result['threads']} threads; width {options.width}, batch {options.batch}"
    )
    print(f"tried: {trials}")
    for name, value in median.items():
        print(
            f"{name:<18} {value:8.1f} images/s"
            + (f"   figment is {ratios[name]:.2f}× as fast" if name in ratios else "")
        )
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
