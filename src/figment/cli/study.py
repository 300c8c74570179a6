"""`figment study …`: design choices weighed methodically under a budget."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from figment.cli.completing import complete_field, complete_named_study, complete_study
from figment.cli.console import at_terminal, tell, warm_up
from figment.cli.options import (
    ACCEPT,
    DATA,
    DROP,
    GROUP,
    KEEP_MARKED,
    NamedPath,
    PathArgument,
    RecipeOption,
    agreeing,
    given,
)
from figment.common.assignments import assignments
from figment.common.text import typed
from figment.errors import InputError, Interrupted

if TYPE_CHECKING:
    from figment.display.terminal import Terminal
    from figment.studies.study import StudyFolder

STUDY = click.argument("study", type=PathArgument, metavar="STUDY", shell_complete=complete_study)
STORAGE = click.option(
    "--storage", metavar="URL",
    help="Database that says which cells wait and which are done, such as postgresql://HOST/NAME, for several machines. "
    "[default: study.db in its folder]",
)  # fmt: skip
MOVED = click.option(
    "--data",
    "sources",
    multiple=True,
    type=NamedPath(),
    metavar="DATA",
    help="Where the pictures are, if they were moved.",
)


@click.group()
def study() -> None:
    """Weigh design choices methodically: losses, layer sizes, dropout or whatever a recipe has, with honest errors.

    \b
      figment study run my-pictures --vary objective=bce,hinge --vary dropout=0,0.3 --for 4h
      figment study status studies/my-pictures-1      how far it is
      figment study resume studies/my-pictures-1      go on with it
      figment study worker studies/my-pictures-1      help with it, from another terminal or machine
      figment study report studies/my-pictures-1      its page: what may be said
      figment study list                              studies that figment brings along
    """


@study.command()
@DATA
@click.option(
    "--vary", multiple=True, metavar="FIELD=A,B,…", shell_complete=complete_field,
    help="A factor and its levels: any field of a recipe, or recipe, or from (known nets); once for each. With --search tpe a "
    "range, too: lr=1e-4..1e-2:log.",
)  # fmt: skip
@click.option("--for", "time", metavar="TIME", help="Budget: the whole study's time, of one worker: 90m, 4h.")
@click.option("--images", metavar="N", help="Budget: images that each run sees: 50k, 1M.")
@click.option("--seeds", type=click.IntRange(1, 100), metavar="N", help="Runs of each setting. [default: 3]")
@click.option(
    "--score", metavar="NAME", help="Judge by it: kid, fd, precision, recall, density, coverage. [default: kid]"
)
@click.option(
    "--features", metavar="NETWORK",
    help="Network that judges, as figment measure takes it: lite0, gradients, onnx:FILE, … [default: lite0, or random where "
    "its package is missing]",
)  # fmt: skip
@click.option(
    "--set", "choices", multiple=True, metavar="FIELD=VALUE", shell_complete=complete_field,
    help="Set a recipe field of all runs, such as size=32.",
)  # fmt: skip
@click.option("--recipe", cls=RecipeOption, metavar="NAME")
@click.option(
    "--search",
    type=click.Choice(["grid", "halving", "tpe"]),
    help="grid: all runs to their end; halving: half of the settings stop at an eighth, half of the rest at a third, which gives "
    "the promising ones more; tpe: settings are looked for as it goes, in ranges, too. [default: grid]",
)
@click.option(
    "--trials", type=click.IntRange(2, 10_000), metavar="N", help="Settings that --search tpe tries. [default: 24]"
)
@click.option(
    "--study", "named", metavar="NAME|FILE.toml", shell_complete=complete_named_study,
    help="A study of figment study list, or of a file; what is given beside it counts.",
)  # fmt: skip
@GROUP
@DROP
@KEEP_MARKED
@STORAGE
@click.option("--out", type=PathArgument, metavar="FOLDER", help="[default: studies/<data>-<number>]")
@click.option(
    "--strict", is_flag=True, help="Refuse combinations that a recipe can't have, instead of leaving them out."
)
@ACCEPT
@click.option("--device", default="auto", show_default=True, metavar="D", help="auto, cuda, mps or cpu.")
@click.option("--dry-run", is_flag=True, help="Prepare the pictures and print the plan; train nothing.")
def run(
    sources: tuple[str, ...], vary: tuple[str, ...], time: str | None, images: str | None, seeds: int | None,
    score: str | None, features: str | None, choices: tuple[str, ...], recipe: str | None, search: str | None,
    trials: int | None, named: str | None, group: str | None, drop: str | None, keep_marked: bool, storage: str | None,
    out: Path | None, strict: bool, accept_licence: bool, device: str, dry_run: bool,
) -> None:  # fmt: skip
    """Plan a study on DATA, and work at it: each combination of levels with each seed is a run; then figment says what may
    be said.

    The plan is printed first. All runs have the same pictures, held-out part, codes and seeds, and an equal budget, of time or
    of images; each is an ordinary run folder, judged by its samples against held-out pictures. Ctrl-C, SIGTERM and kill -9 lose
    nothing: figment study resume goes on.

    \b
    Examples:
      figment study run my-pictures --vary objective=bce,mse,hinge --for 3h
      figment study run my-pictures --vary dropout=0,0.3 --vary width=16,24,32 --set size=32 --images 100k
      figment study run my-pictures --study article --for 5h --out studies/article
      figment study run my-pictures --study article --for 5h --dry-run
      figment study run my-pictures --search tpe --vary lr=1e-4..1e-2:log --vary gamma=0.05..5:log --for 8h --seeds 2
    """
    from figment.common.extras import require
    from figment.studies.factors import parse_vary
    from figment.studies.request import SUFFIX, request_of
    from figment.studies.study import refuse_taken

    require("study", "figment study")
    if named is None and len(sources) == 1 and sources[0].endswith(SUFFIX):
        named, sources = sources[0], ()
    fields = {
        "data": given(sources), "vary": parse_vary(vary) or None, "for": time, "images": images, "seeds": seeds,
        "score": score, "features": features, "set": assignments(choices) or None, "recipe": recipe, "search": search,
        "trials": trials, "group": group, "drop": drop, "keep_marked": keep_marked or None,
    }  # fmt: skip
    request = request_of(named, fields)
    if out is not None:
        refuse_taken(out)
    warm_up("figment.studies.conduct")
    from figment.studies import conduct

    with working(None) as terminal:
        planned = conduct.plan_study(
            request, out=out, device=device, strict=strict, agree=agreeing(accept_licence), display=terminal,
            command=["figment", *sys.argv[1:]], storage=storage,
        )  # fmt: skip
        terminal.end()
        tell(*planned.lines)
        if dry_run:
            return
        place = conduct.begin(planned, storage)
    tell(f"study      {place.folder}", "")
    go_on(place, storage, (), planned.bank)


@study.command()
@STUDY
@STORAGE
@MOVED
def resume(study: Path, storage: str | None, sources: tuple[str, ...]) -> None:
    """Go on with STUDY where it was stopped: by Ctrl-C, kill -9 or a power cut. Runs that were begun are gone on with.

    \b
    Example:
      figment study resume studies/my-pictures-1
    """
    go_on(opened(study, storage), storage, sources)


@study.command()
@STUDY
@STORAGE
@MOVED
def worker(study: Path, storage: str | None, sources: tuple[str, ...]) -> None:
    """Help with STUDY: take its next cell, and the next, until all are done. From another terminal, or another machine.

    Workers that share the study's folder need nothing more. A machine that doesn't names the database, which the study was
    begun with, and the study; its runs then lie in a folder of that name there.

    \b
    Examples:
      figment study worker studies/my-pictures-1
      figment study worker studies/my-pictures-1 --storage postgresql://host/studies --data my-pictures
    """
    go_on(opened(study, storage), storage, sources)


@study.command()
@STUDY
@STORAGE
def status(study: Path, storage: str | None) -> None:
    """How far STUDY is: its cells, with the scores of those that are done.

    \b
    Example:
      figment study status studies/my-pictures-1
    """
    place = opened(study, storage)
    from figment.common.text import aligned
    from figment.studies.conduct import results_of, status_rows

    rows, sentence = status_rows(results_of(place, storage))
    tell(*aligned(rows), "", sentence)


@study.command()
@STUDY
@STORAGE
@click.option("--out", type=PathArgument, metavar="PAGE.html", help="[default: report.html in the study, with samples]")
def report(study: Path, storage: str | None, out: Path | None) -> None:
    """Weigh STUDY as far as it is: what each factor does, as far as the intervals allow to say, and its page.

    \b
    Example:
      figment study report studies/my-pictures-1
    """
    from figment.common.files import check_output

    if out:
        check_output(out, ".html", [str(study)])
    place = opened(study, storage)
    from figment.studies.conduct import results_of

    with at_terminal() as terminal:
        conclude(place, results_of(place, storage), terminal, out)


@study.command()
@STUDY
@click.option("--csv", "form", flag_value="csv", help="A line for each run.")
@click.option("--json", "form", flag_value="json", help="All of it: runs with their marks, effects, conclusions.")
@click.option("--parquet", "form", flag_value="parquet", help="The same table as --csv; needs --out.")
@click.option("--out", type=PathArgument, metavar="FILE", help="[default: printed]")
@STORAGE
def export(study: Path, form: str | None, out: Path | None, storage: str | None) -> None:
    """STUDY as a table or as JSON, for other programs: printed, or into a file.

    \b
    Examples:
      figment study export studies/my-pictures-1 --csv --out runs.csv
      figment study export studies/my-pictures-1 --parquet --out runs.parquet
    """
    from figment.common.extras import require
    from figment.common.files import write_output
    from figment.common.places import check_file

    if form is None:
        raise InputError("figment study export: say in which form: --csv, --json or --parquet.")
    if form == "parquet":
        require("parquet", "--parquet")
        if out is None:
            raise InputError("--parquet can't be printed: name a file with --out FILE.parquet.")
    if out is not None:
        check_file(out)
        if out.exists():
            raise InputError(f"--out {out} exists: name another file.")
    place = opened(study, storage)
    from figment.studies.analysis import analyse
    from figment.studies.conduct import results_of
    from figment.studies.table import as_csv, as_parquet

    results = results_of(place, storage)
    content: str | bytes
    if form == "parquet":
        content = as_parquet(results)
    else:
        content = as_csv(results) if form == "csv" else analyse(results).as_json()
    if out is not None:
        write_output(out, content)
    else:
        click.echo(content, nl=False)


@study.command(name="list")
def list_() -> None:
    """The studies that figment brings along.

    \b
    Examples:
      figment study list
      figment study run my-pictures --study penalties --for 6h
    """
    from figment.studies.factors import levels_of, levels_text
    from figment.studies.request import named_studies

    for name, fields in named_studies().items():
        levels = (f"{factor}={levels_text(levels_of(factor, its))}" for factor, its in fields["vary"].items())
        tell(f"{name:<10} {fields['title']}", *(f"{'':<10}   {text}" for text in levels))


def opened(study: Path, storage: str | None) -> "StudyFolder":
    """A study's folder; what is none is refused before torch is read."""
    from figment.common.extras import require
    from figment.studies.study import StudyFolder

    require("study", "figment study")
    if storage is None:
        StudyFolder(study).study  # noqa: B018
    warm_up("figment.studies.conduct")
    from figment.studies.conduct import open_study

    return open_study(study, storage)


def working(place: "StudyFolder | None") -> Any:
    """What tells of a study's work; an interruption ends it in a sentence that says how to go on."""
    kept = "no study was begun" if place is None else f"everything is saved; go on with: {resuming(place)}"
    return at_terminal(kept)


def resuming(place: "StudyFolder") -> str:
    return f"figment study resume {typed(place.folder)}"


def go_on(place: "StudyFolder", storage: str | None, sources: tuple[str, ...], bank: Any = None) -> None:
    """Work at a study to its end, and say what it found."""
    from figment.studies import conduct

    with working(place) as terminal:
        try:
            results = conduct.go_on(place, storage=storage, data=given(sources), display=terminal, bank=bank)
        except Interrupted:
            raise KeyboardInterrupt from None
        except InputError as error:
            raise InputError(f"{error} The study is kept; go on with: {resuming(place)}") from None
        conclude(place, results, terminal)


def conclude(place: "StudyFolder", results: Any, display: "Terminal", out: Path | None = None) -> None:
    """Say what a study found, and write its page."""
    from figment.studies.conduct import report

    analysis = report(place, results, out, display)
    display.end()
    tell("", *analysis.lines(), "", f"page  {out or place.page}")
