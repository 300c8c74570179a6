"""`figment sample`, `walk`, `timelapse` and `report`: what a run has made, for people."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from figment.cli.completing import complete_direction, complete_moved
from figment.cli.console import complain, fresh_report, load_generator, progress_bar, tell, tell_of_best, warm_up
from figment.cli.options import LABEL, PICK, RUN_FOLDER, RUN_OR_HUB, SEED, TRUNCATION, PathArgument, is_on_hub
from figment.common.text import plain_name, typed
from figment.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from figment.generator import Generator
    from figment.media.images import Resampling
    from figment.media.signing import Signer
    from figment.sharing.films import FilmStyle

PAPERS = ("a3", "a4", "a5", "letter", "10x15")  # as in media/contact_sheet.py, which isn't read for --help
SCALE = click.option(
    "--scale", type=click.IntRange(1, 8), metavar="N",
    help="Times that pictures are enlarged, such as 2 or 4. [default: a sheet to 512 pixels, files not]",
)  # fmt: skip
RESAMPLING = click.option(
    "--resampling", default="lanczos", show_default=True, type=click.Choice(["lanczos", "nearest"]),
    help="How: smooth, or every pixel as a square.",
)  # fmt: skip
FILM_SCALE = click.option(
    "--scale", type=click.IntRange(1, 8), metavar="N",
    help="Times that pictures are enlarged. [default: until the film has 384 pixels]",
)  # fmt: skip
MARK = click.option(
    "--mark/--no-mark", "is_marked", default=True,
    help="The invisible mark, by which figment check finds them again.",
)  # fmt: skip
C2PA = click.option(
    "--c2pa", "signed_by", nargs=2, type=PathArgument, metavar="CERTIFICATES KEY",
    help="Sign with Content Credentials: PEM files of the signer's certificate, its issuers' behind it, and of its key.",
)  # fmt: skip
FPS = click.option("--fps", type=click.IntRange(1, 120), help="Frames a second. [default: 30; of .webp 15, of .gif 12]")
FILM = click.option(
    "--out", type=PathArgument, metavar="FILE", help="A .mp4, .webp or .gif. [default: an mp4 in the run]"
)


@click.command()
@RUN_OR_HUB
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
    "--direction", "moves", multiple=True, metavar="NAME=AMOUNT", shell_complete=complete_moved,
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
    "--video",
    is_flag=True,
    help="Of a run of clips: one film of clips side by side; with --files a film for each.",
)
@click.option(
    "--frames",
    type=click.IntRange(1, 10_000_000),
    metavar="N",
    help="With --video: how many, any number. [default: as many as a training clip has; of a --loop four times as many]",
)
@click.option(
    "--fps",
    type=click.FloatRange(1, 120),
    metavar="F",
    help="With --video: frames a second, any. [default: the clips']",
)
@click.option("--loop", is_flag=True, help="With --video: motion that comes back to where it began, without a seam.")
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["png", "jpg", "webp", "mp4", "gif"]),
    help="Of the files: png, jpg or webp; with --video a film each (mp4, webp, gif) or a folder of frames each (png, jpg). "
    "[default: png; with --video mp4]",
)
@SCALE
@RESAMPLING
@MARK
@C2PA
@click.option(
    "--paper", type=click.Choice(PAPERS), help="A page to print at 300 dpi, filled with the pictures, named below."
)
@click.option(
    "--out",
    type=PathArgument,
    metavar="PATH",
    help="File of the sheet, or folder of the files. [default: in the run, under a name that nothing has]",
)
@click.option("--device", default="cpu", show_default=True, metavar="D", help="auto, cuda, mps or cpu.")
def sample(
    run: Path, count: int | None, labels: tuple[str, ...], seed: int, truncation: float, pick: int, moves: tuple[str, ...],
    codes: Path | None, grid: bool, numbered: bool, video: bool, frames: int | None, fps: float | None, loop: bool,
    suffix: str | None, scale: int | None, resampling: "Resampling", is_marked: bool,
    signed_by: tuple[Path, Path] | None, paper: str | None, out: Path | None, device: str,
) -> None:  # fmt: skip
    """New pictures from RUN (a run folder, a generator.safetensors or hf:OWNER/NAME), marked as synthetic in their metadata.

    Of a run that was trained with --labels the sheet has a row for each class, with its name, if there are no more than 16;
    with -n or --files and no --label, all classes come up equally often. Small pictures are enlarged until a sheet has 512
    pixels: --scale 1 leaves them as they were drawn. Of a run of clips the sheet has a row for each clip, its frames from first
    to last; --video makes films of them (.mp4, .webp or .gif, as --out ends). No sheet takes another one's place: without --out
    its name says what was asked for. Of a .onnx that figment export wrote onnxruntime draws the same samples, without PyTorch.

    \b
    Examples:
      figment sample runs/faces-1
      figment sample runs/pets-1 --label cat --label dog
      figment sample generator.safetensors -n 1000 --files --format jpg --out fakes
      figment sample runs/faces-1 -n 200 --numbered
      figment sample runs/faces-1 --pick 4
      figment sample runs/faces-1 -n 35 --paper a4
      figment sample runs/faces-1 --direction smile=2 --direction glasses=-1
      figment sample runs/faces-1 --c2pa my/certificates.pem my/key.pem
      figment sample runs/faces-1 --codes runs/faces-1/findings/arithmetic.safetensors
      figment sample runs/clips-1 --video --frames 120 --loop --out clips.gif
      figment sample runs/clips-1 --video --files -n 100 --format png --out clips
    """
    from figment.common.places import check_folder
    from figment.media.endings import check_picture, check_video

    check_combination(codes, grid, numbered, pick, bool(count or labels), paper)
    check_filming(video, grid, suffix, {"--frames": frames, "--fps": fps, "--loop": loop}, codes, numbered, pick, paper)
    is_onnx = run.suffix.lower() == ".onnx"
    if is_onnx:
        check_for_onnx(run, device, {"--video": video, "--codes": codes, "--pick": pick > 1, "--direction": moves})
    suffix = suffix or ("mp4" if video else "png")
    asked = [
        f"samples-{codes.stem if codes else seed}", *labels, *moves, *([f"n{count}"] if count else []),
        *([f"truncation-{truncation:g}"] if truncation != 1 else []), *([f"pick-{pick}"] if pick > 1 else []),
        *(["numbered"] if numbered else []), *([f"x{scale}"] if scale else []),
        *(["nearest"] if resampling == "nearest" else []), *([paper] if paper else []),
        *([f"frames-{frames}"] if frames else []), *([f"fps-{fps:g}"] if fps else []), *(["loop"] if loop else []),
        *(["films"] if video and not grid else []), *(["signed"] if signed_by else []),
    ]  # fmt: skip
    check = check_folder if not grid else check_video if video else check_picture
    place = Place(run, out, asked, f".{suffix}" if grid else "", check)
    signer = _signer(signed_by)
    if not is_onnx:
        warm_up()
    from figment.media.choosing import choice
    from figment.sharing.samples import SheetStyle, write_coded, write_files, write_grid

    style = SheetStyle(scale, resampling, numbered, paper, is_marked, signer)
    _warn_of_no_mark(is_marked)
    style.check(place.path)
    generator, shift = (_load_onnx(run), None) if is_onnx else _load_moved(run, device, moves)
    labels = tuple(dict.fromkeys(labels))
    for label in labels:
        generator.class_number(label)  # a mistyped one is told before anything is written
    if pick > 1:
        if grid:
            generator.check_pictures_picked(pick)
        generator.check_pick(pick)
    if video:
        from figment.sharing.films import FilmStyle

        filmed = FilmStyle(frames, fps, loop, style)
        told = _film(generator, place.path, count, seed, truncation, labels, shift, filmed, None if grid else suffix)
        tell(f"{told} in {place.settled()}")
        tell(f"Seed {seed}; others: figment sample {' '.join([typed(run), *options_kept()])} --seed {seed + 1}")
        tell_of_best(run)
        return
    if codes:
        with progress_bar(0, "sampling") as advance:
            total = write_coded(
                generator, place.path, codes, truncation, shift, None if grid else suffix, advance, style
            )
    elif grid:
        count, labels = generator.shown(count, labels)
        total = count * max(len(labels), 1)
        with progress_bar(total, "sampling") as advance:
            write_grid(generator, place.path, count, seed, truncation, labels, shift, style, pick, advance)
    else:
        count = count or 64
        total = count * max(len(labels), 1)
        with progress_bar(total, "sampling") as advance:
            write_files(generator, place.path, count, seed, truncation, suffix, advance, labels, shift, pick, style)
    chosen = f", {choice(pick)}" if pick > 1 else ""
    tell(f"{total} sample{'s' if total > 1 else ''} in {place.settled()}{chosen}")
    if not codes:
        tell(f"Seed {seed}; others: figment sample {' '.join([typed(run), *options_kept()])} --seed {seed + 1}")
    if not is_onnx:
        tell_of_best(run)


def _load_moved(run: Path, device: str, moves: Sequence[str]) -> "tuple[Generator, Tensor | None]":
    """A run's generator, and by what its codes are to be moved."""
    from figment.common.machine import this_machine
    from figment.explore.direction_file import directions_file, total_shift

    generator = load_generator(run, this_machine(device).device)
    return generator, total_shift(directions_file(run), moves, generator)


def _load_onnx(file: Path) -> Any:
    """The generator of a .onnx; torch isn't read."""
    with progress_bar(0, "opening the generator"):
        from figment.sharing.onnx_generator import load_onnx

        return load_onnx(file)


def check_for_onnx(file: Path, device: str, others: dict[str, Any]) -> None:
    """Raise InputError for what sample can't do with a .onnx alone. others: options that ask for it, by name."""
    if given := [option for option, value in others.items() if value]:
        raise InputError(f"{given[0]} needs more than the generator that {file} holds: name its run, or leave it out.")
    if device not in ("auto", "cpu"):
        raise InputError(f"--device {device}: onnxruntime runs {file} on the CPU: leave it out.")


def _film(
    generator: "Generator", path: Path, count: int | None, seed: int, truncation: float, labels: tuple[str, ...],
    shift: "Tensor | None", style: "FilmStyle", suffix: str | None,
) -> str:  # fmt: skip
    """Write clips as one film, or with a suffix as files. Gives what there is now, in words."""
    from figment.common.rehearsal import FILM_FRAMES, at_most
    from figment.sharing.films import write_film, write_films

    frames, fps = style.length(generator)
    style = replace(style, frames=at_most(frames, FILM_FRAMES))
    with progress_bar(0, "drawing frames") as advance:
        if suffix is None:
            shown = write_film(generator, path, count, seed, truncation, labels, shift, style, advance, complain)
        else:
            write_films(generator, path, count or 64, seed, truncation, suffix, labels, shift, style, advance)
            shown = (count or 64) * max(len(labels), 1)
    return f"{shown} clip{'s' if shown > 1 else ''} of {frames} frame{'s' * (frames != 1)}, {fps:g} a second,"


def options_kept() -> list[str]:
    """The options that sample was given, as one types them, but for the seed and the place: other samples have their own."""
    context, words = click.get_current_context(), list[str]()
    for option in context.command.params:
        name = option.name or ""
        is_given = context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
        if not isinstance(option, click.Option) or name in ("seed", "out") or not is_given:
            continue
        value = context.params[name]
        if option.is_flag:
            words.append((option.opts if value else option.secondary_opts)[0])
        else:
            for given in value if option.multiple else (value,):
                parts = given if option.nargs > 1 else (given,)
                words += [option.opts[0], *(typed(one if isinstance(one, Path) else str(one)) for one in parts)]
    return words


def check_combination(
    codes: Path | None, grid: bool, numbered: bool, pick: int, is_chosen: bool, paper: str | None
) -> None:
    """Raise InputError for options of sample that don't go together. is_chosen: whether numbers or labels are given."""
    if numbered and (codes or not grid):
        raise InputError("--numbered is for a sheet of a seed's samples: leave out --files and --codes.")
    if numbered and pick > 1:
        raise InputError(
            "--numbered is for samples as their numbers draw them, and --pick takes others: leave one out."
        )
    if paper and not grid:
        raise InputError(f"--paper {paper} is for a sheet: leave out --files.")
    if codes and (is_chosen or pick > 1):
        raise InputError(f"--codes {codes} says which pictures: leave out -n, --label and --pick.")


def check_filming(
    video: bool, grid: bool, suffix: str | None, only: dict[str, Any], codes: Path | None, numbered: bool, pick: int,
    paper: str | None,
) -> None:  # fmt: skip
    """Raise InputError for options of sample that don't go with films, or only with them. only: these, by name."""
    if not video:
        if given := [option for option, value in only.items() if value]:
            raise InputError(f"{given[0]} is for films of clips: give --video with it.")
        if suffix in ("mp4", "gif"):
            raise InputError(f"--format {suffix} is for films of clips: give --video with it.")
        return
    others = {"--codes": codes, "--numbered": numbered, "--pick": pick > 1, "--paper": paper}
    if given := [option for option, value in others.items() if value]:
        raise InputError(f"{given[0]} is for pictures, and --video makes films: leave one out.")
    if grid and suffix:
        raise InputError(
            f"--format {suffix} is for --files: what one film is, says how --out ends: .mp4, .webp or .gif."
        )


@click.command()
@RUN_OR_HUB
@click.option(
    "--keyframes",
    default=8,
    show_default=True,
    type=click.IntRange(2, 1000),
    help="Codes that the loop passes through.",
)
@click.option("--seconds", default=8.0, show_default=True, type=click.FloatRange(0.1, 3600), help="Length of the loop.")
@FPS
@click.option("--tiles", default=9, show_default=True, type=click.IntRange(1, 256), help="Walks side by side.")
@click.option(
    "--direction",
    metavar="NAME",
    shell_complete=complete_direction,
    help="Up and down a direction that figment explore directions found, -3 to 3 deviations.",
)
@LABEL
@SEED
@TRUNCATION
@FILM_SCALE
@MARK
@C2PA
@FILM
def walk(
    run: Path, keyframes: int, seconds: float, fps: int | None, tiles: int, direction: str | None, label: str | None,
    seed: int, truncation: float, scale: int | None, is_marked: bool, signed_by: tuple[Path, Path] | None, out: Path | None,
) -> None:  # fmt: skip
    """A smooth closed loop through RUN's latent codes, as a film that can be repeated without a seam.

    Its name's ending says what it is: .mp4, a video; .webp or .gif, an animated picture, which goes where videos don't. Of a run
    of clips what is shown walks while its motion runs, and both come back to where they began.

    \b
    Examples:
      figment walk runs/faces-1 --seconds 12 --out walk.mp4
      figment walk runs/faces-1 --direction smile --seconds 4
      figment walk runs/faces-1 --tiles 4 --seconds 4 --out walk.gif
    """
    from figment.media.endings import check_video, usual_fps

    asked = [
        "walk", *([f"seed-{seed}"] if seed else []), *([direction] if direction else []), *([label] if label else []),
        *([f"truncation-{truncation:g}"] if truncation != 1 else []), *(["signed"] if signed_by else []),
    ]  # fmt: skip
    place = Place(run, out, asked, ".mp4", check_video)
    signer = _signer(signed_by)
    warm_up()
    from figment.common.rehearsal import FILM_SECONDS, at_most
    from figment.explore.direction_file import directions_file, find_direction
    from figment.explore.walk import write_walk

    _warn_of_no_mark(is_marked)
    generator, along = load_generator(run), None
    if direction is not None:
        along = find_direction(directions_file(run), direction, generator).vector
    fps, seconds = fps or usual_fps(place.path), at_most(seconds, FILM_SECONDS)
    with progress_bar(round(seconds * fps), "drawing frames") as advance:
        write_walk(
            generator, place.path, keyframes=keyframes, seconds=seconds, fps=fps, tiles=tiles, seed=seed,
            truncation=truncation, progress=advance, label=label, along=along, say=complain, scale=scale, is_marked=is_marked,
            signer=signer,
        )  # fmt: skip
    tell(str(place.settled()))


@click.command()
@RUN_FOLDER
@click.option("--tiles", default=16, show_default=True, type=click.IntRange(1, 256), help="Codes side by side.")
@LABEL
@click.option(
    "--seconds", default=12.0, show_default=True, type=click.FloatRange(0.1, 3600), help="Length of the film."
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of the codes. [default: the run's]")
@FPS
@FILM_SCALE
@MARK
@C2PA
@FILM
def timelapse(
    run: Path, tiles: int, label: str | None, seconds: float, seed: int | None, fps: int | None, scale: int | None,
    is_marked: bool, signed_by: tuple[Path, Path] | None, out: Path | None,
) -> None:  # fmt: skip
    """How RUN learned: the same codes from its first snapshot to its last, as a film: .mp4, .webp or .gif.

    \b
    Examples:
      figment timelapse runs/faces-1 --out timelapse.mp4
      figment timelapse runs/faces-1 --tiles 9 --seconds 6 --scale 1 --out timelapse.webp
    """
    from figment.media.endings import check_video, usual_fps

    asked = [
        "timelapse", *([f"seed-{seed}"] if seed is not None else []), *([label] if label else []),
        *(["signed"] if signed_by else []),
    ]  # fmt: skip
    place = Place(run, out, asked, ".mp4", check_video)
    signer = _signer(signed_by)
    warm_up()
    from figment.common.rehearsal import FILM_SECONDS, at_most
    from figment.run import Run
    from figment.sharing.timelapse import write_timelapse

    _warn_of_no_mark(is_marked)
    opened = Run(run)
    with progress_bar(len(opened.snapshots()), "drawing snapshots") as advance:
        write_timelapse(
            opened, place.path, tiles=tiles, seconds=at_most(seconds, FILM_SECONDS), seed=seed,
            fps=fps or usual_fps(place.path), progress=advance, label=label, say=complain, scale=scale, is_marked=is_marked,
            signer=signer,
        )  # fmt: skip
    tell(str(place.settled()))


@click.command()
@RUN_FOLDER
def report(run: Path) -> None:
    """Write RUN's report.html anew: pictures early, midway and late, curves, recipe, machine, how to repeat it.

    \b
    Example:
      figment report runs/faces-1
    """
    from figment.common.cache import point_libraries_at_cache
    from figment.run import Run

    point_libraries_at_cache()
    tell(str(fresh_report(Run(run), complain)))


class Place:
    """Where a command writes, checked before it works: out; or a name that nothing has, in the run, beside its generator, or of
    one on the hub in the folder that one is in.

    asked: what was asked for, which makes the name; suffix: its end, "" for a folder.
    """

    def __init__(self, run: Path, out: Path | None, asked: Sequence[str], suffix: str, check: Callable[[Path], None]):
        from figment.common.files import free_name

        net = [] if run.is_dir() or run.stem == "generator" else [run.name if is_on_hub(run) else run.stem]
        folder = run if run.is_dir() else Path() if is_on_hub(run) else run.parent
        self.named = out or folder / (plain_name("-".join([*asked, *net])) + suffix)
        self.path, self.suffix = out or free_name(self.named, suffix), suffix
        check(self.path)
        from figment.media.provenance import check_replaced  # it brings numpy, which a wrong place needn't wait for

        check_replaced(self.path)

    def settled(self) -> Path:
        """Where it is, now that it is written: the same as before, if it was there already."""
        from figment.common.files import without_copy

        return without_copy(self.path, self.named, self.suffix) if self.path.is_file() else self.path


def _warn_of_no_mark(is_marked: bool) -> None:
    if not is_marked:
        complain(
            "--no-mark: nothing but their metadata will say that these are synthetic, and that is lost when they are saved anew: "
            "where the EU's AI Act applies, generated pictures must be marked (Art. 50)."
        )


def _signer(signed_by: tuple[Path, Path] | None) -> "Signer | None":
    if signed_by is None:
        return None
    from figment.media.signing import load_signer

    return load_signer(*signed_by)
