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
    from figment.forensics.check import Checked, Look
    from figment.forensics.detector import Detector
    from figment.media.watermark import Mark

MANY = 200  # files, of more than which the pixels are looked at quickly


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER...", type=PathArgument)
@click.option(
    "--trust",
    type=PathArgument,
    metavar="FILE.pem",
    help="Certificates of signers, or of their issuers, that you trust.",
)
@click.option(
    "--look", type=click.Choice(["thorough", "quick", "none"]),
    help="For the invisible mark, also in cut-outs and other sizes, only as it was made, or not at all. [default: thorough; of "
    f"more than {MANY} files quick]",
)  # fmt: skip
@click.option(
    "--generator",
    "generator",
    type=PathArgument,
    metavar="RUN",
    help="Ask whether this run's generator made them, too.",
)
@click.option(
    "--detector",
    type=PathArgument,
    metavar="FILE",
    help="Ask a detector of figment detect train, too: how likely each is made.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print a line for each file, in place of words.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects, in place of words.")
@click.option("--out", type=PathArgument, metavar="PAGE.html", help="Write a page about them, too.")
def check(
    files: tuple[Path, ...], trust: Path | None, look: "Look | None", generator: Path | None, detector: Path | None,
    as_csv: bool, as_json: bool, out: Path | None,
) -> None:  # fmt: skip
    """Tell what picture, film or page FILEs say of where they come from, whoever wrote it, and what that proves. Of a FOLDER
    all that lie in it and below are looked at.

    It reads IPTC's DigitalSourceType, Content Credentials (C2PA, with the extra c2pa: who signed, what was stated, whether it
    fits the file still), and what generators leave of their own: prompts, workflows, names; and it looks for figment's invisible
    mark in the pixels. It asks nobody on the web, and changes nothing. A mark is a statement, which anybody can write or remove;
    a file without one may be anything.
    Exit status 0 whatever is found, 2 where nothing could be read; a file that can't be is told among the others.

    \b
    Examples:
      figment check picture.jpg
      figment check fakes/*.png walk.mp4 runs/faces-1/report.html
      figment check downloads --out checked.html
      figment check downloads --json
      figment check picture.jpg --generator runs/faces-1
    """
    from figment.common.files import check_output
    from figment.forensics.check import Wanted
    from figment.forensics.many import check_files, files_in

    if as_csv and as_json:
        raise InputError("--csv and --json are two forms of one table: leave one out.")
    if out:
        check_output(out, ".html", list(map(str, files)))
    anchors = _certificates(trust)
    named = list(files_in(files))
    if look is None:
        look = "quick" if len(named) > MANY else "thorough"
        if look == "quick":
            complain(
                f"{len(named):,} files: the invisible mark is looked for as it was made; --look thorough: in cut-outs, too."
            )
    wanted = Wanted(look, None if generator is None else _mark_of(generator, look), anchors)
    asked = None if detector is None else _detector(detector)  # before any work
    with progress_bar(len(named), "checking") as advance:
        found = check_files(named, wanted, advance)
    if asked is not None:
        found = _asked(asked, found)
    _print(found, files, as_csv, as_json)
    if out:
        from figment.forensics.check_page import write_page

        with progress_bar(0, "writing the page"):
            write_page(found, out, shlex.join(["figment", *sys.argv[1:]]))
        (complain if as_csv or as_json else tell)(f"page  {out}")
    if all(one.error is not None for one in found):
        raise click.exceptions.Exit(2)


def _mark_of(generator: Path, look: "Look") -> "Mark":
    if look == "none":
        raise InputError("--generator is told by the pixels, and --look none looks at none: leave out one of the two.")
    from figment.generator import load

    return load(generator).mark


def _detector(file: Path) -> "Detector":
    from figment.forensics.detector import load_detector

    return load_detector(file)


def _asked(detector: "Detector", found: "Sequence[Checked]") -> "list[Checked]":
    """With what a detector says of each that can be read as a picture."""
    from dataclasses import asdict, replace

    from figment.forensics.scoring import answers

    paths = [Path(one.file) for one in found]
    with progress_bar(len(paths), "asking the detector") as advance:
        said = []
        for answer in answers(detector, paths):
            said.append(answer)
            advance(len(said), len(paths))
    told = [asdict(answer) | {"sentence": answer.sentence()} for answer in said]
    return [
        one
        if answer["error"]
        else replace(one, detector={k: v for k, v in answer.items() if k not in ("file", "error")})
        for one, answer in zip(found, told, strict=True)
    ]


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
    except UnicodeDecodeError:
        raise InputError(f"--trust {trust} is no text: name certificates in PEM.") from None
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
