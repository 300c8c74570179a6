"""The command line."""

from figment.cli.app import main

__all__ = ["main"]
