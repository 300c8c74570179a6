"""`figment export`: a run's generator as files for other programs and people."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from figment.cli.console import load_generator, progress_bar, tell, warm_up
from figment.cli.options import RUN, PathArgument
from figment.common.extras import require
from figment.common.places import check_file
from figment.errors import InputError

if TYPE_CHECKING:
    from figment.generator import Generator


class Form(NamedTuple):
    """What a generator can be written as. suffix: its files' ending. extra: what it needs, "" for nothing. title: of the work.

    check: raises InputError, before any work, where what lies at a place mustn't be lost. write: writes it, and gives what is to
    be told, a line each.
    """

    suffix: str
    extra: str
    title: str
    check: Callable[[Path], None]
    write: Callable[["Generator", Path, Callable[[int, int], None]], list[str]]


def _check_onnx(path: Path) -> None:
    from figment.sharing.onnx_generator import check_replaced

    check_replaced(path)


def _onnx(generator: "Generator", path: Path, progress: Callable[[int, int], None]) -> list[str]:
    from figment.sharing.onnx_file import COMPARED, write_onnx
    from figment.sharing.onnx_generator import OPSET

    found = write_onnx(generator, path, progress)
    recipe = generator.recipe
    takes = f"codes (batch, {recipe.code_size}), truncation{', labels (batch)' if recipe.classes else ''}"
    height, width = recipe.shape
    agreement = (
        f"{sum(COMPARED)} codes drawn by onnxruntime and by torch: {found.levels:.2g} of 255 levels apart at most; rounded, "
        f"{found.changed:.2g} of all numbers differ, by one level"
    )
    of_clips = "Of a run of clips it draws single frames: the code of one holds what moves, and what stays."
    return [
        f"ONNX, opset {OPSET}: {takes} → pictures (batch, {recipe.channels}, {height}, {width}), uint8; levels, float32",
        agreement,
        *([of_clips] if recipe.frames else []),
    ]


# By their option; each is a row here and a click.option below.
FORMS = {"onnx": Form(".onnx", "onnx", "exporting to ONNX", _check_onnx, _onnx)}


@click.command()
@RUN
@click.option("--onnx", type=PathArgument, metavar="FILE", help="As a .onnx: for onnxruntime, in browsers, too.")
@click.option(
    "--page", type=PathArgument, metavar="FILE.html|FOLDER",
    help="As a web page that draws on its visitor's own machine: one file, or a folder for a static host.",
)  # fmt: skip
@click.option(
    "--card", is_flag=False, flag_value="", metavar="[FILE|FOLDER]",
    help="A model card, as the Hugging Face hub shows it: README.md, and a sheet beside it. [default place: in the run]",
)  # fmt: skip
@click.option(
    "--licence", metavar="ID", help="For the card, of the weights: apache-2.0, cc-by-nc-4.0, … [default: open]"
)
def export(run: Path, page: Path | None, card: str | None, licence: str | None, **files: Path | None) -> None:
    """Write RUN's generator as a file for other programs: --onnx, for whatever reads ONNX; or --page or --card, for people.

    RUN is a run folder or a generator.safetensors. The file is written once onnxruntime has drawn by it what torch draws; it
    carries the recipe and the note that its pictures are synthetic, and figment sample FILE.onnx draws by it without PyTorch.

    The page needs no server and no network: a wall of new pictures, sliders of the directions that were found in the run, a pad
    between four, a walk, and downloads that are marked as synthetic.

    The card tells what it was trained on, how, how good it is, whether it copies, what it can't do, how it is marked and how to
    repeat it.

    \b
    Examples:
      figment export runs/faces-1 --onnx faces.onnx
      figment export runs/faces-1 --page faces.html
      figment export runs/faces-1 --card
      figment sample faces.onnx
    """
    asked = {name: path for name, path in files.items() if path is not None}
    if licence is not None and card is None:
        raise InputError(f"--licence {licence} stands on the card: add --card.")
    if not asked and card is None and page is None:
        raise InputError(
            f"export: say what to write: {' or '.join(f'--{name} FILE' for name in FORMS)}, --page or --card."
        )
    for name, path in asked.items():
        form = FORMS[name]
        if form.extra:
            require(form.extra, f"--{name}")
        if path.suffix.lower() != form.suffix:
            raise InputError(f"--{name} {path}: let it end in {form.suffix}.")
        check_file(path, f"--{name}")
        form.check(path)
    if page is not None:
        from figment.cli.pages import check_page

        check_page(page)
    if card is not None:
        from figment.cli.cards import write_card

        tell(*map(str, write_card(run, Path(card) if card else run, licence)))
    if not asked and page is None:
        return
    warm_up()
    generator = load_generator(run)
    for name, path in asked.items():
        with progress_bar(0, FORMS[name].title) as advance:
            told = FORMS[name].write(generator, path, advance)
        tell(str(path), *told)
    if page is not None:
        from figment.cli.pages import write_page

        tell(*write_page(run, generator, page))
