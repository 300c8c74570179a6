"""`figment cache …`: what lies in the cache folder, and its cleaning."""

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from figment.cli.console import complain, tell
from figment.common.terminals import is_terminal
from figment.common.text import aligned
from figment.common.units import as_bytes
from figment.errors import InputError

if TYPE_CHECKING:
    from figment.cached import Entry

DAY = 86_400.0
KIND_HELP = {
    "banks": "Prepared pictures.", "downloads": "Public sets, sets and nets from the hub, onnxruntime-web.",
    "weights": "Networks that see pictures.", "readers": "Small nets that were taught to read attributes.",
    "compiled": "Compiled code and charts' fonts.", "computed": "Features and small copies of pictures.",
}  # fmt: skip
MOST_SHOWN = 60  # characters of a source


@click.group()
def cache() -> None:
    """See what lies in the cache folder, and clean it.

    Prepared pictures, downloads, networks' weights, taught readers and compiled code are kept there, to be had at once the
    next time. All of it can be made or fetched again. FIGMENT_CACHE names another folder.

    \b
      figment cache list
      figment cache clean --older-than 30d --dry-run
    """


@cache.command("list")
def list_() -> None:
    """List what lies in the cache folder: what it is, its size, when it was last used.

    \b
    Example:
      figment cache list
    """
    folder, found = _found()
    if not found:
        tell(f"There is nothing in the cache folder {folder}.")
        return
    tell(*_lines(found), f"Together {as_bytes(sum(e.bytes for e in found))}, in {folder}.")


def _kinds(command: Any) -> Any:
    for kind, help_ in reversed(KIND_HELP.items()):
        command = click.option(f"--{kind}", is_flag=True, help=help_)(command)
    return command


@cache.command()
@_kinds
@click.option("--older-than", metavar="TIME", help="Only what wasn't used for so long: 12h, 30d.")
@click.option("--dry-run", is_flag=True, help="Print what would be deleted; delete nothing.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
def clean(older_than: str | None, dry_run: bool, yes: bool, **kinds: bool) -> None:
    """Delete what lies in the cache folder, after showing it and asking: all, or the kinds that are named.

    What a training uses stays. What is deleted is made or fetched again when it is needed; downloads take the network.

    \b
    Examples:
      figment cache clean --older-than 30d --dry-run
      figment cache clean --banks --compiled --yes
    """
    from figment.cached import delete, why_kept

    seconds = _seconds(older_than) if older_than is not None else 0.0
    folder, found = _found()
    wanted = [kind for kind, is_wanted in kinds.items() if is_wanted]
    now = time.time()
    chosen = [e for e in found if (not wanted or e.kind in wanted) and now - e.used >= seconds]
    kept = {entry: reason for entry in chosen if (reason := why_kept(entry, folder))}
    going = [entry for entry in chosen if entry not in kept]
    for entry, reason in kept.items():
        complain(f"{entry.kind} {_short(entry.what)} stays: {reason}")
    if not going:
        tell(f"There is nothing to delete in the cache folder {folder}.")
        return
    freed = as_bytes(sum(entry.bytes for entry in going))
    tell(*_lines(going), f"{'It would free' if dry_run else 'It frees'} {freed} of the cache folder {folder}.")
    if dry_run:
        return
    if not yes:
        if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            raise InputError("Nothing was deleted: say --yes where nobody can be asked.")
        click.confirm("Delete it?", err=True, abort=True)
    gone = 0
    for entry in going:
        if reason := delete(entry, folder):
            complain(f"{entry.kind} {_short(entry.what)} stays: {reason}")
        else:
            gone += entry.bytes
    tell(f"Freed {as_bytes(gone)}.")


def _found() -> "tuple[Path, list[Entry]]":
    from figment.cached import entries
    from figment.common.cache import cache_folder

    folder = cache_folder()
    return folder, entries(folder)


def _lines(found: "Sequence[Entry]") -> list[str]:
    now = time.time()
    rows = [(f"{e.kind:<10} {_short(e.what)}", as_bytes(e.bytes), _ago(now - e.used)) for e in found]
    return aligned([("what", "size", "last used"), *rows])


def _short(what: str) -> str:
    return what if len(what) <= MOST_SHOWN else f"…{what[1 - MOST_SHOWN :]}"


def _ago(seconds: float) -> str:
    if seconds < 3600:
        return "now"
    if seconds < DAY:
        return f"{seconds / 3600:.0f} h ago"
    days = round(seconds / DAY)
    return f"{days:,} day{'s' * (days != 1)} ago"


def _seconds(text: str) -> float:
    """30d, 12h or 90m in seconds. Raises InputError."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)([mhdw])", text.strip())
    if found is None:
        raise InputError(f"--older-than {text}: no time: write it as 12h, 30d or 4w.")
    return float(found[1]) * {"m": 60, "h": 3600, "d": DAY, "w": 7 * DAY}[found[2]]
