"""The command line: one short function a command. Nothing heavy is imported until a command runs."""

import inspect
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from figment.cli.data import data as data_commands
from figment.cli.explain import explain as explain_commands
from figment.cli.explore import explore as explore_commands
from figment.cli.measure import measure as measure_command
from figment.cli.options import (
    ACCEPT,
    DATA,
    DROP,
    FIT,
    GROUP,
    LABEL,
    SEED,
    TRUNCATION,
    NamedPath,
    PathArgument,
    RecipeOption,
    agreeing,
    given,
)
from figment.cli.recipes import recipes as recipes_command
from figment.common.signals import as_interrupt
from figment.common.text import plain_name, printable
from figment.errors import InputError, LostProcess
from figment.version import __version__

if TYPE_CHECKING:
    from figment.run import Run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="figment")
def cli() -> None:
    """A folder of pictures in, a generator of new ones out.

    \b
      figment train --for 3m                  train on the built-in portraits for three minutes
      figment data inspect my-pictures        look at pictures before you train on them
      figment train my-pictures --for 2h      train on a folder, archive, parquet or array file of yours
      figment sample runs/my-pictures-1       new pictures
    """


cli.add_command(data_commands)
cli.add_command(measure_command)
cli.add_command(explore_commands)
cli.add_command(explain_commands)
cli.add_command(recipes_command)


@cli.command()
@DATA
@click.option("--for", "time", metavar="TIME", help="Budget as time: 90s, 3m, 2h30m. [default: 10m]")
@click.option("--images", metavar="N", help="Budget as images seen: 800, 500k, 2M.")
@click.option("--recipe", cls=RecipeOption, default="auto", show_default=True, metavar="NAME")
@click.option(
    "--size", metavar="PIXELS", help="16 to 512, or HxW (height x width) such as 64x96. [default: 64, or the recipe's]"
)
@click.option(
    "--labels/--no-labels",
    default=None,
    help="Train on the labels of the pictures (folders, files, columns), so that samples of a class can be asked for.",
)
@click.option("--out", type=PathArgument, metavar="FOLDER", help="Run folder. [default: runs/<data>-<number>]")
@click.option(
    "--set", "choices", multiple=True, metavar="FIELD=VALUE", help="Set a recipe field, such as objective=mse."
)
@FIT
@DROP
@GROUP
@ACCEPT
@click.option("--seed", metavar="N", help="Seed of everything random. [default: 0]")
@click.option("--device", default="auto", show_default=True, metavar="D", help="auto, cuda, mps or cpu.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Prepare the pictures and print the plan: auto's choice (measured), nets, schedule, memory; train nothing.",
)
def train(
    sources: tuple[str, ...], time: str | None, images: str | None, recipe: str, size: str | None, labels: bool | None,
    out: Path | None, choices: tuple[str, ...], fit: str | None, drop: str | None, group: str | None,
    accept_licence: bool, seed: str | None, device: str, dry_run: bool,
) -> None:  # fmt: skip
    """Train a generator on DATA; on the built-in portraits where none is given.

    DATA is a folder (nested), a zip or tar, parquet, .npy or .npz file, a pattern of shards (faces-{000..009}.tar), a
    name from figment data list, hf:OWNER/NAME from the Hugging Face hub, or several of these.

    A tenth of the pictures is held out and never trained on. The time budget is of training: preparing the pictures,
    which is done once and kept, comes before it. Ctrl-C saves everything; figment resume goes on. With --labels every
    different label is a class. Several GPUs or processes: torchrun --nproc-per-node=K -m figment train … (docs/scale.md).

    \b
    Examples:
      figment train --for 3m
      figment train faces --for 2h --size 64
      figment train celeba --images 2M --recipe dcgan --group '^(\\d+)_'
      figment train flowers --for 1h --size 96x64 --labels
      figment train faces --for 20m --set objective=hinge --set width=32
    """
    from figment import start
    from figment.cli.terminal import Terminal

    options = {"size": size, "labels": labels, "seed": seed and value(seed), "fit": fit}
    options = {name: chosen for name, chosen in options.items() if chosen is not None}
    for name in options.keys() & assignments(choices).keys():
        raise InputError(f"--set {name} and --{name} say it twice: give one of them.")
    fields = assignments(choices) | options
    for name in fields.keys() & inspect.signature(start.train).parameters.keys():
        raise InputError(
            f"--set {name}: no recipe field to be set by hand: figment train has options for what it trains on."
        )
    asked: dict[str, Any] = {
        "time": time, "images": images, "recipe": recipe, "group": group, "drop": drop, "agree": agreeing(accept_licence),
        "device": device, "display": Terminal(),
    }  # fmt: skip
    if dry_run:
        click.echo(start.rehearse(given(sources), **asked, **fields))
        return
    run = start.train(given(sources), out=out, command=["figment", *sys.argv[1:]], **asked, **fields)
    conclude(run)


@cli.command()
@click.argument("run", type=PathArgument)
@click.option("--for", "time", metavar="TIME", help="A further budget as time: 90s, 3m, 2h30m.")
@click.option("--images", metavar="N", help="A further budget as images seen: 800, 500k, 2M.")
@click.option(
    "--data",
    "sources",
    multiple=True,
    type=NamedPath(),
    metavar="DATA",
    help="Where the pictures are now, if they were moved; once for each that there was.",
)
@click.option("--device", default="auto", show_default=True, metavar="D", help="auto (as before), cuda, mps or cpu.")
def resume(run: Path, time: str | None, images: str | None, sources: tuple[str, ...], device: str) -> None:
    """Go on with RUN exactly where it was stopped: by Ctrl-C, SIGTERM, kill -9, a power cut, or the end of its budget.

    Without a budget the rest of the run's own is spent. Beyond the planned end the final rates are held.

    \b
    Examples:
      figment resume runs/faces-1
      figment resume runs/faces-1 --for 1h
    """
    from figment import start
    from figment.cli.terminal import Terminal
    from figment.run import Run

    was_finished = False
    if leads():
        opened = Run(run)
        opened.recipe  # noqa: B018 - a damaged recipe is refused whatever else is asked
        was_finished = opened.facts["state"] == "finished" and time is None and images is None
    after = start.resume(run, time=time, images=images, data=given(sources), device=device, display=Terminal())
    if was_finished:
        click.echo(f"{run} is finished. To train it further, give it a budget: figment resume {run} --for 10m")
    else:
        conclude(after)


@cli.command()
@click.argument("run", type=PathArgument)
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 1_000_000),
    help="How many; of each --label. [default: 64; on a sheet of classes 8 of each, fewer over 256 px]",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="CLASS",
    help="Only of this class, where it was trained with --labels; given several times, a row each.",
)
@SEED
@TRUNCATION
@click.option(
    "--direction", "wishes", multiple=True, metavar="NAME=AMOUNT",
    help="Move all along a direction that figment explore directions found, in deviations: smile=2.",
)  # fmt: skip
@click.option(
    "--codes", type=PathArgument, metavar="FILE", help="The codes in a .safetensors of a run's findings, not new ones."
)
@click.option("--grid/--files", default=True, show_default=True, help="One sheet, or a file a picture.")
@click.option(
    "--numbered", is_flag=True, help="Write the numbers of the samples on the sheet, as figment explore takes them."
)
@click.option(
    "--format",
    "suffix",
    default="png",
    show_default=True,
    type=click.Choice(["png", "jpg", "webp"]),
    help="Of the files.",
)
@click.option("--out", type=PathArgument, metavar="PATH", help="File of the sheet, or folder of the files.")
@click.option("--device", default="cpu", show_default=True, metavar="D", help="auto, cuda, mps or cpu.")
def sample(
    run: Path, count: int | None, labels: tuple[str, ...], seed: int, truncation: float, wishes: tuple[str, ...],
    codes: Path | None, grid: bool, numbered: bool, suffix: str, out: Path | None, device: str,
) -> None:  # fmt: skip
    """New pictures from RUN (a run folder or a generator.safetensors), marked as synthetic in their metadata.

    Of a run that was trained with --labels the sheet has a row for each class, if there are no more than 16; with -n or
    --files and no --label, all classes come up equally often.

    \b
    Examples:
      figment sample runs/faces-1
      figment sample runs/pets-1 --label cat --label dog
      figment sample generator.safetensors -n 1000 --files --format jpg --out fakes
      figment sample runs/faces-1 -n 200 --numbered
      figment sample runs/faces-1 --direction smile=2 --direction glasses=-1
      figment sample runs/faces-1 --codes runs/faces-1/findings/arithmetic.safetensors
    """
    from figment.common.machine import this_machine
    from figment.explore.direction_file import beside as directions_of
    from figment.explore.direction_file import shift
    from figment.sharing.samples import write_coded, write_files, write_grid

    generator = loaded(run, this_machine(device).device)
    labels = tuple(dict.fromkeys(labels))
    for label in labels:
        generator.class_number(label)  # a mistyped one is told before anything is written
    shifted = shift(directions_of(run), wishes, generator)
    name = plain_name("-".join([f"samples-{codes.stem if codes else seed}", *wishes]))
    path = out or beside(run, f"{name}.{suffix}" if grid else name)
    if numbered and (codes or not grid):
        raise InputError("--numbered is for a sheet of a seed's samples: leave out --files and --codes.")
    if codes:
        if count or labels:
            raise InputError(f"--codes {codes} says which pictures: leave out -n and --label.")
        with progress_bar(0, "sampling") as advance:
            total = write_coded(generator, path, codes, truncation, shifted, None if grid else suffix, advance)
        click.echo(f"{total} sample{'s' if total > 1 else ''} in {path}")
        return
    if grid:
        count, labels = generator.shown(count, labels)
        write_grid(generator, path, count, seed, truncation, labels, shifted, numbered)
    else:
        count = count or 64
        with progress_bar(count * max(len(labels), 1), "sampling") as advance:
            write_files(generator, path, count, seed, truncation, suffix, advance, labels, shifted)
    total = count * max(len(labels), 1)
    click.echo(f"{total} sample{'s' if total > 1 else ''} in {path}")
    if grid and len(labels) > 1:
        click.echo(f"rows: {', '.join(labels)}")


@cli.command()
@click.argument("run", type=PathArgument)
@click.option(
    "--keyframes",
    default=8,
    show_default=True,
    type=click.IntRange(2, 1000),
    help="Codes that the loop passes through.",
)
@click.option("--seconds", default=8.0, show_default=True, type=click.FloatRange(0.1, 3600), help="Length of the loop.")
@click.option("--fps", default=30, show_default=True, type=click.IntRange(1, 120), help="Frames a second.")
@click.option("--tiles", default=9, show_default=True, type=click.IntRange(1, 256), help="Walks side by side.")
@click.option(
    "--direction",
    metavar="NAME",
    help="Up and down a direction that figment explore directions found, -3 to 3 deviations.",
)
@LABEL
@SEED
@TRUNCATION
@click.option("--out", type=PathArgument, metavar="FILE.mp4", help="[default: walk.mp4 in the run]")
def walk(
    run: Path, keyframes: int, seconds: float, fps: int, tiles: int, direction: str | None, label: str | None, seed: int,
    truncation: float, out: Path | None,
) -> None:  # fmt: skip
    """A smooth closed loop through RUN's latent codes, as a video that can be repeated without a seam.

    \b
    Examples:
      figment walk runs/faces-1 --seconds 12 --out walk.mp4
      figment walk runs/faces-1 --direction smile --seconds 4
    """
    from figment.explore.direction_file import beside as directions_of
    from figment.explore.direction_file import named
    from figment.explore.walk import walk as write_walk

    generator, along = loaded(run), None
    if direction is not None:
        along = named(directions_of(run), direction, generator).vector
    path = out or beside(run, f"walk-{plain_name(direction)}.mp4" if direction else "walk.mp4")
    with progress_bar(round(seconds * fps), "drawing frames") as advance:
        write_walk(
            generator, path, keyframes=keyframes, seconds=seconds, fps=fps, tiles=tiles, seed=seed,
            truncation=truncation, progress=advance, label=label, along=along,
        )  # fmt: skip
    click.echo(str(path))


@cli.command()
@click.argument("run", type=PathArgument)
@click.option("--tiles", default=16, show_default=True, type=click.IntRange(1, 256), help="Codes side by side.")
@LABEL
@click.option(
    "--seconds", default=12.0, show_default=True, type=click.FloatRange(0.1, 3600), help="Length of the film."
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of the codes. [default: the run's]")
@click.option("--out", type=PathArgument, metavar="FILE.mp4", help="[default: timelapse.mp4 in the run]")
def timelapse(run: Path, tiles: int, label: str | None, seconds: float, seed: int | None, out: Path | None) -> None:
    """How RUN learned: the same codes from its first snapshot to its last, as a video.

    \b
    Example:
      figment timelapse runs/faces-1 --out timelapse.mp4
    """
    from figment.run import Run
    from figment.sharing.timelapse import timelapse as write_timelapse

    path = out or beside(run, "timelapse.mp4")
    opened = Run(run)
    with progress_bar(len(opened.snapshots()), "drawing snapshots") as advance:
        write_timelapse(opened, path, tiles=tiles, seconds=seconds, seed=seed, progress=advance, label=label)
    click.echo(str(path))


@cli.command()
@click.argument("run", type=PathArgument)
def report(run: Path) -> None:
    """Write RUN's report.html anew: pictures early, midway and late, curves, recipe, machine, how to repeat it.

    \b
    Example:
      figment report runs/faces-1
    """
    from figment.common.cache import keep_libraries_in_cache
    from figment.run import Run

    keep_libraries_in_cache()
    from figment.reporting.report import write_report

    click.echo(str(write_report(Run(run))))


# ---- what the commands share ---------------------------------------------------------------------------------------


def assignments(choices: Sequence[str]) -> dict[str, Any]:
    """--set FIELD=VALUE … as recipe fields."""
    fields = {}
    for choice in choices:
        name, equals, text = choice.partition("=")
        if not equals:
            raise InputError(f"--set {choice}: write it as FIELD=VALUE, such as --set width=32.")
        fields[name.strip()] = value(text.strip())
    return fields


def value(text: str) -> Any:
    """A number, true or false where the text is one; a list where commas part numbers; else the text, as for 500k."""
    import json

    if re.fullmatch(r"[0-9]+(,[0-9]+)+", text):
        return [int(part) for part in text.split(",")]
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    return parsed if isinstance(parsed, int | float) else text


def beside(run: Path, name: str) -> Path:
    """In the run folder; beside a generator file."""
    return run / name if run.is_dir() else run.parent / name


def loaded(run: Path, device: str = "cpu") -> Any:
    """The generator of a run folder or file."""
    from figment.generator import load

    return load(run, device)


def progress_bar(total: int, title: str) -> Any:
    """A progress bar on a terminal, gone when done; gives a function (done, total)."""
    from figment.cli.terminal import bar_of

    return bar_of(total, title)


def leads() -> bool:
    """Whether this process speaks for those that torchrun started with it; the run folder may be out of the others' reach."""
    return os.environ.get("RANK", "0") == "0"


def conclude(run: "Run") -> None:
    """Say where the result is and what can be done next."""
    if not leads():
        return
    pictures = list(run.pictures().values())
    facts = run.facts
    if facts["state"] == "interrupted":
        click.echo(
            f"Interrupted at {facts['images']:,} images; everything is saved. Go on with: figment resume {run.folder}"
        )
        raise click.exceptions.Exit(130)
    click.echo(
        f"pictures   {pictures[-1]}\nreport     {run.report_file}\ngenerator  {run.generator_file}\n"
        f"Next: figment sample {run.folder} · figment measure {run.folder} · figment resume {run.folder} --for 10m"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Exit status: 0 done, 1 another process of the training lost, 2 input that can't be used, 130 interrupted with
    everything saved.
    """
    try:
        with as_interrupt():
            status = cli.main(args=arguments, prog_name="figment", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.NoArgsIsHelpError as help_page:
        click.echo(help_page.format_message())
        sys.exit(0)
    except click.ClickException as error:
        where = f" See {error.ctx.command_path} --help." if isinstance(error, click.UsageError) and error.ctx else ""
        fail(error.format_message() + where)
    except InputError as error:
        fail(str(error))
    except (click.Abort, KeyboardInterrupt) as interruption:
        if loss := loss_behind(interruption):
            fail(str(loss), 1)
        reason = interruption.__cause__ or interruption  # click wraps what it catches
        if leads():
            click.echo(str(reason) or "Interrupted before anything was begun.", err=True)
        sys.exit(130)
    except LostProcess as loss:
        fail(str(loss), 1)
    except BrokenPipeError:
        sys.exit(1)


def loss_behind(error: BaseException | None) -> LostProcess | None:
    """The loss of another process that an interruption came upon: torchrun, which notices it too, ends the rest at once."""
    while error is not None:
        if isinstance(error, LostProcess):
            return error
        error = error.__cause__ or error.__context__
    return None


def fail(sentence: str, status: int = 2) -> NoReturn:
    """Print one sentence and end."""
    click.echo(f"figment: {printable(sentence)}", err=True)
    sys.exit(status)
