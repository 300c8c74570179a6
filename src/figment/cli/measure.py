"""`figment measure`: how real, how varied, how original the pictures of a generator, or of a folder, are."""

from pathlib import Path

import click

from figment.cli.console import at_terminal, tell, tell_of_best
from figment.cli.options import ACCEPT, GROUP, PICK, SEED, NamedPath, PathArgument, agreeing, pixels
from figment.errors import InputError


@click.command()
@click.argument("what", type=PathArgument, metavar="RUN|FOLDER")
@click.option("--against", multiple=True, type=NamedPath(), metavar="DATA", help="Real pictures. [default: the run's]")
@click.option(
    "--features",
    multiple=True,
    metavar="NAME[:PATH]",
    help="Network that sees the pictures: lite0, random, inception, dinov2, onnx:FILE, own:RUN, gradients; may be given "
    "several times. [default: lite0]",
)
@click.option("-n", "count", default=5000, show_default=True, type=click.IntRange(1), help="Samples.")
@click.option(
    "--codec", default="auto", show_default=True, metavar="HOW", help="none, jpeg:QUALITY for both sides, auto."
)
@click.option("--size", metavar="PIXELS", help="Of a folder's pictures, 64 or 64x96. [default: the first picture's]")
@GROUP
@SEED
@PICK
@ACCEPT
@click.option("--device", default="auto", show_default=True, metavar="D", help="auto, cuda, mps or cpu.")
@click.option("--out", type=PathArgument, metavar="FILE.json", help="Write all results there, too.")
def measure(
    what: Path, against: tuple[str, ...], features: tuple[str, ...], count: int, codec: str, size: str | None,
    group: str | None, seed: int, pick: int, accept_licence: bool, device: str, out: Path | None,
) -> None:  # fmt: skip
    """Measure how real, how varied and how original RUN's pictures are; or those of a FOLDER, made by whatever tool.

    First a sentence: how real, how varied, what is copied. Beside each score stands the floor: the same score of as many
    other real pictures. A run's results also go into its measures.jsonl and its report. Only features inception give the
    FID; other networks' distances bear their names.

    FD (Fréchet distance) and KID say how far two crowds of pictures lie apart: less is better. Precision and density: how real;
    recall and coverage: how varied. ± is the standard error. docs/glossary.md has every term.

    \b
    Examples:
      figment measure runs/faces-1
      figment measure runs/faces-1 --features inception --features dinov2 -n 10000
      figment measure runs/faces-1 --pick 4
      figment measure their-samples --against my-pictures --size 64 --out scores.json
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.common.files import check_output, write_output
    from figment.common.places import check_file

    if out:
        check_output(out, ".json", [str(what), *against])
        pairs = out.with_name(f"{out.stem}.nearest.png")
        check_file(pairs)
    point_libraries_at_cache()
    kept = f"what was found by then is in {what}/measures.jsonl, and" if (what / "run.json").is_file() else "only"
    with at_terminal(f"{kept} what was seen in real pictures is kept for the next time") as terminal:
        from figment.metrics import measurement

        found = measurement.measure(
            what, list(against) if len(against) > 1 else against[0] if against else None, features=features, n=count,
            seed=seed, pick=pick, codec=codec, size=None if size is None else pixels(size), group=group, device=device,
            agree=agreeing(accept_licence), display=terminal,
        )  # fmt: skip
    tell("", *found.lines(), "")  # before anything can fail
    if out:
        write_output(out, found.as_json())
    if found.unkept is not None:
        raise found.unkept
    places = [("results", out)] if out else []
    if found.run is not None:
        from figment.reporting.report import write_report

        places += [("results", found.run.measures_file), ("report", write_report(found.run))]
        places += [("pairs", found.run.pairs_file)] if found.pairs is not None else []
    elif out and found.pairs is not None:
        from figment.media.images import write

        write(pairs, found.pairs, "compositeWithTrainedAlgorithmicMedia")
        places += [("pairs", pairs)]
    if places:
        tell(*(f"{title}  {place}" for title, place in places))
    tell_of_best(what)
    if found.unusable:
        raise InputError(
            f"--features {', '.join(found.unusable)} couldn't be used (why stands above): mend it, or leave it out."
        )
