"""A pool of worker processes that can't outlive the process that started it, and that outlives its own workers.

Why not multiprocessing or joblib: their workers keep both ends of their queues, so that after a kill -9 of the parent
they wait on (joblib's for five minutes), and starting them without fork asks of every caller a `__main__` guard. Here
a worker reads from a pipe whose other end only the parent holds: however the parent ends, the pipe ends with it. And
both give up the whole job when one worker dies, where a picture that crashes its decoder, hangs it or bloats it must
cost that picture alone.
Why not threads: decoding and reducing CelebA's faces, two threads were no faster than one (Pillow takes the
interpreter's lock back for every few lines of a JPEG), two processes were 1.4 to 1.9 times as fast.
"""

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

WORKER_PROGRAM = "from figment.data.bank.workers import serve; serve()"
MIN_POOL_CHUNKS = 6  # fewer, of a megabyte each, are done sooner than a second interpreter would have started
CHUNK_SECONDS = 120.0  # that a chunk may take; 64 pictures take a tenth of a second, a photograph of 89 megapixels two
START_SECONDS = 120.0  # that a worker may take to start and import the function: half a second, if nothing else runs
# Memory that a worker may take for data: ten times what the largest picture that we decode needs.
MAX_WORKER_BYTES = 4 << 30

#: Given a chunk whose worker was lost and the reason, the chunks to try in its place: smaller ones, or one that tells
#: the reason. It must come to an end: a chunk that can't be made smaller raises.
Rescue = Callable[[Any, str], list[Any]]


class LostWorker(Exception):
    """A worker ended, or had to be ended, over a chunk; the message says why."""


def map_unordered(
    function: Callable[[Any], Any],
    chunks: Iterable[Any],
    processes: int = 0,
    rescue: Rescue | None = None,
    seconds: float = CHUNK_SECONDS,
) -> Generator[Any, None, None]:
    """Yield function(chunk) for every chunk, as they get done, on `processes` cores (0: all).

    `function` must be importable by a fresh interpreter, arguments and results picklable. At most one chunk a worker
    is under way, so memory is bounded. An exception in a worker is raised here. A chunk that crashes its worker, takes
    longer than `seconds` or more memory than MAX_WORKER_BYTES costs that worker, and is tried again as `rescue` has it;
    without a rescue, RuntimeError is raised. Few chunks are done by a single worker; without a rescue they are done in this
    process, and so are chunks for one core.
    Closing the iterator ends the workers.
    """
    waiting = iter(chunks)
    first = list(islice(waiting, MIN_POOL_CHUNKS))
    processes = 1 if len(first) < MIN_POOL_CHUNKS else processes or usable_cores()
    if (rescue is None and processes == 1) or not sys.executable:
        yield from map(function, chain(first, waiting))
    else:
        yield from _Pool(function, chain(first, waiting), min(processes, len(first)), rescue, seconds).results()


def serve() -> None:
    """A worker's life: take the function, then chunk after chunk, until the pipe ends."""
    # What anything prints must not get between the answers. Pickle is safe here: the pipes join figment to itself only.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory()
    try:
        function = pickle.load(sys.stdin.buffer)
        pickle.dump((True, None), answers)  # from here on a chunk's time is its own
        answers.flush()
        # Decoders written in C complain of every damaged file on the terminal; the reason is told in its place.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
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


def _limit_memory() -> None:
    """Have the system refuse memory beyond MAX_WORKER_BYTES, where it can: a bomb then fails alone in its worker."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = MAX_WORKER_BYTES if hard == resource.RLIM_INFINITY else min(MAX_WORKER_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


class _Worker:
    """One worker process, which has been given the function."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        home = str(Path(__file__).parents[3])
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join([*filter(None, sys.path), home])
        # numpy and torch would start a thread a core in each worker, for nothing.
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        # In a session of its own a worker isn't sent the terminal's Ctrl-C: the parent alone decides.
        own: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x200}
        command = [sys.executable, "-P", "-c", WORKER_PROGRAM]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=environment, bufsize=-1, **pipes, **own)
        self.function = function
        self.ready = False

    def do(self, chunk: Any, seconds: float) -> tuple[bool, Any]:
        """(True, result) or (False, the exception that the function raised). Raises LostWorker."""
        if not self.ready:
            self._answer_to(self.function, START_SECONDS, "start")
            self.ready = True
        return self._answer_to(chunk, seconds, "decode")

    def _answer_to(self, thing: Any, seconds: float, work: str) -> tuple[bool, Any]:
        """What comes back for the function, or for a chunk. Raises LostWorker, which names the work."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self.process.kill()

        watch = threading.Timer(seconds, end)
        watch.daemon = True
        watch.start()
        try:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            pickle.dump(thing, self.process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self.process.stdin.flush()
            # Of figment's own making, through a pipe that no other program holds; no file is ever unpickled.
            good, answer = pickle.load(self.process.stdout)
            return good, answer
        except (EOFError, OSError, pickle.UnpicklingError):
            status = self.process.wait()
            if late.is_set():
                raise LostWorker(f"takes longer than {seconds:g} seconds to {work}") from None
            raise LostWorker(f"crashes its decoder, or takes too much memory (status {status})") from None
        finally:
            watch.cancel()

    def end(self) -> None:
        """Kill the process and close its pipes."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except BrokenPipeError:  # what was meant for the worker is lost with it
                pass


class _Pool:
    """Workers, each fed by a thread of its own from the one iterator of chunks."""

    def __init__(
        self,
        function: Callable[[Any], Any],
        chunks: Iterator[Any],
        processes: int,
        rescue: Rescue | None,
        seconds: float,
    ) -> None:
        self.function, self.chunks, self.rescue, self.seconds = function, chunks, rescue, seconds
        self.chunks_lock = threading.Lock()  # whose turn it is to take a chunk
        self.answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        self.workers_lock = threading.Lock()  # held while workers are started or the pool is closed
        self.closed = False
        self.workers: dict[int, _Worker] = {}  # by the place of their thread
        self.threads = [threading.Thread(target=self._feed, args=(place,), daemon=True) for place in range(processes)]

    def results(self) -> Iterator[Any]:
        """What the function makes of each chunk, as it comes. Raises what the function or the chunks raise."""
        try:
            for thread in self.threads:
                thread.start()
            busy = len(self.threads)
            while busy:
                good, answer = self.answers.get()
                if not good:
                    raise answer
                if answer is None:
                    busy -= 1
                else:
                    yield answer[0]
        finally:
            with self.workers_lock:
                self.closed = True
                for worker in self.workers.values():
                    worker.process.kill()
            for thread in self.threads:
                thread.join()
            for worker in self.workers.values():
                worker.end()

    def _feed(self, place: int) -> None:
        """Keep one worker busy. Puts (True, (result,)) a chunk, (True, None) at the end, (False, error) on a fault."""
        try:
            for chunk in self._chunks_in_turn():
                again = deque([chunk])
                while again:
                    chunk = again.popleft()
                    try:
                        good, answer = self._worker(place).do(chunk, self.seconds)
                        self.answers.put((good, (answer,) if good else answer))
                    except LostWorker as loss:
                        self.workers[place].end()
                        if self.closed:
                            return
                        if self.rescue is None:
                            raise RuntimeError(f"a worker process ended by itself: it {loss}") from None
                        del self.workers[place]
                        again.extendleft(reversed(self.rescue(chunk, str(loss))))
            self.answers.put((True, None))
        except BaseException as error:
            self.answers.put((False, error))

    def _chunks_in_turn(self) -> Iterator[Any]:
        while True:
            with self.chunks_lock:
                chunk = next(self.chunks, None)
            if chunk is None:
                return
            yield chunk

    def _worker(self, place: int) -> _Worker:
        with self.workers_lock:
            if self.closed:
                raise RuntimeError("the pool was closed")
            if place not in self.workers:
                self.workers[place] = _Worker(self.function)
            return self.workers[place]


def usable_cores() -> int:
    """Cores that this process may use: its affinity, and a container's share of time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max"
        return cores
