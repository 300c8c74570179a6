"""`figment data …`: pictures looked at, prepared, freed of copies; the public sets that have a name."""

import shlex
from pathlib import Path

import click

from figment.cli.console import at_terminal, opening, stages, tell
from figment.cli.options import (
    ACCEPT,
    DATA,
    DROP,
    FIT,
    GROUP,
    KEEP_MARKED,
    LIMIT,
    VIDEO,
    NamedPath,
    PathArgument,
    limited,
    pixels,
    video_shape,
)
from figment.errors import InputError


@click.group()
def data() -> None:
    """Look at pictures before you train on them, prepare them, find copies, list public sets.

    \b
      figment data inspect my-pictures        a page about them, and advice
      figment data prepare my-pictures        what train does first, by itself
      figment data dedupe my-pictures         which of them are copies of others
      figment data sample celeba --people 2500 --each 5 --out faces    a smaller set out of a large one
      figment data list                       public sets that figment fetches by name
    """


@data.command()
@DATA
@click.option("--size", metavar="PIXELS", help="Size that you mean to train at, 64 or 64x96. [default: train's, 64]")
@click.option(
    "--features",
    default="gradients",
    show_default=True,
    metavar="NAME[:PATH]",
    help="What outliers are far away in: gradients, lite0, random, inception, dinov2, or onnx:FILE for a network of yours.",
)
@click.option("--first", is_flag=True, help="Look at the first frames of strips of frames, as --fit first takes them.")
@VIDEO
@click.option(
    "--strips", is_flag=True, help="With --video: pictures are strips of a clip's frames, as --fit strip takes them."
)
@KEEP_MARKED
@click.option("--out", type=NamedPath(path_type=Path), metavar="PAGE.html", help="[default: <data>-inspected.html]")
@LIMIT
@ACCEPT
def inspect(
    sources: tuple[str, ...], size: str | None, features: str, first: bool, video: str | None, strips: bool,
    keep_marked: bool, out: Path | None, limit: int | None, accept_licence: bool,
) -> None:  # fmt: skip
    """Look through DATA once and say what is in it: sizes, formats, broken files, copies, outliers, pictures marked as made by
    machine, and what to do.

    Writes one page and nothing else. After the facts stands a line `usable N, skipped M`, at the end the command that trains
    on these pictures as advised; with --dry-run it measures this machine and says how long that takes. With --video it looks at
    the clips of films: how long they are, what moves, what stands still; they are prepared for that, and kept for train.

    \b
    Examples:
      figment data inspect my-pictures
      figment data inspect faces.zip --size 128 --out faces.html
      figment data inspect my-films --video 16x12
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.common.files import check_output
    from figment.common.text import plain_name

    point_libraries_at_cache()
    if video is not None:
        _inspect_clips(sources, size, video, strips, keep_marked, out, limit, accept_licence)
        return
    if strips:
        raise InputError("--strips is for clips: give --video 16x12, too, or --first for the first frames.")
    from figment.common.machine import this_machine
    from figment.data.sources.open import holds_drawn
    from figment.features.registry import check_network
    from figment.inspection.advice import advise, train_options
    from figment.inspection.page import write_page
    from figment.inspection.survey import survey
    from figment.inspection.table import lines
    from figment.planning.for_survey import planned

    shape = None if size is None else pixels(size)
    if out:
        check_output(out, ".html", sources)  # before a set is downloaded
    check_network(features)
    machine = this_machine("auto")
    size_planned = planned(machine, shape, 0).size  # a size that can't be trained at is refused now
    with stages(accept_licence) as (stage, source_of):
        source = source_of(limited(sources, limit))
        page = out or Path(f"{plain_name(source.display)}-inspected.html")
        check_output(page, ".html", sources)
        found = survey(source, features, stage("looking at pictures"), size_planned, first, keep_marked)
        plan = planned(machine, shape, len(found.usable) - found.near_extra, holds_drawn(source))
        command = shlex.join(["figment", "train", *sources, *train_options(found, plan)])
        write_page(found, page, plan, command)
    tell(*lines(found), "", *advise(found, plan), "", f"page  {page}")
    if len(found.usable):
        tell(f"Next: {command}", f"How long that takes: {command} --dry-run")


def _inspect_clips(
    sources: tuple[str, ...], size: str | None, video: str, strips: bool, keep_marked: bool, out: Path | None,
    limit: int | None, accept_licence: bool,
) -> None:  # fmt: skip
    """Look at the clips of films, which are prepared for it."""
    from figment.common.files import check_output
    from figment.common.text import plain_name
    from figment.data.bank.prepare import MIN_CLIPS
    from figment.data.bank.prepare import prepare as prepared
    from figment.inspection.clips import advise, lines, survey_clips, write_page

    if out:
        check_output(out, ".html", sources)
    fit = "strip" if strips else "crop"
    with stages(accept_licence) as (stage, source_of):
        shape = video_shape(video, limited(sources, limit), fit, tell)
        source = source_of(limited(sources, limit), shape, strips)
        page = out or Path(f"{plain_name(source.display)}-inspected.html")
        check_output(page, ".html", sources)
        bank = prepared(
            source, pixels(size or "64"), progress=stage("preparing clips"), fit=fit, min_pictures=MIN_CLIPS,
            keep_marked=keep_marked, video=shape,
        )  # fmt: skip
        assert shape is not None
        found = survey_clips(bank, shape, stage("looking at clips"))
        options = [*(["--size", size] if size else []), "--video", str(shape), *(["--fit", "strip"] if strips else [])]
        command = shlex.join(["figment", "train", *sources, *options])
        write_page(found, page, command)
    tell(*lines(found), "", *advise(found), "", f"page  {page}", f"Next: {command}")


@data.command()
@DATA
@click.option("--size", default="64", show_default=True, metavar="PIXELS", help="64, or HEIGHTxWIDTH: 64x96.")
@FIT
@VIDEO
@DROP
@KEEP_MARKED
@GROUP
@click.option("--grey/--colour", default=None, help="[default: as the pictures are]")
@click.option(
    "--cluster",
    metavar="tcp://HOST:PORT",
    help="Decode on the workers of a Dask cluster, by its scheduler's address; tls:// where it has certificates.",
)
@click.option("--part", metavar="K/N", help="One of N parts alone, as a machine holds it for train --set parts=N.")
@LIMIT
@ACCEPT
def prepare(
    sources: tuple[str, ...], size: str, fit: str | None, video: str | None, drop: str | None, keep_marked: bool,
    group: str | None, grey: bool | None, cluster: str | None, part: str | None, limit: int | None, accept_licence: bool,
) -> None:  # fmt: skip
    """Bring DATA to one size and keep it in the cache, as train does first. Ctrl-C keeps what is done.

    figment train with the same DATA, --size, --fit, --drop and --group finds it there (for --grey or --colour with --set
    channels=1 or 3). With --video films, folders of frames or strips (--fit strip) are cut into clips.

    With --cluster the pictures are decoded by other machines, which must see a folder's files at the same path, and come back
    here: the bank is the same, byte for byte.

    \b
    Examples:
      figment data prepare my-pictures --size 128
      figment data prepare cats.zip dogs.zip --fit pad:edge --drop near-duplicates,small
      figment data prepare my-films --video 16x12
      figment data prepare /shared/faces --cluster tcp://scheduler:8786
      figment data prepare my-pictures --part 1/8
    """
    from figment.common.extras import require
    from figment.common.units import as_bytes
    from figment.data.bank.cluster import check_cluster
    from figment.data.bank.prepare import prepare as prepared
    from figment.data.sources.part_of import Part
    from figment.inspection.drop import Drop

    if cluster is not None:
        check_cluster(cluster)  # before a set is downloaded
    own = None if part is None else Part.parse(part)
    if own is not None and video is not None:
        raise InputError("--part is for pictures: leave it out where --video is given.")
    height, width = pixels(size)
    channels = {None: None, True: 1, False: 3}[grey]
    if fit == "face":
        require("face", "--fit face")  # before a set is downloaded
    with at_terminal() as terminal:
        stage, source_of = terminal.stage, opening(terminal, accept_licence)
        leave_out = None if drop is None else Drop.parse(drop, height, width, stage("looking at pictures"), keep_marked)
        if leave_out:
            leave_out.check()
        shape = video_shape(video, limited(sources, limit), fit, tell)
        bank = prepared(
            source_of(limited(sources, limit), shape, fit == "strip"),
            (height, width),
            channels,
            group,
            stage("preparing pictures"),
            fit or "crop",
            leave_out,
            keep_marked=keep_marked,
            video=shape,
            cluster=cluster,
            say=terminal.say,
            part=own,
        )
    tell(
        bank.summary(),
        f"{as_bytes(bank.pictures.nbytes)} in {bank.folder}, whose bank.json lists all that was left out",
    )


@data.command()
@DATA
@click.option(
    "--method",
    default="both",
    show_default=True,
    type=click.Choice(["hash", "autoencoder", "both"]),
    help="By perceptual hash, by the DCGAN paper's autoencoder, or both compared.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**63 - 1), help="Of the autoencoder.")
@click.option("--out", type=NamedPath(path_type=Path), metavar="FILE.json", help="Write the groups there.")
@LIMIT
@ACCEPT
def dedupe(
    sources: tuple[str, ...], method: str, seed: int, out: Path | None, limit: int | None, accept_licence: bool
) -> None:
    """Find pictures of DATA that are copies of others: re-encoded, resized, mirrored, cropped, brightened.

    Nothing is deleted: --drop near-duplicates leaves them out of a training.

    \b
    Examples:
      figment data dedupe my-pictures
      figment data dedupe my-pictures --method hash --out copies.json
    """
    from figment.common.files import check_output, write_output
    from figment.inspection.dedupe import dedupe as find_copies

    if out:
        check_output(out, ".json", sources)
    methods = ("hash", "autoencoder") if method == "both" else (method,)
    with stages(accept_licence) as (stage, source_of):
        found = find_copies(source_of(limited(sources, limit)), methods, seed, stage)
    if out:
        write_output(out, found.json())
    tell(*found.lines(), *([f"groups in {out}"] if out else []))


@data.command("sample")
@DATA
@click.option("--people", required=True, type=click.IntRange(2), metavar="N", help="How many people, or other groups.")
@click.option("--each", default=5, show_default=True, type=click.IntRange(1), metavar="N", help="Pictures of each.")
@click.option("--out", required=True, type=PathArgument, metavar="FOLDER", help="A new folder for them.")
@click.option(
    "--group",
    default="person",
    show_default=True,
    metavar="PATTERN|COLUMN|FILE",
    help="What tells the people apart, as figment train has it.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**63 - 1), help="Draws who is taken.")
@LIMIT
@ACCEPT
def sample_people(
    sources: tuple[str, ...], people: int, each: int, out: Path, group: str, seed: int, limit: int | None,
    accept_licence: bool,
) -> None:  # fmt: skip
    """Copy a few pictures of each of some people out of DATA into a folder: a set to train on in minutes.

    Files are copied as they are, and called PERSON_PICTURE, so that a training can hold whole people out. The same seed
    takes the same people and pictures.

    \b
    Examples:
      figment data sample celeba --people 2500 --each 5 --out faces
      figment data sample lfw --people 400 --each 4 --out few-faces --seed 1
      figment data sample scans --people 100 --each 20 --group patients.csv --out scans-100
    """
    from figment.common.places import check_folder
    from figment.common.rehearsal import EACH, PEOPLE, at_most
    from figment.common.text import typed
    from figment.data.sources.group_sample import sample_groups
    from figment.data.sources.groups import grouping

    check_folder(out)
    if out.is_dir() and any(out.iterdir()):
        raise InputError(f"--out {out} exists and isn't empty: name a new folder.")
    grouped = grouping(group)
    with stages(accept_licence) as (stage, source_of):
        source = source_of(limited(sources, limit))
        few, of_each = at_most(people, PEOPLE), at_most(each, EACH)
        written = sample_groups(source, grouped, few, of_each, seed, out, stage("copying pictures"))
    tell(
        f"{written.pictures:,} pictures of {written.groups:,} people from {source.display} in {out} (seed {seed})",
        *([f"{written.unread:,} couldn't be read and are left out"] if written.unread else []),
        f"Next: figment train {typed(out)} --group '{written.pattern}'",
    )


@data.command("list")
@click.option("--licence", metavar="WORDS", help="Only sets whose licence has these words in it: MIT, BY-SA, none.")
@click.option("--min-size", metavar="BYTES", help="Only sets whose download takes at least so much: 500MB, 1.5GB.")
@click.option("--max-size", metavar="BYTES", help="Only sets whose download takes at most so much.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects, for programs.")
def list_sets(licence: str | None, min_size: str | None, max_size: str | None, as_json: bool) -> None:
    """List the public sets that can be given by name as DATA: licence, size, whether they are verified or here already.

    \b
    Examples:
      figment data list --max-size 200MB
      figment data list --licence MIT --json
      figment train fashion-mnist --for 5m --accept-licence
    """
    import json

    from figment.common.cache import cache_folder
    from figment.common.units import byte_count
    from figment.data.public import catalog, sets
    from figment.data.sources.names import DRAWN_NAMES

    least = None if min_size is None else byte_count(min_size, "--min-size")
    most = None if max_size is None else byte_count(max_size, "--max-size")
    found = sets.find(licence, least, most)
    if as_json:
        click.echo(json.dumps([sets.facts(entry) for entry in found], indent=1))
        return
    if not found:
        licences = "; ".join(dict.fromkeys(entry.licence for entry in catalog.PUBLIC_SETS.values()))
        click.echo(f"No set is like that. Licences are: {licences}.")
        return
    rows = {row[0]: row for row in sets.table()}
    for entry in found:
        name, pictures, pixels, download, terms, checked, here = rows[entry.name]
        size = f"{pictures} pictures of {pixels}, {download}, {checked}"
        click.echo(f"{name:<18} {entry.title}: {size}{', ' + here if here else ''}")
        click.echo(f"{'':<18} licence: {terms}")
        for one in entry.together:
            click.echo(f"{'':<18} knows each picture's {one.name}: --group {one.name} holds whole ones out")
        click.echo(f"{'':<18} {entry.home}\n")
    click.echo(f"figment draws these itself, at any size, with no licence and no download: {', '.join(DRAWN_NAMES)}.")
    if (least is not None or most is not None) and (
        unknown := [e.name for e in sets.find(licence) if not e.download_bytes]
    ):
        click.echo(f"Left out, since nobody tells their size: {', '.join(unknown)}.")
    click.echo(f"Downloads and prepared pictures are kept in {cache_folder()} and may be deleted there at any time.")
