"""`figment train` and `figment resume`."""

import inspect
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from figment.cli.completing import complete_field, complete_run
from figment.cli.config import CONFIG, Config
from figment.cli.console import conclude, further, tell, tell_of_store, warm_up
from figment.cli.options import (
    ACCEPT,
    DATA,
    DROP,
    FIT,
    GROUP,
    KEEP,
    KEEP_MARKED,
    LIMIT,
    LOG,
    OPEN,
    RUN_FOLDER_OR_STORE,
    STUDIO,
    VIDEO,
    DataPath,
    PathArgument,
    RecipeOption,
    agreeing,
    given,
    limited,
    logged,
    video_shape,
)
from figment.cli.streams import TRAINED
from figment.common.assignments import assignments, value
from figment.common.launch import check_launch, leads
from figment.errors import InputError


@click.command()
@DATA
@CONFIG
@click.option("--for", "time", metavar="TIME", help="Budget as time: 90s, 3m, 2h30m. [default: 10m]")
@click.option("--images", metavar="N", help="Budget as images seen: 800, 500k, 2M.")
@click.option("--recipe", cls=RecipeOption, default="auto", show_default=True, metavar="NAME")
@click.option(
    "--from",
    "from_run",
    metavar="RUN",
    shell_complete=complete_run,
    help="Begin from known nets: a run, a generator.safetensors, hf:OWNER/NAME, or start, those that figment brings along; "
    "none: from nothing. [default: auto decides]",
)
@click.option(
    "--size",
    metavar="PIXELS",
    help="16 to 512, or HxW (height x width) such as 64x96. [default: that of --from, the recipe's, or 64]",
)
@click.option(
    "--labels/--no-labels",
    default=None,
    help="Train on the labels of the pictures (folders, files, columns), so that samples of a class can be asked for.",
)
@click.option("--out", type=PathArgument, metavar="FOLDER", help="Run folder. [default: runs/<data>-<number>]")
@click.option(
    "--set",
    "choices",
    multiple=True,
    metavar="FIELD=VALUE",
    shell_complete=complete_field,
    help="Set a recipe field, such as objective=mse (figment recipes NAME lists all).",
)
@FIT
@VIDEO
@DROP
@KEEP_MARKED
@GROUP
@LIMIT
@ACCEPT
@LOG
@KEEP
@click.option("--seed", metavar="N", help="Seed of everything random. [default: 0]")
@click.option("--device", default="auto", show_default=True, metavar="D", help="auto, cuda, mps or cpu.")
@OPEN
@STUDIO
@click.option(
    "--dry-run",
    is_flag=True,
    help="Prepare the pictures and print the plan: auto's choice (measured), nets, schedule, memory; train nothing.",
)
def train(
    sources: tuple[str, ...], time: str | None, images: str | None, recipe: str, from_run: str | None,
    size: str | None, labels: bool | None, out: Path | None, choices: tuple[str, ...], fit: str | None, video: str | None,
    drop: str | None, keep_marked: bool, group: str | None, limit: int | None, accept_licence: bool, seed: str | None,
    device: str, opens: bool, studio: bool, dry_run: bool, loggers: tuple[str, ...], keep: str | None,
) -> str | None:  # fmt: skip
    """Train a generator on DATA; on the built-in portraits where none is given.

    DATA is a folder (nested), a zip or tar, parquet, .npy or .npz file, a pattern of shards (faces-{000..009}.tar), a
    name from figment data list, hf:OWNER/NAME[@REVISION][:CONFIG][:SPLIT] from the Hugging Face hub, or several of these.

    A tenth of the pictures is held out and never trained on. The time budget is of training: preparing the pictures,
    which is done once and kept, comes before it. Ctrl-C, SIGTERM and (but for nohup) a closed terminal end it with
    everything saved; figment resume goes on. With --labels every different label is a class. Several GPUs
    or processes: torchrun --nproc-per-node=K -m figment train … (docs/scale.md).

    What it prints: kimg, thousands of images seen, which are real pictures shown; P(fake), the chance that a picture is a
    drawn one; separation, the chance (AUC) that the discriminator ranks a real picture above a drawn one, and memorising, one
    that it was trained on above one held out; spread, detail and distance, how varied, how sharp and how near to the reals
    the drawn ones are. docs/glossary.md has every term.

    \b
    Examples:
      figment train --for 3m
      figment train faces --for 2h --size 64
      figment train celeba --images 2M --recipe dcgan --group person
      figment train flowers --for 1h --size 96x64 --labels
      figment train faces --for 1h --from runs/faces-1 --size 128
      figment train faces --for 20m --set objective=hinge --set width=32
      figment train portraits-moving --for 5m
      figment train my-films --video 16x12 --for 1h --from runs/faces-1
      figment train --config runs/faces-1/run.toml --seed 2
    """
    check_launch()
    config = Config.of(click.get_current_context())
    sources = sources or config.sources
    time, images = config.budget(time, images)
    if leads():
        refuse_at_once(from_run, None if dry_run else out, keep)
        if studio:
            from figment.common.extras import require

            require("studio", "--studio")
            if dry_run:
                raise InputError("--studio shows a training, and --dry-run trains nothing: leave one of them out.")
    warm_up("figment.start")
    from figment import start
    from figment.display.terminal import Terminal

    callbacks = logged(loggers)
    data = given(limited(sources, limit))
    options = {"size": size, "labels": labels, "seed": seed and value(seed), "fit": fit}
    options = {name: chosen for name, chosen in options.items() if chosen is not None}
    for name in options.keys() & assignments(choices).keys():
        raise InputError(f"--set {name} and --{name} say it twice: give one of them.")
    fields = config.fields | assignments(choices) | options
    for name in fields.keys() & inspect.signature(start.train).parameters.keys():
        raise InputError(
            f"--set {name}: no recipe field to be set by hand: figment train has options for what it trains on."
        )
    looks = video is not None and video.strip().lower() == "auto"  # which one process does for all
    asked: dict[str, Any] = {
        "time": time, "images": images, "recipe": recipe, "from_run": from_run, "group": group,
        "drop": drop, "keep_marked": keep_marked, "agree": agreeing(accept_licence), "device": device,
        "video": video if looks else video_shape(video, limited(sources, limit), fit, tell),
        "display": Terminal(opens=opens),
    }  # fmt: skip
    if dry_run:
        tell(*start.dry_run(data, **asked, **fields).split("\n"))
        return None
    with in_studio(studio, out):
        command = ["figment", *sys.argv[1:]]
        run = start.train(data, out=out, callbacks=callbacks, command=command, keep=keep, **asked, **fields)
    return conclude(run)


def in_studio(is_wanted: bool, run: Path | None) -> AbstractContextManager[None]:
    """Within, a studio shows the run, or without one all in runs/, where that is wanted. In the first process alone."""
    if not is_wanted or not leads():
        return nullcontext()
    from figment.studio.beside import beside

    return beside(run, tell)


def refuse_at_once(from_run: str | None, out: Path | None, keep: str | None = None) -> None:
    """Raise InputError, before torch is read, for known nets that aren't there, a run folder that is taken, no store's name."""
    from figment.starts.asked import check_asked

    if from_run is not None:
        check_asked(from_run)
    if out is not None and os.path.lexists(out):
        from figment.run import refuse_taken

        refuse_taken(out)
    if keep is not None:
        from figment.stores.address import address_of

        address_of(keep)


@click.command()
@RUN_FOLDER_OR_STORE
@click.option("--for", "time", metavar="TIME", help="A further budget as time: 90s, 3m, 2h30m.")
@click.option("--images", metavar="N", help="A further budget as images seen: 800, 500k, 2M.")
@click.option(
    "--data",
    "sources",
    multiple=True,
    type=DataPath(),
    metavar="DATA",
    help="Where the pictures are now, if they were moved; once for each that there was. Of a finished run it is noted.",
)
@click.option(
    "--out", type=PathArgument, metavar="FOLDER", help="Where a run of a store is put. [default: runs/<its name>]"
)
@LOG
@KEEP
@click.option("--device", default="auto", show_default=True, metavar="D", help="auto (as before), cuda, mps or cpu.")
@OPEN
@STUDIO
def resume(
    run: Path | str, time: str | None, images: str | None, sources: tuple[str, ...], out: Path | None,
    loggers: tuple[str, ...], keep: str | None, device: str, opens: bool, studio: bool,
) -> str:  # fmt: skip
    """Go on with RUN exactly where it was stopped: by Ctrl-C, a closed terminal, kill -9, a power cut, or the end of its budget.

    Without a budget the rest of the run's own is spent. Beyond the planned end the final rates are held. RUN may be a store
    that train --keep was given: the run is brought back from there first, and kept there again; --keep none ends that.

    \b
    Examples:
      figment resume runs/faces-1
      figment resume runs/faces-1 --for 1h
      figment resume gs://my-runs/faces-1 --data faces
    """
    check_launch()
    warm_up("figment.start")
    from figment import start
    from figment.display.terminal import Terminal
    from figment.run import Run

    callbacks, was_finished = logged(loggers), False
    if leads() and isinstance(run, Path):
        opened = Run(run)
        opened.recipe  # noqa: B018 - a damaged recipe is refused whatever else is asked
        was_finished = opened.state == "finished" and time is None and images is None
    place = run if isinstance(run, Path) else out
    with in_studio(studio, place):
        after = start.resume(
            run,
            out=out,
            keep=keep,
            time=time,
            images=images,
            data=given(sources),
            device=device,
            display=Terminal(opens=opens),
            callbacks=callbacks,
        )
    if not was_finished:
        return conclude(after)
    tell_of_store(after)
    tell(f"{run} is finished. To train it further, give it a budget: {further(after)}")
    return TRAINED
