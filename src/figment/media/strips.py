"""Rows of pictures with their names beside them and titles above: the sheets that show what an experiment did."""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from figment.common.cache import point_libraries_at_cache
from figment.common.pixels import as_array
from figment.media.images import check_memory

if TYPE_CHECKING:
    from torch import Tensor

PAPER, INK = (255, 255, 255), (40, 40, 40)
MIN_PICTURE_SIDE = 64  # pixels; smaller pictures are enlarged
LETTER_HEIGHT, GAP_PIXELS = 11, 3  # pixels: of letters, and between two pictures
MAX_LINE_LETTERS = 22  # letters in a line of a name

Row = tuple[str, "Tensor | NDArray[np.uint8]"]


class StripRow(NamedTuple):
    """A row on a sheet of strips: its name, where its n pictures begin from above, and how high they are, in pixels."""

    name: str
    top: int
    height: int
    n: int


class Labels(NamedTuple):
    """The words on a sheet of strips and where its pictures lie, so that a page can set them as text of its own.

    rows: from above. titles: of the columns. left: where the pictures begin; width: of each; the next one begins GAP_PIXELS on.
    """

    rows: tuple[StripRow, ...]
    titles: tuple[str, ...]
    left: int
    width: int


def labels_of(rows: Sequence[Row], titles: Sequence[str] = (), shown: int = MIN_PICTURE_SIDE) -> Labels:
    """The words of the sheet that `strips` makes of the same, and where the pictures lie on it."""
    picture = next(pictures.shape[2:] for _, pictures in rows if len(pictures))
    its = _layout([name for name, _ in rows], [len(pictures) for _, pictures in rows], titles, tuple(picture), shown)
    tops = [its.top + sum(its.lines[:place]) + place * GAP_PIXELS for place in range(len(rows))]
    placed = [
        StripRow(name, top, picture[0] * its.factor, len(pictures))
        for (name, pictures), top in zip(rows, tops, strict=True)
    ]
    return Labels(tuple(placed), tuple(titles), its.margin, its.width)


def strips(rows: Sequence[Row], titles: Sequence[str] = (), shown: int = MIN_PICTURE_SIDE) -> NDArray[np.uint8]:
    """Rows of pictures, each with its name on the left, on one white sheet: uint8 (H', W', 3).

    rows: name and pictures, uint8 (N, C, H, W), C 1 or 3; all pictures of one size, rows of any length. titles: above the
    columns. Pictures are enlarged a whole number of times until no side is under shown pixels. A name may have several
    lines, parted by newlines; longer ones are broken.
    """
    arrays = [as_array(pictures) for _, pictures in rows]
    if not arrays or not any(map(len, arrays)):
        raise ValueError("strips need at least one picture")
    picture = next(a.shape[2:] for a in arrays if len(a))
    its = _layout([name for name, _ in rows], list(map(len, arrays)), titles, picture, shown)
    check_memory(*its.size)
    sheet = Image.new("RGB", its.size[::-1], PAPER)
    font, width, factor, margin, top = letters(), its.width, its.factor, its.margin, its.top
    pen = ImageDraw.Draw(sheet)
    for column, title in enumerate(its.titles):
        x = margin + column * (width + GAP_PIXELS) + width / 2
        pen.multiline_text((x, top - GAP_PIXELS), title, INK, font, anchor="md", align="center", spacing=2)
    y = top
    for name, pictures, line in zip(its.names, arrays, its.lines, strict=True):
        pen.multiline_text((0, y + line / 2), name, INK, font, anchor="lm", spacing=2)
        for column, picture in enumerate(pictures):
            large = picture.repeat(factor, 1).repeat(factor, 2).transpose(1, 2, 0)
            tile = np.broadcast_to(large, (*large.shape[:2], 3))
            sheet.paste(Image.fromarray(np.ascontiguousarray(tile)), (margin + column * (width + GAP_PIXELS), y))
        y += line + GAP_PIXELS
    return np.asarray(sheet)


def strips_size(
    names: Sequence[str], counts: Sequence[int], titles: Sequence[str], picture: tuple[int, int],
    shown: int = MIN_PICTURE_SIDE,
) -> tuple[int, int]:  # fmt: skip
    """Height and width of the sheet that `strips` makes of rows of so many pictures, each (height, width)."""
    return _layout(names, counts, titles, picture, shown).size


class _Layout(NamedTuple):
    """Where everything on a sheet lies.

    size: height and width of all. width: of a picture, enlarged by the factor. names, titles: broken into lines. margin:
    width of the names; top: height of the titles; lines: heights of the rows.
    """

    size: tuple[int, int]
    width: int
    factor: int
    names: list[str]
    titles: list[str]
    margin: int
    top: int
    lines: list[int]


def _layout(
    names: Sequence[str], counts: Sequence[int], titles: Sequence[str], picture: tuple[int, int], shown: int
) -> _Layout:
    font = letters()
    factor = max(1, math.ceil(shown / min(picture)))
    height, width = picture[0] * factor, picture[1] * factor
    parted = [broken(name) for name in names]
    margin = max((_length(line, font) for name in parted for line in name.split("\n")), default=0)
    margin = margin + 2 * GAP_PIXELS if margin else 0
    headed = [broken(title, max(4, width // (LETTER_HEIGHT // 2))) for title in titles]
    top = (max(title.count("\n") + 1 for title in headed) * (LETTER_HEIGHT + 3) + GAP_PIXELS) if any(headed) else 0
    lines = [max(height, (name.count("\n") + 1) * (LETTER_HEIGHT + 3)) for name in parted]
    size = (top + sum(lines) + GAP_PIXELS * (len(names) - 1), margin + max(counts) * (width + GAP_PIXELS) - GAP_PIXELS)
    return _Layout(size, width, factor, parted, headed, margin, top, lines)


@lru_cache(8)
def letters(height: float = LETTER_HEIGHT) -> ImageFont.FreeTypeFont:
    """The face that charts have, which matplotlib brings along: Pillow's own lacks σ, → and −."""
    point_libraries_at_cache()
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), height)


def broken(text: str, longest: int = MAX_LINE_LETTERS) -> str:
    """Text in lines of at most so many letters where spaces allow it; its own line ends stay."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines.append("")
        for word in line.split(" "):
            if lines[-1] and len(lines[-1]) + 1 + len(word) > longest:
                lines.append(word)
            else:
                lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return "\n".join(lines)


def _length(line: str, font: ImageFont.FreeTypeFont) -> int:
    return math.ceil(font.getlength(line))
