"""`figment push` and `pull`: runs given to the Hugging Face hub, and taken from it."""

import sys
from pathlib import Path

import click

from figment.cli.console import at_terminal, complain, progress_bar, tell, warm_up
from figment.cli.options import RUN_FOLDER, PathArgument
from figment.common.terminals import is_terminal
from figment.common.text import typed
from figment.errors import InputError


@click.command()
@RUN_FOLDER
@click.argument("name", metavar="OWNER/NAME")
@click.option("--public", is_flag=True, help="For everybody to see. [default: a new repository is private]")
@click.option("--findings/--no-findings", "with_findings", default=True, help="What figment explore and explain found.")
@click.option(
    "--with-real-pictures", "with_reals", is_flag=True, help="Also pictures on which real ones stand beside samples."
)
@click.option(
    "--licence", metavar="ID", help="Of the weights, for the card: apache-2.0, cc-by-nc-4.0, … [default: open]"
)
@click.option("--yes", is_flag=True, help="Don't ask.")
def push(
    run: Path, name: str, public: bool, with_findings: bool, with_reals: bool, licence: str | None, yes: bool
) -> None:  # fmt: skip
    """Give RUN to the Hugging Face hub as OWNER/NAME, privately, after showing what goes up.

    Nets, recipe, sheets, scores, findings and a model card: safetensors, JSON, PNG and a README.md. Names of folders, hosts and
    pictures stay here, and so does what resume needs. A README.md that somebody wrote on, in RUN or on the hub, is kept.

    \b
    Examples:
      figment push runs/faces-1 me/faces
      figment push runs/faces-1 me/faces --public --yes --licence cc-by-nc-4.0
    """
    from figment.sharing.push import Hub, repository_name

    repository_name(name)
    hub = Hub(name)
    hub.log_in()
    warm_up("figment.sharing.card", "figment.sharing.parcel")
    from figment.common.units import as_bytes
    from figment.generator import load
    from figment.run import Run
    from figment.sharing.card import card_for_push
    from figment.sharing.parcel import parcel_of
    from figment.sharing.push import push as publish

    opened = Run(run)
    parcel = parcel_of(opened, {}, with_findings, with_reals)
    with progress_bar(0, "asking the hub"):
        there = hub.card()
    parcel.files = card_for_push(opened, load(run), licence, there) | parcel.files
    tell(
        f"To {hub.page}, {'for everybody to see' if public else 'privately'}: {len(parcel.files)} files, {as_bytes(parcel.size)}",
        *parcel.lines(),
    )
    if not yes:
        if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            raise InputError("Nothing was uploaded: say --yes where nobody can be asked.")
        click.confirm("Upload them?", err=True, abort=True)
    with at_terminal("nothing was published"), progress_bar(0, "uploading"):
        page = publish(parcel, hub, public, complain)
    tell(page, "Next, anywhere:", f"  figment sample hf:{hub.name}")


@click.command()
@click.argument("name", metavar="hf:OWNER/NAME")
@click.option(
    "--out", type=PathArgument, metavar="FOLDER", help="[default: runs/NAME-1, one higher where that is taken]"
)
def pull(name: str, out: Path | None) -> None:
    """Take a run from the Hugging Face hub, hf:OWNER/NAME[@REVISION], as a run folder.

    Only files that a run folder has are fetched, each is looked at, and none can run code.

    \b
    Example:
      figment pull hf:me/faces
    """
    from figment.common.places import check_folder

    if out is not None:
        check_folder(out)
    warm_up("figment.sharing.pull")
    from figment.sharing.pull import pull as fetch

    with at_terminal("nothing was taken"):
        folder = fetch(name if name.startswith("hf:") else f"hf:{name}", out, complain)
    what = folder if (folder / "run.json").is_file() else folder / "generator.safetensors"
    tell(str(folder), "Next:", f"  figment sample {typed(what)}")
