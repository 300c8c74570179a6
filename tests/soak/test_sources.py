"""Ten thousand spoilt sources of every form: each is read, or refused in a sentence, within time and memory.

They are read as preparing reads them, names first and then every picture, by processes that may take no more than the
bound: a source that wants more fails there, as one that takes too long does.
"""

import os
import resource
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from figtest.spoilt import outcome, sound_sources, spoilt_sources

pytestmark = pytest.mark.slow

COUNT = round(12_000 * float(os.environ.get("SOAK_SHARE", "1")))
SHARD = 250  # sources that a process is given at once
SECONDS, EXTRA_MB = 15, 500
PROCESSES = 2


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


def test_spoilt_sources(tell: Callable[[str], None]) -> None:
    found: Counter[str] = Counter()
    faults: list[str] = []
    slowest, largest = 0.0, 0
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        for outcomes, wrong, seconds, memory in pool.map(spoil_and_read, range(0, COUNT, SHARD)):
            found += outcomes
            faults += wrong
            slowest, largest = max(slowest, seconds), max(largest, memory)
    figures = f"{found['read']} read, {found['refused']} refused, slowest {slowest:.1f} s, {largest} MB more at most"
    tell(f"{found.total()} spoilt, {len(faults)} faults, {figures}")
    shown = "\n\n".join(faults[:12])
    assert not faults, f"{len(faults)} of {found.total()}:\n{shown}"
