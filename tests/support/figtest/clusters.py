"""A cluster of Dask's on this machine: a scheduler and workers, each a process of its own that may be killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from figtest.paths import ROOT

SCHEDULER = """
import asyncio
from distributed import Scheduler

async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()

asyncio.run(main())
"""
WORKER = """
import asyncio, sys
from distributed import Worker

async def main():
    address, folder = sys.argv[1:]
    async with Worker(address, nthreads=1, host="127.0.0.1", dashboard=False, local_directory=folder, memory_limit=0) as worker:
        print(worker.address, flush=True)
        await worker.finished()

asyncio.run(main())
"""


class LocalCluster:
    """A scheduler, and as many workers as are asked for, in folders of their own; what they log isn't shown."""

    def __init__(self, folder: Path, allowed_failures: int = 3) -> None:
        self.folder, self.allowed_failures = folder, allowed_failures
        self.scheduler, self.address = self._started(SCHEDULER)
        self.workers: dict[str, subprocess.Popen[str]] = {}  # by their addresses

    def have(self, count: int, *before: Path) -> None:
        """Start workers until there are so many. before: folders that they import from before figment's."""
        self.workers = {address: worker for address, worker in self.workers.items() if worker.poll() is None}
        while len(self.workers) < count:
            worker, address = self._started(WORKER, self.address, self.folder, before=before)
            self.workers[address] = worker

    def kill(self, process: "subprocess.Popen[str]") -> None:
        """As kill -9 does."""
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def close(self) -> None:
        for process in [*self.workers.values(), self.scheduler]:
            self.kill(process)

    def _started(
        self, code: str, *arguments: object, before: tuple[Path, ...] = ()
    ) -> "tuple[subprocess.Popen[str], str]":
        path = os.pathsep.join(map(str, [*before, ROOT / "src", ROOT / "tests" / "support"]))
        environment = os.environ | {
            "PYTHONPATH": path,
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(self.allowed_failures),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, cwd=self.folder,
        )  # fmt: skip
        assert process.stdout is not None
        return process, process.stdout.readline().strip()


def deadly(share: Any) -> None:
    """Stands in for preparing a share: ends its worker, as a lack of memory does."""
    os.kill(os.getpid(), signal.SIGKILL)


def busy(dask_worker: Any) -> int:
    """How many tasks a worker has under way; for Client.run."""
    return len(dask_worker.state.executing) + len(dask_worker.state.tasks)
