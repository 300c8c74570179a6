"""The pool: every chunk is done once, faults are passed on, and one bad chunk costs itself alone."""

import os
import time

import pytest

from figment.data.bank import workers
from figment.data.bank.workers import map_unordered
from figment.errors import InputError


def test_pool_does_each_chunk_once():
    assert sorted(map_unordered(abs, range(-50, 0), processes=2)) == list(range(1, 51))
    assert sorted(map_unordered(abs, range(-3, 0), processes=2)) == [1, 2, 3]


def test_pool_passes_errors_on():
    with pytest.raises(TypeError):
        list(map_unordered(abs, ["x"] * 50, processes=2))
    with pytest.raises(RuntimeError, match="ended by itself"):
        list(map_unordered(os._exit, [3] * 50, processes=2))

    def chunks():
        yield from range(20)
        raise InputError("cut")

    with pytest.raises(InputError, match="cut"):
        list(map_unordered(abs, chunks(), processes=2))


def test_cores_are_at_least_one():
    assert 1 <= workers.usable_cores() <= (os.cpu_count() or 1)


def listed(*expressions: object) -> str:
    """A chunk for eval, which any interpreter can import: it stands in for a decoder, an expression for a picture."""
    return f"[{', '.join(map(str, expressions))}]"


def in_halves(chunk: str, reason: str) -> list[str]:
    """A rescue: half by half, and 0 for what can't be had."""
    expressions = chunk[1:-1].split(", ")
    if len(expressions) > 1:
        middle = len(expressions) // 2
        return [listed(*expressions[:middle]), listed(*expressions[middle:])]
    told.append(reason)
    return [listed(0)]


told: list[str] = []
SLEEP = "__import__('time').sleep(60)"


def test_a_chunk_that_ends_its_worker_is_taken_apart():
    told.clear()
    deadly = {13, 40, 41}
    numbers = ["__import__('os')._exit(3)" if n in deadly else n for n in range(64)]
    chunks = [listed(*numbers[start : start + 8]) for start in range(0, 64, 8)]
    done = list(map_unordered(eval, chunks, processes=2, rescue=in_halves))
    assert sorted(n for chunk in done for n in chunk) == sorted([0, 0, 0, *(n for n in range(64) if n not in deadly)])
    assert len(told) == 3
    assert all("crashes" in reason for reason in told)


def test_a_chunk_that_takes_too_long_is_taken_apart():
    told.clear()
    done = list(map_unordered(eval, [listed(1, SLEEP, 3), listed(4)], processes=1, rescue=in_halves, seconds=1))
    assert sorted(n for chunk in done for n in chunk) == [0, 1, 3, 4]
    assert told == ["takes longer than 1 seconds to decode"]


def test_memory_of_a_worker_is_bounded():
    if not os.path.exists("/proc/self/limits"):
        pytest.skip("limits are Linux's")
    with pytest.raises(MemoryError):
        list(map_unordered(eval, [listed("len(bytearray(5 << 30))")], processes=1, rescue=in_halves))


def test_closing_ends_the_workers_at_once():
    start = time.monotonic()
    results = map_unordered(eval, [listed(1), *[listed(SLEEP)] * 8], processes=2, rescue=in_halves)
    assert next(results) == [1]
    results.close()
    assert time.monotonic() - start < 30
