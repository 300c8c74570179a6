"""How fast are pictures prepared? Compared with Pillow alone: decoding, cropping and reducing the same files.

    python benchmarks/prepare.py shared/data/celeba/dev [--size 64] [--repeats 5] [--json FILE]

"prepare" is all that figment does before training starts for the first time: list, decode, turn upright, hash, crop,
reduce, write, split, flush to the disk. "Pillow alone" opens, crops and reduces with the same filter and throws the
result away, through the same pool of processes. Both include starting the pool. The two take turns, and the medians
count, so that whatever else the machine does hits both; where it does a lot, the seconds of CPU tell more, which are
those of all processes together. "open" is finding the bank again when nothing has changed.
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


def measure(data: Path, size: int, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of wall and of CPU of each repeat, by what was done."""
    # The workers import the function by its module's name, and `__main__` is another module there.
    from prepare import PillowAlone as Function

    seconds: dict[str, list[tuple[float, float]]] = {"Pillow alone": [], "prepare": [], "open": []}
    for _ in range(repeats + 1):
        seconds["Pillow alone"].append(timed(lambda: sum(map_unordered(Function(size), Folder(data).chunks()))))
        with tempfile.TemporaryDirectory() as cache:
            os.environ["FIGMENT_CACHE"] = cache
            seconds["prepare"].append(timed(lambda: prepare(data, size, channels=3)))
            seconds["open"].append(timed(lambda: prepare(data, size, channels=3)))
    return {what: times[1:] for what, times in seconds.items()}  # the first round reads the files from the disk


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall and of CPU (this process and its children) that an action takes."""
    start, before = time.perf_counter(), sum(os.times()[:4])
    action()
    return time.perf_counter() - start, sum(os.times()[:4]) - before


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
    wall, cpu = ({what: statistics.median(t[i] for t in times) for what, times in seconds.items()} for i in (0, 1))
    ratio, cpu_ratio = (medians["Pillow alone"] / medians["prepare"] for medians in (wall, cpu))
    machine = f"{cores()} cores, {platform.processor() or platform.machine()}, Python {platform.python_version()}"
    machine += f", Pillow {PIL.__version__}, load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{count:,} pictures from {options.data.name} at {options.size} px; {machine}")
    print(f"{'':14}{'pictures/s':>12}{'seconds':>10}{'of CPU':>10}   seconds of each repeat")
    for what, times in seconds.items():
        listed = " ".join(f"{value:.2f}" for value, _ in times)
        print(f"{what:14}{count / wall[what]:>12,.0f}{wall[what]:>10.2f}{cpu[what]:>10.2f}   {listed}")
    print(f"prepare reaches {ratio:.0%} of the rate of Pillow alone ({cpu_ratio:.0%} by seconds of CPU)")
    if options.json:
        facts = {"data": options.data.name, "pictures": count, "size": options.size, "machine": machine}
        options.json.write_text(
            json.dumps(facts | {"seconds": seconds, "ratio": ratio, "cpu_ratio": cpu_ratio}, indent=1) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
