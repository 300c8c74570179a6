"""The command line, in this process and in one of its own."""

import sys

import pytest

from figment.cli import main


def command(*words: object) -> int:
    """Run `figment WORDS` in this process. Returns its exit status."""
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def command_line(*words: object) -> list[str]:
    """`figment WORDS` for a process of its own."""
    return [sys.executable, "-m", "figment", *map(str, words)]
