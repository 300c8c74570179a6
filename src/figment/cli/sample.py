"""`figment sample`, `walk`, `timelapse` and `report`: what a run has made, for people."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from figment.cli.console import complain, progress_bar, tell, tell_of_best
from figment.cli.options import LABEL, PICK, SEED, TRUNCATION, PathArgument
from figment.common.text import plain_name, shown
from figment.errors import InputError


@click.command()
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
@PICK
@click.option(
    "--direction", "moves", multiple=True, metavar="NAME=AMOUNT",
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
    run: Path, count: int | None, labels: tuple[str, ...], seed: int, truncation: float, pick: int, moves: tuple[str, ...],
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
      figment sample runs/faces-1 --pick 4
      figment sample runs/faces-1 --direction smile=2 --direction glasses=-1
      figment sample runs/faces-1 --codes runs/faces-1/findings/arithmetic.safetensors
    """
    from figment.common.machine import this_machine
    from figment.common.places import check_folder
    from figment.explore.direction_file import directions_file, total_shift
    from figment.generator import choice
    from figment.media.images import check_picture
    from figment.sharing.samples import write_coded, write_files, write_grid

    chosen = [f"pick-{pick}"] if pick > 1 else []
    name = plain_name("-".join([f"samples-{codes.stem if codes else seed}", *moves, *chosen]))
    path = checked_place(run, out, f"{name}.{suffix}" if grid else name, check_picture if grid else check_folder)
    generator = load_generator(run, this_machine(device).device)
    labels = tuple(dict.fromkeys(labels))
    for label in labels:
        generator.class_number(label)  # a mistyped one is told before anything is written
    generator.check_pick(pick)
    shift = total_shift(directions_file(run), moves, generator)
    if numbered and (codes or not grid):
        raise InputError("--numbered is for a sheet of a seed's samples: leave out --files and --codes.")
    if numbered and pick > 1:
        raise InputError(
            "--numbered is for samples as their numbers draw them, and --pick takes others: leave one out."
        )
    if codes:
        if count or labels or pick > 1:
            raise InputError(f"--codes {codes} says which pictures: leave out -n, --label and --pick.")
        with progress_bar(0, "sampling") as advance:
            total = write_coded(generator, path, codes, truncation, shift, None if grid else suffix, advance)
        tell(f"{total} sample{'s' if total > 1 else ''} in {path}")
        return
    if grid:
        count, labels = generator.shown(count, labels)
        with progress_bar(count * max(len(labels), 1), "sampling") as advance:
            write_grid(generator, path, count, seed, truncation, labels, shift, numbered, pick, advance)
    else:
        count = count or 64
        with progress_bar(count * max(len(labels), 1), "sampling") as advance:
            write_files(generator, path, count, seed, truncation, suffix, advance, labels, shift, pick)
    total = count * max(len(labels), 1)
    tell(f"{total} sample{'s' if total > 1 else ''} in {path}{f', {choice(pick)}' if pick > 1 else ''}")
    if grid and len(labels) > 1:
        tell(f"rows: {', '.join(map(shown, labels))}")
    tell_of_best(run)


@click.command()
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
    from figment.explore.direction_file import directions_file, find_direction
    from figment.explore.walk import write_walk
    from figment.media.video import check_video

    path = checked_place(run, out, f"walk-{plain_name(direction)}.mp4" if direction else "walk.mp4", check_video)
    generator, along = load_generator(run), None
    if direction is not None:
        along = find_direction(directions_file(run), direction, generator).vector
    with progress_bar(round(seconds * fps), "drawing frames") as advance:
        write_walk(
            generator, path, keyframes=keyframes, seconds=seconds, fps=fps, tiles=tiles, seed=seed,
            truncation=truncation, progress=advance, label=label, along=along, say=complain,
        )  # fmt: skip
    tell(str(path))


@click.command()
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
    from figment.sharing.timelapse import write_timelapse

    path = out or path_beside(run, "timelapse.mp4")
    opened = Run(run)
    with progress_bar(len(opened.snapshots()), "drawing snapshots") as advance:
        write_timelapse(
            opened, path, tiles=tiles, seconds=seconds, seed=seed, progress=advance, label=label, say=complain
        )
    tell(str(path))


@click.command()
@click.argument("run", type=PathArgument)
def report(run: Path) -> None:
    """Write RUN's report.html anew: pictures early, midway and late, curves, recipe, machine, how to repeat it.

    \b
    Example:
      figment report runs/faces-1
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.run import Run

    point_libraries_at_cache()
    from figment.reporting.report import write_report

    tell(str(write_report(Run(run), complain)))


def checked_place(run: Path, out: Path | None, name: str, check: Callable[[Path], None]) -> Path:
    """Where a command writes, checked before it works: out, or a name beside the run. A run that isn't there is told later."""
    path = out or path_beside(run, name)
    if out or run.exists():
        check(path)
    return path


def path_beside(run: Path, name: str) -> Path:
    """In the run folder; beside a generator file."""
    return run / name if run.is_dir() else run.parent / name


def load_generator(run: Path, device: str = "cpu") -> Any:
    """The generator of a run folder or file."""
    from figment.generator import load

    return load(run, device)
