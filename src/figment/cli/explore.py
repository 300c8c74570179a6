"""`figment explore …`: what the codes of a generator mean."""

from pathlib import Path
from shlex import quote

import click

from figment.cli.completing import complete_attributes
from figment.cli.console import tell, workbench
from figment.cli.options import (
    DEVICE,
    LABEL,
    LABELS,
    NAMED,
    OUT,
    PIXELS_OR_FEATURES,
    RUN,
    SEED,
    ExperimentGroup,
    NamedPath,
)
from figment.common.text import typed
from figment.errors import InputError

FEATURES = click.option(
    "--features",
    metavar="NAME[:PATH]",
    help="Network that distances are taken in: see figment measure. [default: lite0]",
)


@click.group(cls=ExperimentGroup)
def explore() -> None:
    """Find out what the codes of a generator mean. Each experiment ends in a sentence and a section of the run's report."""


@explore.command()
@RUN
@click.option("--between", metavar="A-B,…", help="Numbers of the samples at the ends. [default: 0-1,2-3,4-5,6-7]")
@click.option("--steps", default=9, show_default=True, type=click.IntRange(2, 64), help="Pictures in a row.")
@FEATURES
@LABEL
@SEED
@NAMED
@DEVICE
@OUT
def interpolate(
    run: Path,
    between: str | None,
    steps: int,
    features: str | None,
    label: str | None,
    seed: int,
    name: str,
    device: str,
    out: Path | None,
) -> None:
    """Rows of pictures between samples, along great circles and straight, and how evenly they change.

    \b
    Examples:
      figment explore interpolate runs/faces-1
      figment explore interpolate runs/faces-1 --between 3-17,8-40 --steps 12
    """
    with workbench(run, out, device) as (at, show):
        from figment.explore import interpolate
        from figment.explore.group_texts import sample_pairs
        from figment.features.registry import default_network, extractor

        pairs = sample_pairs("0-1,2-3,4-5,6-7" if between is None else between, "--between")
        network, generator = extractor(features or default_network(at.display.say), at.device), at.generator
        alike = at.resemblance  # first: the bank may have stages of its own
        progress = at.display.stage("measuring paths")
        found = interpolate(generator, pairs, steps, seed, network, label, progress, alike)
        show(found.finding(name))


@explore.command()
@RUN
@click.option(
    "--a", required=True, metavar="GROUP", help="Numbers 3,17,40-43, a file of them or of codes, or conditions."
)
@click.option("--b", required=True, metavar="GROUP", help="What is taken from it.")
@click.option("--c", required=True, metavar="GROUP", help="What is added to that.")
@click.option(
    "--exemplars", default=3, show_default=True, type=click.IntRange(2, 256), help="Of a group of conditions."
)
@click.option("--wanted", metavar="CONDITIONS", help="What the sum should have. [default: by the groups' conditions]")
@LABELS
@LABEL
@SEED
@NAMED
@DEVICE
@OUT
def arithmetic(
    run: Path, a: str, b: str, c: str, exemplars: int, wanted: str | None, labels: Path | None, label: str | None,
    seed: int, name: str, device: str, out: Path | None,
) -> None:  # fmt: skip
    """The picture of A − B + C, each the mean code of a few samples, and of sums of single samples for contrast.

    GROUP is numbers of the seed's samples, or conditions that samples have to meet: "glasses, smile<0, no beard",
    "hair_colour=blond", as they are read from the built-in portraits, or learnt from --labels; or a file: numbers, or the
    .safetensors of a finding.

    \b
    Examples:
      figment explore arithmetic runs/faces-1 --a 3,17,42 --b 5,9,11 --c 1,2,8 --name smile
      figment explore arithmetic runs/portraits-1 --a "smile>0.4, no glasses" \\
          --b "smile<-0.1, no glasses" --c "glasses, smile<-0.1" --name smiling-with-glasses
    """
    with workbench(run, out, device) as (at, show):
        from figment.explore import arithmetic
        from figment.explore.code_arithmetic import wanted_conditions
        from figment.explore.group_texts import choose_groups, is_conditions

        texts = {"--a": a, "--b": b, "--c": c}
        predictor = at.predictor(labels) if wanted or any(map(is_conditions, texts.values())) else None
        (first, second, third), label = choose_groups(
            at.generator, predictor, texts, "--c", seed, label, exemplars, at.display.stage
        )
        conditions = wanted_conditions(predictor, a, b, c, wanted)
        show(arithmetic(at.generator, first, second, third, seed, label, predictor, conditions).finding(name))


@explore.command()
@RUN
@click.option("--how", default="all", show_default=True, metavar="HOW,…", help="labelled, principal, factorised.")
@click.option(
    "--count",
    metavar="N",
    type=int,
    help="Directions of each without labels. [default: 6, fewer where codes have fewer numbers]",
)
@click.option(
    "--attributes", metavar="NAME,…", shell_complete=complete_attributes,
    help="For which there is to be a direction. [default: all but values]",
)  # fmt: skip
@click.option("--from", "first", metavar="GROUP", help="A direction from the mean code of these samples …")
@click.option("--to", "second", metavar="GROUP", help="… to that of these: see arithmetic. Name it by --name.")
@click.option(
    "--exemplars", default=100, show_default=True, type=click.IntRange(2, 1024), help="Of a group of conditions."
)
@click.option(
    "--samples", default=4000, show_default=True, metavar="N", type=int, help="That directions are found from."
)
@LABELS
@LABEL
@SEED
@NAMED
@DEVICE
@OUT
def directions(
    run: Path, how: str, count: int | None, attributes: str | None, first: str | None, second: str | None, exemplars: int,
    samples: int, labels: Path | None, label: str | None, seed: int, name: str, device: str, out: Path | None,
) -> None:  # fmt: skip
    """Directions in the code: strips from −3σ to 3σ (standard deviations of the codes), what each moves and what comes along.

    labelled: by linear models of what is read from samples, made to leave all else alone; principal: of the first layer
    (GANSpace); factorised: of its weights (SeFa). These two alone read no attributes, and say none, unless --attributes or
    --labels does. All are kept by name in directions.safetensors beside the generator, for
    figment sample --direction and figment walk --direction.

    \b
    Examples:
      figment explore directions runs/portraits-1
      figment explore directions runs/faces-1 --how principal --count 12
      figment explore directions runs/faces-1 --how labelled --labels sorted-faces
      figment explore directions runs/faces-1 --from 3,17,40-43 --to 5,9,11 --name turn
    """
    with workbench(run, out, device) as (at, show):
        from figment.explore import directions
        from figment.explore.direction_file import check_directions_file, directions_file, save_directions
        from figment.explore.direction_search import may_read, methods_named
        from figment.explore.group_texts import choose_groups, is_conditions

        if bool(first) != bool(second) or (first and not name):
            raise InputError("--from, --to and --name go together: from which group, to which, and what to call that.")
        at.generator.labels(0, label=label)  # a mistyped one is told before anything is learnt
        if first and how != "all":
            raise InputError("--how is for directions that are looked for: leave it out with --from and --to.")
        if not name.isprintable():
            raise InputError("--name: give it a name that can be printed.")
        file = directions_file(run)
        check_directions_file(file, at.generator, out, at.display.say)
        texts = {"--from": first, "--to": second} if first and second else {}
        reads = attributes or labels or how == "labelled" or any(map(is_conditions, texts.values()))
        # What reads attributes may have to be taught first, which takes longer than all the rest.
        predictor = at.predictor(labels) if reads else at.predictor_if_any() if may_read(how) else None
        methods, groups = methods_named(how, predictor, at.generator.classes), None
        if texts:
            (begin, end), label = choose_groups(
                at.generator, predictor, texts, "--from", seed, label, exemplars, at.display.stage
            )
            groups = (begin, end)
        wanted = [part.strip() for part in attributes.split(",")] if attributes else []
        found = directions(
            at.generator, methods, count, predictor, wanted, samples, seed, label, name, groups, at.display.stage
        )
        show(found.finding(name))
        save_directions(file, found.directions, at.generator)
        if found.is_one_picture:  # nothing that could be drawn or walked along
            tell(f"{'names':<9}{file}")
            return
        example = found.directions[0].name
        tell(
            f"{'names':<9}{file}",
            f"Next: figment sample {typed(run)} --direction {quote(example + '=2')} · "
            f"figment walk {typed(run)} --direction {quote(example)}",
        )


@explore.command()
@RUN
@click.option(
    "--content", default="0-3", show_default=True, metavar="N,N-N,…", help="Numbers of the samples that are shown."
)
@click.option(
    "--motion", "moving", default="4-7", show_default=True, metavar="N,N-N,…", help="Of those that they move as."
)
@LABEL
@SEED
@NAMED
@DEVICE
@OUT
def motion(
    run: Path, content: str, moving: str, label: str | None, seed: int, name: str, device: str, out: Path | None
) -> None:
    """What one clip shows, moving as another does: a film, rows contents and columns motions, and strips of it.

    Of a run of clips (figment train --video). It also says how much of what differs goes with content and with motion.

    \b
    Examples:
      figment explore motion runs/clips-1
      figment explore motion runs/clips-1 --content 1,2,3 --motion 4,5
    """
    with workbench(run, out, device) as (at, show):
        from figment.explore import motion
        from figment.explore.group_texts import sample_numbers

        numbers = sample_numbers(content, "--content"), sample_numbers(moving, "--motion")
        found = motion(at.generator, *numbers, seed, label, at.display.stage("drawing frames"))
        show(found.finding(name))


@explore.command()
@RUN
@click.argument("pictures", nargs=-1, metavar="[PICTURE]...", type=NamedPath(path_type=Path))
@click.option(
    "-n", default=8, show_default=True, type=click.IntRange(1, 1000), help="Held-out and training pictures, of each."
)
@click.option(
    "--features",
    default="own",
    show_default=True,
    metavar="NAME[:PATH]",
    help="What is looked at beside pixels: own (the run's discriminator), pixels for nothing, or a network: random, …",
)
@click.option("--restarts", default=2, show_default=True, type=click.IntRange(1, 64), help="Descents for each picture.")
@click.option("--steps", default=300, show_default=True, type=click.IntRange(1, 10_000), help="Steps of a descent.")
@SEED
@DEVICE
@OUT
@NAMED
def project(
    run: Path,
    pictures: tuple[Path, ...],
    n: int,
    features: str,
    restarts: int,
    steps: int,
    seed: int,
    device: str,
    out: Path | None,
    name: str,
) -> None:
    """The codes that rebuild real pictures best, and how close that comes.

    Of PICTUREs of yours, which may be of any size; else of held-out and of training pictures, side by side.

    \b
    Examples:
      figment explore project runs/faces-1
      figment explore project runs/faces-1 me.jpg friend.png --restarts 4
      figment sample runs/faces-1 --codes runs/faces-1/findings/project.safetensors
    """
    with workbench(run, out, device) as (at, show):
        from figment.data.decoding.depth import Ranges
        from figment.explore import project
        from figment.explore.projection import given_pictures, pictures_of_bank
        from figment.features.perceptual import perceptual_loss

        if features == "own" and run.is_file():
            raise InputError(
                f"--features own: {run} is a generator alone: name its run folder, or give --features pixels."
            )
        generator = at.generator
        perceptual = perceptual_loss(features, lambda: at.discriminator, at.device)  # before pictures are prepared
        if pictures:
            known = Ranges.read((at.run.facts.get("ranges") or []) if run.is_dir() else [])
            groups, names = given_pictures(generator, pictures, at.display.say, known)
        else:
            groups, names = pictures_of_bank(at.bank, n, seed)
        alike, progress = at.resemblance, at.display.stage("descending")
        found = project(generator, groups, perceptual, restarts, steps, seed, names, progress, alike)
        show(found.finding(name))


@explore.command()
@RUN
@click.option("--samples", metavar="N,N-N,…", help="Numbers of the samples. [default: 0-7]")
@click.option("-n", type=click.IntRange(1, 1000), help="In place of --samples: so many, from 0 on.")
@click.option("-k", default=5, show_default=True, type=click.IntRange(1, 100), help="Training pictures beside each.")
@PIXELS_OR_FEATURES
@LABEL
@SEED
@DEVICE
@OUT
@NAMED
def neighbours(
    run: Path,
    samples: str | None,
    n: int | None,
    k: int,
    features: str,
    label: str | None,
    seed: int,
    device: str,
    out: Path | None,
    name: str,
) -> None:
    """The training pictures nearest to samples, mirrored ones too, and whether these are nearer than chance.

    \b
    Examples:
      figment explore neighbours runs/faces-1
      figment explore neighbours runs/faces-1 --samples 3,17 -k 10 --features dinov2
    """
    with workbench(run, out, device) as (at, show):
        from figment.explore import neighbours
        from figment.explore.group_texts import sample_numbers
        from figment.similarity.spaces import named_space

        if samples and n:
            raise InputError("--samples and -n exclude each other: give one of them.")
        numbers = sample_numbers(samples, "--samples") if samples else list(range(n or 8))
        where = named_space(features, at.device)
        generator, bank = at.generator, at.bank
        alike, progress = at.resemblance, at.display.stage("reading training pictures")
        found = neighbours(generator, bank, numbers, k, seed, where, label, progress, alike)
        show(found.finding(name))
