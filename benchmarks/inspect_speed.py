"""How fast is a set looked at? Compared with preparing the same pictures; a look should reach half that rate.

    python benchmarks/inspect_speed.py shared/data/celeba/dev [--size 64] [--repeats 3] [--json FILE]

"inspect" is all that `figment data inspect` does: look at every picture, find duplicates, near-duplicates and outliers,
make the page. "prepare" is listing, decoding, reducing and writing the bank. Both start their own workers, and the two
take turns, so that whatever else the machine does hits both; where it does a lot, the seconds of CPU tell more, which
are those of all processes together. Loading torch and the charts' library, two seconds, happens before the first round.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from figment.data.bank.prepare import prepare
from figment.data.bank.workers import usable_cores
from figment.inspection.page import page
from figment.inspection.survey import survey


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall and of CPU (this process and its children) that an action takes."""
    start, before = time.perf_counter(), sum(os.times()[:4])
    action()
    return time.perf_counter() - start, sum(os.times()[:4]) - before


def measure(data: Path, size: int, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of wall and of CPU of each repeat, by what was done."""
    seconds: dict[str, list[tuple[float, float]]] = {"prepare": [], "inspect": []}
    for _ in range(repeats + 1):
        with tempfile.TemporaryDirectory() as cache:
            os.environ["FIGMENT_CACHE"] = cache
            seconds["prepare"].append(timed(lambda: prepare(data, size, channels=3)))
            seconds["inspect"].append(timed(lambda: page(survey(data, size=size))))
    return {what: times[1:] for what, times in seconds.items()}  # the first round reads the files from the disk


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a folder of pictures")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seconds = measure(options.data, options.size, options.repeats)
    wall, cpu = ({what: statistics.median(t[i] for t in times) for what, times in seconds.items()} for i in (0, 1))
    ratio, cpu_ratio = (medians["prepare"] / medians["inspect"] for medians in (wall, cpu))
    print(f"{options.data.name} at {options.size} px; {usable_cores()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':10}{'seconds':>10}{'of CPU':>10}   seconds of each repeat")
    for what, times in seconds.items():
        print(f"{what:10}{wall[what]:>10.2f}{cpu[what]:>10.2f}   {' '.join(f'{value:.2f}' for value, _ in times)}")
    print(f"inspect reaches {ratio:.0%} of the rate of prepare ({cpu_ratio:.0%} by seconds of CPU)")
    if options.json:
        facts = {"data": options.data.name, "size": options.size, "ratio": ratio, "cpu_ratio": cpu_ratio}
        options.json.write_text(json.dumps(facts | {"seconds": seconds}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
