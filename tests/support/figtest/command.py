"""The command line, in this process and in one of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from figment.cli import main


def command(*words: object) -> int:
    """Run `figment WORDS` in this process. Returns its exit status."""
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def interruptible(command: list[str]) -> list[str]:
    """A command whose process heeds Ctrl-C and SIGHUP, even where this one doesn't: a shell that starts the suite in the
    background has them ignored, or nohup does, which children inherit. The process's number stays its own."""
    ignored = "import os, signal, sys; [signal.signal(s, signal.SIG_DFL) for s in (signal.SIGINT, signal.SIGHUP)]"
    return [sys.executable, "-c", f"{ignored}; os.execvp(sys.argv[1], sys.argv[1:])", *command]


def command_line(*words: object) -> list[str]:
    """`figment WORDS` for a process of its own."""
    return [sys.executable, "-m", "figment", *map(str, words)]


class Done(NamedTuple):
    """What a process ended with. modules: all that it had imported."""

    status: int
    out: str
    err: str
    modules: frozenset[str]

    def heavy(self) -> set[str]:
        """The libraries among them that take long to be read."""
        return self.modules & {
            "torch",
            "numpy",
            "PIL",
            "pydantic",
            "rich",
            "matplotlib",
            "av",
            "sklearn",
            "scipy",
            "distributed",
        }


def in_own_process(*words: object, folder: Path, **environment: str) -> Done:
    """Run `figment WORDS` in a folder, in a process of its own, to see what it imports."""
    code = (
        "import atexit, sys; from figment.cli import main\n"
        "atexit.register(lambda: open(sys.argv.pop(), 'w').write(' '.join(sys.modules)))\n"
        "main(sys.argv[1:-1])"
    )
    listed = folder / ".modules"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words), str(listed)],
        cwd=folder, env=os.environ | environment, capture_output=True, text=True,
    )  # fmt: skip
    modules = frozenset(listed.read_text().split())
    listed.unlink()
    return Done(done.returncode, done.stdout, done.stderr, modules)
