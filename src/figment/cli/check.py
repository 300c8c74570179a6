"""`figment check`: what pictures, films and pages say of where they come from."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from figment.cli.console import complain, tell
from figment.cli.options import PathArgument

if TYPE_CHECKING:
    from figment.forensics.marks import Checked

FORMAT = 1  # of --json
FILMS = {"mp4", "m4v", "mov"}  # that are looked at in folders, beside pictures and pages


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER...", type=PathArgument)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, for programs.")
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Tell what picture, film or page FILEs say of where they come from: IPTC's DigitalSourceType, whoever wrote it. Of a
    FOLDER all that lie in it and below are looked at.

    It reads the metadata and looks at no pixel. Whether Content Credentials (C2PA) are there is told, too, but not what they
    say. A mark is a statement, which anybody can write or remove; a file without one
    may be anything. Exit status 0 where all files could be read, marked or not; 2 where one couldn't: the others are told all
    the same.

    \b
    Examples:
      figment check picture.jpg
      figment check fakes/*.png walk.mp4 runs/faces-1/report.html
      figment check downloads --json
    """
    from figment.forensics.marks import checked, counts, said

    found: list[Checked] = []
    for path in _in_folders(files):
        one = checked(path)
        found.append(one)
        if not as_json and one.error is not None:
            complain(one.error)
        elif not as_json:
            tell(f"{one.file}  {said(one)}")
    if as_json:
        click.echo(
            json.dumps({"format": FORMAT, "files": list(map(asdict, found)), "summary": counts(found)}, indent=1)
        )
    else:
        tell(*_summary(found, files))
    if any(one.error is not None for one in found):
        raise click.exceptions.Exit(2)


def _in_folders(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are named, and those in the folders that are: there only what may bear a mark, by its name."""
    from figment.data.sources.base import PICTURE_SUFFIXES
    from figment.media.provenance import PAGES

    may_be_marked = {*PICTURE_SUFFIXES, *FILMS, *PAGES}
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, inside, names in os.walk(path):
            inside.sort()
            yield from (
                Path(folder, name)
                for name in sorted(names)
                if not name.startswith(".") and name.rpartition(".")[2].lower() in may_be_marked
            )


def _summary(found: Sequence["Checked"], asked: Sequence[Path]) -> list[str]:
    """Of several files how many say what; and what that is worth."""
    from figment.forensics.marks import MORE_SAID, advice, counts

    kinds = {what: count for what, count in counts(found).items() if count}
    lines = []
    if not found:
        lines.append(f"No picture, film or page lies in {', '.join(map(str, asked))}.")
    elif len(found) > 1:
        named = {"unread": "that can't be read"}
        told = ", ".join(f"{count:,} {named.get(what, what)}" for what, count in kinds.items())
        lines.append(f"{len(found):,} files: {told}.")
    if any(one.c2pa for one in found):
        lines.append(MORE_SAID)
    return [*lines, *advice(list(kinds))]
