"""`figment measure`: how real, how varied, how original the pictures of a generator, or of a folder, are."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from figment.cli.completing import complete_run
from figment.cli.console import at_terminal, complain, fresh_report, tell, tell_of_best, warm_up
from figment.cli.options import (
    ACCEPT,
    GROUP,
    KEEP_MARKED,
    PICK,
    SEED,
    DataPath,
    ExistingPath,
    PathArgument,
    agreeing,
    pixels,
    video_shape,
)
from figment.common.text import plain_name, typed
from figment.errors import InputError

if TYPE_CHECKING:
    from figment.metrics.result import Measurement
    from figment.run import Run


SUBJECT = ExistingPath("name a run, a generator.safetensors, or a folder of pictures")


@click.command()
@click.argument("subjects", nargs=-1, required=True, type=SUBJECT, metavar="RUN|FOLDER...", shell_complete=complete_run)
@click.option("--against", multiple=True, type=DataPath(), metavar="DATA", help="Real pictures. [default: the run's]")
@click.option(
    "--features",
    multiple=True,
    metavar="NAME[:PATH]",
    help="Network that sees the pictures: lite0, random, inception, dinov2, onnx:FILE, own:RUN, gradients; may be given "
    "several times. [default: lite0]",
)
@click.option("-n", "count", type=click.IntRange(1), help="Samples. [default: 5000; with --quick 500]")
@click.option(
    "--quick", is_flag=True, help="A quick look: FD and KID alone, of few pictures; no copies, no attributes."
)
@click.option(
    "--only",
    metavar="NAME,…",
    help="Measure these alone: fd, fd_limit, kid, precision, recall, density, coverage, "
    "inception_score, swd, copying, attributes.",
)
@click.option(
    "--codec", default="auto", show_default=True, metavar="HOW", help="none, jpeg:QUALITY for both sides, auto."
)
@click.option("--size", metavar="PIXELS", help="Of a folder's pictures, 64 or 64x96. [default: the first picture's]")
@click.option("--video", metavar="FxR", help="Of films in place of a run: clips of F frames, R a second, or auto.")
@click.option(
    "--clip-features",
    metavar="onnx:FILE",
    help="A network for films that you have: clips' Fréchet distance, FVD by its I3D.",
)
@GROUP
@KEEP_MARKED
@SEED
@PICK
@ACCEPT
@click.option("--device", default="auto", show_default=True, metavar="D", help="auto, cuda, mps or cpu.")
@click.option("--out", type=PathArgument, metavar="FILE.json|.csv", help="Write all results there, too.")
def measure(
    subjects: tuple[Path, ...], against: tuple[str, ...], features: tuple[str, ...], count: int | None, quick: bool,
    only: str | None, codec: str, size: str | None, video: str | None, clip_features: str | None, group: str | None,
    keep_marked: bool, seed: int, pick: int, accept_licence: bool, device: str, out: Path | None,
) -> None:  # fmt: skip
    """Measure how real, how varied and how original RUN's pictures are; or those of a FOLDER, made by whatever tool; or of
    several, one after the other.

    First a sentence: how real, how varied, what is copied. Beside each score stands the floor: the same score of as many
    other real pictures. A run's results also go into its measures.jsonl and its report. Only features inception give the
    FID; other networks' distances bear their names.

    FD (Fréchet distance) and KID say how far two crowds of pictures lie apart: less is better. Precision and density: how real;
    recall and coverage: how varied. ± is the standard error. docs/glossary.md has every term.

    \b
    Examples:
      figment measure runs/faces-1
      figment measure runs/faces-1 --quick
      figment measure runs/faces-1 --only kid,recall,copying
      figment measure runs/faces-1 --features inception --features dinov2 -n 10000
      figment measure runs/faces-1 --pick 4
      figment measure runs/faces-1 runs/faces-2 --out scores.csv
      figment measure their-samples --against my-pictures --size 64 --out scores.json
      figment measure their-films --against my-films --video 16x12 --size 64
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.common.files import check_output, write_output
    from figment.common.places import check_file

    twice = next((subject for subject in subjects if subjects.count(subject) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is named twice: name it once.")
    if out:
        check_output(out, (".json", ".csv"), [*map(str, subjects), *against])
        for subject in subjects:
            check_file(pairs_place(out, subject, subjects))
    point_libraries_at_cache()
    warm_up("figment.metrics.measurement")
    found: list[Measurement] = []
    for subject in subjects:
        if len(subjects) > 1:
            tell(*([""] if found else []), f"{subject} ({len(found) + 1} of {len(subjects)})")
        is_run = (subject / "run.json").is_file()
        kept = f"what was found by then is in {subject}/measures.jsonl, and" if is_run else "only"
        with at_terminal(f"{kept} what was seen in real pictures is kept for the next time") as terminal:
            from figment.metrics import measurement
            from figment.metrics.result import as_output

            one = measurement.measure(
                subject, list(against) if len(against) > 1 else against[0] if against else None, features=features,
                n=count, only=only or (), quick=quick, seed=seed, pick=pick, codec=codec,
                size=None if size is None else pixels(size), group=group, keep_marked=keep_marked,
                video=video_shape(video, (str(subject),), None, terminal.say), clip_features=clip_features,
                device=device, agree=agreeing(accept_licence), display=terminal,
            )  # fmt: skip
        found.append(one)
        tell("", *one.lines(), "")  # before anything can fail
        if out:
            write_output(out, as_output(found, out.suffix.lower()))
        if one.unkept is not None:
            raise one.unkept
        tell_places(one, out, out and pairs_place(out, subject, subjects))
        tell_of_best(subject)
    tell_side_by_side(found)
    unusable = list(dict.fromkeys(name for one in found for name in one.unusable))
    if unusable:
        raise InputError(
            f"--features {', '.join(unusable)} couldn't be used (why stands above): mend it, or leave it out."
        )


def pairs_place(out: Path, subject: Path, subjects: tuple[Path, ...]) -> Path:
    """Where the nearest pairs of a folder's pictures go, beside the results."""
    which = "" if len(subjects) == 1 else f".{plain_name(str(subject))}"
    return out.with_name(f"{out.stem}{which}.nearest.png")


def tell_places(found: "Measurement", out: Path | None, pairs: Path | None) -> None:
    """Write report and pairs of a measurement, and say where its results are."""
    places = [("results", out)] if out else []
    if found.run is not None:
        places += [("results", found.run.measures_file), ("report", fresh_report(found.run))]
        places += [("pairs", found.run.pairs_file)] if found.pairs is not None else []
    elif pairs and found.pairs is not None:
        from figment.media.images import write

        write(pairs, found.pairs, "compositeWithTrainedAlgorithmicMedia")
        places += [("pairs", pairs)]
    if places:
        tell(*(f"{title:<7}  {place}" for title, place in places))
    if found.run is None and out is None and found.pairs is not None:
        complain(
            "Which pictures are nearest to which: --out FILE.json has them by name, and a sheet of them beside it."
        )


def tell_side_by_side(found: "list[Measurement]") -> None:
    """Of several measurements, a table with a column each, and how to compare runs."""
    if len(found) < 2:
        return
    from figment.metrics.table import beside

    tell("", *beside({one.name: one.scores for one in found}))
    runs = [one.run for one in found if one.run is not None]
    if len(runs) > 1:
        complain(f"{what_compare_tells(runs)}: figment compare {' '.join(typed(run.folder) for run in runs)}")


def what_compare_tells(runs: "Sequence[Run]") -> str:
    """What comparing runs can tell by as many seeds as they are."""
    from figment.comparing.settings import grouped
    from figment.comparing.trained import read_all

    settings = grouped(read_all(runs))
    if len(settings) == 1:
        return "They differ by their seeds alone; their mean, with its interval, to set two seeds of another setting against"
    if min(len(setting.seeds) for setting in settings) < 2:
        return "What differs (whether by more than chance it can tell from two seeds of each setting on)"
    return "What differs, and whether by more than chance"
