"""How fast a generator draws by onnxruntime beside torch, and how soon `figment sample` has drawn by each.

    OMP_NUM_THREADS=1 taskset -c 1 python benchmarks/onnx_speed.py [--only r3gan]

Of untrained generators of named recipes, whose work is that of trained ones. Seconds are those of the CPU, the least of several
turns that the two take in turn, so that what else the machine does weighs little. Prints a table for docs/export.md.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from figment import nets, presets
from figment.generator import Generator
from figment.nets.serialization import packed
from figment.sharing.onnx_file import onnx_bytes
from figment.sharing.onnx_generator import load_onnx

KINDS = {"dcgan": 64, "dcgan-r1": 64, "r3gan": 64}  # recipes, and sizes in pixels
BLOCKS = 2  # of 16 pictures, that are drawn in a turn


def untrained(recipe: str, size: int) -> Generator:
    chosen = presets.make(recipe, size=size, channels=3)
    return Generator(nets.initialised(nets.generator(chosen), 0, "generator"), chosen)


def seconds_of(work: Callable[[], object]) -> float:
    """CPU seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def speeds(generator: Generator, file: Path, turns: int) -> tuple[float, float]:
    """Pictures a second of the CPU, by torch and by onnxruntime."""
    drawing, count = load_onnx(file), 16 * BLOCKS
    codes = generator.codes(count)
    both = [lambda: generator.decode(codes), lambda: drawing.decode(codes.numpy())]
    least = [min(times) for times in zip(*([seconds_of(work) for work in both] for _ in range(turns)), strict=True)]
    return count / least[0], count / least[1]


def command_seconds(path: Path, folder: Path) -> float:
    """CPU seconds of `figment sample PATH` in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "figment", "sample", path, "--out", folder / "sheet.png"],
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=KINDS, default=list(KINDS))
    asked = parser.parse_args()
    turns = asked.turns
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    print("| generator | parameters | torch | onnxruntime | `figment sample`: torch | onnxruntime |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for recipe in asked.only:
            size = KINDS[recipe]
            generator = untrained(recipe, size)
            net, file = folder / "generator.safetensors", folder / "generator.onnx"
            net.write_bytes(packed(generator.net, generator.recipe, "generator"))
            file.write_bytes(onnx_bytes(generator))
            count = sum(numbers.numel() for numbers in generator.net.parameters())
            by_torch, by_onnx = speeds(generator, file, turns)
            ready = [min(command_seconds(path, folder) for _ in range(turns)) for path in (net, file)]
            cells = [
                f"{recipe}, {size} px",
                f"{count / 1e6:.1f} M",
                *(f"{speed:.0f}/s" for speed in (by_torch, by_onnx)),
            ]
            print("|", " | ".join([*cells, *(f"{seconds:.1f} s" for seconds in ready)]), "|", flush=True)


if __name__ == "__main__":
    main()
