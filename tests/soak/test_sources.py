"""Ten thousand spoilt sources of every form: each is read, or refused in a sentence, within time and memory.

They are read as preparing reads them, names first and then every picture, by processes that may take no more than the
bound: a source that wants more fails there, as one that takes too long does.
"""

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from figtest.spoil_and_read import SHARD, spoil_and_read

pytestmark = pytest.mark.slow

COUNT = round(12_000 * float(os.environ.get("SOAK_SHARE", "1")))
PROCESSES = 2


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
