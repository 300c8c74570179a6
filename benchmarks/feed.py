"""Does a bank that doesn't fit into memory slow training down?

    python benchmarks/feed.py [--gigabytes 12] [--rounds 5] [--seconds 20] [--recipe dcgan-small] [--json FILE]

Makes a bank of that size from noise (the disk needs the room; it is removed again) and trains on it. "resident": 4,096
pictures that stay in the system's cache. "cold": before each turn the system is told to forget the whole bank, so that
nearly every picture has to come from the disk, which is the worst that a bank larger than memory can do. "cold, unasked"
gathers each batch without having asked the disk for it before, to show what asking is worth. The sides take turns,
forwards and backwards; the ratio is taken round by round, and its median counts. "from disk" is what the system read for
the process in a turn, against what the batches held, reading ahead not always counted: above 0 shows that the bank was
cold. Linux.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from figment import presets
from figment.data.bank.shards import Shards, pictures_per_shard, shard_name
from figment.training import loader, loop
from figment.training.distributed import World
from figment.training.loader import Feed
from figment.training.phases import phases_of
from figment.training.state import new_state

SHAPE = (3, 64, 64)
ROW = int(np.prod(SHAPE))


def noise(folder: Path, gigabytes: float) -> Shards:
    """A bank of noise, no two pictures of a block alike, flushed to the disk."""
    count, each = int(gigabytes * 2**30) // ROW, pictures_per_shard(SHAPE)
    block = np.random.default_rng(0).integers(0, 256, (8192, ROW), np.uint8)
    for number, start in enumerate(range(0, count, each)):
        with (folder / shard_name(number)).open("wb") as file:
            left = min(each, count - start)
            while left:
                rows = min(left, len(block))
                file.write((block[:rows] ^ (left % 251)).tobytes())
                left -= rows
            file.flush()
            os.fsync(file.fileno())
    return Shards(folder, count, SHAPE, each)


def forget(folder: Path) -> None:
    """Have the system drop a bank from its cache."""
    for file in folder.glob("*.uint8"):
        handle = os.open(file, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def read_from_disk() -> int:
    """Bytes that the system has fetched from the disk for this process so far."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("read_bytes"))


def rate(step: Callable[[], None], batch: int, seconds: float) -> tuple[float, float]:
    """Images a second, and bytes from the disk for each byte shown, over at least so many seconds."""
    step()
    start, before, steps = time.perf_counter(), read_from_disk(), 0
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
    images = steps * batch
    return images / (time.perf_counter() - start), (read_from_disk() - before) / (images * ROW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=12.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--recipe", default="dcgan-small")
    parser.add_argument("--folder", type=Path, help="where the bank is made; by default among temporary files")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_flush_denormal(True)
    settled = dict(channels=3, planned_images=10**6, precision="fp32", compile="off", augment="none")
    recipe = presets.make(options.recipe, **settled)

    def turn(pictures: "Shards | np.ndarray", ahead: int, seed: int) -> tuple[float, float]:
        world = World.alone()
        state = new_state(recipe, world)  # anew, so that all sides play the same game
        phases = phases_of(state, recipe)
        loader.PREFETCH_BATCHES = ahead
        feed = Feed(pictures, np.arange(len(pictures)), seed, True, world.device)
        return rate(lambda: loop.train_step(state, phases, recipe, feed, world), recipe.batch, options.seconds)

    results: dict[str, list[tuple[float, float]]] = {"resident": [], "cold": [], "cold, unasked": []}
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        bank = noise(Path(scratch), options.gigabytes)
        few, ahead = bank[:4096], loader.PREFETCH_BATCHES
        sides: dict[str, tuple[Shards | np.ndarray, int]] = {
            "resident": (few, ahead),
            "cold": (bank, ahead),
            "cold, unasked": (bank, 0),
        }
        for number in range(options.rounds):
            # Forwards and backwards by turns, so that what the machine does meanwhile hits all sides alike.
            for name in list(sides)[:: 1 if number % 2 else -1]:
                forget(Path(scratch))
                results[name].append(turn(*sides[name], seed=number))
    machine = (
        f"{os.cpu_count()} cores, {platform.machine()}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    )
    print(
        f"{options.recipe}, batch {recipe.batch}, bank of {options.gigabytes:g} GB ({len(bank):,} pictures); {machine}"
    )
    print(f"{'':18}{'images/s':>10}{'from disk':>12}{'of resident':>14}   images/s of each round")
    ratios = {}
    for name, turns in results.items():
        ratios[name] = statistics.median(
            mine[0] / theirs[0] for mine, theirs in zip(turns, results["resident"], strict=True)
        )
        median, disk = (statistics.median(t[i] for t in turns) for i in (0, 1))
        listed = " ".join(f"{images:.0f}" for images, _ in turns)
        print(f"{name:18}{median:>10.0f}{disk:>12.2f}{ratios[name]:>13.1%}   {listed}")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "turns": results, "ratios": ratios}, indent=1) + "\n")


if __name__ == "__main__":
    main()
