"""Contact sheets: rows of pictures on a page of paper, as large as they fit, at the resolution of a printer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from figment.common.pixels import as_array
from figment.media.images import Resampling, resized
from figment.media.strips import INK, PAPER, Row, letters

DPI = 300  # pixels an inch: what photographs are printed at
# Shorter and longer side, millimetres.
PAPERS = {
    "a3": (297.0, 420.0),
    "a4": (210.0, 297.0),
    "a5": (148.0, 210.0),
    "letter": (215.9, 279.4),
    "10x15": (101.6, 152.4),
}
MM_INCH = 25.4
MARGIN_MM, GAP_MM = 8.0, 1.5
NAME_POINTS, FOOT_POINTS = 9.0, 7.0  # heights of letters
FOOT_INK = (110, 110, 110)
MAX_COLUMNS = 200  # above it a picture of the widest page has no 2 mm
LINE = 1.5  # of a letter's height


@dataclass(frozen=True)
class Page:
    """Where pictures lie, pixels. size: of the page, height and width. side: of a picture, height and width, printed.

    corner: of the first picture, from the top and the left; all of them lie gap apart.
    """

    size: tuple[int, int]
    side: tuple[int, int]
    corner: tuple[int, int]
    gap: int


def pixels(mm: float) -> int:
    """Millimetres on paper as a printer's pixels."""
    return round(mm / MM_INCH * DPI)


def columns_on(paper: str, n: int, height: int, width: int) -> int:
    """Pictures a row at which n of them are printed the largest on a paper, whichever way it lies."""

    def printed(columns: int) -> tuple[tuple[int, int], int]:
        return laid_out(paper, math.ceil(n / columns), columns, height, width).side, -columns

    return max(range(1, min(n, MAX_COLUMNS) + 1), key=printed)


def laid_out(paper: str, rows: int, columns: int, height: int, width: int, left: int = 0, above: int = 0) -> Page:
    """A page of a paper that holds so many pictures, upright or lying, whichever prints them larger.

    left, above: pixels that names and titles take. Raises ValueError where nothing of a picture would be seen.
    """
    short, long = PAPERS[paper]
    found = [
        _on(pixels(tall), pixels(wide), rows, columns, height, width, left, above)
        for tall, wide in ((long, short), (short, long))
    ]
    return max(found, key=lambda page: page.side)


def _on(down: int, across: int, rows: int, columns: int, height: int, width: int, left: int, above: int) -> Page:
    margin, gap, foot = pixels(MARGIN_MM), pixels(GAP_MM), math.ceil(LINE * _points(FOOT_POINTS))
    room = down - 2 * margin - foot - above - gap * (rows - 1), across - 2 * margin - left - gap * (columns - 1)
    factor = min(room[0] / rows / height, room[1] / columns / width)
    side = max(0, math.floor(factor * height)), max(0, math.floor(factor * width))
    taken = above + rows * side[0] + gap * (rows - 1), left + columns * side[1] + gap * (columns - 1)
    top = margin + (down - 2 * margin - foot - taken[0]) // 2 + above
    return Page((down, across), side, (top, (across - taken[1]) // 2 + left), gap)


def contact_sheet(
    rows: Sequence[Row], titles: Sequence[str], paper: str, resampling: Resampling = "lanczos", foot: str = ""
) -> NDArray[np.uint8]:
    """Rows of pictures with their names on the left and titles above, on a white page: uint8 (H, W, 3), to be printed at DPI.

    rows: name and pictures, uint8 (N, C, H, W), all of one size. foot: a line below all of it.
    """
    arrays = [as_array(pictures) for _, pictures in rows]
    page = page_of([name for name, _ in rows], list(map(len, arrays)), titles, arrays[0].shape[2:], paper)
    sheet = Image.new("RGB", page.size[::-1], PAPER)
    pen, font = ImageDraw.Draw(sheet), letters(_points(NAME_POINTS))
    top, left = page.corner
    for column, title in enumerate(titles):
        x = left + column * (page.side[1] + page.gap) + page.side[1] / 2
        pen.text((x, top - page.gap), title, INK, font, anchor="md")
    for place, ((name, _), pictures) in enumerate(zip(rows, arrays, strict=True)):
        y = top + place * (page.side[0] + page.gap)
        pen.text((left - 2 * page.gap, y + page.side[0] / 2), name, INK, font, anchor="rm")
        for column, picture in enumerate(pictures):
            printed = resized(picture, *page.side, resampling).transpose(1, 2, 0)
            tile = np.ascontiguousarray(np.broadcast_to(printed, (*printed.shape[:2], 3)))
            sheet.paste(Image.fromarray(tile), (left + column * (page.side[1] + page.gap), y))
    bottom = page.size[0] - pixels(MARGIN_MM)
    pen.text((page.size[1] / 2, bottom), foot, FOOT_INK, letters(_points(FOOT_POINTS)), anchor="md")
    return np.asarray(sheet)


def page_of(
    names: Sequence[str], counts: Sequence[int], titles: Sequence[str], picture: tuple[int, int], paper: str
) -> Page:
    """The page that `contact_sheet` makes of rows of so many pictures, each (height, width)."""
    font, gap = letters(_points(NAME_POINTS)), pixels(GAP_MM)
    longest = max((math.ceil(font.getlength(name)) for name in names), default=0)
    left = longest + 2 * gap if longest else 0
    above = math.ceil(LINE * _points(NAME_POINTS)) if titles else 0
    return laid_out(paper, len(names), max(counts), *picture, left, above)


def _points(points: float) -> float:
    """A letter's height in points as pixels."""
    return points / 72 * DPI
