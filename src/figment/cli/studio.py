"""`figment studio`: runs in a browser."""

import sys
from pathlib import Path

import click

from figment.cli.console import tell
from figment.cli.options import PathArgument
from figment.errors import InputError, Interrupted

HERE, STUDIES = Path("runs"), Path("studies")  # where figment train and figment study put theirs


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUNS]...", type=PathArgument)
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="[default: the first free one from 8640 on]")
@click.option("--no-open", "opens", is_flag=True, flag_value=False, default=True, help="Don't open a browser.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--share", is_flag=True, help="Let other machines in, by a --host that they reach; the token is asked for."
)
@click.option("--until-input-ends", "until_input_ends", is_flag=True, hidden=True, help="For figment train --studio.")
def studio(
    runs: tuple[Path, ...], port: int | None, opens: bool, host: str, share: bool, until_input_ends: bool
) -> None:
    """Watch runs learn, play with what they learned, and compare them, in a browser.

    RUNS are run folders, or folders of them [default: runs, and studies]. It serves this machine alone, at an address with a
    token that it prints and opens; it reads run folders, and nothing outside of those that are named but pictures to train on,
    below this folder. Ctrl-C ends it; trainings that were started from it go on.

    \b
    Examples:
      figment studio
      figment studio runs/faces-1 experiments/ --no-open --port 8700
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.common.extras import require

    require("studio", "figment studio")
    point_libraries_at_cache()
    folders = runs or ((HERE, STUDIES) if STUDIES.is_dir() else (HERE,))
    if runs:
        for folder in runs:
            if not folder.is_dir():
                raise InputError(f"{folder} is no folder: name a run folder, or one that runs lie in.")
    else:
        HERE.mkdir(exist_ok=True)
    from figment.studio.serve import is_local, serve
    from figment.studio.studio import Studio

    if not is_local(host) and not share:
        raise InputError(f"--host {host} lets other machines in: say --share too if that is what you want.")
    tell("Ctrl-C ends the studio; trainings started from it go on.")
    until = sys.stdin.buffer if until_input_ends else None
    try:
        serve(Studio(tuple(folders)), host, port, opens, tell, until)
    except KeyboardInterrupt:
        raise Interrupted("The studio has ended; trainings started from it go on.") from None
