"""Samples of every cell of a study, from the same codes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from figment.common.progress import Progress, Say
from figment.errors import InputError
from figment.generator import load
from figment.media.images import encode, grid, resized
from figment.media.pages import data_url
from figment.run import Run
from figment.studies.results import CellResult

SEED = 0  # of the codes
MAX_SIDE = 64  # pixels of a picture on the page
QUALITY = 85  # of JPEG
MAX_TILES, MAX_PICTURES = 8, 768  # of a cell; on the page, which stays below 5 MB


class Strip(NamedTuple):
    """Samples 0 … of a cell. src: of the picture on the page; href: the cell's report beside the page, or its folder."""

    src: str
    href: str


def tiles_of(cells: int) -> int:
    """How many samples of each of so many cells a page has room for; 0: not one."""
    return min(MAX_TILES, MAX_PICTURES // max(cells, 1))


def strips(
    cells: Sequence[CellResult], folder: Path, progress: Progress | None = None, say: Say | None = None
) -> dict[int, Strip]:
    """Strips by the cells' numbers, of those that have a generator in their run below the study's folder.

    say is told of generators that can't be read, which are left out.
    """
    found = {}
    tiles = tiles_of(len(cells))
    for done, cell in enumerate(cells if tiles else (), 1):
        place = folder / cell.run
        if cell.run and place.is_dir():
            try:
                run = Run(place)
                if (file := _generator(run)) is not None:
                    found[cell.number] = Strip(_picture(file, tiles), _link(cell.run, run))
            except InputError as error:
                if say:
                    say(f"{error} It is left out.")
        if progress:
            progress(done, len(cells))
    return found


def _generator(run: Run) -> Path | None:
    """The run's result; before there is one, the last generator that was kept."""
    if run.generator_file.is_file():
        return run.generator_file
    kept = run.snapshots()
    return kept[max(kept)] if kept else None


def _picture(file: Path, tiles: int) -> str:
    generator = load(file)
    pictures = generator.sample(tiles, SEED).numpy()
    height, width = pictures.shape[2:]
    share = min(1.0, MAX_SIDE / max(height, width))
    if share < 1:
        small = max(1, round(share * height)), max(1, round(share * width))
        pictures = np.stack([resized(picture, *small) for picture in pictures])
    return data_url(encode(grid(pictures, tiles, gap=1), "JPEG", quality=QUALITY, mark=generator.mark), "jpeg")


def _link(name: str, run: Run) -> str:
    return f"{name}/report.html" if run.report_file.is_file() else f"{name}/"
