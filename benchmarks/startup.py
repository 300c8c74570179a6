"""How long until figment answers? Whole processes, from the shell's point of view.

    python benchmarks/startup.py [--rounds 11] [--json FILE]

Compared with `python -c pass`, the interpreter alone. Target: --help under 0.3 s.
"""

import argparse
import json
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
    "figment train --help": [sys.executable, "-m", "figment", "train", "--help"],
    "figment train --dry-run": [sys.executable, "-m", "figment", "train", "--dry-run"],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    times = {name: [seconds(command) for _ in range(options.rounds)] for name, command in COMMANDS.items()}
    for name, taken in times.items():
        print(f"{name:<26} median {statistics.median(taken):.3f} s   (min {min(taken):.3f}, max {max(taken):.3f})")
    if options.json:
        options.json.write_text(json.dumps(times, indent=2) + "\n")


if __name__ == "__main__":
    main()
