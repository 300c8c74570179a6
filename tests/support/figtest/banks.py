"""Banks, and processes that prepare them."""

import subprocess
import sys

from figment.data.bank.bank import Bank
from figtest.command import interruptible


def files_of(bank: Bank) -> dict[str, bytes]:
    """The content of every file of a bank, by name."""
    return {file.name: file.read_bytes() for file in bank.folder.iterdir()}


def held_out_names(bank: Bank) -> set[str]:
    return {bank.names[i] for i in bank.held_out}


def started(code: str, *arguments: object, **options: object) -> "subprocess.Popen[str]":
    """A process that runs Python code, with warnings as errors; Ctrl-C interrupts it."""
    command = interruptible([sys.executable, "-W", "error", "-c", code, *map(str, arguments)])
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **(pipes | options))  # type: ignore[call-overload]
