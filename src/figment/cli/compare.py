"""`figment compare`: runs beside one another, as a page and as a table."""

from pathlib import Path

import click

from figment.cli.completing import complete_run
from figment.cli.console import complain, progress_bar, tell, warm_up
from figment.cli.options import PathArgument, RunFolderPath
from figment.errors import InputError


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", type=RunFolderPath, shell_complete=complete_run)
@click.option("--csv", "as_csv", is_flag=True, help="Print a line for each run and score, in place of words and page.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON, in place of words and page.")
@click.option("--out", type=PathArgument, metavar="PAGE.html", help="[default: compare-<runs>.html, here]")
def compare(runs: tuple[Path, ...], as_csv: bool, as_json: bool, out: Path | None) -> None:
    """Compare RUNs: what differs in recipe, pictures and machine, which scores better, and whether that is more than chance.

    Runs that differ by their seeds alone are one setting, with a mean and an interval. The page has scores with errors and
    floors, curves over images and over time, and the same codes side by side. Scores are those of figment measure, where two
    runs have them; else those of the looks while they trained, and it tells how to measure them. It trains and measures nothing,
    and changes no run.

    \b
    Examples:
      figment compare runs/faces-1 runs/faces-2
      figment compare runs/hinge-* runs/bce-* --out objectives.html
      figment compare runs/faces-* --csv > scores.csv
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.common.files import check_output
    from figment.common.text import plain_name
    from figment.comparing.named import check_named

    check_named(runs)
    point_libraries_at_cache()
    if as_csv and as_json:
        raise InputError("--csv and --json are two forms of one table: leave one out.")
    is_table = as_csv or as_json
    page = out or (
        None if is_table else Path(plain_name("-".join(["compare", *(run.resolve().name for run in runs)])) + ".html")
    )
    if page:
        check_output(page, ".html", list(map(str, runs)))
    warm_up("figment.comparing.comparison")
    from figment.comparing.comparison import compare as compared

    found = compared(*runs, say=complain)
    if is_table:
        click.echo(found.as_csv() if as_csv else found.as_json(), nl=False)
    else:
        tell(*found.lines(), "")
    if page:
        with progress_bar(0, "drawing samples") as advance:
            found.save(page, advance, complain)
        (complain if is_table else tell)(f"page  {page}")
