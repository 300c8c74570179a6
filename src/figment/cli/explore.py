"""`figment explore …`: what the codes of a generator mean."""

from dataclasses import replace
from pathlib import Path
from shlex import quote

import click

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
from figment.errors import InputError

FEATURES = click.option(
    "--features",
    default="random",
    show_default=True,
    metavar="NAME[:PATH]",
    help="Network that distances are taken in: see figment measure.",
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
    features: str,
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
        from figment.explore.interpolation import interpolate as interpolated
        from figment.features.registry import extractor

        pairs = [pair_of(part) for part in ("0-1,2-3,4-5,6-7" if between is None else between).split(",")]
        network = extractor(features, at.device)
        finding = interpolated(at.generator, pairs, steps, seed, network, label, at.display.stage("measuring paths"))
        show(replace(finding, name=name))


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
        from figment.attributes.conditions import parse_conditions
        from figment.explore.code_arithmetic import arithmetic as summed
        from figment.explore.code_arithmetic import expected_conditions
        from figment.explore.groups import class_of_group, group_of, is_conditions

        texts = {"--a": a, "--b": b, "--c": c}
        conditions = {option: is_conditions(text) for option, text in texts.items()}
        predictor = at.predictor(labels) if any(conditions.values()) or wanted else None
        label = label or class_of_group(at.generator, predictor, c, "--c", seed, at.display.stage)
        groups = [
            group_of(at.generator, predictor, text, option, seed, label, exemplars, at.display.stage)
            for option, text in texts.items()
        ]
        hoped = parse_conditions(wanted, predictor, "--wanted") if wanted and predictor else []
        if predictor and not wanted and all(conditions.values()):
            hoped = expected_conditions(*(parse_conditions(text, predictor) for text in texts.values()))
        first, second, third = groups
        show(summed(at.generator, first, second, third, seed, label, name, predictor, hoped))


@explore.command()
@RUN
@click.option("--how", default="all", show_default=True, metavar="HOW,…", help="labelled, principal, factorised.")
@click.option("--count", default=6, show_default=True, metavar="N", type=int, help="Directions of each without labels.")
@click.option("--attributes", metavar="NAME,…", help="For which there is to be a direction. [default: all but values]")
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
    run: Path, how: str, count: int, attributes: str | None, first: str | None, second: str | None, exemplars: int,
    samples: int, labels: Path | None, label: str | None, seed: int, name: str, device: str, out: Path | None,
) -> None:  # fmt: skip
    """Directions in the code: strips from −3σ to 3σ, what each moves and what comes along.

    labelled: by linear models of what is read from samples, made to leave all else alone; principal: of the first layer
    (GANSpace); factorised: of its weights (SeFa). All are kept by name in directions.safetensors beside the generator, for
    figment sample --direction and figment walk --direction.

    \b
    Examples:
      figment explore directions runs/portraits-1
      figment explore directions runs/faces-1 --how principal --count 12
      figment explore directions runs/faces-1 --how labelled --labels sorted-faces
      figment explore directions runs/faces-1 --from 3,17,40-43 --to 5,9,11 --name turn
    """
    with workbench(run, out, device) as (at, show):
        from figment.explore.direction_file import directions_file, is_stale, save_directions
        from figment.explore.direction_search import METHODS, plain_attributes
        from figment.explore.direction_search import directions as found_directions
        from figment.explore.groups import class_of_group, group_of, is_conditions

        if bool(first) != bool(second) or (first and not name):
            raise InputError("--from, --to and --name go together: from which group, to which, and what to call that.")
        at.generator.labels(0, label=label)  # a mistyped one is told before anything is learnt
        if first and how != "all":
            raise InputError("--how is for directions that are looked for: leave it out with --from and --to.")
        if not name.isprintable():
            raise InputError("--name: give it a name that can be printed.")
        file = directions_file(run)
        if file.exists() and is_stale(file, at.generator):  # one that can't be read is told now, too
            at.display.say(
                f"{file} holds directions that were found before the generator learnt more: they are replaced"
            )
        if out and (out / file.name).resolve() == file.resolve():
            raise InputError(f"--out {out}: the directions themselves are kept there: name another folder.")
        hows = METHODS if how == "all" else tuple(dict.fromkeys(part.strip() for part in how.split(",")))
        reads = (
            attributes or labels or how == "labelled" or any(text and is_conditions(text) for text in (first, second))
        )
        predictor = at.predictor(labels) if reads else at.predictor_if_any()
        if how == "all" and not plain_attributes(predictor, at.generator.classes):
            hows = METHODS[1:]
        groups = None
        if first and second:
            label = label or class_of_group(at.generator, predictor, first, "--from", seed, at.display.stage)
            begin, end = (
                group_of(at.generator, predictor, text, option, seed, label, exemplars, at.display.stage)
                for option, text in (("--from", first), ("--to", second))
            )
            groups = (begin, end)
        wanted = [part.strip() for part in attributes.split(",")] if attributes else []
        finding, found = found_directions(
            at.generator, hows, count, predictor, wanted, samples, seed, label, name, groups, at.display.stage
        )
        show(finding)
        save_directions(file, found, at.generator)
        tell(
            [
                f"{'names':<9}{file}",
                f"Next: figment sample {run} --direction {quote(found[0].name + '=2')} · "
                f"figment walk {run} --direction {quote(found[0].name)}",
            ]
        )


def pair_of(text: str) -> tuple[int, int]:
    """Two sample numbers from "3-17". Raises InputError."""
    from figment.explore.groups import sample_numbers

    ends = text.split("-")
    if len(ends) != 2:
        raise InputError(f"--between {text}: give pairs of sample numbers such as 3-17,8-40.")
    (first,), (second,) = (sample_numbers(end, "--between") for end in ends)
    return first, second


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
        import torch

        from figment.data.decoding.fit import Target
        from figment.explore.projection import project as projected
        from figment.features.perceptual import perceptual_loss
        from figment.reals import given, some

        recipe, names = at.generator.recipe, {}
        if pictures:
            target = Target(*recipe.shape, int(recipe.channels), recipe.fit)
            groups = {"given": torch.from_numpy(given(pictures, target, at.display.say))}
            names["given"] = [str(picture) for picture in pictures]
        else:
            groups = {}
            for place, (part, all_rows) in enumerate({"held-out": at.bank.held_out, "training": at.bank.train}.items()):
                rows = some(all_rows, n, seed, place)
                groups[part] = torch.from_numpy(at.bank.pictures[rows])
                names[part] = [at.bank.names[row] for row in rows]
        if features == "own" and run.is_file():
            raise InputError(
                f"--features own: {run} is a generator alone: name its run folder, or give --features pixels."
            )
        perceptual = perceptual_loss(features, lambda: at.discriminator, at.device)
        found = projected(
            at.generator, groups, perceptual, restarts, steps, seed, names, at.display.stage("descending")
        )
        show(replace(found, name=name))


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
        from figment.explore.groups import sample_numbers
        from figment.explore.nearest_training import neighbours as found
        from figment.similarity.spaces import named_space

        if samples and n:
            raise InputError("--samples and -n exclude each other: give one of them.")
        chosen = sample_numbers(samples, "--samples") if samples else list(range(n or 8))
        where = named_space(features, at.device)
        finding = found(
            at.generator, at.bank, chosen, k, seed, where, label, at.display.stage("reading training pictures")
        )
        show(replace(finding, name=name))
