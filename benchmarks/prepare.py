"""How fast are pictures prepared? Compared with Pillow alone: decoding, cropping and reducing the same files.

    python benchmarks/prepare.py shared/data/celeba/dev [--size 64] [--repeats 5] [--json FILE]

"prepare" is all that figment does before training starts for the first time: list, decode, turn upright, hash, crop,
reduce, write, split, flush to the disk. "Pillow alone" opens, crops and reduces with the same filter and throws the
result away, through the same pool of processes. Both include starting the pool. The two take turns, and the medians
count, so that whatever else the machine does hits both. "open" is finding the bank again when nothing has changed.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import PIL
from PIL import Image

from figment.data.bank import prepare
from figment.data.decode import Stored
from figment.data.source import Folder
from figment.data.workers import cores, map_unordered


@dataclass(frozen=True)
class PillowAlone:
    """Decode, crop and reduce a chunk of files, and nothing else."""

    size: int

    def __call__(self, chunk: Stored) -> int:
        """Returns the number of pictures."""
        for path in chunk.payloads:
            with Image.open(path) as picture:
                side = min(picture.size)
                left, top = (picture.width - side) // 2, (picture.height - side) // 2
                square = picture.convert("RGB").crop((left, top, left + side, top + side))
                square.resize((self.size, self.size), Image.Resampling.LANCZOS, reducing_gap=3.0)
        return len(chunk.payloads)


def measure(data: Path, size: int, repeats: int) -> dict[str, list[float]]:
    """Seconds of each repeat, by what was done."""
    # The workers import the function by its module's name, and `__main__` is another module there.
    from prepare import PillowAlone as Function

    seconds: dict[str, list[float]] = {"Pillow alone": [], "prepare": [], "open": []}
    for _ in range(repeats + 1):
        seconds["Pillow alone"].append(timed(lambda: sum(map_unordered(Function(size), Folder(data).chunks()))))
        with tempfile.TemporaryDirectory() as cache:
            os.environ["FIGMENT_CACHE"] = cache
            seconds["prepare"].append(timed(lambda: prepare(data, size, channels=3)))
            seconds["open"].append(timed(lambda: prepare(data, size, channels=3)))
    return {what: times[1:] for what, times in seconds.items()}  # the first round reads the files from the disk


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a folder of pictures")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    count = len(Folder(options.data).listing.names)
    seconds = measure(options.data, options.size, options.repeats)
    medians = {what: statistics.median(times) for what, times in seconds.items()}
    ratio = medians["Pillow alone"] / medians["prepare"]
    machine = f"{cores()} cores, {platform.processor() or platform.machine()}, Python {platform.python_version()}"
    machine += f", Pillow {PIL.__version__}, load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{count:,} pictures from {options.data.name} at {options.size} px; {machine}")
    print(f"{'':14}{'pictures/s':>12}{'median s':>10}   all repeats")
    for what, times in seconds.items():
        listed = " ".join(f"{value:.2f}" for value in times)
        print(f"{what:14}{count / medians[what]:>12,.0f}{medians[what]:>10.2f}   {listed}")
    print(f"prepare reaches {ratio:.0%} of the rate of Pillow alone")
    if options.json:
        facts = {"data": options.data.name, "pictures": count, "size": options.size, "machine": machine}
        options.json.write_text(json.dumps(facts | {"seconds": seconds, "ratio": ratio}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
