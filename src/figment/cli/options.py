"""Options and arguments that several commands share, written once."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from figment.cli.completing import complete_data, complete_recipe, complete_run
from figment.common.launch import leads
from figment.common.terminals import is_terminal
from figment.common.text import printable, said
from figment.errors import InputError
from figment.experiments import EXPERIMENTS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from figment.common.video_shape import VideoShape


class NamedPath(click.Path):
    """A path that could be one: not empty, since an unset shell variable mustn't stand for the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = os.fspath(value)
        if text == "":
            self.fail("is empty: name a path", param, ctx)
        try:
            os.lstat(text)
        except ValueError:  # NUL
            self.fail(f"{printable(text)} holds a character that no name can: name a path", param, ctx)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG and not set(text) & set("*?[{"):  # a pattern may be long
                self.fail(f"a name of {len(os.fsencode(text)):,} bytes is longer than can be: name a path", param, ctx)
        return super().convert(value, param, ctx)


class DataPath(NamedPath):
    """DATA. What is no path, no pattern and no name of anything is refused at once, before torch is read."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from figment.data.sources.names import refuse_missing

        text = super().convert(value, param, ctx)
        if leads():
            refuse_missing(str(text))
        return text


class ExistingPath(NamedPath):
    """A path that is there, or is refused at once. mend: what to name."""

    def __init__(self, mend: str) -> None:
        super().__init__(path_type=Path)
        self.mend = mend

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = super().convert(value, param, ctx)
        if leads() and not os.path.exists(path):  # the other processes of a training may not see it
            from figment.common.addresses import absent

            raise InputError(absent(path, self.mend))
        return path


def is_on_hub(run: str | Path) -> bool:
    """Whether a run is named as one on the hub, and no path."""
    return str(run).startswith("hf:") and not os.path.lexists(run)


class RunPathType(ExistingPath):
    """A path to a run. A folder that is none is refused at once, before torch is read; so is a file, where only folders do.

    hub_okay: hf:OWNER/NAME is taken, too, and stays as it is. store_okay: so is gs://BUCKET/FOLDER and the like, as a text.
    """

    def __init__(self, mend: str, *, file_okay: bool, hub_okay: bool = False, store_okay: bool = False) -> None:
        super().__init__(mend)
        self.takes_files, self.takes_hub, self.takes_stores = file_okay, hub_okay, store_okay

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if is_on_hub(value):
            if not self.takes_hub:
                raise InputError(f"{value} is on the hub: fetch it with figment pull {value}, and name the folder.")
            return Path(value)
        if self.takes_stores and "://" in str(value):
            from figment.stores.address import address_of, is_address

            if is_address(value):
                return str(address_of(value, "RUN"))
        path = super().convert(value, param, ctx)
        if leads() and not (self.takes_files and os.path.isfile(path)):
            from figment.common.called import check_run

            check_run(path)
        return path


class RecipeOption(click.Option):
    """An option whose help names the recipes; they are looked up when that help is asked for."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        from figment.presets import PRESETS

        self.help = f"auto, or one of {', '.join(PRESETS)} (figment recipes tells of them)."
        return super().get_help_record(ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        return complete_recipe(ctx, self, incomplete)


class ExperimentGroup(click.Group):
    """The experiments of a room: its help has a line for each, by the table's words, in the order of their commands."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        lines = [f"  {f'figment {self.name} {kind} RUN':<37}{EXPERIMENTS[kind].summary}" for kind in self.commands]
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text("\n".join(["\b", *lines]))


PathArgument = NamedPath(path_type=Path)
RunPath = RunPathType("name a run folder or a generator.safetensors file", file_okay=True)
RunFolderPath = RunPathType("name a run folder, such as runs/portraits-1", file_okay=False)
RunFolderOrStore = RunPathType(
    "name a run folder, such as runs/portraits-1, or where it is kept, such as gs://bucket/run",
    file_okay=False,
    store_okay=True,
)
RUN = click.argument("run", type=RunPath, shell_complete=complete_run)
RunOrHub = RunPathType(
    "name a run folder, a generator.safetensors file or hf:OWNER/NAME", file_okay=True, hub_okay=True
)
RUN_OR_HUB = click.argument("run", type=RunOrHub, shell_complete=complete_run)
RUN_FOLDER = click.argument("run", type=RunFolderPath, shell_complete=complete_run)
RUN_FOLDER_OR_STORE = click.argument("run", type=RunFolderOrStore, shell_complete=complete_run)
KEEP = click.option(
    "--keep",
    metavar="STORE",
    help="Keep the run there, too, as it trains: gs://BUCKET/FOLDER, s3://, az:// or file:// (docs/cloud.md). figment resume "
    "STORE goes on with it on any machine.",
)
DATA = click.argument("sources", nargs=-1, metavar="[DATA]...", type=DataPath(), shell_complete=complete_data)
SEED = click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**63 - 1),
    help="Seed; sample i of a seed stays the same.",
)
TRUNCATION = click.option(
    "--truncation",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 2),
    help="Below 1: less varied, often cleaner.",
)
PICK = click.option(
    "--pick",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Of each so many candidates take the one that the run's discriminator finds most real: cleaner, less varied, "
    "and so many times the work. It is said in the files.",
)
OPEN = click.option("--open", "opens", is_flag=True, help="Open the run's live page, live.html, in a browser.")
STUDIO = click.option(
    "--studio", is_flag=True, help="Watch it in the studio, which opens in a browser and ends with the training."
)
LABEL = click.option("--label", metavar="CLASS", help="Only of this class, where it was trained with --labels.")
PIXELS_OR_FEATURES = click.option(
    "--features",
    default="pixels",
    show_default=True,
    metavar="NAME[:PATH]",
    help="What distances are taken in: pixels (means of 16×16 areas), or a network's features: see figment measure.",
)
FIT = click.option(
    "--fit",
    metavar="HOW",
    help="Pictures of other shapes: crop, first (of a strip of frames), pad, pad:#RRGGBB, pad:edge, stretch, or face "
    "(aligned). With --video: strip, where pictures are strips of a clip's frames. [default: crop]",
)
VIDEO = click.option(
    "--video",
    metavar="FRAMESxFPS",
    help="Clips instead of pictures, from films, folders of frames or strips (--fit strip): 16x12 are 16 frames, 12 a second; "
    "auto looks at the films and says what it takes.",
)
DROP = click.option(
    "--drop",
    metavar="KINDS",
    help="Leave out, comma-separated: near-duplicates, outliers (or outliers:FEATURES), small, marked (as made by "
    "machine, in the file or by figment's invisible mark; what figment's own file says is left out anyway).",
)
KEEP_MARKED = click.option("--keep-marked", is_flag=True, help="Take pictures that figment made itself, too.")
GROUP = click.option(
    "--group",
    metavar="PATTERN|COLUMN|FILE",
    help="Hold out whole groups, all pictures of a person, say: what the first (…) of a regular expression finds in a "
    "picture's name, a column (person), or a file of names and groups.",
)
ACCEPT = click.option("--accept-licence", is_flag=True, help="Agree to a public set's licence without being asked.")
LOG = click.option(
    "--log", "loggers", multiple=True, type=click.Choice(["tensorboard"]),
    help="Also write what is told of the run as files of another program: tensorboard --logdir RUN shows them.",
)  # fmt: skip
LIMIT = click.option(
    "--limit", type=click.IntRange(1, 999_999_999), metavar="N",
    help="Of a set on the hub (hf:OWNER/NAME) only N pictures: no more files are downloaded than hold them.",
)  # fmt: skip


def limited(sources: tuple[str, ...], limit: int | None) -> tuple[str, ...]:
    """DATA arguments, those of the hub with the limit behind them, as open_source takes it. Raises InputError."""
    if limit is None:
        return sources
    if not any(source.startswith("hf:") for source in sources):
        raise InputError(f"--limit {limit} is for sets on the hub, hf:OWNER/NAME, and none is given: leave it out.")
    return tuple(f"{source}#{limit}" if source.startswith("hf:") else source for source in sources)


def given(sources: tuple[str, ...]) -> str | list[str] | None:
    """DATA arguments as open_source takes them."""
    return None if not sources else sources[0] if len(sources) == 1 else list(sources)


def logged(loggers: tuple[str, ...]) -> list[Any]:
    """Callbacks for --log. Raises InputError where a package for them is missing."""
    if not loggers:
        return []
    from figment.training.tensorboard import TensorBoard

    return [TensorBoard()]


def agreeing(accept: bool) -> Callable[[str], bool] | None:
    """How a licence is agreed to: by option, by a person at the terminal, or not at all."""

    def accepted(licence: str) -> bool:
        click.echo(said(licence, lines=True), err=True)
        return True

    if accept:
        return accepted
    if is_terminal(sys.stdin) and is_terminal(sys.stderr):
        return lambda licence: click.confirm(f"{said(licence, lines=True)}\nDownload it under this licence?", err=True)
    return None


def pixels(size: str) -> tuple[int, int]:
    """Height and width from 64 or 64x96. Raises InputError."""
    from figment.common import sizes

    height, width = sizes.sides(size) or (0, 0)
    if not 1 <= min(height, width) <= max(height, width) <= 4096:
        raise InputError(f"--size {size}: give pixels from 1 to 4096, such as 64, or height x width: 64x96.")
    return height, width


def video_shape(
    text: str | None, sources: tuple[str, ...], fit: str | None, say: Callable[[str], None]
) -> "VideoShape | None":
    """What --video asks for; for auto, what the films suggest, which say is told. Raises InputError."""
    if text is None:
        return None
    if text.strip().lower() == "auto":
        from figment.data.sources.clip_shape import choose_shape

        shape, why = choose_shape(given(sources), fit == "strip")
        say(why)
        return shape
    from figment.common.video_shape import VideoShape

    try:
        return VideoShape.parse(text)
    except ValueError as error:
        raise InputError(f"--video {printable(text)}: {error}") from None


OUT = click.option("--out", type=PathArgument, metavar="FOLDER", help="[default: findings in the run]")
DEVICE = click.option("--device", default="auto", show_default=True, metavar="D", help="auto, cuda, mps or cpu.")
NAMED = click.option(
    "--name",
    default="",
    metavar="NAME",
    help="Tells it from other findings of its kind; else it replaces the last.",
)
LABELS = click.option(
    "--labels", type=PathArgument, metavar="DATA|FILE.csv",
    help="Teaches attributes: pictures in a folder a class (sorted samples, too), or a table of the run's own pictures. "
    "[default: the portraits' reader, else the run's own labels]",
)  # fmt: skip
