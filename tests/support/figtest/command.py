"""The command line, in this process and in one of its own."""

import sys

import pytest

from figment.cli import main


def command(*words: object) -> int:
    """Run `figment WORDS` in this process. Returns its exit status."""
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def interruptible(command: list[str]) -> list[str]:
    """A command whose process heeds Ctrl-C, even where this one doesn't: a shell that starts the suite in the background
    has it ignored, which children inherit. The process's number stays its own."""
    reset = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", reset, *command]


def command_line(*words: object) -> list[str]:
    """`figment WORDS` for a process of its own."""
    return [sys.executable, "-m", "figment", *map(str, words)]
