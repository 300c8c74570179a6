"""A pool of worker processes that can't outlive the process that started it.

Why not multiprocessing or joblib: their workers keep both ends of their queues, so that after a kill -9 of the parent
they wait on (joblib's for five minutes), and starting them without fork asks of every caller a `__main__` guard. Here
a worker reads from a pipe whose other end only the parent holds: however the parent ends, the pipe ends with it.
Why not threads: decoding and reducing CelebA's faces, two threads were no faster than one (Pillow takes the
interpreter's lock back for every few lines of a JPEG), two processes were 1.4 to 1.9 times as fast.
"""

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

START = "from figment.data.workers import serve; serve()"
FEW = 6  # chunks that are done sooner than a pool would have started


def map_unordered(
    function: Callable[[Any], Any], chunks: Iterable[Any], processes: int = 0
) -> Generator[Any, None, None]:
    """Yield function(chunk) for every chunk, as they get done, on `processes` cores (0: all); few chunks are done here.

    `function` must be importable by a fresh interpreter, arguments and results picklable. At most one chunk a worker
    is under way, so memory is bounded. An exception in a worker is raised here. Closing the iterator ends the workers.
    """
    waiting = iter(chunks)
    first = list(islice(waiting, FEW))
    processes = processes or cores()
    if len(first) < FEW or processes == 1 or not sys.executable:
        yield from map(function, chain(first, waiting))
    else:
        yield from _pooled(function, chain(first, waiting), processes)


def serve() -> None:
    """A worker's life: take the function, then chunk after chunk, until the pipe ends."""
    # What anything prints must not get between the answers. Pickle is safe here: the pipes join figment to itself only.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        function = pickle.load(sys.stdin.buffer)
        while True:
            chunk = pickle.load(sys.stdin.buffer)
            try:
                answer = (True, function(chunk))
            except Exception as error:
                answer = (False, error)
            pickle.dump(answer, answers)
            answers.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)  # nobody is left to read what buffers still hold


def _pooled(function: Callable[[Any], Any], chunks: Iterator[Any], processes: int) -> Iterator[Any]:
    results: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
    turn = threading.Lock()
    workers: list[subprocess.Popen[bytes]] = []
    threads: list[threading.Thread] = []
    try:
        for _ in range(processes):
            workers.append(_start())
            threads.append(
                threading.Thread(target=_feed, args=(workers[-1], function, chunks, turn, results), daemon=True)
            )
            threads[-1].start()
        busy = len(workers)
        while busy:
            good, result = results.get()
            if not good:
                raise result
            if result is None:
                busy -= 1
            else:
                yield result[0]
    finally:
        for worker in workers:
            worker.kill()
        for thread in threads:
            thread.join()
        for worker in workers:
            _close(worker)


def _feed(
    worker: subprocess.Popen[bytes],
    function: Callable[[Any], Any],
    chunks: Iterator[Any],
    turn: threading.Lock,
    results: "queue.SimpleQueue[tuple[bool, Any]]",
) -> None:
    """Keep one worker busy. Puts (True, (result,)) a chunk, (True, None) at the end, (False, error) on a fault."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        _send(worker.stdin, function)
        while True:
            with turn:
                chunk = next(chunks, None)
            if chunk is None:
                break
            _send(worker.stdin, chunk)
            good, answer = pickle.load(worker.stdout)
            results.put((good, (answer,) if good else answer))
        results.put((True, None))
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        status = worker.wait()
        results.put((False, RuntimeError(f"a worker process ended by itself (status {status}): out of memory?")))
    except BaseException as error:
        results.put((False, error))


def _send(pipe: Any, thing: Any) -> None:
    pickle.dump(thing, pipe, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _start() -> subprocess.Popen[bytes]:
    home = str(Path(__file__).parents[2])
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join([*filter(None, sys.path), home])
    environment["OPENBLAS_NUM_THREADS"] = "1"  # numpy would start a thread a core in each worker, for nothing
    # In a session of its own a worker isn't sent the terminal's Ctrl-C: the parent alone decides.
    own: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x200}
    command = [sys.executable, "-P", "-c", START]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, bufsize=-1, **own)


def _close(worker: subprocess.Popen[bytes]) -> None:
    worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        try:
            if pipe is not None:
                pipe.close()
        except BrokenPipeError:  # what was meant for the worker is lost with it
            pass


def cores() -> int:
    """Cores that this process may use: its affinity, and a container's share of time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max"
        return cores
