"""What keeping a run on a store costs its training.

    PYTHONPATH=tests/support python benchmarks/keeping.py [--size 64] [--seconds 40] [--store s3]

Two numbers, as shares of the time of training: how long the trainer itself waits while a set is captured, and the CPU time of
the threads that upload it, which on a machine without a free core is taken from training. Both are counted for each set, and
told for sets as often as the default has them: every save_seconds. Stores: file (a folder), s3 (moto's server, a process of its
own).
"""

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

import figment
from figment.stores import keeper

EVERY = 60.0  # seconds: save_seconds by default


def cpu_of_uploads() -> float:
    """CPU seconds of the threads that upload."""
    mine = {thread.native_id for thread in threading.enumerate() if thread.name in ("keeper", "fsspecIO")}
    return sum(t.user_time + t.system_time for t in psutil.Process().threads() if t.id in mine)


def measured(size: int, seconds: float, store: str, folder: Path) -> None:
    waited, sets, cpu = [0.0], [0], [0.0]
    saved, work = keeper.Keeper.saved, keeper.Keeper.finish

    def timed(self: keeper.Keeper, *args: Any) -> None:
        begun = time.perf_counter()
        saved(self, *args)
        waited[0] += time.perf_counter() - begun
        sets[0] += 1

    def counted(self: keeper.Keeper, is_spent: bool) -> None:
        cpu[0] = cpu_of_uploads()
        work(self, is_spent)

    keeper.Keeper.saved, keeper.Keeper.finish = timed, counted  # type: ignore[method-assign]
    run = figment.train(
        None,
        time=f"{seconds:g}s",
        size=size,
        out=folder / "run",
        keep=store,
        recipe="dcgan",
        save_seconds=seconds / 8,
        seed=1,
    )
    state = run.state_file.stat().st_size / 1e6
    up = len(run.elsewhere.took) if isinstance(run.elsewhere, keeper.Keeper) else 0
    took = max(run.elsewhere.took) if isinstance(run.elsewhere, keeper.Keeper) else 0.0
    wait, work_a_set = waited[0] / sets[0], cpu[0] / sets[0]
    print(
        f"{size} px, state {state:.1f} MB, {sets[0]} sets to {store.split(':')[0]} ({up} timed, the slowest {took:.2f} s)"
    )
    print(f"a set: training waits {1000 * wait:.2f} ms, uploading takes {1000 * work_a_set:.0f} ms of a core")
    print(f"every {EVERY:g} s: {wait / EVERY:.4%} and {work_a_set / EVERY:.3%} of the time of training")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--store", choices=["file", "s3"], default="file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if asked.store == "file":
            measured(asked.size, asked.seconds, f"file://{place}/kept", Path(place))
            return
        from figtest.stores import s3_server

        with s3_server() as environment:
            os.environ.update(environment)
            measured(asked.size, asked.seconds, "s3://kept/run", Path(place))


if __name__ == "__main__":
    main()
