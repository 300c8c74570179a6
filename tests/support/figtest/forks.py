"""Commands in forks of a process that has everything imported: nearly as fast as calls, and as mortal as processes.

The soak runs thousands of them. `python -m figtest.forks` is the server: it reads requests, lines of JSON, and answers
each with a line once the fork has ended. A fork can be killed after so many seconds, or at the n-th time that it is
about to touch a file (Python's audit events: opening for writing, renaming, removing, making a folder), which reaches
every gap between two steps on the disk.
"""

import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import TracebackType

TOUCHES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
LIMIT_SECONDS = 120.0  # of a fork that nobody has given a limit of its own


@dataclass(frozen=True)
class Ended:
    """How a command ended. status: as a shell has it, -9 where it was killed. touches: of files, and begun ones at that."""

    status: int
    output: str
    seconds: float
    peak_mb: int
    touches: int
    timed_out: bool

    @property
    def broke(self) -> bool:
        """Whether it ended as no command may: with a traceback, or by a signal that nobody sent."""
        return self.timed_out or "Traceback (most recent call last)" in self.output or self.status not in (0, 1, 2, 130)


class ForkServer:
    """Runs `figment WORDS` in forks, one at a time. A context manager."""

    def __init__(self, scratch: Path, environment: Mapping[str, str] | None = None) -> None:
        self._output = scratch / "output.txt"
        self._server = subprocess.Popen(
            [sys.executable, "-m", "figtest.forks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=scratch,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | dict(environment or {}),
        )  # fmt: skip

    def __enter__(self) -> "ForkServer":
        return self

    def __exit__(self, *_: BaseException | type | TracebackType | None) -> None:
        self._server.communicate()

    def figment(
        self,
        *words: object,
        kill_after: float | None = None,
        kill_at: int | None = None,
        limit: float = LIMIT_SECONDS,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Ended:
        """Run a command to its end, or until it is killed.

        limit: seconds after which it is killed as one that hangs. environment: variables that it has besides.
        folder: the one where it stands.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        request = dict(
            words=[str(word) for word in words], kill_after=kill_after, kill_at=kill_at, limit=limit,
            environment=dict(environment or {}), folder=str(folder or "."),
        )  # fmt: skip
        self._server.stdin.write(json.dumps(request | {"output": str(self._output)}) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        return Ended(output=self._output.read_text(errors="replace"), **answer)


def _serve() -> None:
    """Answer requests until there are no more."""
    _import_everything()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(_run(**request)), file=answers, flush=True)


def _run(
    words: Sequence[str],
    kill_after: float | None,
    kill_at: int | None,
    limit: float,
    environment: Mapping[str, str],
    folder: str,
    output: str,
) -> dict[str, object]:
    counted, count = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        os.close(counted)
        os.environ.update(environment)
        os.chdir(folder)
        _be_the_command(words, kill_at, output, count)
    os.close(count)
    handle = os.pidfd_open(child)
    allowed = limit if kill_after is None else min(kill_after, limit)
    ended = select.select([handle], [], [], allowed)[0]
    if not ended:
        _kill_all(child)
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - began
    _kill_all(child)  # workers that it leaves behind
    os.close(handle)
    with os.fdopen(counted, "rb") as pipe:
        touches = len(pipe.read())
    return dict(
        status=os.waitstatus_to_exitcode(status), seconds=seconds, peak_mb=usage.ru_maxrss >> 10, touches=touches,
        timed_out=not ended and allowed == limit,
    )  # fmt: skip


def _kill_all(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _be_the_command(words: Sequence[str], kill_at: int | None, output: str, count: int) -> None:
    """In the fork: become leader of a group, send what is said to a file, count touches, run the command, and end."""
    os.setsid()
    os.set_inheritable(count, False)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    itself, seen = os.getpid(), [0]

    def touched(event: str, arguments: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if not (writes or event in TOUCHES) or os.getpid() != itself:
            return
        seen[0] += 1
        os.write(count, b".")
        if seen[0] == kill_at:
            os.killpg(itself, signal.SIGKILL)

    sys.addaudithook(touched)
    status = 1
    try:
        from figment.cli import main

        main(list(words))
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


def _import_everything() -> None:
    """Have all of figment, and what it imports late, in memory before the first fork."""
    import figment

    for module in pkgutil.walk_packages(figment.__path__, "figment."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for late in ("av", "matplotlib.pyplot", "scipy.linalg", "PIL.ImageCms", "pyarrow.parquet", "rich.live"):
        with suppress(ImportError):
            import_module(late)
    import torch

    with torch.device("meta"):  # as a training's memory is estimated; torch imports its compiler for that, for seconds
        torch.nn.BatchNorm2d(1)(torch.zeros(2, 1, 2, 2)).relu()


if __name__ == "__main__":
    _serve()
