"""`figment detect`: detectors that tell made pictures from real ones, how far they are to be trusted, and what they say."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from figment.cli.completing import complete_data
from figment.cli.console import at_terminal, complain, tell, warm_up
from figment.cli.options import ACCEPT, DEVICE, GROUP, SEED, DataPath, PathArgument, RunFolderPath, agreeing, pixels
from figment.common.progress import Silent
from figment.errors import InputError

if TYPE_CHECKING:
    from figment.forensics.detector import Detector

FORMAT = 1  # of --json
REAL = click.option(
    "--real", multiple=True, type=DataPath(), metavar="DATA", shell_complete=complete_data,
    help="Real pictures, in any form that train takes; may be given several times. [default: held-out pictures of the RUNs]",
)  # fmt: skip
FAKE = click.option(
    "--fake", multiple=True, required=True, type=DataPath(), metavar="DATA|RUN", shell_complete=complete_data,
    help="Made pictures, or a run, or a generator.safetensors, whose samples are taken; may be given several times.",
)  # fmt: skip
COUNT = click.option(
    "-n",
    "count",
    type=click.IntRange(1, 20_000),
    metavar="N",
    help="Pictures of each kind, at most. [default: 1,000]",
)
SIZE = click.option(
    "--size",
    metavar="PIXELS",
    help="That pictures are brought to first: 64 or 64x96. [default: the made ones' own, the smallest]",
)


@click.group()
def detect() -> None:
    """Tell made pictures from real ones, with how sure that is.

    \b
      figment detect train --fake runs/faces-1             make a detector
      figment detect test detector.safetensors --real DATA --fake DATA|RUN
      figment detect score picture.jpg --detector detector.safetensors
      figment detect score picture.jpg --run runs/faces-1  by that run's own discriminator
    """


@detect.command()
@REAL
@FAKE
@click.option(
    "--by",
    metavar="NAME,…",
    help="What it sees by: spectrum, lite0, discriminator (of the first RUN). [default: spectrum,lite0]",
)
@COUNT
@SIZE
@GROUP
@SEED
@ACCEPT
@DEVICE
@click.option(
    "--out",
    type=PathArgument,
    default="detector.safetensors",
    show_default=True,
    metavar="FILE.safetensors",
    help="The detector.",
)
def train(
    real: tuple[str, ...], fake: tuple[str, ...], by: str | None, count: int | None, size: str | None, group: str | None,
    seed: int, accept_licence: bool, device: str, out: Path,
) -> None:  # fmt: skip
    """Make a detector from real pictures and made ones.

    Both kinds are brought to one size, and through the same resizing, cutting, JPEG and WebP, so that neither size nor format
    tells them apart. Half of the groups (--group; else pictures) are learnt from, a quarter calibrates P(fake), a quarter
    tells what it is worth; that is kept in the file, too.

    \b
    Examples:
      figment detect train --fake runs/faces-1
      figment detect train --fake runs/faces-1 --fake runs/faces-2 --out faces.safetensors
      figment detect train --real my-pictures --fake their-samples --group '^(.*)_'
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.common.files import write_output
    from figment.common.places import check_file

    check_file(out)
    if out.suffix != ".safetensors":
        raise InputError(f"--out {out}: let it end in .safetensors.")
    if out.exists():
        raise InputError(f"--out {out} exists: name another file.")
    point_libraries_at_cache()
    warm_up("figment.forensics.teaching")
    with at_terminal() as terminal:
        from figment.forensics import teaching
        from figment.forensics.words import card_lines

        made = teaching.train(
            real, fake, by=_names(by), n=count or teaching.DEFAULT_PICTURES, seed=seed,
            size=None if size is None else pixels(size), group=group, device=device, agree=agreeing(accept_licence),
            display=terminal,
        )  # fmt: skip
    write_output(out, made.packed())
    tell(*card_lines(made), "", f"detector  {out}")


@detect.command()
@click.argument("file", metavar="DETECTOR", type=PathArgument)
@REAL
@FAKE
@COUNT
@SIZE
@GROUP
@SEED
@ACCEPT
@DEVICE
@click.option(
    "--sweep/--no-sweep", default=True, show_default=True, help="Also try it under 22 conditions: JPEG, sizes, blur, …"
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, for programs.")
@click.option("--out", type=PathArgument, metavar="PAGE.html", help="Write a page with curves, too.")
def test(
    file: Path, real: tuple[str, ...], fake: tuple[str, ...], count: int | None, size: str | None, group: str | None, seed: int,
    accept_licence: bool, device: str, sweep: bool, as_json: bool, out: Path | None,
) -> None:  # fmt: skip
    """Try DETECTOR on real pictures and made ones: what it is worth, how sure that is, and when it had better say nothing.

    Of a set that it has learnt from only pictures count that it hasn't seen; of a run fresh samples. Each number comes
    with an interval: 95 % of repetitions with groups (--group; else pictures) drawn anew.

    \b
    Examples:
      figment detect test detector.safetensors --fake runs/faces-1
      figment detect test detector.safetensors --real my-pictures --fake their-samples --out tried.html
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.common.files import check_output, write_output

    if out is not None:
        check_output(out, ".html", [*real, *fake])
    point_libraries_at_cache()
    warm_up("figment.forensics.examining")
    from figment.forensics.detector import load_detector

    with at_terminal() as terminal:
        from figment.common.machine import this_machine
        from figment.forensics import examining

        detector = load_detector(file, str(this_machine(device).device))
        found = examining.examine(
            detector, real, fake, n=count or examining.DEFAULT_PICTURES, seed=seed,
            size=None if size is None else pixels(size), group=group,
            sweep=examining.SWEEP_PICTURES if sweep else 0, device=device,
            agree=agreeing(accept_licence), display=Silent() if as_json else terminal,
        )  # fmt: skip
    record = {"format": FORMAT, "detector": str(file), **found.as_record()}
    if as_json:
        click.echo(json.dumps(record, indent=1))
    else:
        from figment.forensics.words import found_lines

        tell(*found_lines(record))
    if out is not None:
        from figment.forensics.detect_page import page

        write_output(out, page(record, file.name))
        if not as_json:
            tell("", f"page  {out}")


@detect.command()
@click.argument("files", nargs=-1, required=True, metavar="IMAGE...", type=PathArgument)
@click.option("--detector", type=PathArgument, metavar="FILE", help="A file that figment detect train made.")
@click.option(
    "--run",
    "run_folder",
    type=RunFolderPath,
    metavar="RUN",
    help="By this run's own discriminator, for pictures like its own.",
)
@click.option(
    "--by", metavar="NAME", help="Of what a detector reads: spectrum, lite0, discriminator, average. [default: its own]"
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, for programs.")
@click.option(
    "--heatmap",
    type=PathArgument,
    metavar="FILE.png|FOLDER",
    help="Where the picture speaks for fake; of several a folder.",
)
@DEVICE
def score(
    files: tuple[Path, ...], detector: Path | None, run_folder: Path | None, by: str | None, as_json: bool,
    heatmap: Path | None, device: str,
) -> None:  # fmt: skip
    """Say of pictures how likely each is made: P(fake) with an interval, and why; or "don't know".

    P(fake) is meant for a heap of which half is fake. It holds for pictures like those that the detector was made with; of others
    nothing is said. It is no proof, either way. Exit status 2 where a file couldn't be read: the others are told all the same.

    \b
    Examples:
      figment detect score picture.jpg --detector detector.safetensors
      figment detect score downloads/*.jpg --detector detector.safetensors --json
      figment detect score picture.jpg --run runs/faces-1 --heatmap where.png
    """
    from figment.common.cache import point_libraries_at_cache

    if (detector is None) == (run_folder is None):
        raise InputError("--detector FILE or --run RUN: give one of them.")
    maps = _map_places(files, heatmap)
    point_libraries_at_cache()
    warm_up("figment.forensics.scoring")
    from figment.forensics.scoring import answers

    asked = _asked(detector, run_folder, device, as_json)
    if by is not None and by not in asked.curves:
        raise InputError(f"--by {by}: this detector reads by {', '.join(asked.curves)}: give one of these.")
    found = []
    for one in answers(asked, files, by or ""):
        found.append(one)
        if not as_json and one.error is not None:
            complain(one.error)
        elif not as_json:
            tell(f"{one.file}  {one.sentence()}.")
        if one.error is None and maps:
            _write_map(asked, Path(one.file), maps[Path(one.file)], by or "")
    if as_json:
        from dataclasses import asdict

        click.echo(
            json.dumps(
                {"format": FORMAT, "detector": str(detector or run_folder), "files": [*map(asdict, found)]}, indent=1
            )
        )
    if any(one.error is not None for one in found):
        raise click.exceptions.Exit(2)


def _names(by: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in by.split(",") if name.strip()) if by else ()


def _asked(file: Path | None, run_folder: Path | None, device: str, silent: bool) -> "Detector":
    """The detector of a file, or that of a run."""
    from figment.common.machine import this_machine
    from figment.forensics.detector import load_detector
    from figment.run import Run

    where = str(this_machine(device).device)
    if file is not None:
        return load_detector(file, where)
    from figment.forensics.own_discriminator import of_run

    assert run_folder is not None
    with at_terminal() as terminal:
        return of_run(Run(run_folder), where, Silent() if silent else terminal)


def _map_places(files: tuple[Path, ...], heatmap: Path | None) -> dict[Path, Path]:
    """Where the map of each picture goes. Raises InputError, before any work, where it can't."""
    from figment.common.places import check_file, check_folder

    if heatmap is None:
        return {}
    if len(files) == 1 and heatmap.suffix.lower() == ".png" and not heatmap.is_dir():
        check_file(heatmap, "--heatmap")
        return {files[0]: heatmap}
    check_folder(heatmap, "--heatmap")
    names = [f"{file.stem}.png" for file in files]
    return {file: heatmap / (name if names.count(name) == 1 else f"{number:04d}-{name}")
             for number, (file, name) in enumerate(zip(files, names, strict=True))}  # fmt: skip


def _write_map(detector: "Detector", file: Path, place: Path, by: str) -> None:
    """Of a picture that bears a mark the map does, too: it shows it."""
    from figment.forensics.scoring import Picture, heat_map, opened
    from figment.media.images import write

    picture: Any = opened(detector, file)
    if isinstance(picture, Picture):
        write(place, heat_map(detector, picture.pixels, by), _mark_of(file))


def _mark_of(file: Path) -> Any:
    from figment.media.provenance import source_of

    try:
        mark = source_of(file)
    except InputError:
        return None
    return (
        mark
        if mark in ("trainedAlgorithmicMedia", "algorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
        else None
    )
