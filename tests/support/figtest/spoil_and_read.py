"""The work of a process that spoils sources and reads them, for tests/soak: where other processes can import it."""

import resource
import signal
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from figtest.spoilt import outcome, sound_sources, spoilt_sources

SHARD = 250  # sources that a process is given at once
SECONDS, EXTRA_MB = 15, 500


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def spoil_and_read(seed: int) -> tuple[Counter[str], list[str], float, int]:
    """Outcomes by kind, faults, the longest that one took in seconds, and the memory that all took in MB."""
    found: Counter[str] = Counter()
    faults: list[str] = []
    slowest = 0.0
    before = peak_mb()
    signal.signal(signal.SIGALRM, _too_long)
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, content) in enumerate(spoilt_sources(sound_sources(), seed, SHARD), seed):
            path = Path(folder) / name
            path.write_bytes(content)
            began, peak = time.monotonic(), peak_mb()
            signal.alarm(SECONDS)
            try:
                found["read" if outcome(path) == "read" else "refused"] += 1
            except BaseException:
                found["fault"] += 1
                faults.append(f"{number}, {name}: {traceback.format_exc(limit=-3)}")
            signal.alarm(0)
            slowest = max(slowest, time.monotonic() - began)
            if peak_mb() > peak + EXTRA_MB:
                faults.append(f"{number}, {name}: {peak_mb() - peak} MB")
            path.unlink()
    return found, faults, slowest, peak_mb() - before


def _too_long(*_: object) -> None:
    raise TimeoutError(f"took more than {SECONDS} s")
