"""How long until figment answers? Whole processes, from the shell's point of view.

    python benchmarks/startup.py [--rounds 11] [--json FILE]

Compared with `python -c pass`, the interpreter alone. Target: --help under 0.1 s, on a machine where nothing else runs; the
processor's own seconds, beside the clock's, say more on a busy one.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = {
    "python alone": [sys.executable, "-c", "pass"],
    "figment --help": [sys.executable, "-m", "figment", "--help"],
    "import figment": [sys.executable, "-c", "import figment"],
    "figment measure --help": [sys.executable, "-m", "figment", "measure", "--help"],
    "figment completion bash": [sys.executable, "-m", "figment", "completion", "bash"],
    "figment doctor": [sys.executable, "-m", "figment", "doctor"],
    "figment train --help": [sys.executable, "-m", "figment", "train", "--help"],
    "figment train --dry-run": [sys.executable, "-m", "figment", "train", "--dry-run"],
}


def seconds(command: list[str]) -> tuple[float, float]:
    """By the clock, and of the processor."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, worked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    times = {name: [seconds(command) for _ in range(options.rounds)] for name, command in COMMANDS.items()}
    for name, taken in times.items():
        clock, processor = zip(*taken, strict=True)
        print(
            f"{name:<26} median {statistics.median(clock):.3f} s   (min {min(clock):.3f}, max {max(clock):.3f})"
            f"   processor {statistics.median(processor):.3f} s (min {min(processor):.3f})"
        )
    if options.json:
        options.json.write_text(json.dumps(times, indent=2) + "\n")


if __name__ == "__main__":
    main()
