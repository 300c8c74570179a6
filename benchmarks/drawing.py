"""How fast are pictures drawn that figment draws itself? Pictures a second of each set, by one process and by all cores.

    python benchmarks/drawing.py [portraits|world …] [--sizes 64 128 256] [--seconds 3] [--kinds] [--json FILE]

Compared with nothing but themselves: the targets are 500 portraits a second at 64 px on two cores, and 300 pictures of
the world on one. --kinds: milliseconds of CPU for each kind of the world's pictures, too.
"""

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, cpu_count, delayed

from figment.data.decoding.chunks import DrawnChunk, DrawnSet
from figment.data.sources.open import DRAWN
from figment.data.world.world import kind_of, world

TASK_PIXELS = 2**20  # drawn at once


def draw(drawn_set: DrawnSet, size: int, start: int, count: int) -> int:
    return sum(1 for _ in DrawnChunk(drawn_set, start, start + count, 0).draw(size))


def rate(drawn_set: DrawnSet, size: int, processes: int, seconds: float) -> float:
    """Pictures a second over at least so many seconds, the workers being warm."""
    each = max(1, TASK_PIXELS // size**2)
    with Parallel(n_jobs=processes) as parallel:

        def drawn(tasks: int) -> int:
            return sum(parallel(delayed(draw)(drawn_set, size, k * each, each) for k in range(tasks)))

        drawn(processes)
        began, count = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - began) < seconds:
            count += drawn(4 * processes)
    return count / elapsed


def kinds(size: int, count: int = 400) -> dict[str, float]:
    """Milliseconds of CPU that a picture of each kind takes in the mean, of so many pictures in all."""
    spent: dict[str, list[float]] = {}
    for index in range(count):
        began = time.process_time()
        world(1, size=size, start=index)
        spent.setdefault(kind_of(index), []).append(1000 * (time.process_time() - began))
    return {name: float(np.mean(times)) for name, times in sorted(spent.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", help=f"of {', '.join(DRAWN)}; all, where none is given")
    parser.add_argument("--sizes", nargs="+", type=int, default=[64, 128, 256], help="pixels a side")
    parser.add_argument("--seconds", type=float, default=3.0, help="shortest time a measurement takes")
    parser.add_argument("--kinds", action="store_true", help="the time of each kind of the world's pictures")
    parser.add_argument("--json", type=Path, help="write the table here as well")
    options = parser.parse_args()
    if unknown := set(options.sets) - DRAWN.keys():
        parser.error(f"{', '.join(sorted(unknown))}: there are {', '.join(DRAWN)}")

    cores = cpu_count()
    rows = []
    print(f"{'set':>10} {'size':>5} {'processes':>10} {'pictures/s':>11}")
    for drawn_set in options.sets or DRAWN:
        for size in options.sizes:
            for processes in sorted({1, cores}):
                per_second = rate(drawn_set, size, processes, options.seconds)
                rows.append(
                    {"set": drawn_set, "size": size, "processes": processes, "per_second": round(per_second, 1)}
                )
                print(f"{drawn_set:>10} {size:>5} {processes:>10} {per_second:>11.0f}")
    content: dict[str, Any] = {"rates": rows}
    if options.kinds:
        content["milliseconds"] = {str(size): kinds(size) for size in options.sizes}
        for size, found in content["milliseconds"].items():
            print(f"ms a picture at {size}: " + ", ".join(f"{name} {ms:.1f}" for name, ms in found.items()))
    if options.json:
        machine = {"processor": platform.processor() or platform.machine(), "cores": cores, "numpy": np.__version__}
        options.json.write_text(json.dumps({"machine": machine} | content, indent=2) + "\n")


if __name__ == "__main__":
    main()
