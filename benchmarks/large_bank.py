"""Does a bank of 100 million pictures cost memory, or time at an epoch's start? A simulated one, in sparse files.

    python benchmarks/large_bank.py [--pictures 100e6] [--size 64] [--batch 64] [--batches 2000] [--folder DIR]

Makes a bank of that many pictures whose files are as long as they would be (1.2 TB at 64 px) but hold nothing where
nothing is read: the pictures of the batches that will be asked for get their own numbers written into them, so that each
picture can be told. The bank is opened as any other and fed to a training's feed by either order, each in a process of its
own: seconds until the first batch, milliseconds a batch after that, and memory: the process's own (anonymous), and with
the mapped files' pages, which the system takes back when it needs them. Then a second feed begins in the middle, as a
resumed run does, and must give the same pictures. Needs some hundred MB of disk; the bank is removed again. Linux.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from figment.common.seeds import seed_at
from figment.data.bank.bank import DECODING, FORMAT, HELD_OUT_ROWS, TRAIN_ROWS, open_bank
from figment.data.bank.shards import pictures_per_shard, shard_name
from figment.training.loader import Feed
from figment.training.order import Order
from figment.training.permutation import permuted

SEED, EPOCH = 0, 3  # of the order; batches are those that begin in the middle of this epoch


def make(folder: Path, count: int, size: int) -> None:
    """A bank of so many pictures that takes next to no room."""
    shape, facts = (3, size, size), {}
    per_shard = pictures_per_shard(shape)
    for number, start in enumerate(range(0, count, per_shard)):
        with (folder / shard_name(number)).open("wb") as file:
            file.truncate(min(per_shard, count - start) * int(np.prod(shape)))
    held_out = np.random.default_rng(0).random(count) < 0.1
    for name, array in (
        ("held_out.npy", held_out), (TRAIN_ROWS, np.flatnonzero(~held_out)), (HELD_OUT_ROWS, np.flatnonzero(held_out)),
    ):  # fmt: skip
        np.save(folder / name, array)
    facts |= {"format": FORMAT, "count": count, "height": size, "width": size, "channels": 3, "per_shard": per_shard}
    facts |= {"skipped": [], "left_out": [], "copies": [], "ignored": 0, "enlarged": 0, "source": "simulated"}
    (folder / "bank.json").write_text(json.dumps(facts | {"decoding": DECODING, "labels": []}))


def number(folder: Path, rows: np.ndarray) -> None:
    """Write each picture's own number into its first bytes."""
    facts = json.loads((folder / "bank.json").read_text())
    picture = facts["channels"] * facts["height"] * facts["width"]
    for shard in np.unique(rows // facts["per_shard"]):
        with (folder / shard_name(int(shard))).open("r+b") as file:
            for row in rows[rows // facts["per_shard"] == shard].tolist():
                file.seek(row % facts["per_shard"] * picture)
                file.write(row.to_bytes(4, "little"))


def memory() -> dict[str, float]:
    """MB of this process: its own, mapped files' pages, and the most of both that there was."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(lines[name].split()[0]) / 1e3 for name in ("RssAnon", "RssFile", "VmHWM")}


def numbers_of(batch: torch.Tensor) -> np.ndarray:
    """The numbers that the pictures of a batch hold."""
    levels = ((batch[:, 0, 0, :4] + 1) * 127.5).round().to(torch.uint8).numpy()
    return np.ascontiguousarray(levels).view("<u4")[:, 0].astype(np.int64)


def feed_alone(folder: Path, batch: int, batches: int, by_formula: bool) -> dict[str, object]:
    """What one side costs, in this process."""
    torch.set_num_threads(1)
    before, began = memory(), time.perf_counter()
    bank = open_bank(folder)
    opened = time.perf_counter() - began
    first = EPOCH * len(bank.train) + len(bank.train) // 2 // batch * batch
    cpu = torch.device("cpu")
    feed = Feed(bank.pictures, Order(bank.train, SEED, by_formula), SEED, False, cpu)
    began = time.perf_counter()
    seen = [numbers_of(feed.batch(first, batch)[0])]
    start = time.perf_counter() - began
    mid, began = memory(), time.perf_counter()
    seen += [numbers_of(feed.batch(first + k * batch, batch)[0]) for k in range(1, batches)]
    each = (time.perf_counter() - began) / (batches - 1)
    after = memory()
    resumed = Feed(bank.pictures, Order(bank.train, SEED, by_formula), SEED, False, cpu)
    half = batches // 2
    again = [numbers_of(resumed.batch(first + k * batch, batch)[0]) for k in range(half, batches)]
    found = np.concatenate(seen)
    if by_formula:  # whose pictures hold their numbers
        assert len(np.unique(found)) == len(found)
        key = seed_at(SEED, "order by formula", EPOCH)
        places = np.arange(len(found)) + first % len(bank.train)
        assert (found == bank.train[permuted(places, len(bank.train), key)]).all()
    assert (np.concatenate(again) == np.concatenate(seen[half:])).all()
    return {
        "opened": opened, "first": start, "each_ms": each * 1e3, "before": before, "begun": mid, "after": after,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=float, default=100e6)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--batches", type=int, default=2000)
    parser.add_argument("--folder", type=Path, help="where the bank is made; by default among temporary files")
    parser.add_argument("--alone", nargs=2, metavar=("BANK", "ORDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        folder, order = options.alone
        print(json.dumps(feed_alone(Path(folder), options.batch, options.batches, order == "formula")))
        return
    torch.set_num_threads(1)
    speeds()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        folder, count = Path(scratch), int(options.pictures)
        make(folder, count, options.size)
        rows = np.load(folder / TRAIN_ROWS, mmap_mode="r")
        start = len(rows) // 2 // options.batch * options.batch
        wanted = np.arange(start, start + (options.batches + 2) * options.batch)
        number(folder, rows[permuted(wanted, len(rows), seed_at(SEED, "order by formula", EPOCH))])
        files = list(folder.iterdir())
        long, taken = (
            sum(f(file.stat()) for file in files) for f in (lambda s: s.st_size, lambda s: s.st_blocks * 512)
        )
        print(
            f"{count:,} pictures, {len(files)} files of {long / 1e9:,.0f} GB that take {taken / 1e9:.2f} GB of the disk"
        )
        print(
            f"{'order':10}{'opened':>9}{'first batch':>13}{'each':>10}{'own memory: before':>20}{'after':>9}{'peak':>9}"
        )
        for order in ("formula", "list", "formula", "list"):
            command = [sys.executable, __file__, "--alone", scratch, order]
            command += ["--batch", str(options.batch), "--batches", str(options.batches)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            own = [told[when]["RssAnon"] for when in ("before", "after")]
            peak, pages = told["after"]["VmHWM"], told["after"]["RssFile"]
            print(
                f"{order:10}{told['opened']:>7.2f} s{told['first']:>11.3f} s{told['each_ms']:>7.2f} ms"
                f"{own[0]:>17.0f} MB{own[1]:>6.0f} MB{peak:>6.0f} MB, pages of files {pages:.0f} MB"
            )
    print(f"{platform.machine()}, numpy {np.__version__}, torch {torch.__version__}, one thread")


def speeds() -> None:
    """Processor time of an index, of batches and of many, beside making a list; and of batches of a small set by both."""
    n = 100_000_000
    for m in (64, 256, 4096, 1_000_000):
        places, rounds = np.arange(m) + n // 2, max(3, 200_000 // m)
        took = seconds(lambda p=places: permuted(p, n, 1), rounds)
        print(f"formula, {m:,} at once: {took / m * 1e9:,.0f} ns an index, {took * 1e6:,.0f} µs")
    print(f"list of {n:,}: {seconds(lambda: torch.randperm(n), 1):.1f} s an epoch and process, {n * 8 / 1e6:,.0f} MB")
    pictures, cpu = np.zeros((8000, 3, 64, 64), np.uint8), torch.device("cpu")
    for name in ("list", "formula", "list", "formula"):
        feed = Feed(pictures, Order(np.arange(8000), 0, name == "formula"), 0, True, cpu)
        numbers = iter(range(0, 10**9, 64))
        took = seconds(lambda f=feed, k=numbers: f.batch(next(k), 64), 500)
        print(f"8,000 pictures, {name}: {took * 1e6:,.0f} µs of processor time a batch of 64")


def seconds(do: Callable[[], object], rounds: int) -> float:
    """Of processor time, so that other work on the machine counts for little."""
    do()
    began = time.process_time()
    for _ in range(rounds):
        do()
    return (time.process_time() - began) / rounds


if __name__ == "__main__":
    main()
