"""`figment explore …`: what the codes of a generator mean."""

from pathlib import Path

import click

from figment.cli_findings import DEVICE, OUT, RUN, bench, numbers
from figment.cli_options import LABEL, SEED
from figment.errors import InputError

FEATURES = click.option(
    "--features",
    default="random",
    show_default=True,
    metavar="NAME[:PATH]",
    help="Network that distances are taken in: see figment measure.",
)


@click.group()
def explore() -> None:
    """Find out what the codes of a generator mean. Each experiment ends in a sentence and a section of the run's report.

    \b
      figment explore interpolate RUN      what lies between two codes
    """


@explore.command()
@RUN
@click.option("--between", metavar="A-B,…", help="Numbers of the samples at the ends. [default: 0-1,2-3,4-5,6-7]")
@click.option("--steps", default=9, show_default=True, type=click.IntRange(2, 64), help="Pictures in a row.")
@FEATURES
@LABEL
@SEED
@DEVICE
@OUT
def interpolate(
    run: Path,
    between: str | None,
    steps: int,
    features: str,
    label: str | None,
    seed: int,
    device: str,
    out: Path | None,
) -> None:
    """Rows of pictures between samples, along great circles and straight, and how evenly they change.

    \b
    Examples:
      figment explore interpolate runs/faces-1
      figment explore interpolate runs/faces-1 --between 3-17,8-40 --steps 12
    """
    with bench(run, out, device) as at:
        from figment.latent.interpolation import interpolate as interpolated
        from figment.metrics.features import extractor

        pairs = [pair_of(part) for part in (between or "0-1,2-3,4-5,6-7").split(",")]
        network = extractor(features, at.device)
        at.show(interpolated(at.generator, pairs, steps, seed, network, label, at.stage("measuring paths")))


def pair_of(text: str) -> tuple[int, int]:
    """Two sample numbers from "3-17". Raises InputError."""
    ends = text.split("-")
    if len(ends) != 2:
        raise InputError(f"--between {text}: give pairs of sample numbers such as 3-17,8-40.")
    (first,), (second,) = (numbers(end, "--between") for end in ends)
    return first, second
