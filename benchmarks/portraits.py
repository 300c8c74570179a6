"""How fast are the built-in portraits drawn? Portraits a second at 64, 128 and 256 px, by one process and by all cores.

    python benchmarks/portraits.py [--seconds 3] [--json FILE]

Compared with nothing but themselves: the target is 500 portraits a second at 64 px on two cores.
"""

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
from joblib import Parallel, cpu_count, delayed

from figment.data.portraits.table import portraits

CHUNKS = {64: 256, 128: 64, 256: 16}  # portraits a task


def draw(size: int, start: int) -> int:
    return len(portraits(CHUNKS[size], size=size, start=start)[0])


def rate(size: int, processes: int, seconds: float) -> float:
    """Portraits a second over at least so many seconds, the workers being warm."""
    with Parallel(n_jobs=processes) as parallel:

        def drawn(tasks: int) -> int:
            return sum(parallel(delayed(draw)(size, k * CHUNKS[size]) for k in range(tasks)))

        drawn(processes)
        began, count = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - began) < seconds:
            count += drawn(4 * processes)
    return count / elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="shortest time a measurement takes")
    parser.add_argument("--json", type=Path, help="write the table here as well")
    options = parser.parse_args()

    cores = cpu_count()
    rows = []
    print(f"{'size':>5} {'processes':>10} {'portraits/s':>12}")
    for size in CHUNKS:
        for processes in sorted({1, cores}):
            per_second = rate(size, processes, options.seconds)
            rows.append({"size": size, "processes": processes, "portraits_per_second": round(per_second, 1)})
            print(f"{size:>5} {processes:>10} {per_second:>12.0f}")
    if options.json:
        machine = {"processor": platform.processor() or platform.machine(), "cores": cores, "numpy": np.__version__}
        options.json.write_text(json.dumps({"machine": machine, "rates": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
