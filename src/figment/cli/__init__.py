"""The command line: one short function a command. Nothing heavy is imported until a command runs.

It may import every room; nothing imports it. Start reading at app.py; options.py holds what commands are asked, console.py
and terminal.py what they print.
"""

from figment.cli.app import main

__all__ = ["main"]
