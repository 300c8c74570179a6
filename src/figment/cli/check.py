"""`figment check`: what pictures, films and pages say of where they come from."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from figment.cli.console import complain, progress_bar, tell
from figment.cli.options import PathArgument
from figment.errors import InputError

if TYPE_CHECKING:
    from figment.forensics.check import Checked


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER...", type=PathArgument)
@click.option(
    "--trust",
    type=PathArgument,
    metavar="FILE.pem",
    help="Certificates of signers, or of their issuers, that you trust.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print a line for each file, in place of words.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects, in place of words.")
@click.option("--out", type=PathArgument, metavar="PAGE.html", help="Write a page about them, too.")
def check(files: tuple[Path, ...], trust: Path | None, as_csv: bool, as_json: bool, out: Path | None) -> None:
    """Tell what picture, film or page FILEs say of where they come from, whoever wrote it, and what that proves. Of a FOLDER
    all that lie in it and below are looked at.

    It reads IPTC's DigitalSourceType, Content Credentials (C2PA, with the extra c2pa: who signed, what was stated, whether it
    fits the file still), and what generators leave of their own: prompts, workflows, names. It looks at no pixel, asks nobody
    on the web, and changes nothing. A mark is a statement, which anybody can write or remove; a file without one may be anything.
    Exit status 0 whatever is found, 2 where nothing could be read; a file that can't be is told among the others.

    \b
    Examples:
      figment check picture.jpg
      figment check fakes/*.png walk.mp4 runs/faces-1/report.html
      figment check downloads --out checked.html
      figment check downloads --json
    """
    from figment.common.files import check_output
    from figment.forensics.many import check_files, files_in

    if as_csv and as_json:
        raise InputError("--csv and --json are two forms of one table: leave one out.")
    if out:
        check_output(out, ".html", list(map(str, files)))
    anchors = _certificates(trust)
    named = list(files_in(files))
    with progress_bar(len(named), "checking") as advance:
        found = check_files(named, anchors, advance)
    _print(found, files, as_csv, as_json)
    if out:
        from figment.forensics.check_page import write_page

        with progress_bar(0, "writing the page"):
            write_page(found, out, shlex.join(["figment", *sys.argv[1:]]))
        (complain if as_csv or as_json else tell)(f"page  {out}")
    if all(one.error is not None for one in found):
        raise click.exceptions.Exit(2)


def _certificates(trust: Path | None) -> str | None:
    """The text of a file of certificates. Raises InputError where there are none, or nothing could use them."""
    if trust is None:
        return None
    from figment.common.extras import require
    from figment.forensics.credentials import check_trust

    require("c2pa", "--trust")
    try:
        text = trust.read_text("ascii")
        check_trust(text)
    except OSError as error:
        raise InputError(
            f"--trust {trust} can't be read ({error.strerror or error}): name a file of certificates."
        ) from None
    except ValueError as error:
        raise InputError(f"--trust {trust} is of no use ({error}): name certificates in PEM.") from None
    return text


def _print(found: Sequence["Checked"], asked: Sequence[Path], as_csv: bool, as_json: bool) -> None:
    from figment.forensics import check_table as table
    from figment.forensics.sentences import kinds, sentence

    if as_csv or as_json:
        click.echo(table.as_csv(found) if as_csv else table.as_json(found), nl=False)
    else:
        for one in found:
            if one.error is not None:
                complain(one.error)
            else:
                tell(f"{one.file}  {sentence(one)}")
    told = complain if as_csv or as_json else tell
    if not found:
        complain(f"No picture, film or page lies in {', '.join(map(str, asked))}.")
    elif len(found) > 1:
        told(f"{len(found):,} files: {', '.join(f'{count:,} {kind}' for kind, count in kinds(found).items())}.")
