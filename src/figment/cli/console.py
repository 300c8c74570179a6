"""What commands print, and how they tell of long work."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from figment.cli.options import agreeing, given
from figment.cli.streams import TRAINED, fitting
from figment.common.launch import leads
from figment.common.signals import sigterm_as_interrupt
from figment.common.text import said, shown, typed
from figment.errors import Interrupted, SystemFault

if TYPE_CHECKING:
    from figment.display.terminal import Terminal
    from figment.finding import Finding
    from figment.run import Run
    from figment.workbench import Workbench

KIND_OF_FILE = {".png": "picture", ".mp4": "film", ".safetensors": "codes", ".json": "record"}


def tell(*lines: str) -> None:
    """Print lines; what a terminal wouldn't show in them, or would obey, as escapes."""
    click.echo("\n".join(fitting(said(line), sys.stdout) for line in lines))


def tell_of_best(run: Path) -> None:
    """Say which generator of a run folder may be the better one, where that isn't the one that is taken unasked."""
    from figment.training.best import hint

    if (sentence := hint(run)) is not None:
        tell(sentence)


def complain(sentence: str) -> None:
    """Print what isn't the result, beside it."""
    click.echo(fitting(said(sentence), sys.stderr), err=True)


@contextmanager
def stages(accept_licence: bool) -> Iterator[tuple[Callable[[str], Any], Callable[..., Any]]]:
    """For a command that reads DATA: bars for the stages of its work, and a function that opens DATA.

    Ctrl-C and SIGTERM end it in a sentence.
    """
    with at_terminal() as terminal:
        yield terminal.stage, opening(terminal, accept_licence)


def opening(terminal: "Terminal", accept_licence: bool) -> Callable[..., Any]:
    """A function that opens DATA, with a bar where it is downloaded."""
    from figment.data.sources.open import open_source

    def source_of(sources: tuple[str, ...], video: Any = None, strips: bool = False) -> Any:
        say, advance = terminal.say, terminal.stage("downloading", "MB")
        return open_source(given(sources), agreeing(accept_licence), advance, say, video, strips)

    return source_of


@contextmanager
def at_terminal(kept: str = "nothing was changed") -> Iterator["Terminal"]:
    """For a command that takes its time: what tells of its stages. Ctrl-C and SIGTERM end it in a sentence with kept."""
    from figment.display.terminal import Terminal

    terminal = Terminal()
    try:
        with sigterm_as_interrupt():
            yield terminal
    except Interrupted:
        raise
    except KeyboardInterrupt:
        raise Interrupted(f"Interrupted; {kept}.") from None
    finally:
        terminal.end()


def table(finding: "Finding") -> list[str]:
    """A finding's table as lines of text, columns aligned: the first to the left, the others to the right."""
    if not finding.rows:
        return []
    lines = [[shown(cell) for cell in line] for line in (finding.columns, *finding.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [
        [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        for line in lines
    ]
    return ["  ".join(cells).rstrip() for cells in aligned]


@contextmanager
def workbench(path: Path, out: Path | None, device: str) -> Iterator[tuple["Workbench", Callable[..., None]]]:
    """The workbench for a run, and what shows findings made on it: `show(finding, …)` keeps, reports and prints them.

    Ctrl-C and SIGTERM end its work in a sentence. Raises InputError, before any work, where out can't be written to.
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.common.places import check_folder

    if out is not None:
        check_folder(out)
    warm_up("figment.workbench")
    from figment.workbench import Workbench

    point_libraries_at_cache()
    with at_terminal("what was found before is kept") as terminal:
        at = Workbench(path, device, terminal)
        folder = out or at.findings
        if out is None:
            check_folder(folder)

        def show(*findings: "Finding") -> None:
            terminal.end()
            show_findings(at, folder, findings)

        yield at, show


def show_findings(at: "Workbench", folder: Path, findings: Sequence["Finding"]) -> None:
    """Keep findings in a folder, put them into the run's report where that is the run's own, and print them."""
    from figment.run import Run

    is_run = (at.path / "run.json").is_file()
    images = Run(at.path).facts.get("images") if is_run else None
    for finding in findings:
        tell(finding.sentence, *([""] if finding.rows else []), *table(finding), "")  # before anything can fail
        files = finding.save(folder, images, ["figment", *sys.argv[1:]], at.generator.mark)
        tell(*(f"{KIND_OF_FILE[file.suffix]:<9}{file}" for file in files))
    if is_run and folder == at.findings:
        tell(f"{'report':<9}{fresh_report(Run(at.path))}")


def fresh_report(run: "Run", say: Callable[[str], None] | None = None) -> Path:
    """Write a run's report anew, with a bar on a terminal; gives its place."""
    with progress_bar(0, "writing the report") as advance:
        from figment.reporting.report import write_report

        return write_report(run, say, advance)


def warm_up(*modules: str) -> None:
    """Read torch, and modules of figment, under a bar that says that something is done: it takes seconds on a slow disk."""
    if leads():
        with progress_bar(0, "starting"):
            for module in ("torch", *modules):
                import_module(module)


def progress_bar(total: int, title: str) -> Any:
    """A progress bar on a terminal, gone when done; gives a function (done, total). total: 0 where nobody knows."""
    from figment.common.bars import bar_of

    return bar_of(total, title)


def load_generator(run: Path, device: str = "cpu") -> Any:
    """The generator of a run folder or file."""
    with progress_bar(0, "opening the generator"):
        from figment.generator import load

        return load(run, device)


def conclude(run: "Run") -> str:
    """Say where the result is and what can be done next. Gives back TRAINED."""
    if not leads():
        return TRAINED
    from figment.training.best import hint

    facts, folder = run.facts, typed(run.folder)
    if facts["state"] == "interrupted":
        tell(
            f"Interrupted at {facts['images']:,} images; everything is saved. Go on with:", f"  figment resume {folder}"
        )
        if run.elsewhere is not None:
            there = f"or, on any machine:\n  figment resume {facts.get('keep')}"
            tell(*(run.elsewhere.lacking or there).split("\n"))
        raise click.exceptions.Exit(130)
    pictures = list(run.pictures().values())
    tell(
        f"pictures   {pictures[-1]}",
        f"report     {run.report_file}",
        f"generator  {run.generator_file}",
        *([f"best       {run.best_file}"] if hint(run.folder) else []),
        "Next:",
        f"  figment sample {folder}",
        f"  figment measure {folder}",
        f"  {further(run)}",
    )
    tell_of_store(run)
    return TRAINED


def tell_of_store(run: "Run") -> None:
    """Raise SystemFault where the store that keeps a finished run hasn't all of it: whoever started the machine that it is on
    mustn't take the work for done."""
    if run.elsewhere is not None and run.elsewhere.lacking is not None:
        raise SystemFault(run.elsewhere.lacking)


def further(run: "Run") -> str:
    """The command that trains a finished run further, by a budget of the kind that it was given: by as much as it lacks until
    its pictures begin to show, where that was measured, else by as many images again, or ten minutes."""
    from figment.planning.learning_curves import lacking
    from figment.starts.asked import SHIPPED

    recipe, facts = run.recipe, run.facts
    images, origin = recipe.images, facts.get("from")
    start = False if origin is None else True if origin.get("asked") == SHIPPED else None
    again = (
        "--for 10m" if images is None else f"--images {images // 1000}k" if not images % 1000 else f"--images {images}"
    )
    seen, seconds = facts.get("images") or 0, facts.get("seconds") or 0.0
    budget = lacking(recipe, facts.get("trained_on") or 0, start, seen, seconds) or again
    return f"figment resume {typed(run.folder)} {budget}"
