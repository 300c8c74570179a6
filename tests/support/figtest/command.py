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
    """A command whose process heeds Ctrl-C and SIGHUP, even where this one doesn't: a shell that starts the suite in the
    background has them ignored, or nohup does, which children inherit. The process's number stays its own."""
    ignored = "import os, signal, sys; [signal.signal(s, signal.SIG_DFL) for s in (signal.SIGINT, signal.SIGHUP)]"
    return [sys.executable, "-c", f"{ignored}; os.execvp(sys.argv[1], sys.argv[1:])", *command]


def command_line(*words: object) -> list[str]:
    """`figment WORDS` for a process of its own."""
    return [sys.executable, "-m", "figment", *map(str, words)]
