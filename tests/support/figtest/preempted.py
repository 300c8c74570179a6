"""`figment WORDS` in a fork of a process that has everything imported, to be sent signals; each step of training is noted.

`python -m figtest.preempted` reads requests, lines of JSON, and answers each with two lines: the fork's process number at once,
its status at its end.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def serve() -> None:
    import figment.cli
    import figment.reporting.report
    import figment.start  # noqa: F401
    from figment.training import loop

    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            _be_the_command(loop, **request)
        print(child, file=answers, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)


def _be_the_command(loop: Any, words: list[str], steps: str, output: str) -> None:
    status = 1
    try:
        log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(log, stream)
        noted, step = Path(steps).open("a", buffering=1), loop.train_step  # noqa: SIM115 - until the process ends

        def noting(state: Any, *more: Any) -> None:
            if not noting.__dict__:
                noted.write(f"{state.images} {time.monotonic()}\n")
                noting.begun = True  # type: ignore[attr-defined]
            step(state, *more)
            noted.write(f"{state.images} {time.monotonic()}\n")

        loop.train_step = noting
        sys.argv = ["figment", *words]
        import figment.cli

        figment.cli.main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
