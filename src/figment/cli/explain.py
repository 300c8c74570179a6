"""`figment explain …`: what the nets of a run do, and how."""

from pathlib import Path

import click

from figment.cli.completing import complete_attribute, complete_run
from figment.cli.console import workbench
from figment.cli.options import DEVICE, LABELS, NAMED, OUT, PIXELS_OR_FEATURES, RUN, SEED, ExperimentGroup, PathArgument
from figment.common.text import distinct
from figment.errors import InputError


@click.group(cls=ExperimentGroup)
def explain() -> None:
    """Find out what the nets of a run do, and how. Each experiment ends in a sentence and a section of the run's report."""


@explain.command()
@RUN
@click.option(
    "--layer", type=int, metavar="N", help="Of the discriminator, 1 being nearest the picture. [default: the last]"
)
@click.option("-n", default=8, show_default=True, type=click.IntRange(1, 64), help="Filters, the most selective ones.")
@click.option("--filters", "chosen", metavar="NUMBERS", help="These filters instead, such as 3,17.")
@SEED
@DEVICE
@OUT
@NAMED
def filters(
    run: Path, layer: int | None, n: int, chosen: str | None, seed: int, device: str, out: Path | None, name: str
) -> None:
    """The pictures that move the discriminator's filters most, and what in them does, beside an untrained discriminator.

    \b
    Examples:
      figment explain filters runs/faces-1
      figment explain filters runs/faces-1 --layer 3 --filters 3,17,20-23
    """
    with workbench(run, out, device) as (at, show):
        from figment.explain import filters
        from figment.explore.group_texts import sample_numbers
        from figment.similarity.nearest import Subset

        which = sample_numbers(chosen, "--filters") if chosen else ()
        pictures = Subset(at.bank.pictures, at.bank.train)
        stage = at.display.stage("looking at filters")
        result = filters(at.discriminator, pictures, layer, n, which, seed, stage, at.bank.drawn)
        show(result.finding(name))


@explain.command()
@RUN
@click.option(
    "--attribute",
    metavar="CONDITION",
    shell_complete=complete_attribute,
    help='What samples have to have: glasses, "smile>0.8, no beard", hair_colour=blond.',
)
@click.option(
    "--boxes",
    type=PathArgument,
    metavar="FILE.csv",
    help="Marks the object instead: lines of sample number,left,top,right,bottom, in pixels.",
)
@click.option(
    "--layer", type=int, metavar="N", help="Of the generator, 1 being nearest the code. [default: all are tried]"
)
@click.option(
    "--drop",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SHARE",
    help="Drop this share of the maps with positive weights, the strongest. [default: several are tried]",
)
@click.option(
    "--by",
    type=click.Choice(("zero", "mean")),
    help="What maps become: 0, or their mean without it. [default: the better]",
)
@click.option("-n", default=3000, show_default=True, type=click.IntRange(64), help="Samples that are looked through.")
@LABELS
@SEED
@DEVICE
@OUT
@NAMED
def forget(
    run: Path, attribute: str | None, boxes: Path | None, layer: int | None, drop: float | None, by: str | None, n: int,
    labels: Path | None, seed: int, device: str, out: Path | None, name: str,
) -> None:  # fmt: skip
    """Find the feature maps with which the generator draws an object, and show samples with and without them.

    \b
    Examples:
      figment explain forget runs/portraits-1 --attribute glasses
      figment explain forget runs/faces-1 --attribute hats --labels hats-or-not
      figment explain forget runs/rooms-1 --boxes windows.csv
    """
    if (attribute is None) == (boxes is None):
        raise InputError("--attribute or --boxes: say by one of them, not both, what is to be forgotten.")
    with workbench(run, out, device) as (at, show):
        if boxes:
            from figment.explain import forget_boxed
            from figment.explain.boxes import read_boxes

            marked = read_boxes(boxes, at.generator)
            stage = at.display.stage("looking for feature maps")
            show(forget_boxed(at.generator, marked, layer, drop, by, seed, stage).finding(name))
        else:
            from figment.explain import forget

            predictor = at.predictor(labels)
            critic = None if predictor.valid else at.discriminator
            stage = at.display.stage("looking for feature maps")
            result = forget(at.generator, predictor, attribute or "", critic, layer, drop, by, n, seed, stage)
            show(result.finding(name))


@explain.command()
@RUN
@click.option("--labels", type=PathArgument, metavar="DATA", help="Labelled pictures. [default: the run's own]")
@click.option(
    "--few", default=100, show_default=True, type=click.IntRange(1), help="Labels a class, beside all of them."
)
@click.option(
    "--other",
    "others",
    multiple=True,
    type=PathArgument,
    metavar="RUN",
    shell_complete=complete_run,
    help="A run that learnt from other pictures, to compare with; may be given several times.",
)
@click.option("--no-supervised", is_flag=True, help="Teach no net by the labels themselves, which takes a while.")
@SEED
@DEVICE
@OUT
@NAMED
def features(
    run: Path, labels: Path | None, few: int, others: tuple[Path, ...], no_supervised: bool, seed: int, device: str,
    out: Path | None, name: str,
) -> None:  # fmt: skip
    """How well pictures of different classes are told apart by what the discriminator sees, and by a generator's examples.

    \b
    Examples:
      figment explain features runs/fashion-1
      figment explain features runs/fashion-1 --few 10 --other runs/faces-1
      figment explain features runs/faces-1 --labels smiling-or-not --no-supervised
    """
    with workbench(run, out, device) as (at, show):
        from figment.discriminator import load_discriminator
        from figment.explain import features, labelled_pictures, neighbour_test
        from figment.workbench import labelled_bank

        data = labelled_pictures(labelled_bank(at.run, labels, at.display), seed)
        names = distinct([other.name for other in others])
        critics = {name: load_discriminator(other, at.device) for name, other in zip(names, others, strict=True)}
        stage = at.display.stage("teaching classifiers")
        findings = [features(at.discriminator, data, few, critics, not no_supervised, seed, stage).finding(name)]
        if set(data.names) <= set(at.generator.classes):
            stage = at.display.stage("looking for nearest examples")
            findings.append(neighbour_test(at.generator, data, seed=seed, progress=stage).finding(name))
        show(*findings)


@explain.command()
@RUN
@click.option(
    "-n", default=6, show_default=True, type=click.IntRange(1, 32), help="Samples, and as many real pictures."
)
@SEED
@DEVICE
@OUT
@NAMED
def evidence(run: Path, n: int, seed: int, device: str, out: Path | None, name: str) -> None:
    """What in a picture speaks for fake, on the samples that look most so and the real pictures that are doubted most.

    \b
    Examples:
      figment explain evidence runs/faces-1
      figment explain evidence runs/faces-1 -n 12 --seed 3
    """
    with workbench(run, out, device) as (at, show):
        from figment.explain import evidence

        stage = at.display.stage  # begun when the bank is there, which may have stages of its own
        result = evidence(at.generator, at.discriminator, at.bank, n, seed, stage("looking for evidence"))
        show(result.finding(name))


@explain.command()
@RUN
@click.option(
    "-n", default=1000, show_default=True, type=click.IntRange(20, 100_000), help="Samples of each generator."
)
@PIXELS_OR_FEATURES
@SEED
@DEVICE
@OUT
@NAMED
def memorised(run: Path, n: int, features: str, seed: int, device: str, out: Path | None, name: str) -> None:
    """Whether samples lie nearer to training than to held-out pictures, after a single pass over the data and later.

    \b
    Examples:
      figment explain memorised runs/faces-1
      figment explain memorised runs/faces-1 -n 5000 --features dinov2
    """
    with workbench(run, out, device) as (at, show):
        from figment.explain import memorised
        from figment.similarity.spaces import named_space

        where = named_space(features, at.device)
        stage = at.display.stage  # begun when the bank is there, which may have stages of its own
        result = memorised(at.run, at.bank, n, where, seed, at.device, stage("comparing generators"), at.resemblance)
        show(result.finding(name))
